/**
 * What the page costs its reader: how long until it can be used, and what a busy room does to it. `npm run bench`, with
 * nothing else running; docs/performance.md tells how to read it. Nothing here fails for being slow.
 */
import { type Browser, test } from '@playwright/test';

import { TestServer } from '../fixtures/test_server.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { FAST_3G, LIGHTHOUSE, type Line, NO_LIMIT, SLOW, slowDown } from './slow_network.ts';
import { firstPaint, load, noted, say, watch } from './page_metrics.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = 20;
const A_SECOND = 100;
const AN_HOUR = Number(process.env.MESSAGES ?? 36_000);

test.describe.configure({ mode: 'serial', timeout: 900_000 });

let server: TestServer;
test.beforeEach(async () => {
  server = await TestServer.start(['--unlimited'], 'off');
});
test.afterEach(async () => {
  await server.close();
});

for (const line of [FAST_3G, LIGHTHOUSE, NO_LIMIT]) {
  test(`visits: ${line.name}, processor ${SLOW} times slower`, async ({ browser }) => {
    const writer = await SocketClient.signIn(server, 'Talker');
    await writer.sendMany(Array.from({ length: 60 }, (_, number) => `Before anybody came, ${number}: ${TEXT}`));
    const first: Visit[] = [];
    const back: Visit[] = [];
    const eager: Visit[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [came, returned] = await visit(browser, line, `Guest${round}`);
      first.push(came);
      back.push(returned);
      eager.push(await visitInHaste(browser, line, `Hasty${round}`));
    }
    table(['ms', 'first paint', 'form usable', 'program runs', 'composer usable', 'first message heard back'], [
      ['first visit, enters when the program runs', ...columns(first)],
      ['first visit, enters at once', ...columns(eager)],
      ['comes back', ...columns(back)],
    ]);
    writer.close();
  });
}

for (const processor of [1, SLOW]) {
  test(`${A_SECOND} messages a second for ${SECONDS} s, processor ${processor} times slower`, async ({ browser }) => {
    const context = await browser.newContext({ baseURL: server.url });
    const page = await context.newPage();
    await watch(page);
    await page.goto('/');
    await noted(page, 'program');
    await enter(page, 'Reader');
    const devtools = await slowDown(page, NO_LIMIT, processor);
    const writers = await Promise.all(['Ada', 'Bob', '小明', '阿玲', 'Eve'].map((name) => SocketClient.signIn(server, name)));
    await page.waitForTimeout(1_500);
    const before = await load(page, devtools);
    const from = await page.evaluate(() => ((window.notes.longTasks.length = 0), performance.now()));

    const began = performance.now();
    for (let number = 0; number < SECONDS * A_SECOND; number += 1) {
      const due = began + (number * 1_000) / A_SECOND;
      if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
      writers[number % writers.length].sendWithoutAck(`${number}: ${TEXT}`);
    }
    await sees(page, `${SECONDS * A_SECOND - 1}: ${TEXT}`);
    const { longTasks, until } = await page.evaluate(() => ({ ...window.notes, memory: 0, until: performance.now() }));
    const after = await load(page, devtools);
    const lengths = longTasks.map((task) => task.duration).sort((a, b) => a - b);
    table(['', 'long tasks', 'longest, ms', 'over 50 ms, altogether', 'main thread busy', 'took, s'], [
      [
        `processor ${processor} times slower`,
        `${lengths.length}`,
        whole(lengths.at(-1) ?? 0),
        whole(lengths.reduce((sum, length) => sum + length - 50, 0)),
        `${whole((100_000 * (after.busy - before.busy)) / (until - from))} %`,
        ((until - from) / 1_000).toFixed(1),
      ],
    ]);
    await context.close();
  });
}

