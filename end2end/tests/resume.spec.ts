import type { Locator } from '@playwright/test';

import { Network } from '../fixtures/network.ts';
import { CONNECTION_ERRORS } from '../fixtures/page_errors.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

test.use({ serverOptions: ['--unlimited'] });

/** The longest that the page may take to reconnect, in milliseconds. */
const RECONNECTED = { timeout: 20_000 };

/** How far a message may move unnoticed, in pixels. */
const TOLERANCE_PX = 2;

const numbered = (number: number) => `message ${String(number).padStart(4, '0')}`;

async function topOf(message: Locator): Promise<number> {
  const box = await message.boundingBox();
  expect(box, `${message} is there`).not.toBeNull();
  return box!.y;
}

/** The numbers of the rendered messages, from top to bottom. */
async function numbersShown(user: User): Promise<number[]> {
  const text = await user.log.innerText();
  return [...text.matchAll(/message (\d{4})/g)].map((match) => Number(match[1]));
}

const isConsecutive = (numbers: number[]) => numbers.every((number, index) => number === numbers[0] + index);

/** Alice scrolls back in a long conversation, loses the connection, and misses messages. */
async function scrollBackAndMissMessages(
  users: { openBrowser(nickname: string): Promise<User> },
  writer: SocketClient,
  missedCount: number,
): Promise<{ alice: User; network: Network; message: Locator; topBefore: number }> {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  for (let number = 1; number <= 150; number += 1) await writer.send(numbered(number));
  await alice.signIn();
  await alice.expectMessage(numbered(150));
  const message = alice.message(numbered(120));
  await message.evaluate((row) => row.scrollIntoView({ block: 'center', behavior: 'instant' }));
  await expect(alice.page.getByRole('button', { name: 'Jump to latest message' })).toBeVisible();
  network.disconnect();
  await expect(alice.page.getByRole('status').filter({ hasText: 'Connection lost.' })).toBeVisible();
  const topBefore = await topOf(message);
  await writer.sendMany(Array.from({ length: missedCount }, (_, index) => numbered(151 + index)));
  return { alice, network, message, topBefore };
}

test('after 2,000 missed messages the reader stays in place and reads on without a hole', async ({
  server,
  users,
}) => {
  test.slow();
  const writer = await SocketClient.signIn(server, 'Scribe');
  const { alice, network, message, topBefore } = await scrollBackAndMissMessages(users, writer, 2_000);
  await writer.edit(numbered(121), `${numbered(121)} was changed`);
  network.restore();

  await expect(alice.message('was changed')).toBeVisible(RECONNECTED);
  expect(alice.frames.receivedOfType('reset')).toHaveLength(1);
  expect(Math.abs((await topOf(message)) - topBefore)).toBeLessThanOrEqual(TOLERANCE_PX);
  await expect(alice.log.getByText('New', { exact: true })).toHaveCount(1);

  // A new message stays below the missed ones.
  await writer.send(numbered(2_151));
  const toNewest = alice.page.getByRole('button', { name: 'Jump to latest message' });
  await expect(toNewest).toBeVisible();
  for (let screens = 0; screens < 400 && (await toNewest.isVisible()); screens += 1) {
    await alice.log.evaluate((log) => log.scrollBy({ top: 4 * log.clientHeight, behavior: 'instant' }));
    await alice.page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  }
  await expect(alice.message(numbered(2_151))).toBeInViewport();
  const numbers = await numbersShown(alice);
  expect(isConsecutive(numbers)).toBe(true);
  expect(numbers.at(-1)).toBe(2_151);
  await writer.send('and on it goes');
  await expect(alice.message('and on it goes')).toBeInViewport();
});

test('after 2,000 missed messages a button leads to the newest, and reading back works', async ({
  server,
  users,
}) => {
  test.slow();
  const writer = await SocketClient.signIn(server, 'Scribe');
  const { alice, network } = await scrollBackAndMissMessages(users, writer, 2_000);
  network.restore();
  await expect(alice.page.getByRole('status').filter({ hasText: 'Connection lost.' })).toBeHidden(RECONNECTED);
  await alice.page.getByRole('button', { name: 'Jump to latest message' }).click();
  await expect(alice.message(numbered(2_150))).toBeInViewport();
  await alice.log.evaluate((log) => log.scrollTo({ top: 0, behavior: 'instant' }));
  await expect(alice.message(numbered(2_100))).toHaveCount(1);
  expect(isConsecutive(await numbersShown(alice))).toBe(true);
});

