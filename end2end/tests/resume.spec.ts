import type { Locator } from '@playwright/test';

import { NO_CONNECTION } from '../fixtures/complaints.ts';
import { Network } from '../fixtures/network.ts';
import type { Person } from '../fixtures/person.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

test.use({ serverOptions: ['--unlimited'] });

/** The page tries again after at most so many milliseconds of waiting, all tries together. */
const RECONNECTED = { timeout: 20_000 };

/** How far a message may move without being noticed, in pixels. */
const STILL = 2;

const numbered = (number: number) => `message ${String(number).padStart(4, '0')}`;

async function heightOnScreen(message: Locator): Promise<number> {
  const box = await message.boundingBox();
  expect(box, `${message} is there`).not.toBeNull();
  return box!.y;
}

/** The numbers of the messages that are on the page, from top to bottom. */
async function numbersShown(person: Person): Promise<number[]> {
  const text = await person.log.innerText();
  return [...text.matchAll(/message (\d{4})/g)].map((match) => Number(match[1]));
}

const isUnbroken = (numbers: number[]) => numbers.every((number, place) => number === numbers[0] + place);

/** Somebody has read back in a long talk when the connection is lost, and much is said meanwhile. */
async function readsBackAndMisses(
  people: { visitor(nickname: string): Promise<Person> },
  scribe: SocketClient,
  missed: number,
): Promise<{ alice: Person; network: Network; reading: Locator; stoodAt: number }> {
  const alice = await people.visitor('Alice');
  const network = await Network.of(alice);
  for (let number = 1; number <= 150; number += 1) await scribe.say(numbered(number));
  await alice.join();
  await alice.sees(numbered(150));
  const reading = alice.message(numbered(120));
  await reading.evaluate((row) => row.scrollIntoView({ block: 'center', behavior: 'instant' }));
  await expect(alice.page.getByRole('button', { name: 'Jump to latest message' })).toBeVisible();
  network.cut();
  await expect(alice.page.getByRole('status').filter({ hasText: 'Connection lost.' })).toBeVisible();
  const stoodAt = await heightOnScreen(reading);
  await scribe.sayMany(Array.from({ length: missed }, (_, place) => numbered(151 + place)));
  return { alice, network, reading, stoodAt };
}

test('after 2,000 missed messages the reader stays in place and reads on without a hole', async ({
  house,
  people,
}) => {
  test.slow();
  const scribe = await SocketClient.join(house, 'Scribe');
  const { alice, network, reading, stoodAt } = await readsBackAndMisses(people, scribe, 2_000);
  await scribe.edit(numbered(121), `${numbered(121)} was changed`);
  network.mend();

  await expect(alice.message('was changed')).toBeVisible(RECONNECTED);
  expect(alice.frames.receivedOf('reset')).toHaveLength(1);
  expect(Math.abs((await heightOnScreen(reading)) - stoodAt)).toBeLessThanOrEqual(STILL);
  await expect(alice.log.getByText('New', { exact: true })).toHaveCount(1);

  // What is said now is for later: first comes what was missed.
  await scribe.say(numbered(2_151));
  const toLatest = alice.page.getByRole('button', { name: 'Jump to latest message' });
  await expect(toLatest).toBeVisible();
  for (let screens = 0; screens < 400 && (await toLatest.isVisible()); screens += 1) {
    await alice.log.evaluate((log) => log.scrollBy({ top: 4 * log.clientHeight, behavior: 'instant' }));
    await alice.page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  }
  await expect(alice.message(numbered(2_151))).toBeInViewport();
  const shown = await numbersShown(alice);
  expect(isUnbroken(shown)).toBe(true);
  expect(shown.at(-1)).toBe(2_151);
  await scribe.say('and on it goes');
  await expect(alice.message('and on it goes')).toBeInViewport();
});

test('after 2,000 missed messages a button leads to the newest, and reading back works', async ({
  house,
  people,
}) => {
  test.slow();
  const scribe = await SocketClient.join(house, 'Scribe');
  const { alice, network } = await readsBackAndMisses(people, scribe, 2_000);
  network.mend();
  await expect(alice.page.getByRole('status').filter({ hasText: 'Connection lost.' })).toBeHidden(RECONNECTED);
  await alice.page.getByRole('button', { name: 'Jump to latest message' }).click();
  await expect(alice.message(numbered(2_150))).toBeInViewport();
  await alice.log.evaluate((log) => log.scrollTo({ top: 0, behavior: 'instant' }));
  await expect(alice.message(numbered(2_050))).toHaveCount(1);
  expect(isUnbroken(await numbersShown(alice))).toBe(true);
});

