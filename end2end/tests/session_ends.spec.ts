import { NO_CONNECTION } from '../fixtures/complaints.ts';
import { admin } from '../fixtures/host.ts';
import { NOTHING, kept } from '../fixtures/kept.ts';
import { Network } from '../fixtures/network.ts';
import { PASSWORD, ask, idOf, registered } from '../fixtures/office.ts';
import type { People } from '../fixtures/people.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

/** The same user in another browser, of which the connection can be taken away. */
async function elsewhere(people: People, nickname: string): Promise<[Person, Network]> {
  const person = await people.visitor(nickname);
  const network = await Network.of(person);
  person.complaints.expect(/ERR_INTERNET_DISCONNECTED/);
  await person.page.goto('/');
  const answer = await person.page.request.post('/api/session', { data: { nickname, password: PASSWORD } });
  expect(answer.status()).toBe(201);
  await person.page.goto('/talk/lobby');
  await person.isInside();
  return [person, network];
}

/** Loses the connection, and writes what waits for it, and half of what would come next. */
async function writesOffline(person: Person, network: Network): Promise<void> {
  await network.unplug();
  await person.composer.fill('Typed in a tunnel');
  await person.composer.press('Enter');
  await expect(person.message('Typed in a tunnel')).toContainText('waiting for the connection');
  await person.composer.fill('Half a thought');
  await expect.poll(async () => (await kept(person.page)).outbox.length).toBe(1);
  await expect.poll(async () => (await kept(person.page)).tab).toEqual(['Half a thought']);
}

/** Ends all other sessions of a user. */
async function endsTheOthers(alice: Person): Promise<void> {
  const { sessions } = (await (await alice.page.request.get('/api/sessions')).json()) as {
    sessions: { id: string; current: boolean }[];
  };
  for (const { id, current } of sessions) {
    if (!current) expect((await alice.page.request.delete(`/api/sessions/${id}`)).status()).toBe(204);
  }
}

test('a session ended while its browser was offline leaves nothing behind', async ({ people }) => {
  const alice = await registered(people, 'Alice');
  const [lost, network] = await elsewhere(people, 'Alice');
  await writesOffline(lost, network);

  await endsTheOthers(alice);
  await network.plug();

  await expect(lost.page.getByText('This session was ended on another device.')).toBeVisible();
  await expect.poll(() => kept(lost.page)).toEqual(NOTHING);
  expect(await alice.history()).toEqual([]);
});

test('it leaves nothing behind either if the page was closed', async ({ people }) => {
  const alice = await registered(people, 'Alice');
  const [lost, network] = await elsewhere(people, 'Alice');
  await writesOffline(lost, network);
  await lost.page.goto('about:blank');
  await endsTheOthers(alice);
  await network.plug();

  await lost.page.goto('/');

  await expect(lost.page.getByText('This session was ended on another device.')).toBeVisible();
  await expect.poll(() => kept(lost.page)).toEqual(NOTHING);
});

test('a password change and a moderator leave nothing behind either, and say so', async ({ people }) => {
  const olga = await registered(people, 'Olga');
  const alice = await registered(people, 'Alice');
  const [other, line] = await elsewhere(people, 'Alice');
  await writesOffline(other, line);
  const data = { password: 'another cup of tea', current: PASSWORD };
  expect((await alice.page.request.put('/api/me/password', { data })).status()).toBe(204);
  await line.plug();
  await expect(other.page.getByText('Your password was changed, so this session has ended.')).toBeVisible();
  await expect.poll(() => kept(other.page)).toEqual(NOTHING);

  const carol = await registered(people, 'Carol');
  const [lost, network] = await elsewhere(people, 'Carol');
  await writesOffline(lost, network);
  expect(await ask(olga, idOf(carol), 'remove')).toBe(200);
  await network.plug();
  await expect(lost.page.getByText('A moderator removed you.')).toBeVisible();
  await expect.poll(() => kept(lost.page)).toEqual(NOTHING);
});

test('a server closed to guests says why, offers to sign in, and accepts no messages', async ({ house, people }) => {
  const olga = await registered(people, 'Olga');
  const guest = await people.guest('Greta');
  for (const person of [olga, guest]) person.complaints.expect(NO_CONNECTION);
  await guest.say('Before it was closed');

  await house.stop();
  await house.restart(['--entry', 'registered']);

  const words = 'The operator has ended all guest sessions.';
  await expect(guest.page.getByText(words)).toBeVisible({ timeout: 40_000 });
  await expect(guest.composer).toBeHidden();
  await expect(guest.page.getByLabel('Password', { exact: true })).toBeVisible();
  await expect.poll(() => kept(guest.page)).toEqual(NOTHING);
  guest.complaints.expectStatus(403);
  // Without a password, too, there is no way in.
  await guest.page.getByText('I have a password').click();
  await guest.nicknameField.fill('Greta');
  await guest.enterButton.click();
  await expect(guest.page.getByText('Only registered users can join.')).toBeVisible();

  await olga.say('Alone again');
  expect(await olga.history()).toEqual(['Before it was closed', 'Alone again']);
  await guest.page.reload();
  await expect(guest.page.getByText(words)).toBeVisible();
});

test('the link printed at the start makes one user the owner, with a password', async ({ house, people }) => {
  const link = await admin(house, 'claim-token');
  const olga = await people.visitor('Olga');
  await olga.page.goto(link);
  await expect(olga.page.getByText('This link makes you the owner of this server')).toBeVisible();
  await olga.nicknameField.fill('Olga');
  await olga.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await olga.page.getByRole('button', { name: 'Sign in' }).click();
  await olga.isInside();
  await expect.poll(() => olga.frames.receivedOf('welcome').at(-1)?.me.role).toBe('owner');

  // Others see it beside the name, in words.
  const bob = await people.guest('Bob');
  await olga.say('Welcome');
  await expect(bob.message('Welcome').locator('.author')).toContainText('owner');
  await expect(bob.hereNow.getByRole('listitem')).toContainText(['owner']);

  const late = await people.visitor('Late');
  late.complaints.expectStatus(403);
  await late.page.goto(link);
  await late.nicknameField.fill('Late');
  await late.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await late.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(late.page.getByText('This invite link has expired, is used up or is not valid.')).toBeVisible();
});
