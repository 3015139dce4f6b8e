import { PASSWORD, postAdminAction, registerUser, registerWithRole, userId } from '../fixtures/registered_users.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

const REMOVED = 'A moderator removed you.';
const BANNED = 'A moderator has banned you.';

const rejoinButton = (user: User) => user.page.getByRole('button', { name: 'Rejoin' });

/** Opens the direct with the owner, whose name is followed by the registered mark and the role. */
async function openDirectWithOwner(user: User, name: string): Promise<void> {
  await user.recipientField.fill(name);
  await user.recipientField.press('Enter');
  await user.expectConversation(`${name} registered owner`);
}

/** How many events a page has received. */
const eventCount = (user: User) => user.frames.receivedOfType('event').length;

test('a user removed from the Lobby sees it in every tab, receives nothing more, and may rejoin', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');
  const otherTab = await users.openTab(bob);
  await bob.send('Before');

  expect(await postAdminAction(owner, userId(bob), 'remove', { scope: 'lobby' })).toBe(200);
  for (const page of [bob, otherTab]) {
    await expect(page.page.getByText(REMOVED)).toBeVisible();
    await expect(page.composer).toBeHidden();
    await expect(page.page.getByText('Before')).toBeHidden();
  }
  const countsBefore = [bob, otherTab].map(eventCount);
  await owner.send('Behind your back');
  // Frames arrive in order: after this response, the message would have arrived as well.
  await openDirectWithOwner(bob, 'Olga');
  expect([bob, otherTab].map(eventCount)).toEqual(countsBefore);
  expect(bob.frames.received.join()).not.toContain('Behind your back');
  expect((await bob.page.request.get('/api/conversations/lobby/messages')).status()).toBe(404);

  // Opening the page again does not rejoin the Lobby.
  await bob.page.goto('/');
  await expect(bob.page.getByText(REMOVED)).toBeVisible();
  await rejoinButton(bob).click();
  await bob.expectSignedIn();
  await otherTab.expectSignedIn();
  await bob.send('Here I am again');
  await owner.expectMessage('Here I am again');
});

test('a removed user sees the sign-in page at once, receives nothing more, and may return under another name', async ({ server, users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');
  const otherTab = await users.openTab(bob);
  // The pages may just have asked what is pinned.
  for (const page of [bob, otherTab]) page.pageErrors.allow(/status of 401 .*\/pins/);

  expect(await postAdminAction(owner, userId(bob), 'remove')).toBe(200);
  for (const page of [bob, otherTab]) {
    await expect(page.page.getByText(REMOVED)).toBeVisible();
    await expect(page.nicknameField).toHaveValue('Bob');
  }
  const countsBefore = [bob, otherTab].map(({ frames }) => frames.received.length);
  const script = await SocketClient.signIn(server, 'Script');
  await script.send('Behind your back');
  await owner.expectMessage('Behind your back');
  expect([bob, otherTab].map(({ frames }) => frames.received.length)).toEqual(countsBefore);
  script.close();

  bob.pageErrors.allowStatus(403);
  await bob.enterButton.click();
  await expect(bob.page.getByText(BANNED)).toBeVisible();
  await bob.signIn('Another Bob');
  await bob.send('Here I am again');
});

test('a user banned from the Lobby cannot rejoin until unbanned', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');
  // The page may ask for the Lobby's messages just after the ban.
  bob.pageErrors.allowStatus(404);

  expect(await postAdminAction(owner, userId(bob), 'ban', { scope: 'lobby' })).toBe(200);
  await rejoinButton(bob).click();
  await expect(bob.page.getByText(BANNED)).toBeVisible();
  await expect(bob.composer).toBeHidden();

  expect(await postAdminAction(owner, userId(bob), 'unban', { scope: 'lobby' })).toBe(200);
  await rejoinButton(bob).click();
  await bob.expectSignedIn();
});