test('a reader at the end is at the end again, however much was missed', async ({ house, people }) => {
  test.slow();
  const scribe = await SocketClient.join(house, 'Scribe');
  const alice = await people.visitor('Alice');
  const network = await Network.of(alice);
  await scribe.say(numbered(1));
  await alice.join();
  await alice.sees(numbered(1));
  network.cut();
  await expect(alice.page.getByRole('status').filter({ hasText: 'Connection lost.' })).toBeVisible();
  await scribe.sayMany(Array.from({ length: 2_000 }, (_, place) => numbered(2 + place)));
  network.mend();
  await expect(alice.message(numbered(2_001))).toBeInViewport(RECONNECTED);
  expect(alice.frames.receivedOf('reset')).toHaveLength(1);
  expect(isUnbroken(await numbersShown(alice))).toBe(true);
});

test('after a server kill nothing is missing or repeated, and changes are shown', async ({
  house,
  people,
}) => {
  const alice = await people.visitor('Alice');
  const network = await Network.of(alice);
  await alice.join();
  const bob = await people.guest('Bob');
  bob.complaints.expect(NO_CONNECTION);
  const scribe = await SocketClient.join(house, 'Scribe');
  for (const text of ['to stay', 'to be changed', 'to be deleted']) await scribe.say(text);
  await alice.say('from Alice');
  await bob.sees('from Alice');

  network.cut();
  await house.kill();
  await alice.composer.fill('typed meanwhile');
  await alice.composer.press('Enter');
  await house.restart();
  const back = await scribe.comesBack(house);
  await back.edit('to be changed', 'has been changed');
  await back.delete('to be deleted');
  await back.say('a last word');
  network.mend();

  for (const person of [alice, bob]) {
    await expect(person.message('has been changed')).toBeVisible(RECONNECTED);
    await expect(person.message('typed meanwhile')).toBeVisible(RECONNECTED);
    for (const text of ['to stay', 'from Alice', 'a last word', 'typed meanwhile']) await person.sees(text);
    await expect(person.log).not.toContainText('to be changed');
    await expect(person.log).not.toContainText('to be deleted');
  }
  expect(alice.page.url()).toMatch(/\/talk\/lobby$/);
  expect(await alice.history()).toEqual([
    'to stay',
    'has been changed',
    '',
    'from Alice',
    'a last word',
    'typed meanwhile',
  ]);
});

test('reusing the command ids of others has no effect on them', async ({ house, people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const mallory = await SocketClient.join(house, 'Mallory');
  await alice.say('mine');
  const [{ id }] = alice.frames.sentOf('send');
  await mallory.say('not mine', id);
  await alice.say('and on');
  for (const person of [alice, bob]) {
    await person.sees('and on');
    await expect(person.log).toHaveText(/Alice.*mine.*Mallory.*not mine.*Alice.*and on/s);
    await expect(person.log.getByRole('listitem').filter({ hasText: 'mine' })).toHaveCount(2);
  }
});

test('a page that finds another user’s session switches to it and sends nothing of the first', async ({
  people,
}) => {
  const alice = await people.visitor('Alice');
  const network = await Network.of(alice);
  await alice.join();
  await alice.say('before');
  network.cut();
  await alice.composer.fill('Alice’s alone');
  await alice.composer.press('Enter');
  await alice.sees('Alice’s alone');
  await alice.page.context().clearCookies();
  const answer = await alice.page.request.post('/api/session', { data: { nickname: 'Bert' } });
  expect(answer.status()).toBe(201);
  network.mend();

  await expect(alice.sidebar.getByText('Bert', { exact: true })).toBeVisible(RECONNECTED);
  await alice.say('Bert’s');
  expect(await alice.history()).toEqual(['before', 'Bert’s']);
});

test('after a restore the page shows the restored history', async ({ house, people }) => {
  const alice = await people.visitor('Alice');
  const network = await Network.of(alice);
  await alice.join();
  await alice.say('in both');
  await house.backUp();
  await alice.say('in one alone');
  network.cut();
  await house.kill();
  await house.putBack();
  await house.restart();
  // At the place of what was said in the other one, before anybody is back.
  const scribe = await SocketClient.join(house, 'Scribe');
  await scribe.say('in the other alone');
  network.mend();
  await expect(alice.message('in one alone')).toHaveCount(0, RECONNECTED);
  await alice.sees('in the other alone');
  await alice.say('and on');
  expect(await alice.history()).toEqual(['in both', 'in the other alone', 'and on']);
});
