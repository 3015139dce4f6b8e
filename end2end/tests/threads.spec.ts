/** Replies, the messages that they answer, and threads. */
import type { Locator } from '@playwright/test';

import { expectNoBarriers } from '../fixtures/axe.ts';
import { holdWasm } from '../fixtures/boot.ts';
import { CONNECTION_ERRORS } from '../fixtures/page_errors.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

/** The panel with the thread. */
function threadPanel(user: User): Locator {
  return user.page.getByRole('complementary', { name: 'Thread' });
}

/** The messages of the thread. */
function threadLog(user: User): Locator {
  return user.page.getByRole('log', { name: 'Thread' });
}

/** The composer of the thread. */
function threadComposer(user: User): Locator {
  return user.page.getByRole('textbox', { name: 'Reply in this thread' });
}

/** The button above a reply, with the message that it answers. */
function quote(user: User, reply: string): Locator {
  return user.message(reply).locator('.quoted');
}

/** Replies to a message from its menu. */
async function reply(user: User, text: string, answer: string): Promise<void> {
  await user.chooseAction('Reply', text);
  await expect(user.composer).toBeFocused();
  await user.send(answer);
}

test('a reply shows what it answers, to everybody', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Green or black?');
  await bob.chooseAction('Reply', 'Green or black?');
  await expect(bob.page.locator('.replying')).toContainText('Alice Green or black?');
  await expectNoBarriers(bob, 'the composer of a reply');
  await bob.send('Oolong');
  await expect(bob.page.locator('.replying')).toBeHidden();
  for (const user of [alice, bob]) {
    await expect(quote(user, 'Oolong')).toContainText('Alice Green or black?');
    await expect(user.message('Green or black?').first().getByRole('button', { name: '1 reply' })).toBeVisible();
  }
  await bob.send('not a reply');
  await expect(quote(bob, 'not a reply')).toHaveCount(0);

  await alice.edit('Green or black?', 'Green or white?');
  await expect(quote(bob, 'Oolong')).toContainText('Green or white?');
  await alice.chooseAction('Delete', 'Green or white?');
  await alice.messageMenu.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(quote(bob, 'Oolong')).toContainText('Message deleted');
  await bob.page.reload();
  await bob.expectSignedIn();
  await expect(quote(bob, 'Oolong')).toContainText('Message deleted');
});

test('a reply is begun and cancelled by keyboard', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Green or black?');
  await bob.expectMessage('Green or black?');
  await bob.log.press('ArrowUp');
  await bob.page.keyboard.press('r');
  await expect(bob.composer).toBeFocused();
  await expect(bob.page.locator('.replying')).toContainText('Green or black?');
  await bob.composer.press('Escape');
  await expect(bob.page.locator('.replying')).toBeHidden();
  await bob.send('plain');
  await expect(quote(bob, 'plain')).toHaveCount(0);
});

test('a reply that is not sent yet survives a reload and a lost connection', async ({ users, server }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  for (const user of [alice, bob]) user.pageErrors.allow(CONNECTION_ERRORS);
  await alice.send('Green or black?');
  await bob.chooseAction('Reply', 'Green or black?');
  await bob.composer.fill('Oolong');
  await bob.page.reload();
  await bob.expectSignedIn();
  await expect(bob.composer).toHaveValue('Oolong');
  await expect(bob.page.locator('.replying')).toContainText('Green or black?');

  await server.stop();
  await expect(bob.page.locator('main[data-online="false"]')).toBeVisible();
  await bob.composer.press('Enter');
  await expect(quote(bob, 'Oolong')).toContainText('Green or black?');
  await server.restart();
  await expect(quote(alice, 'Oolong')).toContainText('Green or black?');
});

test('a reply that is sent before the WebAssembly has loaded is a reply', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Green or black?');
  await bob.chooseAction('Reply', 'Green or black?');
  await bob.composer.fill('Oolong');
  const releaseWasm = await holdWasm(bob.page);
  await bob.page.reload({ waitUntil: 'domcontentloaded' });
  await bob.composer.press('Enter');
  await expect(quote(alice, 'Oolong')).toContainText('Green or black?');
  await bob.composer.fill('Or white');
  await bob.composer.press('Enter');
  await alice.expectMessage('Or white');
  releaseWasm();
  await bob.expectSignedIn();

  await expect(quote(bob, 'Oolong')).toContainText('Green or black?');
  for (const user of [alice, bob]) {
    await expect(user.message('Oolong')).toHaveCount(1);
    await expect(quote(user, 'Or white')).toHaveCount(0);
  }
});