test('a banned user can sign in neither with the password nor as a guest', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await registerUser(users, 'Bob');
  bob.pageErrors.allowStatus(403);
  const guest = await users.guest('Greta');

  expect(await postAdminAction(owner, userId(bob), 'ban')).toBe(200);
  await expect(bob.page.getByText(REMOVED)).toBeVisible();
  // The page offers to sign in with the password.
  await bob.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await bob.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(bob.page.getByText(BANNED)).toBeVisible();

  guest.pageErrors.allowStatus(403);
  expect(await postAdminAction(owner, userId(guest), 'ban')).toBe(200);
  await expect(guest.page.getByText(REMOVED)).toBeVisible();
  for (const name of ['Greta', 'Somebody else']) {
    await guest.submitNickname(name);
    await expect(guest.page.getByText(BANNED)).toBeVisible();
  }

  // Both users share an address, so both bans must be lifted.
  for (const user of [guest, bob]) expect(await postAdminAction(owner, userId(user), 'unban')).toBe(200);
  await guest.signIn('Greta');
});

test('a muted user is told so beside the unsent message', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');

  expect(await postAdminAction(owner, userId(bob), 'mute', { scope: 'lobby', minutes: '10' })).toBe(200);
  await bob.expectMessage('Olga muted Bob');
  await bob.composer.fill('But');
  await bob.composer.press('Enter');
  await expect(bob.page.getByText('A moderator has muted you: you can read, but not write.')).toBeVisible();
  expect(await owner.fetchHistory()).not.toContain('But');

  expect(await postAdminAction(owner, userId(bob), 'unmute', { scope: 'lobby' })).toBe(200);
  await bob.expectMessage('Olga unmuted Bob');
  await bob.composer.fill('Thank you');
  await bob.composer.press('Enter');
  await owner.expectMessage('Thank you');
});

test('moderators have two more menu items for messages of lower roles', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const moderator = await registerWithRole(users, owner, 'Mo', 'moderator');
  const bob = await users.guest('Bob');
  await owner.send('Mind your words');
  await bob.send('Rude words');

  await bob.message('Mind your words').hover();
  await expect(bob.messageMenu.getByRole('button', { name: 'More emoji' })).toBeVisible();
  await expect(bob.messageMenu.getByRole('button', { name: 'Delete' })).toBeHidden();
  await expect(bob.messageMenu.getByRole('link', { name: 'Moderate …' })).toBeHidden();
  await bob.settingsButton.click();
  await expect(bob.settings.getByText('Appearance')).toBeVisible();
  await expect(bob.settings.getByRole('link', { name: 'Admin' })).toBeHidden();

  await moderator.message('Mind your words').hover();
  await expect(moderator.messageMenu.getByRole('button', { name: 'Delete' })).toBeVisible();
  await expect(moderator.messageMenu.getByRole('link', { name: 'Moderate …' })).toBeHidden();

  await moderator.message('Rude words').hover();
  await expect(moderator.messageMenu.getByRole('button', { name: 'Edit' })).toBeHidden();
  await moderator.delete('Rude words');
  await expect(bob.message('Rude words')).toBeHidden();
  await expect(bob.log.getByText('Message deleted')).toBeVisible();
  expect(await owner.fetchHistory()).not.toContain('Rude words');

  await bob.page.keyboard.press('Escape');
  await bob.send('Other words');
  await moderator.message('Other words').hover();
  await moderator.messageMenu.getByRole('link', { name: 'Moderate …' }).click();
  await expect(moderator.page).toHaveURL(`/admin/users/${userId(bob)}`);
  await expect(moderator.page.getByRole('heading', { level: 1, name: 'Bob' })).toBeVisible();
});

test('directs have no moderation', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');
  await openDirectWithOwner(bob, 'Olga');
  await bob.send('Between us');
  await owner.openConversation('Bob');
  await owner.message('Between us').hover();
  await expect(owner.messageMenu.getByRole('link', { name: 'Moderate …' })).toBeVisible();
  await expect(owner.messageMenu.getByRole('button', { name: 'Delete' })).toBeHidden();
});
