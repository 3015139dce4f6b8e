import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

const SECRET = 'The key is under the third cup';
const REPLY = 'Found it, thank you';

test('a direct is between two users, and a third neither sees nor receives it', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const carol = await users.guest('Carol');

  await alice.openDirect('Bob');
  await alice.send(SECRET);
  await expect(bob.conversationLink('Alice', 1)).toBeVisible();
  await expect(bob.page).toHaveTitle('(1) Teahouse');

  await bob.openConversation('Alice');
  await bob.expectMessage(SECRET);
  await expect(bob.conversationLink('Alice', 1)).toBeHidden();
  await expect(bob.page).toHaveTitle('Teahouse');
  await bob.send(REPLY);
  await alice.expectMessage(REPLY);

  // Carol has received this later message, so nothing for her is still on its way.
  await bob.openConversation('Lobby');
  await bob.send('Tea is ready');
  await carol.expectMessage('Tea is ready');

  const direct = alice.conversationId;
  expect(bob.frames.received.filter((frame) => frame.includes(SECRET))).toHaveLength(1);
  expect(carol.frames.received.filter((frame) => frame.includes('Tea is ready'))).toHaveLength(1);
  for (const text of [SECRET, REPLY, direct]) {
    expect(carol.frames.received.filter((frame) => frame.includes(text))).toEqual([]);
    await expect(carol.page.locator('body')).not.toContainText(text);
  }
  await expect(carol.conversationList.getByRole('link')).toHaveText(['Mentions', 'Lobby']);
});

test('a third user cannot fetch or open a direct by its URL', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  const carol = await users.guest('Carol');
  await alice.openDirect('Bob');
  await alice.send(SECRET);

  const response = await carol.page.request.get(`/api/conversations/${alice.conversationId}/messages`);
  expect(response.status()).toBe(404);
  expect(await response.text()).not.toContain(SECRET);

  // The page asks whether there is a room with this id.
  carol.pageErrors.allowStatus(404);
  await carol.page.goto(`/talk/${alice.conversationId}`);
  await expect(carol.page.getByText('This conversation doesn’t exist, or you aren’t in it.')).toBeVisible();
});

test('reading in one tab marks as read in the other', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const otherTab = await users.openTab(bob);
  await alice.openDirect('Bob');
  await alice.send('Are you there?');
  await expect(otherTab.conversationLink('Alice', 1)).toBeVisible();

  await bob.openConversation('Alice');
  await bob.expectMessage('Are you there?');

  await expect(otherTab.conversationLink('Alice', 1)).toBeHidden();
  await expect(otherTab.conversationLink('Alice')).toBeVisible();
});

test('messages to an absent user are there when they return', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const storageState = await users.closeBrowser(bob);
  await alice.expectOnline();

  await alice.openDirect('Bob');
  await expect(alice.conversationSection.getByText('offline', { exact: true })).toBeVisible();
  await alice.send('The parcel came');
  await alice.send('I put it by the door');

  const back = await users.reopenBrowser('Bob', storageState);
  await expect(back.conversationLink('Alice', 2)).toBeVisible();
  await expect(back.page).toHaveTitle('(2) Teahouse');
  await back.openConversation('Alice');
  await back.expectMessage('The parcel came');
  await back.expectMessage('I put it by the door');
  await expect(back.page).toHaveTitle('Teahouse');
  await expect(alice.conversationSection.getByText('online', { exact: true })).toBeVisible();
});

test.describe('in a crowd', () => {
  test.use({ serverOptions: ['--unlimited'] });

  test('nobody is shown as away when it is not known', async ({ server, users }) => {
    const alice = await users.guest('Alice');
    const signIns = Array.from({ length: 205 }, (_, number) => SocketClient.signIn(server, `Guest ${number}`));
    const clients = await Promise.all(signIns);
    await expect(alice.page.getByRole('heading', { name: 'Online · 206' })).toBeVisible();

    await alice.openDirect('Guest 7');
    await expect(alice.conversationSection.getByText('offline', { exact: true })).toBeHidden();

    for (const client of clients.slice(100)) client.close();
    await expect(alice.conversationSection.getByText('online', { exact: true })).toBeVisible();
    for (const client of clients) client.close();
  });
});