test('originals that are not loaded are fetched together, and a click leads there and back', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  for (const text of ['first question', 'second question']) await alice.send(text);
  for (let number = 0; number < 70; number += 1) await alice.send(`filler ${number}.`);
  const seq = async (text: string) => {
    const response = await bob.page.request.get(`/api/conversations/${bob.frames.lobbyId}/messages?after=0&limit=10`);
    const { messages } = await response.json();
    return messages.find((message: { body: string }) => message.body === text).seq as number;
  };
  for (const text of ['first question', 'second question']) {
    await bob.page.goto(`/talk/lobby/${await seq(text)}`);
    await reply(bob, text, `answer to the ${text}`);
  }

  const requests: string[] = [];
  const carol = await users.openBrowser('Carol');
  carol.page.on('request', (request) => (request.url().includes('seqs=') ? requests.push(request.url()) : 0));
  await carol.signIn();
  await expect(quote(carol, 'answer to the first question')).toContainText('Alice first question');
  await expect(quote(carol, 'answer to the second question')).toContainText('Alice second question');
  expect(requests).toHaveLength(1);

  await quote(carol, 'answer to the first question').click();
  const original = carol.log.getByRole('listitem').filter({ has: carol.page.getByText('first question', { exact: true }) }).first();
  await expect(original).toBeInViewport();
  await carol.page.getByRole('button', { name: 'Back to the reply' }).click();
  await expect(carol.message('answer to the first question')).toBeInViewport();
  await expect(carol.page.getByRole('button', { name: 'Back to the reply' })).toBeHidden();
});

test('a thread opens beside the room, is followed and written in, and the room has every message', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Green or black?');
  await alice.send('Something else');
  await reply(bob, 'Green or black?', 'Oolong');

  await alice.message('Green or black?').first().getByRole('button', { name: '1 reply' }).click();
  await expect(threadPanel(alice)).toBeVisible();
  await expect(alice.page).toHaveURL(/\/thread\/\d+$/);
  await expect(threadLog(alice).getByRole('listitem').filter({ hasText: 'Green or black?' }).first()).toBeVisible();
  await expect(threadLog(alice)).toContainText('Oolong');
  await expect(threadLog(alice)).not.toContainText('Something else');
  await expectNoBarriers(alice, 'a thread');

  await reply(bob, 'Oolong', 'or maybe Pu’er');
  await expect(threadLog(alice)).toContainText('or maybe Pu’er');
  await bob.send('not in the thread');
  await alice.expectMessage('not in the thread');
  await expect(threadLog(alice)).not.toContainText('not in the thread');

  await threadComposer(alice).fill('Oolong it is');
  await threadComposer(alice).press('Enter');
  await expect(threadLog(alice)).toContainText('Oolong it is');
  await expect(quote(bob, 'Oolong it is'), 'a reply to the last message of the thread').toContainText('or maybe Pu’er');
  await expect(bob.message('Green or black?').first().getByRole('button', { name: '3 replies' })).toBeVisible();
  await expect(alice.message('Oolong it is')).toBeVisible();

  await alice.page.reload();
  await alice.expectSignedIn();
  await expect(threadLog(alice), 'the address names the thread').toContainText('Oolong it is');
  await threadPanel(alice).getByRole('button', { name: 'Close thread' }).click();
  await expect(threadPanel(alice)).toBeHidden();
  await alice.page.goBack();
  await expect(threadPanel(alice)).toBeVisible();
  await threadComposer(alice).press('Escape');
  await expect(threadPanel(alice)).toBeHidden();
});

test('a thread is up to date after a lost connection', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Green or black?');
  await reply(bob, 'Green or black?', 'Oolong');
  await alice.message('Green or black?').first().getByRole('button', { name: '1 reply' }).click();
  await expect(threadLog(alice)).toContainText('Oolong');
  await alice.page.context().setOffline(true);
  await reply(bob, 'Oolong', 'while you were away');
  await alice.page.context().setOffline(false);
  await expect(threadLog(alice)).toContainText('while you were away');
});

test('a thread is muted and heard of again', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Green or black?');
  await reply(bob, 'Green or black?', 'Oolong');
  await alice.message('Green or black?').first().getByRole('button', { name: '1 reply' }).click();
  const mute = threadPanel(alice).getByRole('button', { name: 'Mute thread' });
  await expect(mute).toHaveAttribute('aria-pressed', 'false');
  await mute.click();
  await expect(mute).toHaveAttribute('aria-pressed', 'true');
  await alice.page.reload();
  await alice.expectSignedIn();
  await expect(mute).toHaveAttribute('aria-pressed', 'true');

  await alice.page.getByRole('link', { name: /^Mentions/ }).click();
  const rows = alice.conversationSection.getByRole('listitem');
  await expect(rows).toHaveCount(1);
  await reply(bob, 'Oolong', 'nobody hears this');
  await bob.send('@Alice but this');
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: 'nobody hears this' })).toHaveCount(0);
});

test('on a phone a thread covers the room, and the way back leads there', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.guest('Alice', PHONE);
  await alice.send('Green or black?');
  await reply(bob, 'Green or black?', 'Oolong');
  // A phone has no mouse, whose menu would cover the button.
  await alice.page.mouse.move(0, 0);
  await alice.message('Green or black?').first().getByRole('button', { name: '1 reply' }).tap();
  await expect(threadLog(alice)).toContainText('Oolong');
  const width = await threadPanel(alice).evaluate((panel) => panel.getBoundingClientRect().width);
  expect(width).toBe(390);
  await threadComposer(alice).fill('from the train');
  await threadPanel(alice).getByRole('button', { name: 'Send' }).tap();
  await expect(threadLog(alice)).toContainText('from the train');
  await expectNoBarriers(alice, 'a thread on a phone');
  await alice.page.goBack();
  await expect(threadPanel(alice)).toBeHidden();
  await expect(alice.message('from the train')).toBeVisible();
});