test(`an hour's worth: ${AN_HOUR} messages`, async ({ browser }) => {
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  await watch(page);
  await page.goto('/');
  await noted(page, 'program');
  await enter(page, 'Reader');
  const devtools = await slowDown(page, NO_LIMIT, 1);
  const writer = await SocketClient.signIn(server, 'Talker');
  const rows: string[][] = [];
  const began = performance.now();
  const look = async (said: number) => {
    const { heap, program, nodes } = await load(page, devtools, true);
    const shown = await page.locator('.message').count();
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    rows.push([`${said}`, megabytes(heap), megabytes(program), `${nodes}`, `${shown}`, seconds]);
  };
  await look(0);
  const marks = [500, 1_000, 3_600, 9_000, 18_000, AN_HOUR];
  for (let said = 0; said < AN_HOUR; ) {
    const some = Math.min(100, AN_HOUR - said);
    await writer.sendMany(Array.from({ length: some }, (_, number) => `${said + number}: ${TEXT}`));
    said += some;
    // What the page has not taken yet waits, so that it gets each message and is never sent back to the start.
    await sees(page, `${said - 1}: ${TEXT}`);
    if (marks.includes(said)) await look(said);
    if (performance.now() - began > 600_000) {
      await look(said);
      break;
    }
  }
  table(['messages', 'heap, MB', 'program, MB', 'nodes', 'rows', 's'], rows);
  await context.close();
});

/** What somebody says: as long as most of what people say. */
const TEXT = 'did anybody see where the big blue teapot has gone since Tuesday?';

interface Visit {
  paint: number;
  door: number;
  program: number;
  composer: number;
  heard: number;
}

/** Comes for the first time, joins as soon as the program runs; closes the page, and comes back with what it has kept. */
async function visit(browser: Browser, line: Line, nickname: string): Promise<[Visit, Visit]> {
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  await watch(page);
  await slowDown(page, line, SLOW);
  await page.goto('/', { waitUntil: 'commit' });
  const program = await noted(page, 'program');
  await enter(page, nickname);
  const heard = await say(page, `${nickname} is here`);
  const paint = await firstPaint(page);
  const first = { paint, door: await noted(page, 'door'), program, composer: await noted(page, 'composer'), heard };
  await page.close();

  const again = await context.newPage();
  await watch(again);
  await slowDown(again, line, SLOW);
  await again.goto('/talk/lobby', { waitUntil: 'commit' });
  const composer = await noted(again, 'composer');
  const heardAgain = await say(again, `${nickname} is back`);
  const back = {
    paint: await firstPaint(again),
    door: NaN,
    program: await noted(again, 'program'),
    composer,
    heard: heardAgain,
  };
  await context.close();
  return [first, back];
}

/** Enters as soon as the form can be used, whether the program is there or not. */
async function visitInHaste(browser: Browser, line: Line, nickname: string): Promise<Visit> {
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  await watch(page);
  await slowDown(page, line, SLOW);
  const began = Date.now();
  await page.goto('/', { waitUntil: 'commit' });
  const door = await noted(page, 'door');
  const paint = await firstPaint(page);
  await page.evaluate((nickname) => {
    document.querySelector<HTMLInputElement>('#nickname')!.value = nickname;
    document.querySelector<HTMLButtonElement>('button[type=submit]')!.click();
  }, nickname);
  await page.waitForURL('/talk/lobby', { waitUntil: 'commit' });
  // It is another document, with another beginning.
  const offset = (await page.evaluate(() => performance.timeOrigin)) - began;
  const composer = (await noted(page, 'composer')) + offset;
  const heard = (await say(page, `${nickname} is here`)) + offset;
  const program = (await noted(page, 'program')) + offset;
  await context.close();
  return { paint, door, program, composer, heard };
}

/** Enters by the form, in the page itself. */
async function enter(page: import('@playwright/test').Page, nickname: string): Promise<void> {
  await page.evaluate((nickname) => {
    const field = document.querySelector<HTMLInputElement>('#nickname')!;
    field.value = nickname;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    document.querySelector<HTMLButtonElement>('button[type=submit]')!.click();
  }, nickname);
  await noted(page, 'composer');
}

/** Waits until this is the last message. */
async function sees(page: import('@playwright/test').Page, text: string): Promise<void> {
  await page.waitForFunction(
    (text) => document.querySelector('.rows > :last-child .body')?.textContent === text,
    text,
    { timeout: 600_000 },
  );
}

function columns(visits: Visit[]): string[] {
  return (['paint', 'door', 'program', 'composer', 'heard'] as const).map((part) => {
    const times = visits.map((visit) => visit[part]).sort((a, b) => a - b);
    if (times.some(Number.isNaN)) return '–';
    return `${whole(times[times.length >> 1])} (${whole(times[0])}–${whole(times.at(-1)!)})`;
  });
}

function table(head: string[], rows: string[][]): void {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map((_, place) => (place ? '---:' : '---'))), ...rows.map(line)].join('\n'));
}

function whole(number: number): string {
  return number.toFixed(0);
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
