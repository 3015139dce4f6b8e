/**
 * Measures a store as a team's after years: `npm run bench -- large`, with nothing else running. It first makes the
 * store, which takes minutes. docs/performance.md explains the results. No test here fails for being slow.
 */
import { type BrowserContext, type Page, test } from '@playwright/test';

import { JsonSocket, SocketClient } from '../fixtures/socket_client.ts';
import { TestServer } from '../fixtures/test_server.ts';
import { fillStore, type LargeStore, MESSAGES, ROOMS, textOf, USERS } from './large_store.ts';
import { collectMetrics, waitForMetric } from './page_metrics.ts';
import { milliseconds, percentile, table } from './report.ts';

const WELCOMES = 50;
const PAGES = 2_000;
const SCREENS = 10;
const SWITCHES = 60;
const MESSAGES_PER_SECOND = 50;
const SECONDS = 30;

test.describe.configure({ mode: 'serial', timeout: 3_600_000 });

let server: TestServer;
let store: LargeStore;
test.beforeAll(async () => {
  test.setTimeout(3_600_000);
  server = await TestServer.start(['--unlimited'], 'off');
  const startedAt = performance.now();
  store = await fillStore(server);
  console.log(`${MESSAGES} messages, ${ROOMS} rooms, ${USERS} users, made in ${milliseconds(performance.now() - startedAt)} ms`);
});
test.afterAll(async () => {
  await server?.close(); // It may not have started.
});

test('welcome for a member of all rooms', async () => {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < WELCOMES; round += 1) {
    const socket = await JsonSocket.open(`${server.wsUrl}/ws`);
    const sentAt = performance.now();
    socket.send({ type: 'hello', protocol: 1, token: store.reader.token });
    const welcome = await socket.nextOfType('welcome');
    times.push(performance.now() - sentAt);
    bytes = Buffer.byteLength(JSON.stringify(welcome));
    socket.close();
  }
  report('welcome', times, [`${bytes} bytes`]);
});

test('a page of history', async () => {
  const conversations = await api(`/api/conversations`);
  const busy = conversations.conversations.filter((conversation: { last_seq: number }) => conversation.last_seq > 1_000);
  const times: number[] = [];
  for (let round = 0; round < PAGES; round += 1) {
    const { id, last_seq } = busy[round % busy.length];
    const before = 51 + Math.floor((last_seq - 51) * ((round * 0.618) % 1));
    const askedAt = performance.now();
    await api(`/api/conversations/${id}/messages?before=${before}&limit=50`);
    times.push(performance.now() - askedAt);
  }
  report('a page of 50 messages, over HTTP', times);
});

test('the first screen, and switching rooms', async ({ browser }) => {
  const context = await signedIn(await browser.newContext({ baseURL: server.url }));
  const screens: number[] = [];
  for (let round = 0; round < SCREENS; round += 1) {
    const page = await open(context, '/talk/lobby');
    screens.push(await messagesShown(page));
    await page.close();
  }
  report('first screen: from the navigation to messages and composer, with a warm cache', screens);

  const page = await open(context, '/talk/lobby');
  await messagesShown(page);
  const times: number[] = [];
  for (let round = 0; round < SWITCHES; round += 1) {
    times.push(await switchTo(page, store.rooms[(round * 7) % store.rooms.length]));
  }
  report('switching rooms: from the click to the painted messages', times);
  await context.close();
});

