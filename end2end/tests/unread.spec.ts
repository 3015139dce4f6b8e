/** Unread counts, and the position of the unread line. */
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
  await bob.sendMany(Array.from({ length: 60 }, (_, number) => `earlier ${number}.`));
  const alice = await users.guest('Alice');
  await alice.expectMessage('earlier 59.');
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
  await bob.sendMany(Array.from({ length: 60 }, (_, number) => `earlier ${number}.`));
  const alice = await users.guest('Alice');
  await alice.expectMessage('earlier 59.');
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
