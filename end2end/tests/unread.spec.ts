/** Unread counts, and the position of the unread line. */
import { expectNoBarriers } from '../fixtures/axe.ts';
import { registerUser } from '../fixtures/registered_users.ts';
import { addMember, createRoom } from '../fixtures/rooms.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { blurWindow, focusWindow } from '../fixtures/window_focus.ts';

/** The messages below the unread line; none if there is no line. */
async function messagesBelowUnreadLine(user: User): Promise<string[]> {
  const rows = await user.log.getByRole('listitem').evaluateAll((rows) =>
    rows.map((row) => row.querySelector('.body')?.textContent ?? row.textContent ?? ''),
  );
  const lineIndex = rows.indexOf('New');
  return lineIndex < 0 ? [] : rows.slice(lineIndex + 1);
}

for (const state of ['behind another', 'in a hidden tab'] as const) {
  test(`messages that arrive while the window is ${state} are below an unread line`, async ({ server, users }) => {
    const bob = await SocketClient.signIn(server, 'Bob');
    const alice = await users.guest('Alice');
    await bob.send('seen');
    await alice.expectMessage('seen');
    expect(await messagesBelowUnreadLine(alice)).toEqual([]);

    await blurWindow(alice.page, state);
    for (const text of ['one', 'two', 'three']) await bob.send(text);
    await expect(alice.page).toHaveTitle('(3) Teahouse');
    await focusWindow(alice.page);

    await expect(alice.page).toHaveTitle('Teahouse');
    await expect.poll(() => messagesBelowUnreadLine(alice)).toEqual(['one', 'two', 'three']);
    await bob.send('four');
    await alice.expectMessage('four');
    expect(await messagesBelowUnreadLine(alice), 'messages read on arrival do not move the line').toEqual(['one', 'two', 'three', 'four']);

    await blurWindow(alice.page, state);
    await bob.send('five');
    await expect.poll(() => messagesBelowUnreadLine(alice)).toEqual(['five']);
    await focusWindow(alice.page);
    await expect(alice.page).toHaveTitle('Teahouse');
    expect(await messagesBelowUnreadLine(alice)).toEqual(['five']);
    bob.close();
  });
}

test('messages that arrive while scrolled up are below an unread line', async ({ server, users }) => {
  const bob = await SocketClient.signIn(server, 'Bob');
  await bob.sendMany(Array.from({ length: 38 }, (_, number) => `earlier ${number}.`));
  const alice = await users.guest('Alice');
  await alice.expectMessage('earlier 37.');
  await alice.message('earlier 10.').scrollIntoViewIfNeeded();
  await expect(alice.page.locator('.to-latest')).toBeVisible();
  await bob.send('down here');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await alice.page.getByRole('button', { name: 'Jump to latest' }).or(alice.page.locator('.to-latest')).first().click();
  await expect.poll(() => messagesBelowUnreadLine(alice)).toEqual(['down here']);
  await expect(alice.page).toHaveTitle('Teahouse');
  bob.close();
});

test('a message that arrives during scrolling up does not scroll back to the end', async ({ server, users }) => {
  const bob = await SocketClient.signIn(server, 'Bob');
  await bob.sendMany(Array.from({ length: 38 }, (_, number) => `earlier ${number}.`));
  const alice = await users.guest('Alice');
  await alice.expectMessage('earlier 37.');
  // The row is added before the browser reports the scroll.
  await alice.log.evaluate((log) => {
    new MutationObserver((_, observer) => {
      observer.disconnect();
      log.scrollTop = 100;
    }).observe(log.querySelector('ol')!, { childList: true });
  });
  await bob.send('down here');
  await expect(alice.page.locator('.to-latest')).toBeVisible();
  expect(await alice.log.evaluate((log) => log.scrollTop)).toBe(100);
  bob.close();
});