test('a reader at the end is at the end again, however much was missed', async ({ server, users }) => {
  test.slow();
  const writer = await SocketClient.signIn(server, 'Scribe');
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await writer.send(numbered(1));
  await alice.signIn();
  await alice.expectMessage(numbered(1));
  network.disconnect();
  await expect(alice.page.getByRole('status').filter({ hasText: 'Connection lost.' })).toBeVisible();
  await writer.sendMany(Array.from({ length: 2_000 }, (_, index) => numbered(2 + index)));
  network.restore();
  await expect(alice.message(numbered(2_001))).toBeInViewport(RECONNECTED);
  expect(alice.frames.receivedOfType('reset')).toHaveLength(1);
  expect(isConsecutive(await numbersShown(alice))).toBe(true);
});

test('after a server kill nothing is missing or repeated, and changes are shown', async ({
  server,
  users,
}) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  const bob = await users.guest('Bob');
  bob.pageErrors.allow(CONNECTION_ERRORS);
  const writer = await SocketClient.signIn(server, 'Scribe');
  for (const text of ['to stay', 'to be changed', 'to be deleted']) await writer.send(text);
  await alice.send('from Alice');
  await bob.expectMessage('from Alice');

  network.disconnect();
  await server.kill();
  await alice.composer.fill('typed meanwhile');
  await alice.composer.press('Enter');
  await server.restart();
  const reconnected = await writer.reconnect(server);
  await reconnected.edit('to be changed', 'has been changed');
  await reconnected.delete('to be deleted');
  await reconnected.send('a last word');
  network.restore();

  for (const user of [alice, bob]) {
    await expect(user.message('has been changed')).toBeVisible(RECONNECTED);
    await expect(user.message('typed meanwhile')).toBeVisible(RECONNECTED);
    for (const text of ['to stay', 'from Alice', 'a last word', 'typed meanwhile']) await user.expectMessage(text);
    await expect(user.log).not.toContainText('to be changed');
    await expect(user.log).not.toContainText('to be deleted');
  }
  expect(alice.page.url()).toMatch(/\/talk\/lobby$/);
  expect(await alice.fetchHistory()).toEqual([
    'to stay',
    'has been changed',
    '',
    'from Alice',
    'a last word',
    'typed meanwhile',
  ]);
});

test('reusing the command ids of others has no effect on them', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const mallory = await SocketClient.signIn(server, 'Mallory');
  await alice.send('mine');
  const [{ id }] = alice.frames.sentOfType('send');
  await mallory.send('not mine', id);
  await alice.send('and on');
  for (const user of [alice, bob]) {
    await user.expectMessage('and on');
    await expect(user.log).toHaveText(/Alice.*mine.*Mallory.*not mine.*Alice.*and on/s);
    await expect(user.log.getByRole('listitem').filter({ hasText: 'mine' })).toHaveCount(2);
  }
});

test('a page that finds another user’s session switches to it and sends nothing of the first', async ({
  users,
}) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('before');
  network.disconnect();
  await alice.composer.fill('Alice’s alone');
  await alice.composer.press('Enter');
  await alice.expectMessage('Alice’s alone');
  await alice.page.context().clearCookies();
  const response = await alice.page.request.post('/api/session', { data: { nickname: 'Bert' } });
  expect(response.status()).toBe(201);
  network.restore();

  await expect(alice.sidebar.getByText('Bert', { exact: true })).toBeVisible(RECONNECTED);
  await alice.send('Bert’s');
  expect(await alice.fetchHistory()).toEqual(['before', 'Bert’s']);
});

test('after a restore the page shows the restored history', async ({ server, users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('in both');
  await server.createBackup();
  await alice.send('in one alone');
  network.disconnect();
  await server.kill();
  await server.restoreBackup();
  await server.restart();
  // Takes the seq of the lost message before any page has reconnected.
  const writer = await SocketClient.signIn(server, 'Scribe');
  await writer.send('in the other alone');
  network.restore();
  await expect(alice.message('in one alone')).toHaveCount(0, RECONNECTED);
  await alice.expectMessage('in the other alone');
  await alice.send('and on');
  expect(await alice.fetchHistory()).toEqual(['in both', 'in the other alone', 'and on']);
});
