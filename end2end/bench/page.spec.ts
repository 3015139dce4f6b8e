/**
 * Measures the page: how long until it is usable, and what a busy room costs it. Run with `npm run bench -- page`, with
 * nothing else running. docs/performance.md explains the results. No test here fails for being slow.
 */
import { type Browser, type Page, test } from '@playwright/test';

import { SocketClient } from '../fixtures/socket_client.ts';
import { TestServer } from '../fixtures/test_server.ts';
import { collectMetrics, firstPaint, measureLoad, sendAndWaitForAck, waitForMetric } from './page_metrics.ts';
import { table } from './report.ts';
import { CPU_SLOWDOWN, emulateSlowDevice, FAST_3G, LIGHTHOUSE_3G, type NetworkProfile, UNLIMITED } from './slow_network.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SECONDS = 20;
const MESSAGES_PER_SECOND = 100;
const TOTAL_MESSAGES = Number(process.env.MESSAGES ?? 36_000);

test.describe.configure({ mode: 'serial', timeout: 900_000 });

let server: TestServer;
test.beforeEach(async () => {
  server = await TestServer.start(['--unlimited'], 'off');
});
test.afterEach(async () => {
  await server.close();
});

for (const network of [FAST_3G, LIGHTHOUSE_3G, UNLIMITED]) {
  test(`visits: ${network.name}, processor ${CPU_SLOWDOWN} times slower`, async ({ browser }) => {
    const writer = await SocketClient.signIn(server, 'Writer');
    await writer.sendMany(Array.from({ length: 60 }, (_, number) => `Before anybody came, ${number}: ${TEXT}`));
    const firstVisits: Visit[] = [];
    const returnVisits: Visit[] = [];
    const hurriedVisits: Visit[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [firstVisit, secondVisit] = await visit(browser, network, `Guest${round}`);
      firstVisits.push(firstVisit);
      returnVisits.push(secondVisit);
      hurriedVisits.push(await hurriedVisit(browser, network, `Hasty${round}`));
    }
    table(['ms', 'first paint', 'form usable', 'WebAssembly runs', 'composer usable', 'acknowledged'], [
      ['first visit, signs in when the WebAssembly runs', ...columns(firstVisits)],
      ['first visit, signs in at once', ...columns(hurriedVisits)],
      ['return visit', ...columns(returnVisits)],
    ]);
    writer.close();
  });
}

for (const cpuSlowdown of [1, CPU_SLOWDOWN]) {
  test(`${MESSAGES_PER_SECOND} messages a second for ${SECONDS} s, processor ${cpuSlowdown} times slower`, async ({ browser }) => {
    const context = await browser.newContext({ baseURL: server.url });
    const page = await context.newPage();
    await collectMetrics(page);
    await page.goto('/');
    await waitForMetric(page, 'wasmStart');
    await signIn(page, 'Reader');
    const devtools = await emulateSlowDevice(page, UNLIMITED, cpuSlowdown);
    const writers = await Promise.all(['Ada', 'Bob', '小明', '阿玲', 'Eve'].map((name) => SocketClient.signIn(server, name)));
    await page.waitForTimeout(1_500);
    const before = await measureLoad(page, devtools);
    const metricsFrom = await page.evaluate(() => ((window.pageMetrics.longTasks.length = 0), performance.now()));

    const startedAt = performance.now();
    for (let number = 0; number < SECONDS * MESSAGES_PER_SECOND; number += 1) {
      const dueAt = startedAt + (number * 1_000) / MESSAGES_PER_SECOND;
      if (dueAt > performance.now()) await new Promise((resolve) => setTimeout(resolve, dueAt - performance.now()));
      writers[number % writers.length].sendWithoutAck(`${number}: ${TEXT}`);
    }
    await expectLastMessage(page, `${SECONDS * MESSAGES_PER_SECOND - 1}: ${TEXT}`);
    const { longTasks, metricsUntil } = await page.evaluate(() => ({
      longTasks: window.pageMetrics.longTasks,
      metricsUntil: performance.now(),
    }));
    const after = await measureLoad(page, devtools);
    const durations = longTasks.map((task) => task.duration).sort((a, b) => a - b);
    table(['', 'long tasks', 'longest, ms', 'over 50 ms, altogether', 'main thread busy', 'took, s'], [
      [
        `processor ${cpuSlowdown} times slower`,
        `${durations.length}`,
        round(durations.at(-1) ?? 0),
        round(durations.reduce((sum, duration) => sum + duration - 50, 0)),
        `${round((100_000 * (after.mainThreadSeconds - before.mainThreadSeconds)) / (metricsUntil - metricsFrom))} %`,
        ((metricsUntil - metricsFrom) / 1_000).toFixed(1),
      ],
    ]);
    await context.close();
  });
}