test('the unread line precedes neither own nor deleted messages', async ({ server, users }) => {
  const bob = await SocketClient.signIn(server, 'Bob');
  const alice = await users.guest('Alice');
  const otherTab = await users.openTab(alice);
  await blurWindow(otherTab.page);
  await alice.send('mine, from another tab');
  await otherTab.expectMessage('mine, from another tab');
  expect(await messagesBelowUnreadLine(otherTab)).toEqual([]);
  await blurWindow(alice.page);
  await bob.send('to be deleted');
  await bob.send('to stay');
  await expect.poll(() => messagesBelowUnreadLine(otherTab)).toEqual(['to be deleted', 'to stay']);
  await bob.delete('to be deleted');
  await expect.poll(() => messagesBelowUnreadLine(otherTab)).toEqual(['to stay']);
  bob.close();
});

test('a message deleted before it is read is no longer unread, in the list and the title', async ({ server, users }) => {
  const bob = await SocketClient.signIn(server, 'Bob');
  const alice = await users.guest('Alice');
  await blurWindow(alice.page);
  await bob.send('oops');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await expect(alice.conversationLink('Lobby', 1)).toBeVisible();
  await bob.delete('oops');
  await expect(alice.page).toHaveTitle('Teahouse');
  await expect(alice.conversationLink('Lobby', 1)).toBeHidden();

  // The same for messages that are older than the page.
  await bob.send('oops again');
  await bob.send('this one stays');
  await expect(alice.page).toHaveTitle('(2) Teahouse');
  await alice.page.addInitScript(() => (document.hasFocus = () => false));
  await alice.page.reload();
  await alice.expectSignedIn();
  await expect(alice.page).toHaveTitle('(2) Teahouse');
  await bob.delete('oops again');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  bob.close();
});

test('messages of a blocked user are not unread until they are unblocked', async ({ server, users }) => {
  const [bob, carol] = [await SocketClient.signIn(server, 'Bob'), await SocketClient.signIn(server, 'Carol')];
  const alice = await users.guest('Alice');
  await alice.expectOnline('Bob', 'Carol');
  await blurWindow(alice.page);
  await bob.send('from Bob');
  await carol.send('from Carol');
  await bob.send('from Bob, too');
  await expect(alice.page).toHaveTitle('(3) Teahouse');
  await alice.chooseAction('Block user', 'from Bob, too');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await expect(alice.conversationLink('Lobby', 1)).toBeVisible();
  // The event of this deletion does not name the author of the message.
  await bob.delete('from Bob');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await carol.delete('from Carol');
  await expect(alice.page).toHaveTitle('Teahouse');
  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Unblock: Bob' }).click();
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  bob.close();
  carol.close();
});

test('what calls for attention comes first in the list, and what is kept at the top before all', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const names = () => alice.conversationList.locator('ul').first().locator('a .name').allInnerTexts();
  for (const name of ['Older', 'Newer']) {
    await createRoom(alice, name);
    await addMember(alice, 'Bob');
  }
  await alice.openConversation('Lobby');
  expect(await names(), 'the Lobby is first among its equals').toEqual(['Lobby', 'Newer', 'Older']);

  await bob.openConversation('Older');
  await bob.send('Anybody here?');
  await expect.poll(names).toEqual(['Older', 'Lobby', 'Newer']);

  const options = (name: string) => alice.conversationList.getByRole('button', { name: `Options: ${name}` });
  await options('Newer').click();
  await alice.conversationList.getByRole('button', { name: 'Keep at the top' }).click();
  await expect.poll(names).toEqual(['Newer', 'Older', 'Lobby']);
  await expect(alice.conversationLink('Newer')).toHaveAccessibleName(/at the top/);

  await options('Older').click();
  await expectNoBarriers(alice, 'the menu of a conversation');
  await alice.conversationList.getByRole('button', { name: 'Mute' }).click();
  await expect(options('Older'), 'the focus returns to the button').toBeFocused();
  await expect.poll(names, 'a muted room is quiet').toEqual(['Newer', 'Lobby', 'Older']);
  await expect(alice.conversationLink('Older')).toHaveAccessibleName(/muted/);
  await expect(alice.conversationLink('Older')).not.toHaveAccessibleName(/unread/);
  await expect(alice.page).toHaveTitle('Teahouse');

  await alice.page.reload();
  await alice.expectSignedIn();
  expect(await names(), 'after a reload').toEqual(['Newer', 'Lobby', 'Older']);
  await options('Newer').click();
  await alice.conversationList.getByRole('button', { name: 'Don’t keep at the top' }).click();
  await expect.poll(names).toEqual(['Lobby', 'Older', 'Newer']);
});

