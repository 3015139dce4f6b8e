import type { Locator, Page } from '@playwright/test';

import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
import type { TestServer } from '../fixtures/test_server.ts';
import type { User } from '../fixtures/user.ts';

test.use({ serverOptions: ['--unlimited'] });

/** How far a message may move unnoticed, in pixels. */
const TOLERANCE_PX = 2;

const numbered = (number: number) => `message ${String(number).padStart(3, '0')}`;

/** Signs in a user who sends `count` numbered messages to the Lobby. */
async function longConversation(server: TestServer, count: number): Promise<SocketClient> {
  const writer = await SocketClient.signIn(server, 'Scribe');
  for (let number = 1; number <= count; number += 1) await writer.send(numbered(number));
  return writer;
}

/** Waits until all changes are painted. */
function nextPaint(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

async function topOf(message: Locator): Promise<number> {
  const box = await message.boundingBox();
  expect(box, `${message} is there`).not.toBeNull();
  return box!.y;
}

/** Scrolls up to the first loaded message. */
async function scrollToTop(user: User): Promise<void> {
  await user.log.evaluate((log) => log.scrollTo({ top: 0, behavior: 'instant' }));
}

test('a long conversation opens at its end', async ({ server, users }) => {
  await longConversation(server, 150);
  const alice = await users.guest('Alice');

  await expect(alice.message(numbered(150))).toBeInViewport({ ratio: 1 });
  await expect(alice.message(numbered(1))).toHaveCount(0);
  await expect(alice.page.getByRole('button', { name: 'Jump to latest message' })).toBeHidden();
});

test('older messages load above without moving the reader', async ({ server, users }) => {
  await longConversation(server, 150);
  const alice = await users.openBrowser('Alice');
  let releaseRequest = () => {};
  const released = new Promise<void>((resolve) => (releaseRequest = resolve));
  await alice.page.route('**/messages?*before=*', async (route) => {
    await released;
    await route.continue();
  });
  await alice.signIn();
  await alice.expectMessage(numbered(150));
  await scrollToTop(alice);
  await expect(alice.message(numbered(111))).toBeInViewport({ ratio: 1 });
  await nextPaint(alice.page);
  const before = await topOf(alice.message(numbered(113)));

  releaseRequest();
  await expect(alice.message(numbered(110))).toHaveCount(1);
  await nextPaint(alice.page);

  const moved = (await topOf(alice.message(numbered(113)))) - before;
  expect(Math.abs(moved), `moved by ${moved} px`).toBeLessThanOrEqual(TOLERANCE_PX);
});

test('a long conversation is loaded page by page on demand', async ({ server, users }) => {
  await longConversation(server, 150);
  const alice = await users.openBrowser('Alice');
  const fetchedUrls: string[] = [];
  alice.page.on('request', (request) => {
    if (request.url().includes('/messages?')) fetchedUrls.push(request.url());
  });

  await alice.signIn();
  await expect(alice.message(numbered(150))).toBeInViewport({ ratio: 1 });
  await nextPaint(alice.page);

  expect(fetchedUrls).toHaveLength(1);
});

test('scrolling up reaches the beginning, with every message once', async ({ server, users }) => {
  await longConversation(server, 150);
  const alice = await users.guest('Alice');
  await alice.expectMessage(numbered(150));

  await expect(async () => {
    await scrollToTop(alice);
    await expect(alice.page.getByText('This is the beginning')).toBeInViewport({ timeout: 100 });
  }).toPass();

  await expect(alice.log.getByRole('listitem').filter({ hasText: /message \d{3}/ })).toHaveText(
    Array.from({ length: 150 }, (_, index) => new RegExp(numbered(index + 1))),
  );
  await expect.poll(() => alice.fetchHistory()).toHaveLength(100);
});

test('new messages do not move a reader who scrolled up; a button leads to them', async ({ server, users }) => {
  const writer = await longConversation(server, 150);
  const alice = await users.guest('Alice');
  const toNewest = alice.page.getByRole('button', { name: 'Jump to latest message' });
  await alice.expectMessage(numbered(150));
  await alice.message(numbered(120)).scrollIntoViewIfNeeded();
  await expect(toNewest).toBeVisible();
  await nextPaint(alice.page);
  const before = await topOf(alice.message(numbered(120)));

  for (const text of ['news one', 'news two', 'news three']) await writer.send(text);
  await expect(alice.message('news three')).toHaveCount(1);
  await nextPaint(alice.page);
  const moved = (await topOf(alice.message(numbered(120)))) - before;
  expect(Math.abs(moved), `moved by ${moved} px`).toBeLessThanOrEqual(TOLERANCE_PX);
  await expect(alice.message('news three')).not.toBeInViewport();
  await expect(alice.conversationLink('Lobby', 3)).toBeVisible();

  await toNewest.click();
  await expect(alice.message('news three')).toBeInViewport({ ratio: 1 });
  await expect(toNewest).toBeHidden();
  await expect(alice.conversationLink('Lobby', 3)).toBeHidden();
});

test('a reader at the end stays at the end', async ({ server, users }) => {
  const writer = await longConversation(server, 80);
  const alice = await users.guest('Alice');
  await expect(alice.message(numbered(80))).toBeInViewport();

  for (let number = 81; number <= 90; number += 1) {
    await writer.send(numbered(number));
    await expect(alice.message(numbered(number))).toBeInViewport({ ratio: 1 });
  }
  // Tall messages that arrive faster than the screen is painted.
  for (let number = 91; number <= 120; number += 1) await writer.send(`${numbered(number)}\nhas\nfour\nlines`);
  await expect(alice.message(numbered(120))).toBeInViewport({ ratio: 1 });
  await expect(alice.page.getByRole('button', { name: 'Jump to latest message' })).toBeHidden();
});

test('the newest message stays visible while a long text is typed', async ({ server, users }) => {
  await longConversation(server, 80);
  const alice = await users.guest('Alice');
  await alice.expectMessage(numbered(80));

  await alice.composer.fill(['one', 'two', 'three', 'four', 'five', 'six'].join('\n'));
  await expect(alice.message(numbered(80))).toBeInViewport({ ratio: 1 });
});

test('sending after scrolling up shows the sent message', async ({ server, users }) => {
  await longConversation(server, 80);
  const alice = await users.guest('Alice');
  await alice.expectMessage(numbered(80));
  await alice.message(numbered(50)).scrollIntoViewIfNeeded();

  await alice.send('Here I am');

  await expect(alice.message('Here I am')).toBeInViewport({ ratio: 1 });
});

test('messages missed while away are below an unread line', async ({ server, users }) => {
  const writer = await longConversation(server, 3);
  const alice = await users.guest('Alice');
  await alice.expectMessage(numbered(3));
  await expect(alice.conversationLink('Lobby', 3)).toBeHidden();
  const storageState = await users.closeBrowser(alice);
  await writer.send('while you were away');

  const back = await users.reopenBrowser('Alice', storageState);

  await expect(back.log).toHaveText(/message 003.*New.*while you were away/s);
});

test('messages that arrive while reading are not marked unread', async ({ server, users }) => {
  const writer = await longConversation(server, 1);
  const alice = await users.guest('Alice');
  await alice.expectMessage(numbered(1));

  await writer.send(numbered(2));

  await alice.expectMessage(numbered(2));
  await expect(alice.log.getByText('New', { exact: true })).toBeHidden();
});

test('day separators are the same for a reader whose clock is a day off', async ({ server, users }) => {
  await longConversation(server, 2);
  const right = await users.guest('Alice');
  const ahead = await users.openBrowser('Bob');
  await ahead.page.clock.setFixedTime(Date.now() + 24 * 60 * 60 * 1_000);
  await ahead.signIn();

  for (const { log } of [right, ahead]) {
    await expect(log.getByRole('listitem')).toHaveText(['Today', /message 001/, /message 002/]);
  }
});

for (const timezoneId of ['Asia/Shanghai', 'America/New_York']) {
  test(`times are in the reader’s time zone, ${timezoneId}`, async ({ server, users }) => {
    const writer = await SocketClient.signIn(server, 'Scribe');
    const at = await writer.send('What time is it?');
    const alice = await users.guest('Alice', { timezoneId });

    const time = alice.message('What time is it?').getByRole('time');
    const localTime = at.toLocaleTimeString('en', { timeZone: timezoneId, timeStyle: 'short', hourCycle: 'h23' });
    await expect(time).toHaveText(localTime);
    await expect(time).toHaveAttribute('datetime', at.toISOString());
  });
}

test('after midnight today’s messages are yesterday’s', async ({ server, users }) => {
  await longConversation(server, 2);
  const alice = await users.openBrowser('Alice');
  await alice.page.clock.install();
  await alice.signIn();
  await expect(alice.log.getByRole('listitem')).toHaveText(['Today', /message 001/, /message 002/]);

  await alice.page.clock.fastForward('24:00:00');

  await expect(alice.log.getByRole('listitem')).toHaveText(['Yesterday', /message 001/, /message 002/]);
});

test('a failed load of newer messages can be retried in place', async ({ server, users }) => {
  const writer = await longConversation(server, 80);
  const alice = await users.openBrowser('Alice');
  alice.pageErrors.allow(/ERR_FAILED/);
  await alice.page.route('**/messages?*after=*', (route) => route.abort());
  await alice.signIn();
  await alice.message(numbered(60)).scrollIntoViewIfNeeded();
  await expect(alice.page.getByRole('button', { name: 'Jump to latest message' })).toBeVisible();
  // More messages than the page keeps below the reader, so that a gap follows them.
  await writer.sendMany(Array.from({ length: 300 }, (_, index) => numbered(81 + index)));
  await expect.poll(() => alice.frames.receivedOfType('event').length).toBeGreaterThanOrEqual(300);
  const retryButton = alice.log.getByRole('button', { name: 'Try again' }).last();

  await expect(async () => {
    await alice.log.evaluate((log) => log.scrollTo({ top: log.scrollHeight, behavior: 'instant' }));
    await expect(retryButton).toBeInViewport({ timeout: 200 });
  }).toPass();
  await expect(alice.message(numbered(380))).toHaveCount(0);

  await alice.page.unroute('**/messages?*after=*');
  const countBefore = await alice.log.locator('.message').count();
  await retryButton.click();
  await expect.poll(() => alice.log.locator('.message').count()).toBeGreaterThan(countBefore);
  await expect(retryButton).toHaveCount(0);
});