test(`writing while ${MESSAGES_PER_SECOND} messages a second arrive`, async ({ browser }) => {
  const context = await signedIn(await browser.newContext({ baseURL: server.url }));
  const page = await open(context, '/talk/lobby');
  await messagesShown(page);
  const writers = await Promise.all(['Ada', 'Bob', '小明', '阿玲', 'Eve'].map((name) => SocketClient.signIn(server, name)));
  await writers[0].send('here comes the rush');
  // The page may have opened far from the end.
  const jump = page.getByRole('button', { name: 'Jump to latest message' });
  await jump.or(page.getByText('here comes the rush', { exact: true })).first().waitFor();
  if (await jump.isVisible()) await jump.click();
  await lastMessage(page, 'here comes the rush');
  await page.evaluate(() => {
    window.pageMetrics.longTasks.length = 0;
    window.interactions = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEventTiming & { interactionId?: number })[]) {
        if (entry.interactionId) window.interactions.push(entry.duration);
      }
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  });

  let isOver = false;
  const typing = (async () => {
    const composer = page.locator('.conversation textarea');
    let typed = 0;
    while (!isOver) {
      await composer.click();
      await page.keyboard.type('tea ');
      typed += 5;
      if (typed % 100 === 0) await page.keyboard.press('Enter');
    }
    return typed;
  })();
  const startedAt = performance.now();
  for (let number = 0; number < SECONDS * MESSAGES_PER_SECOND; number += 1) {
    const dueAt = startedAt + (number * 1_000) / MESSAGES_PER_SECOND;
    if (dueAt > performance.now()) await new Promise((resolve) => setTimeout(resolve, dueAt - performance.now()));
    writers[number % writers.length].sendWithoutAck(textOf(number));
  }
  isOver = true;
  const typed = await typing;
  await writers[0].send('that was the rush');
  await lastMessage(page, 'that was the rush');
  const { interactions, longTasks } = await page.evaluate(() => ({
    interactions: window.interactions,
    longTasks: window.pageMetrics.longTasks.map((task) => task.duration),
  }));
  // Interactions faster than the observer's threshold are not reported; they count as that long.
  const times = [...interactions, ...Array.from({ length: Math.max(0, typed - interactions.length) }, () => 16)];
  report('interaction to next paint', times);
  console.log(`long tasks: ${longTasks.length}, longest ${milliseconds(Math.max(0, ...longTasks))} ms`);
  for (const writer of writers) writer.close();
  await context.close();
});

declare global {
  interface Window {
    /** How long each key or click took until the next paint, in milliseconds. */
    interactions: number[];
  }
}

async function api(path: string) {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${store.reader.token}` } });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

/** Gives the browser the reader's session. */
async function signedIn(context: BrowserContext): Promise<BrowserContext> {
  const { port } = new URL(server.url);
  await context.addCookies([{ name: `teahouse_session_${port}`, value: store.reader.token, url: server.url }]);
  return context;
}

async function open(context: BrowserContext, path: string): Promise<Page> {
  const page = await context.newPage();
  await collectMetrics(page);
  await page.goto(path, { waitUntil: 'commit' });
  await waitForMetric(page, 'composer');
  return page;
}

/** Waits until messages are shown. Returns when, in milliseconds since the navigation. */
async function messagesShown(page: Page): Promise<number> {
  const shown = await page.waitForFunction(() => document.querySelector('.message .body') && performance.now());
  return shown.jsonValue() as Promise<number>;
}

/** Waits until the newest message that is shown has this text. */
async function lastMessage(page: Page, text: string): Promise<void> {
  await page.waitForFunction((text) => document.querySelector('.rows > :last-child .body')?.textContent === text, text);
}

/** Clicks a room in the sidebar, and returns how long it took until its messages were painted. */
async function switchTo(page: Page, room: string): Promise<number> {
  return page.evaluate(async (room) => {
    const link = document.querySelector<HTMLElement>(`a[href="/talk/${room}"]`)!;
    const before = document.querySelector('.message .body');
    const clickedAt = performance.now();
    link.click();
    const hasSwitched = () => {
      const shown = document.querySelector('.message .body');
      return location.pathname.includes(room) && shown !== null && shown !== before;
    };
    while (!hasSwitched()) await new Promise(requestAnimationFrame);
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - clickedAt;
  }, room);
}

function report(name: string, times: number[], more: string[] = []): void {
  const cells = [0.5, 0.95, 0.99, 1].map((rank) => milliseconds(percentile(times, rank)));
  table(['ms', 'times', 'median', 'p95', 'p99', 'longest', ''], [[name, `${times.length}`, ...cells, more.join(', ')]]);
}
