import { appointed, ask, idOf, PASSWORD, registered } from '../fixtures/office.ts';
import type { Person } from '../fixtures/person.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

const REMOVED = 'A moderator removed you.';
const KEPT_OUT = 'A moderator has banned you.';

const comeBack = (person: Person) => person.page.getByRole('button', { name: 'Rejoin' });

/** Talks in private to the owner, whose name has the mark of the registered and the role behind it. */
async function talkTo(person: Person, name: string): Promise<void> {
  await person.targetField.fill(name);
  await person.targetField.press('Enter');
  await person.isTalkingTo(`${name} registered owner`);
}

/** How many frames came that tell of what is said. */
const heard = (person: Person) => person.frames.receivedOf('event').length;

test('a user removed from the Lobby sees it in every tab, receives nothing more, and may rejoin', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const bob = await people.guest('Bob');
  const tab = await people.secondTab(bob);
  await bob.say('Before');

  expect(await ask(owner, idOf(bob), 'remove', { scope: 'lobby' })).toBe(200);
  for (const page of [bob, tab]) {
    await expect(page.page.getByText(REMOVED)).toBeVisible();
    await expect(page.composer).toBeHidden();
    await expect(page.page.getByText('Before')).toBeHidden();
  }
  const before = [bob, tab].map(heard);
  await owner.say('Behind your back');
  // An answer that comes after it on the same connection shows that it did not come.
  await talkTo(bob, 'Olga');
  expect([bob, tab].map(heard)).toEqual(before);
  expect(bob.frames.received.join()).not.toContain('Behind your back');
  expect((await bob.page.request.get('/api/conversations/lobby/messages')).status()).toBe(404);

  // However often the page is opened meanwhile.
  await bob.page.goto('/');
  await expect(bob.page.getByText(REMOVED)).toBeVisible();
  await comeBack(bob).click();
  await bob.isInside();
  await tab.isInside();
  await bob.say('Here I am again');
  await owner.sees('Here I am again');
});

test('a removed user sees the sign-in page at once, receives nothing more, and may return under another name', async ({ house, people }) => {
  const owner = await registered(people, 'Olga');
  const bob = await people.guest('Bob');
  const tab = await people.secondTab(bob);

  expect(await ask(owner, idOf(bob), 'remove')).toBe(200);
  for (const page of [bob, tab]) {
    await expect(page.page.getByText(REMOVED)).toBeVisible();
    await expect(page.nicknameField).toHaveValue('Bob');
  }
  const before = [bob, tab].map(({ frames }) => frames.received.length);
  const script = await SocketClient.join(house, 'Script');
  await script.say('Behind your back');
  await owner.sees('Behind your back');
  expect([bob, tab].map(({ frames }) => frames.received.length)).toEqual(before);
  script.close();

  bob.complaints.expectStatus(403);
  await bob.enterButton.click();
  await expect(bob.page.getByText(KEPT_OUT)).toBeVisible();
  await bob.join('Another Bob');
  await bob.say('Here I am again');
});

test('a user banned from the Lobby cannot rejoin until unbanned', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const bob = await people.guest('Bob');

  expect(await ask(owner, idOf(bob), 'ban', { scope: 'lobby' })).toBe(200);
  await comeBack(bob).click();
  await expect(bob.page.getByText(KEPT_OUT)).toBeVisible();
  await expect(bob.composer).toBeHidden();

  expect(await ask(owner, idOf(bob), 'unban', { scope: 'lobby' })).toBe(200);
  await comeBack(bob).click();
  await bob.isInside();
});

test('a banned user can sign in neither with the password nor as a guest', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const bob = await registered(people, 'Bob');
  bob.complaints.expectStatus(403);
  const guest = await people.guest('Greta');

  expect(await ask(owner, idOf(bob), 'ban')).toBe(200);
  await expect(bob.page.getByText(REMOVED)).toBeVisible();
  // The page offers to sign in with the password.
  await bob.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await bob.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(bob.page.getByText(KEPT_OUT)).toBeVisible();

  guest.complaints.expectStatus(403);
  expect(await ask(owner, idOf(guest), 'ban')).toBe(200);
  await expect(guest.page.getByText(REMOVED)).toBeVisible();
  for (const name of ['Greta', 'Somebody else']) {
    await guest.submitNickname(name);
    await expect(guest.page.getByText(KEPT_OUT)).toBeVisible();
  }

  // Of the same address as Bob, so both have to be let in again.
  for (const person of [guest, bob]) expect(await ask(owner, idOf(person), 'unban')).toBe(200);
  await guest.join('Greta');
});

test('a muted user is told so beside the unsent message', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const bob = await people.guest('Bob');

  expect(await ask(owner, idOf(bob), 'mute', { scope: 'lobby', minutes: '10' })).toBe(200);
  await bob.sees('Bob was muted');
  await bob.composer.fill('But');
  await bob.composer.press('Enter');
  await expect(bob.page.getByText('A moderator has muted you: you can read, but not write.')).toBeVisible();
  expect(await owner.history()).not.toContain('But');

  expect(await ask(owner, idOf(bob), 'unmute', { scope: 'lobby' })).toBe(200);
  await bob.sees('Bob was unmuted');
  await bob.composer.fill('Thank you');
  await bob.composer.press('Enter');
  await owner.sees('Thank you');
});

test('moderators have two more menu items for messages of lower roles', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const moderator = await appointed(people, owner, 'Mo', 'moderator');
  const bob = await people.guest('Bob');
  await owner.say('Mind your words');
  await bob.say('Rude words');

  await bob.message('Mind your words').hover();
  await expect(bob.menu.getByRole('button', { name: 'More emoji' })).toBeVisible();
  await expect(bob.menu.getByRole('button', { name: 'Delete' })).toBeHidden();
  await expect(bob.menu.getByRole('link', { name: 'Moderate …' })).toBeHidden();
  await bob.settingsButton.click();
  await expect(bob.settings.getByText('Appearance')).toBeVisible();
  await expect(bob.settings.getByRole('link', { name: 'Admin' })).toBeHidden();

  await moderator.message('Mind your words').hover();
  await expect(moderator.menu.getByRole('button', { name: 'Delete' })).toBeVisible();
  await expect(moderator.menu.getByRole('link', { name: 'Moderate …' })).toBeHidden();

  await moderator.message('Rude words').hover();
  await expect(moderator.menu.getByRole('button', { name: 'Edit' })).toBeHidden();
  await moderator.delete('Rude words');
  await expect(bob.message('Rude words')).toBeHidden();
  await expect(bob.log.getByText('Message deleted')).toBeVisible();
  expect(await owner.history()).not.toContain('Rude words');

  await bob.page.keyboard.press('Escape');
  await bob.say('Other words');
  await moderator.message('Other words').hover();
  await moderator.menu.getByRole('link', { name: 'Moderate …' }).click();
  await expect(moderator.page).toHaveURL(`/admin/users/${idOf(bob)}`);
  await expect(moderator.page.getByRole('heading', { level: 1, name: 'Bob' })).toBeVisible();
});

test('directs have no moderation', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const bob = await people.guest('Bob');
  await talkTo(bob, 'Olga');
  await bob.say('Between us');
  await owner.open('Bob');
  await owner.message('Between us').hover();
  await expect(owner.menu.getByRole('link', { name: 'Moderate …' })).toBeVisible();
  await expect(owner.menu.getByRole('button', { name: 'Delete' })).toBeHidden();
});
