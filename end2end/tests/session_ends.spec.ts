import { EMPTY, storedData } from '../fixtures/browser_storage.ts';
import { Network } from '../fixtures/network.ts';
import { runAdminCommand } from '../fixtures/operator.ts';
import { CONNECTION_ERRORS } from '../fixtures/page_errors.ts';
import { PASSWORD, postAdminAction, registerUser, userId } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import type { Users } from '../fixtures/users.ts';

/** Signs a user in from another browser. Returns it with its network. */
async function signInElsewhere(users: Users, nickname: string): Promise<[User, Network]> {
  const user = await users.openBrowser(nickname);
  const network = await Network.intercept(user);
  user.pageErrors.allow(/ERR_INTERNET_DISCONNECTED/);
  await user.page.goto('/');
  const response = await user.page.request.post('/api/session', { data: { nickname, password: PASSWORD } });
  expect(response.status()).toBe(201);
  await user.page.goto('/talk/lobby');
  await user.expectSignedIn();
  return [user, network];
}

/** Goes offline, sends a message, and leaves a draft. */
async function writeOffline(user: User, network: Network): Promise<void> {
  await network.goOffline();
  await user.composer.fill('Typed in a tunnel');
  await user.composer.press('Enter');
  await expect(user.message('Typed in a tunnel')).toContainText('waiting for the connection');
  await user.composer.fill('Half a thought');
  await expect.poll(async () => (await storedData(user.page)).outbox.length).toBe(1);
  await expect.poll(async () => (await storedData(user.page)).sessionStorageTexts).toEqual(['Half a thought']);
}

/** Ends all other sessions of the user. */
async function endOtherSessions(alice: User): Promise<void> {
  const { sessions } = (await (await alice.page.request.get('/api/sessions')).json()) as {
    sessions: { id: string; current: boolean }[];
  };
  for (const { id, current } of sessions) {
    if (!current) expect((await alice.page.request.delete(`/api/sessions/${id}`)).status()).toBe(204);
  }
}

test('a session ended while its browser was offline leaves nothing behind', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const [otherBrowser, network] = await signInElsewhere(users, 'Alice');
  await writeOffline(otherBrowser, network);

  await endOtherSessions(alice);
  await network.goOnline();

  await expect(otherBrowser.page.getByText('This session was ended on another device.')).toBeVisible();
  await expect.poll(() => storedData(otherBrowser.page)).toEqual(EMPTY);
  expect(await alice.fetchHistory()).toEqual([]);
});

test('a session ended while its page was closed leaves nothing behind', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const [otherBrowser, network] = await signInElsewhere(users, 'Alice');
  await writeOffline(otherBrowser, network);
  await otherBrowser.page.goto('about:blank');
  await endOtherSessions(alice);
  await network.goOnline();

  await otherBrowser.page.goto('/');

  await expect(otherBrowser.page.getByText('This session was ended on another device.')).toBeVisible();
  await expect.poll(() => storedData(otherBrowser.page)).toEqual(EMPTY);
});

test('a password change and a moderator leave nothing behind either, and say so', async ({ users }) => {
  const olga = await registerUser(users, 'Olga');
  const alice = await registerUser(users, 'Alice');
  const [aliceElsewhere, aliceNetwork] = await signInElsewhere(users, 'Alice');
  await writeOffline(aliceElsewhere, aliceNetwork);
  const data = { password: 'another cup of tea', current: PASSWORD };
  expect((await alice.page.request.put('/api/me/password', { data })).status()).toBe(204);
  await aliceNetwork.goOnline();
  await expect(aliceElsewhere.page.getByText('Your password was changed, so this session has ended.')).toBeVisible();
  await expect.poll(() => storedData(aliceElsewhere.page)).toEqual(EMPTY);

  const carol = await registerUser(users, 'Carol');
  const [otherBrowser, network] = await signInElsewhere(users, 'Carol');
  await writeOffline(otherBrowser, network);
  expect(await postAdminAction(olga, userId(carol), 'remove')).toBe(200);
  await network.goOnline();
  await expect(otherBrowser.page.getByText('A moderator removed you.')).toBeVisible();
  await expect.poll(() => storedData(otherBrowser.page)).toEqual(EMPTY);
});

test('a server closed to guests says why, offers to sign in, and accepts no messages', async ({ server, users }) => {
  const olga = await registerUser(users, 'Olga');
  const guest = await users.guest('Greta');
  for (const user of [olga, guest]) user.pageErrors.allow(CONNECTION_ERRORS);
  await guest.send('Before it was closed');

  await server.stop();
  await server.restart(['--entry', 'registered']);

  const reason = 'The operator has ended all guest sessions.';
  await expect(guest.page.getByText(reason)).toBeVisible({ timeout: 40_000 });
  await expect(guest.composer).toBeHidden();
  await expect(guest.page.getByLabel('Password', { exact: true })).toBeVisible();
  await expect.poll(() => storedData(guest.page)).toEqual(EMPTY);
  guest.pageErrors.allowStatus(403);
  // Signing in without a password is refused as well.
  await guest.page.getByText('I have a password').click();
  await guest.nicknameField.fill('Greta');
  await guest.enterButton.click();
  await expect(guest.page.getByText('Only registered users can join.')).toBeVisible();

  await olga.send('Alone again');
  expect(await olga.fetchHistory()).toEqual(['Before it was closed', 'Alone again']);
  await guest.page.reload();
  await expect(guest.page.getByText(reason)).toBeVisible();
});

test('the link printed at the start makes one user the owner, with a password', async ({ server, users }) => {
  const link = await runAdminCommand(server, 'claim-token');
  const olga = await users.openBrowser('Olga');
  await olga.page.goto(link);
  await expect(olga.page.getByText('This link makes you the owner of this server')).toBeVisible();
  await olga.nicknameField.fill('Olga');
  await olga.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await olga.page.getByRole('button', { name: 'Sign in' }).click();
  await olga.expectSignedIn();
  await expect.poll(() => olga.frames.receivedOfType('welcome').at(-1)?.me.role).toBe('owner');

  // Others see the role as text beside the name.
  const bob = await users.guest('Bob');
  await olga.send('Welcome');
  await expect(bob.message('Welcome').locator('.author')).toContainText('owner');
  await expect(bob.onlineList.getByRole('listitem')).toContainText(['owner']);

  const secondUser = await users.openBrowser('Late');
  secondUser.pageErrors.allowStatus(403);
  await secondUser.page.goto(link);
  await secondUser.nicknameField.fill('Late');
  await secondUser.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await secondUser.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(secondUser.page.getByText('This invite link has expired, is used up or is not valid.')).toBeVisible();
});
