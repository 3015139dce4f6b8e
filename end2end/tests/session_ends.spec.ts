import { CONNECTION_ERRORS } from '../fixtures/page_errors.ts';
import { runAdminCommand } from '../fixtures/operator.ts';
import { EMPTY, storedData } from '../fixtures/browser_storage.ts';
import { Network } from '../fixtures/network.ts';
import { PASSWORD, postAdminAction, userId, registerUser } from '../fixtures/registered_users.ts';
import type { Users } from '../fixtures/users.ts';
import type { User } from '../fixtures/user.ts';
import { expect, test } from '../fixtures/test.ts';

/** The same user in another browser, of which the connection can be taken away. */
async function elsewhere(users: Users, nickname: string): Promise<[User, Network]> {
  const user = await users.openBrowser(nickname);
  const network = await Network.intercept(user);
  user.pageErrors.allow(/ERR_INTERNET_DISCONNECTED/);
  await user.page.goto('/');
  const answer = await user.page.request.post('/api/session', { data: { nickname, password: PASSWORD } });
  expect(answer.status()).toBe(201);
  await user.page.goto('/talk/lobby');
  await user.expectSignedIn();
  return [user, network];
}

/** Loses the connection, and writes what waits for it, and half of what would come next. */
async function writesOffline(user: User, network: Network): Promise<void> {
  await network.goOffline();
  await user.composer.fill('Typed in a tunnel');
  await user.composer.press('Enter');
  await expect(user.message('Typed in a tunnel')).toContainText('waiting for the connection');
  await user.composer.fill('Half a thought');
  await expect.poll(async () => (await storedData(user.page)).outbox.length).toBe(1);
  await expect.poll(async () => (await storedData(user.page)).tab).toEqual(['Half a thought']);
}

/** Ends all other sessions of a user. */
async function endsTheOthers(alice: User): Promise<void> {
  const { sessions } = (await (await alice.page.request.get('/api/sessions')).json()) as {
    sessions: { id: string; current: boolean }[];
  };
  for (const { id, current } of sessions) {
    if (!current) expect((await alice.page.request.delete(`/api/sessions/${id}`)).status()).toBe(204);
  }
}

test('a session ended while its browser was offline leaves nothing behind', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const [lost, network] = await elsewhere(users, 'Alice');
  await writesOffline(lost, network);

  await endsTheOthers(alice);
  await network.goOnline();

  await expect(lost.page.getByText('This session was ended on another device.')).toBeVisible();
  await expect.poll(() => storedData(lost.page)).toEqual(EMPTY);
  expect(await alice.fetchHistory()).toEqual([]);
});

test('it leaves nothing behind either if the page was closed', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const [lost, network] = await elsewhere(users, 'Alice');
  await writesOffline(lost, network);
  await lost.page.goto('about:blank');
  await endsTheOthers(alice);
  await network.goOnline();

  await lost.page.goto('/');

  await expect(lost.page.getByText('This session was ended on another device.')).toBeVisible();
  await expect.poll(() => storedData(lost.page)).toEqual(EMPTY);
});

test('a password change and a moderator leave nothing behind either, and say so', async ({ users }) => {
  const olga = await registerUser(users, 'Olga');
  const alice = await registerUser(users, 'Alice');
  const [other, line] = await elsewhere(users, 'Alice');
  await writesOffline(other, line);
  const data = { password: 'another cup of tea', current: PASSWORD };
  expect((await alice.page.request.put('/api/me/password', { data })).status()).toBe(204);
  await line.goOnline();
  await expect(other.page.getByText('Your password was changed, so this session has ended.')).toBeVisible();
  await expect.poll(() => storedData(other.page)).toEqual(EMPTY);

  const carol = await registerUser(users, 'Carol');
  const [lost, network] = await elsewhere(users, 'Carol');
  await writesOffline(lost, network);
  expect(await postAdminAction(olga, userId(carol), 'remove')).toBe(200);
  await network.goOnline();
  await expect(lost.page.getByText('A moderator removed you.')).toBeVisible();
  await expect.poll(() => storedData(lost.page)).toEqual(EMPTY);
});

test('a server closed to guests says why, offers to sign in, and accepts no messages', async ({ server, users }) => {
  const olga = await registerUser(users, 'Olga');
  const guest = await users.guest('Greta');
  for (const user of [olga, guest]) user.pageErrors.allow(CONNECTION_ERRORS);
  await guest.send('Before it was closed');

  await server.stop();
  await server.restart(['--entry', 'registered']);

  const words = 'The operator has ended all guest sessions.';
  await expect(guest.page.getByText(words)).toBeVisible({ timeout: 40_000 });
  await expect(guest.composer).toBeHidden();
  await expect(guest.page.getByLabel('Password', { exact: true })).toBeVisible();
  await expect.poll(() => storedData(guest.page)).toEqual(EMPTY);
  guest.pageErrors.allowStatus(403);
  // Without a password, too, there is no way in.
  await guest.page.getByText('I have a password').click();
  await guest.nicknameField.fill('Greta');
  await guest.enterButton.click();
  await expect(guest.page.getByText('Only registered users can join.')).toBeVisible();

  await olga.send('Alone again');
  expect(await olga.fetchHistory()).toEqual(['Before it was closed', 'Alone again']);
  await guest.page.reload();
  await expect(guest.page.getByText(words)).toBeVisible();
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

  // Others see it beside the name, in words.
  const bob = await users.guest('Bob');
  await olga.send('Welcome');
  await expect(bob.message('Welcome').locator('.author')).toContainText('owner');
  await expect(bob.onlineList.getByRole('listitem')).toContainText(['owner']);

  const late = await users.openBrowser('Late');
  late.pageErrors.allowStatus(403);
  await late.page.goto(link);
  await late.nicknameField.fill('Late');
  await late.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await late.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(late.page.getByText('This invite link has expired, is used up or is not valid.')).toBeVisible();
});
