/** Mentions: completing a name, how a mention looks, and the list of all of them. */
import type { Locator } from '@playwright/test';

import { expectNoBarriers } from '../fixtures/axe.ts';
import { registerUser } from '../fixtures/registered_users.ts';
import { addMember, createRoom } from '../fixtures/rooms.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';
import { blurWindow, focusWindow } from '../fixtures/window_focus.ts';

/** The list of names above the composer. */
function suggestions(user: User): Locator {
  return user.page.getByRole('listbox', { name: 'Suggestions' });
}

/** The link to the list of mentions, with this number of unread ones, if given. */
function mentionsLink(user: User, unread?: number): Locator {
  return user.conversationList.getByRole('link', { name: unread === undefined ? /^Mentions/ : new RegExp(`^Mentions .*${unread} unread`) });
}

test('a name is completed by keyboard, and the mention is marked for everybody', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await bob.send('here I am');
  await alice.expectMessage('here I am');

  await alice.composer.pressSequentially('Tea, @bo');
  const option = suggestions(alice).getByRole('option', { name: 'Bob' });
  await expect(option).toHaveAttribute('aria-selected', 'true');
  await expect(alice.composer).toHaveAttribute('aria-activedescendant', (await option.getAttribute('id'))!);
  await expectNoBarriers(alice, 'the suggestions');
  await alice.composer.press('Tab');
  await expect(suggestions(alice)).toBeHidden();
  await expect(alice.composer).toBeFocused();
  await expect(alice.composer).toHaveValue('Tea, @Bob ');
  await alice.composer.pressSequentially('?');
  await alice.composer.press('Enter');

  const mention = (user: User) => user.message('Tea, @Bob ?').locator('.mention');
  await expect(mention(bob)).toHaveText('@Bob');
  await expect(mention(bob)).toHaveClass(/\bme\b/);
  await expect(bob.message('Tea, @Bob ?')).toHaveClass(/\btold\b/);
  await expect(mention(alice)).toHaveText('@Bob');
  await expect(mention(alice)).not.toHaveClass(/\bme\b/);
  await expect(alice.message('Tea, @Bob ?')).not.toHaveClass(/\btold\b/);
});

test('Escape closes the suggestions and the arrow keys move through them', async ({ users }) => {
  const alice = await users.guest('Alice');
  for (const name of ['Anna', 'Anton']) await (await users.guest(name)).send(`I am ${name}`);
  await alice.expectMessage('I am Anton');
  const active = suggestions(alice).locator('[aria-selected="true"]');

  await alice.composer.pressSequentially('@an');
  await expect(suggestions(alice).getByRole('option')).toHaveCount(2);
  const [first, second] = await suggestions(alice).getByRole('option').allTextContents();
  await expect(active).toHaveText(first);
  await alice.composer.press('ArrowDown');
  await expect(active).toHaveText(second);
  await alice.composer.press('ArrowDown');
  await expect(active).toHaveText(first);
  await alice.composer.press('Escape');
  await expect(suggestions(alice)).toBeHidden();
  await alice.composer.pressSequentially('n');
  await expect(alice.composer).toHaveValue('@ann');
  await expect(suggestions(alice), 'what was dismissed does not come back').toBeHidden();

  await alice.composer.fill('');
  await alice.composer.pressSequentially('@ant');
  await suggestions(alice).getByRole('option', { name: 'Anton' }).click();
  await expect(alice.composer).toHaveValue('@Anton ');
  await expect(alice.composer).toBeFocused();
});

test('nothing is suggested in code and in addresses of mail', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await bob.send('here I am');
  let requests = 0;
  alice.page.on('request', (request) => (requests += request.url().includes('/completions') ? 1 : 0));
  await alice.composer.pressSequentially('`@bo');
  await alice.composer.fill('');
  await alice.composer.pressSequentially('me@bo');
  await alice.composer.fill('');
  // A later request shows that the earlier texts caused none.
  await alice.composer.pressSequentially('@bo');
  await expect(suggestions(alice).getByRole('option', { name: 'Bob' })).toBeVisible();
  expect(requests).toBe(1);
});

test('people outside a room are offered as such', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  await registerUser(users, 'Carol');
  await createRoom(alice, 'Kitchen');
  await alice.composer.pressSequentially('@car');
  await expect(suggestions(alice).getByRole('option', { name: /^Carol.* not in this room$/ })).toBeVisible();
});

