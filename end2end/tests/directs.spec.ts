import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

const SECRET = 'The key is under the third cup';
const REPLY = 'Found it, thank you';

test('a direct is between two users, and a third neither sees nor receives it', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const carol = await people.guest('Carol');

  await alice.talkTo('Bob');
  await alice.say(SECRET);
  await expect(bob.conversation('Alice', 1)).toBeVisible();
  await expect(bob.page).toHaveTitle('(1) Teahouse');

  await bob.open('Alice');
  await bob.sees(SECRET);
  await expect(bob.conversation('Alice', 1)).toBeHidden();
  await expect(bob.page).toHaveTitle('Teahouse');
  await bob.say(REPLY);
  await alice.sees(REPLY);

  // What is said to everyone afterwards reaches Carol, so all that was meant for her has come.
  await bob.open('Lobby');
  await bob.say('Tea is ready');
  await carol.sees('Tea is ready');

  const direct = alice.openConversation;
  expect(bob.frames.received.filter((frame) => frame.includes(SECRET))).toHaveLength(1);
  expect(carol.frames.received.filter((frame) => frame.includes('Tea is ready'))).toHaveLength(1);
  for (const trace of [SECRET, REPLY, direct]) {
    expect(carol.frames.received.filter((frame) => frame.includes(trace))).toEqual([]);
    await expect(carol.page.locator('body')).not.toContainText(trace);
  }
  await expect(carol.conversations.getByRole('link')).toHaveCount(1);
});

test('a third user cannot fetch or open a direct by its URL', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  const carol = await people.guest('Carol');
  await alice.talkTo('Bob');
  await alice.say(SECRET);

  const answer = await carol.page.request.get(`/api/conversations/${alice.openConversation}/messages`);
  expect(answer.status()).toBe(404);
  expect(await answer.text()).not.toContain(SECRET);

  await carol.page.goto(`/talk/${alice.openConversation}`);
  await expect(carol.page.getByText('This conversation doesn’t exist, or you aren’t in it.')).toBeVisible();
});

test('reading in one tab marks as read in the other', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const otherTab = await people.secondTab(bob);
  await alice.talkTo('Bob');
  await alice.say('Are you there?');
  await expect(otherTab.conversation('Alice', 1)).toBeVisible();

  await bob.open('Alice');
  await bob.sees('Are you there?');

  await expect(otherTab.conversation('Alice', 1)).toBeHidden();
  await expect(otherTab.conversation('Alice')).toBeVisible();
});

test('messages to an absent user are there when they return', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const keepsake = await people.leaves(bob);
  await alice.seesHere();

  await alice.talkTo('Bob');
  await expect(alice.talk.getByText('offline', { exact: true })).toBeVisible();
  await alice.say('The parcel came');
  await alice.say('I put it by the door');

  const back = await people.returns('Bob', keepsake);
  await expect(back.conversation('Alice', 2)).toBeVisible();
  await expect(back.page).toHaveTitle('(2) Teahouse');
  await back.open('Alice');
  await back.sees('The parcel came');
  await back.sees('I put it by the door');
  await expect(back.page).toHaveTitle('Teahouse');
  await expect(alice.talk.getByText('online', { exact: true })).toBeVisible();
});

test.describe('in a crowd', () => {
  test.use({ serverOptions: ['--unlimited'] });

  test('nobody is shown as away when it is not known', async ({ house, people }) => {
    const alice = await people.guest('Alice');
    const crowd = Array.from({ length: 205 }, (_, number) => SocketClient.join(house, `Guest ${number}`));
    const clients = await Promise.all(crowd);
    await expect(alice.page.getByRole('heading', { name: 'Online · 206' })).toBeVisible();

    await alice.talkTo('Guest 7');
    await expect(alice.talk.getByText('offline', { exact: true })).toBeHidden();

    for (const client of clients.slice(100)) client.close();
    await expect(alice.talk.getByText('online', { exact: true })).toBeVisible();
    for (const client of clients) client.close();
  });
});