test(`an hour's worth: ${TOTAL_MESSAGES} messages`, async ({ browser }) => {
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  await collectMetrics(page);
  await page.goto('/');
  await waitForMetric(page, 'wasmStart');
  await signIn(page, 'Reader');
  const devtools = await emulateSlowDevice(page, UNLIMITED, 1);
  const writer = await SocketClient.signIn(server, 'Writer');
  const rows: string[][] = [];
  const startedAt = performance.now();
  const record = async (sent: number) => {
    const { heapBytes, wasmMemoryBytes, nodeCount } = await measureLoad(page, devtools, true);
    const shown = await page.locator('.message').count();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    rows.push([`${sent}`, megabytes(heapBytes), megabytes(wasmMemoryBytes), `${nodeCount}`, `${shown}`, seconds]);
  };
  await record(0);
  const checkpoints = [500, 1_000, 3_600, 9_000, 18_000, TOTAL_MESSAGES];
  for (let sent = 0; sent < TOTAL_MESSAGES; ) {
    const batch = Math.min(100, TOTAL_MESSAGES - sent);
    await writer.sendMany(Array.from({ length: batch }, (_, number) => `${sent + number}: ${TEXT}`));
    sent += batch;
    // Waits for the page, so that it receives every message and is never reset to the newest ones.
    await expectLastMessage(page, `${sent - 1}: ${TEXT}`);
    if (checkpoints.includes(sent)) await record(sent);
    if (performance.now() - startedAt > 600_000) {
      await record(sent);
      break;
    }
  }
  table(['messages', 'heap, MB', 'WebAssembly, MB', 'nodes', 'rows', 's'], rows);
  await context.close();
});

/** A message of typical length. */
const TEXT = 'did anybody see where the big blue teapot has gone since Tuesday?';

/** The times of one visit, in milliseconds since the navigation started. */
interface Visit {
  paint: number;
  signInForm: number;
  wasmStart: number;
  composer: number;
  firstAck: number;
}

/** Signs in as soon as the WebAssembly runs, closes the page, and returns with cookie and cache. */
async function visit(browser: Browser, network: NetworkProfile, nickname: string): Promise<[Visit, Visit]> {
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  await collectMetrics(page);
  await emulateSlowDevice(page, network, CPU_SLOWDOWN);
  await page.goto('/', { waitUntil: 'commit' });
  const wasmStart = await waitForMetric(page, 'wasmStart');
  await signIn(page, nickname);
  const firstAck = await sendAndWaitForAck(page, `${nickname} is here`);
  const paint = await firstPaint(page);
  const signInForm = await waitForMetric(page, 'signInForm');
  const firstVisit = { paint, signInForm, wasmStart, composer: await waitForMetric(page, 'composer'), firstAck };
  await page.close();

  const secondPage = await context.newPage();
  await collectMetrics(secondPage);
  await emulateSlowDevice(secondPage, network, CPU_SLOWDOWN);
  await secondPage.goto('/talk/lobby', { waitUntil: 'commit' });
  const composer = await waitForMetric(secondPage, 'composer');
  const ackAfterReturn = await sendAndWaitForAck(secondPage, `${nickname} is back`);
  const secondVisit = {
    paint: await firstPaint(secondPage),
    signInForm: NaN,
    wasmStart: await waitForMetric(secondPage, 'wasmStart'),
    composer,
    firstAck: ackAfterReturn,
  };
  await context.close();
  return [firstVisit, secondVisit];
}

/** Signs in as soon as the form is usable, whether or not the WebAssembly has loaded. */
async function hurriedVisit(browser: Browser, network: NetworkProfile, nickname: string): Promise<Visit> {
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  await collectMetrics(page);
  await emulateSlowDevice(page, network, CPU_SLOWDOWN);
  const startedAt = Date.now();
  await page.goto('/', { waitUntil: 'commit' });
  const signInForm = await waitForMetric(page, 'signInForm');
  const paint = await firstPaint(page);
  await page.evaluate((nickname) => {
    document.querySelector<HTMLInputElement>('#nickname')!.value = nickname;
    document.querySelector<HTMLButtonElement>('button[type=submit]')!.click();
  }, nickname);
  await page.waitForURL('/talk/lobby', { waitUntil: 'commit' });
  // The second document counts from its own navigation; add the time since the first one.
  const offset = (await page.evaluate(() => performance.timeOrigin)) - startedAt;
  const composer = (await waitForMetric(page, 'composer')) + offset;
  const firstAck = (await sendAndWaitForAck(page, `${nickname} is here`)) + offset;
  const wasmStart = (await waitForMetric(page, 'wasmStart')) + offset;
  await context.close();
  return { paint, signInForm, wasmStart, composer, firstAck };
}

/** Submits the sign-in form from within the page. */
async function signIn(page: Page, nickname: string): Promise<void> {
  await page.evaluate((nickname) => {
    const field = document.querySelector<HTMLInputElement>('#nickname')!;
    field.value = nickname;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    document.querySelector<HTMLButtonElement>('button[type=submit]')!.click();
  }, nickname);
  await waitForMetric(page, 'composer');
}

/** Waits until this is the last message. */
async function expectLastMessage(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (text) => document.querySelector('.rows > :last-child .body')?.textContent === text,
    text,
    { timeout: 600_000 },
  );
}

/** The median of each time, with minimum and maximum. */
function columns(visits: Visit[]): string[] {
  return (['paint', 'signInForm', 'wasmStart', 'composer', 'firstAck'] as const).map((metric) => {
    const times = visits.map((visit) => visit[metric]).sort((a, b) => a - b);
    if (times.some(Number.isNaN)) return '–';
    return `${round(times[times.length >> 1])} (${round(times[0])}–${round(times.at(-1)!)})`;
  });
}

function round(number: number): string {
  return number.toFixed(0);
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
