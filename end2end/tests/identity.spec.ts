import { appointed, idOf, PASSWORD, registered } from '../fixtures/office.ts';
import { JsonSocket, SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

/** What people could take for `Alice`: other cases, a capital I, a digit, Cyrillic letters, full width, hidden characters. */
const LOOKALIKES = ['alice', 'ALICE', 'AIice', 'A1ice', 'Аlice', 'Aliсe', 'Ａｌｉｃｅ', 'Alice ', 'A\u00adlice'];
const TAKEN = 'This nickname, or one that looks like it, is taken.';

test('a guest can neither take nor imitate the nickname of an absent registered user', async ({ house, people }) => {
  const alice = await registered(people, 'Alice');
  await people.leaves(alice);
  const thief = await people.visitor('Thief');
  thief.complaints.expectStatus(409);
  thief.complaints.expectStatus(422);
  await thief.page.goto('/');

  for (const name of ['Alice', ...LOOKALIKES]) {
    await thief.nicknameField.fill(name);
    const answer = thief.page.waitForResponse('/api/session');
    await thief.enterButton.click();
    // What hides a character or mixes alphabets is no name at all; all others are taken.
    expect([409, 422], name).toContain((await answer).status());
    await expect(thief.nicknameField, name).toHaveAttribute('aria-invalid', 'true');
  }
  await thief.nicknameField.fill('AIice');
  await thief.enterButton.click();
  await expect(thief.page.getByText(TAKEN)).toBeVisible();

  for (const name of ['Alice', 'AIice', 'Ａｌｉｃｅ']) {
    const socket = await JsonSocket.open(`${house.socketAddress}/ws`);
    socket.send({ type: 'hello', protocol: 1, nickname: name });
    expect(await socket.nextOf('error'), name).toMatchObject({ code: 'nickname_taken' });
    const plain = await JsonSocket.open(`${house.socketAddress}/${encodeURIComponent(name)}`);
    expect(await plain.next(), name).toMatchObject({ error: 'nickname_taken' });
  }
});

test('a guest who signed out has lost the nickname to the next user', async ({ people }) => {
  const guest = await people.guest('Alice');
  await guest.say('I was here first');
  const keepsake = await guest.page.context().storageState();
  await guest.settingsButton.click();
  await guest.settings.getByRole('button', { name: 'Leave' }).click();
  await guest.settings.getByRole('button', { name: 'Give up nickname' }).click();
  await expect(guest.nicknameField).toBeVisible();

  const alice = await registered(people, 'Alice');
  const back = await people.visitor('Alice', { storageState: keepsake });
  back.complaints.expectStatus(409);
  await back.page.goto('/talk/lobby');
  await expect(back.nicknameField).toBeVisible();
  await back.submitNickname();
  await expect(back.page.getByText(TAKEN)).toBeVisible();
  // And what the guest wrote does not become the registered one's.
  await expect(alice.message('I was here first')).not.toHaveClass(/mine/);
});

test('signing out affects all tabs of that session and no other', async ({ house, people }) => {
  const alice = await registered(people, 'Alice');
  const tab = await people.secondTab(alice);
  const elsewhere = await people.visitor('Alice');
  await elsewhere.page.goto('/');
  const answer = await elsewhere.page.request.post('/api/session', { data: { nickname: 'Alice', password: PASSWORD } });
  expect(answer.status()).toBe(201);
  await elsewhere.page.goto('/');
  await elsewhere.isInside();

  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Sign out' }).click();
  await expect(alice.nicknameField).toBeVisible();
  await expect(tab.page.getByText('This session was ended on another device.')).toBeVisible();

  const heard = [alice, tab].map(({ frames }) => frames.received.length);
  const script = await SocketClient.join(house, 'Bob');
  await script.say('Whoever is still connected hears this');
  await elsewhere.sees('Whoever is still connected hears this');
  await elsewhere.say('I am still here');
  expect([alice, tab].map(({ frames }) => frames.received.length)).toEqual(heard);
  script.close();
});

test('a role belongs to the account, not to the nickname', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const moderator = await appointed(people, owner, 'Mo', 'moderator');
  const guest = await people.guest('Greta');
  const answer = await guest.page.request.get('/api/me');
  expect(await answer.json()).toMatchObject({ id: idOf(guest), kind: 'guest' });
  expect((await guest.page.request.get('/api/sanctions')).status()).toBe(403);
  expect((await moderator.page.request.get('/api/sanctions')).status()).toBe(200);
});
