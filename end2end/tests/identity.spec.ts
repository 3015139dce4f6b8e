import { PASSWORD, registerUser, registerWithRole, userId } from '../fixtures/registered_users.ts';
import { JsonSocket, SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

/** Names that look like `Alice`: other cases, a capital I, a digit, Cyrillic letters, full width, hidden characters. */
const LOOKALIKES = ['alice', 'ALICE', 'AIice', 'A1ice', 'Аlice', 'Aliсe', 'Ａｌｉｃｅ', 'Alice ', 'A\u00adlice'];
const TAKEN = 'This nickname, or one that looks like it, is taken.';

test('a guest can neither take nor imitate the nickname of an absent registered user', async ({ server, users }) => {
  const alice = await registerUser(users, 'Alice');
  await users.closeBrowser(alice);
  const impostor = await users.openBrowser('Thief');
  impostor.pageErrors.allowStatus(409);
  impostor.pageErrors.allowStatus(422);
  await impostor.page.goto('/');

  for (const name of ['Alice', ...LOOKALIKES]) {
    await impostor.nicknameField.fill(name);
    const response = impostor.page.waitForResponse('/api/session');
    await impostor.enterButton.click();
    // Names with hidden characters or mixed alphabets are invalid (422); all others are taken (409).
    expect([409, 422], name).toContain((await response).status());
    await expect(impostor.nicknameField, name).toHaveAttribute('aria-invalid', 'true');
  }
  await impostor.nicknameField.fill('AIice');
  await impostor.enterButton.click();
  await expect(impostor.page.getByText(TAKEN)).toBeVisible();

  for (const name of ['Alice', 'AIice', 'Ａｌｉｃｅ']) {
    const socket = await JsonSocket.open(`${server.wsUrl}/ws`);
    socket.send({ type: 'hello', protocol: 1, nickname: name });
    expect(await socket.nextOfType('error'), name).toMatchObject({ code: 'nickname_taken' });
    const simpleSocket = await JsonSocket.open(`${server.wsUrl}/${encodeURIComponent(name)}`);
    expect(await simpleSocket.next(), name).toMatchObject({ error: 'nickname_taken' });
  }
});

test('a guest who signed out has lost the nickname to the next user', async ({ users }) => {
  const guest = await users.guest('Alice');
  await guest.send('I was here first');
  const storageState = await guest.page.context().storageState();
  await guest.giveUpNickname();

  const alice = await registerUser(users, 'Alice');
  const back = await users.openBrowser('Alice', { storageState });
  back.pageErrors.allowStatus(409);
  await back.page.goto('/talk/lobby');
  await expect(back.nicknameField).toBeVisible();
  await back.submitNickname();
  await expect(back.page.getByText(TAKEN)).toBeVisible();
  // The guest's message does not become the registered user's.
  await expect(alice.message('I was here first')).not.toHaveClass(/mine/);
});

test('signing out affects all tabs of that session and no other', async ({ server, users }) => {
  const alice = await registerUser(users, 'Alice');
  const tab = await users.openTab(alice);
  const otherBrowser = await users.openBrowser('Alice');
  await otherBrowser.page.goto('/');
  const response = await otherBrowser.page.request.post('/api/session', { data: { nickname: 'Alice', password: PASSWORD } });
  expect(response.status()).toBe(201);
  await otherBrowser.page.goto('/');
  await otherBrowser.expectSignedIn();

  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Sign out' }).click();
  await expect(alice.nicknameField).toBeVisible();
  await expect(tab.page.getByText('This session was ended on another device.')).toBeVisible();

  const receivedBefore = [alice, tab].map(({ frames }) => frames.received.length);
  const script = await SocketClient.signIn(server, 'Bob');
  await script.send('Whoever is still connected hears this');
  await otherBrowser.expectMessage('Whoever is still connected hears this');
  await otherBrowser.send('I am still here');
  expect([alice, tab].map(({ frames }) => frames.received.length)).toEqual(receivedBefore);
  script.close();
});

test('a role belongs to the account, not to the nickname', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const moderator = await registerWithRole(users, owner, 'Mo', 'moderator');
  const guest = await users.guest('Greta');
  const response = await guest.page.request.get('/api/me');
  expect(await response.json()).toMatchObject({ id: userId(guest), kind: 'guest' });
  expect((await guest.page.request.get('/api/sanctions')).status()).toBe(403);
  expect((await moderator.page.request.get('/api/sanctions')).status()).toBe(200);
});