test('everyone is mentioned by those who may', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  await createRoom(alice, 'Kitchen');
  await addMember(alice, 'Bob');
  await bob.openConversation('Kitchen');

  await alice.composer.pressSequentially('@ro');
  await suggestions(alice).getByRole('option', { name: /Everyone in this room/ }).click();
  await alice.composer.pressSequentially('dinner!');
  await alice.composer.press('Enter');
  await expect(bob.message('dinner!').locator('.mention.me')).toHaveText('@room');

  await bob.send('@room is plain text for Bob');
  await expect(alice.message('is plain text for Bob').locator('.mention')).toHaveCount(0);
  await bob.composer.pressSequentially('@al');
  await expect(suggestions(bob).getByRole('option', { name: 'Alice' })).toBeVisible();
  await bob.composer.fill('@ro');
  await expect(suggestions(bob)).toBeHidden();
});

test('mentions stand in formatted text, but not in code', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.composer.fill('**thanks @Bob**, 谢谢@Bob，not `@Bob`');
  await alice.composer.press('Enter');
  const row = bob.message('thanks @Bob');
  await expect(row.locator('strong .mention')).toHaveText('@Bob');
  await expect(row.locator('.mention')).toHaveText(['@Bob', '@Bob']);
  await expect(row.locator('code')).toHaveText('@Bob');
  await bob.page.reload();
  await bob.expectSignedIn();
  await expect(row.locator('.mention')).toHaveText(['@Bob', '@Bob']);
});

test('all mentions are listed, with the way to each', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  await createRoom(bob, 'Kitchen');
  await addMember(bob, 'Alice');
  await expect(alice.conversationLink('Kitchen')).toBeVisible();

  await mentionsLink(alice).click();
  await alice.expectConversation('Mentions');
  await expect(alice.page).toHaveURL(/\/mentions$/);
  await expect(alice.page.getByText('Nobody has mentioned you yet.')).toBeVisible();
  await expectNoBarriers(alice, 'no mentions');

  await bob.send('@Alice is the soup ready?');
  for (let number = 0; number < 30; number += 1) await bob.send(`line ${number}.`);
  await bob.send('no name here');
  await bob.send('@Alice and the bread?');
  const rows = alice.conversationSection.getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('@Alice and the bread?');
  await expect(rows.last()).toContainText('Bob');
  await expect(rows.last()).toContainText('in Kitchen');
  await expect(mentionsLink(alice, 2)).toBeVisible();
  await expectNoBarriers(alice, 'mentions');

  await rows.last().click();
  await alice.expectConversation('Kitchen');
  await expect(alice.message('is the soup ready?')).toBeInViewport();
  await expect(alice.message('is the soup ready?')).toHaveAttribute('data-named', '');
});

test('a conversation says how many mentions are unread, even if it is muted', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await blurWindow(alice.page);
  await bob.send('hello');
  await bob.send('@Alice hello');
  await expect(alice.conversationLink('Lobby')).toHaveAccessibleName(/1 mention/);
  await expect(alice.page).toHaveTitle('(2) Teahouse');
  await focusWindow(alice.page);
  await expect(alice.page).toHaveTitle('Teahouse');

  await alice.page.getByRole('button', { name: 'Options', exact: true }).click();
  await alice.page.getByRole('button', { name: 'Mute' }).click();
  await expect(alice.conversationLink('Lobby')).toHaveAccessibleName(/muted/);
  await blurWindow(alice.page);
  await bob.send('quiet');
  await bob.send('@Alice loud');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await expect(alice.conversationLink('Lobby')).toHaveAccessibleName(/1 mention/);
  await expect(alice.conversationLink('Lobby')).not.toHaveAccessibleName(/unread/);
});

test('a name is completed by touch', async ({ users }) => {
  const bob = await users.guest('Bob');
  await bob.send('here I am');
  const alice = await users.guest('Alice', PHONE);
  await alice.composer.tap();
  await alice.composer.pressSequentially('@');
  await suggestions(alice).getByRole('option', { name: 'Bob' }).tap();
  await expect(alice.composer).toHaveValue('@Bob ');
  await expect(alice.composer).toBeFocused();
});