test('messages that are marked as unread stay so in every tab until the user comes back', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('mine');
  for (const text of ['one', 'two', 'three']) await bob.send(text);
  await alice.expectMessage('three');
  const tab = await users.openTab(alice);
  await expect(tab.page).toHaveTitle('Teahouse');

  await alice.chooseAction('Mark as unread from here', 'two');
  for (const page of [alice, tab]) {
    await expect(page.page).toHaveTitle('(2) Teahouse');
    await expect.poll(() => messagesBelowUnreadLine(page)).toEqual(['two', 'three']);
  }
  await bob.send('four');
  await alice.expectMessage('four');
  await tab.expectMessage('four');
  for (const page of [alice, tab]) await expect(page.page).toHaveTitle('(3) Teahouse');

  await alice.openDirect('Bob');
  await alice.openConversation('Lobby');
  for (const page of [alice, tab]) await expect(page.page).toHaveTitle('Teahouse');
  expect(await messagesBelowUnreadLine(alice), 'the line says where reading stopped').toEqual(['two', 'three', 'four']);
});

test('writing makes messages read that were marked as unread', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await bob.send('one');
  await alice.expectMessage('one');
  await alice.chooseAction('Mark as unread from here', 'one');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await alice.send('mine');
  await expect(alice.page).toHaveTitle('Teahouse');
  await bob.send('two');
  await alice.expectMessage('two');
  await expect(alice.page).toHaveTitle('Teahouse');
});

test('a conversation opens at the first unread message', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const bob = await SocketClient.signIn(server, 'Bob');
  await bob.send('seen');
  await alice.expectMessage('seen');
  await alice.recipientField.fill('Bob');
  await alice.recipientField.press('Enter');
  await alice.expectConversation('Bob');
  await bob.sendMany(Array.from({ length: 50 }, (_, number) => `news ${number}.`));
  await expect(alice.page).toHaveTitle('(50) Teahouse');

  await alice.openConversation('Lobby');
  await expect(alice.message('news 0.').first()).toBeInViewport();
  await expect(alice.message('news 49.')).not.toBeInViewport();
  expect((await messagesBelowUnreadLine(alice))[0]).toBe('news 0.');
  await expect(alice.page, 'not read as long as the end is out of view').toHaveTitle('(50) Teahouse');
  await alice.page.getByRole('button', { name: 'Jump to latest message' }).click();
  await expect(alice.page).toHaveTitle('Teahouse');
  bob.close();
});

test('the icon of the tab shows how many messages call for attention', async ({ server, users }) => {
  const bob = await SocketClient.signIn(server, 'Bob');
  const alice = await users.guest('Alice');
  const icon = alice.page.locator('link[rel=icon]');
  await expect(icon).toHaveAttribute('href', '/icon/0.svg');
  await blurWindow(alice.page);
  await bob.send('one');
  await bob.send('two');
  await expect(icon).toHaveAttribute('href', '/icon/2.svg');
  const response = await alice.page.request.get('/icon/2.svg');
  expect(response.headers()['content-type']).toBe('image/svg+xml');
  expect(await response.text()).toContain('>2<');
  await focusWindow(alice.page);
  await expect(icon).toHaveAttribute('href', '/icon/0.svg');
  bob.close();
});
