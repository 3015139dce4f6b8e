/** The list of directs: its order, and the former users in it. */
import { JsonSocket } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

/** The names in the list of directs, from top to bottom. */
function directNames(user: User): Promise<string[]> {
  return user.conversationList.locator('ul').nth(1).locator('.name bdi').allInnerTexts();
}

test('directs with unread messages come first, then the newest, live and after a reload', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const sockets = new Map<string, JsonSocket>();
  for (const name of ['Bob', 'Carol', 'Dave']) {
    const socket = await JsonSocket.open(`${server.wsUrl}/${name}`);
    socket.send({ to_user: 'Alice', msg: `from ${name}` });
    await expect(alice.conversationLink(name, 1)).toBeVisible();
    sockets.set(name, socket);
  }
  await expect.poll(() => directNames(alice)).toEqual(['Dave', 'Carol', 'Bob']);
  sockets.get('Bob')!.send({ to_user: 'Alice', msg: 'again' });
  await expect.poll(() => directNames(alice)).toEqual(['Bob', 'Dave', 'Carol']);
  await alice.openConversation('Dave');
  await expect.poll(() => directNames(alice)).toEqual(['Bob', 'Carol', 'Dave']);
  await alice.openConversation('Carol');
  await expect.poll(() => directNames(alice)).toEqual(['Bob', 'Dave', 'Carol']);
  await alice.send('an answer');
  await expect.poll(() => directNames(alice)).toEqual(['Bob', 'Carol', 'Dave']);
  await alice.page.reload({ waitUntil: 'commit' });
  await expect.poll(() => directNames(alice)).toEqual(['Bob', 'Carol', 'Dave']);
  await alice.expectSignedIn();
  expect(await directNames(alice)).toEqual(['Bob', 'Carol', 'Dave']);
  for (const socket of sockets.values()) socket.close();
});

test('keyboard focus in the list survives reordering', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const sockets: JsonSocket[] = [];
  for (const name of ['Bob', 'Carol', 'Dave']) {
    const socket = await JsonSocket.open(`${server.wsUrl}/${name}`);
    socket.send({ to_user: 'Alice', msg: `from ${name}` });
    await expect(alice.conversationLink(name, 1)).toBeVisible();
    sockets.push(socket);
  }
  for (const [focused, writerIndex, expected] of [
    ['Dave', 0, ['Bob', 'Dave', 'Carol']],
    ['Carol', 1, ['Carol', 'Bob', 'Dave']],
    ['Bob', 2, ['Dave', 'Carol', 'Bob']],
  ] as const) {
    await alice.conversationLink(focused).focus();
    sockets[writerIndex].send({ to_user: 'Alice', msg: 'again' });
    await expect.poll(() => directNames(alice)).toEqual(expected);
    await expect(alice.conversationLink(focused)).toBeFocused();
  }
  for (const socket of sockets) socket.close();
});

test('former users are folded and grouped by name', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  for (const [name, times] of [['script', 3], ['Carol', 1]] as const) {
    for (let time = 1; time <= times; time += 1) {
      const socket = await JsonSocket.open(`${server.wsUrl}/${name}`);
      socket.send({ to_user: 'Alice', msg: `${name} ${time}` });
      await expect(alice.conversationLink(name, 1)).toBeVisible();
      socket.close();
      await expect(alice.conversationLink(name)).toBeHidden();
    }
  }
  const bob = await JsonSocket.open(`${server.wsUrl}/script`);
  bob.send({ to_user: 'Alice', msg: 'here' });
  await expect(alice.conversationLink('script', 1)).toBeVisible();
  expect(await directNames(alice)).toEqual(['script']);
  await expect(alice.page).toHaveTitle('(5) Teahouse');

  const formerUsers = alice.conversationList.locator('details.former-users');
  const summary = formerUsers.locator('> summary');
  await expect(summary).toHaveText(/^Left\s*4\s*4 unread$/);
  await summary.click();
  await expect(alice.conversationLink('Carol', 1)).toBeVisible();
  const scripts = formerUsers.locator('details');
  await expect(scripts.locator('summary')).toHaveText(/^script\s*3\s*3\s*3 unread$/);
  await scripts.locator('summary').click();
  await expect(scripts.getByRole('link')).toHaveCount(3);

  await scripts.getByRole('link').first().click();
  await alice.expectMessage('script 3');
  await expect(alice.conversationSection.getByText('script has left for good and')).toBeVisible();
  await expect(summary).toHaveText(/3 unread$/);
  await expect(alice.page).toHaveTitle('(4) Teahouse');
  await alice.page.reload();
  await expect(alice.page.locator('main[data-online="true"]')).toBeVisible();
  await expect(scripts.getByRole('link').first(), 'the open direct is shown').toBeVisible();
  bob.close();
});
