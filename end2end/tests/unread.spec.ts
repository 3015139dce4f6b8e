/** What is unread, and where the line before what is new stands. */
import { lookAway, lookBack } from '../fixtures/attention.ts';
import type { Person } from '../fixtures/person.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

/** The rows of the log from the line before what is new on; nothing without one. */
async function sinceLine(person: Person): Promise<string[]> {
  const rows = await person.log.getByRole('listitem').evaluateAll((rows) =>
    rows.map((row) => row.querySelector('.body')?.textContent ?? row.textContent ?? ''),
  );
  const line = rows.indexOf('New');
  return line < 0 ? [] : rows.slice(line + 1);
}

for (const how of ['behind another', 'in a hidden tab'] as const) {
  test(`messages that arrive while the window is ${how} are below an unread line`, async ({ house, people }) => {
    const bob = await SocketClient.join(house, 'Bob');
    const alice = await people.guest('Alice');
    await bob.say('seen');
    await alice.sees('seen');
    expect(await sinceLine(alice)).toEqual([]);

    await lookAway(alice.page, how);
    for (const text of ['one', 'two', 'three']) await bob.say(text);
    await expect(alice.page).toHaveTitle('(3) Teahouse');
    await lookBack(alice.page);

    await expect(alice.page).toHaveTitle('Teahouse');
    await expect.poll(() => sinceLine(alice)).toEqual(['one', 'two', 'three']);
    await bob.say('four');
    await alice.sees('four');
    expect(await sinceLine(alice), 'what is seen as it comes moves nothing').toEqual(['one', 'two', 'three', 'four']);

    await lookAway(alice.page, how);
    await bob.say('five');
    await expect.poll(() => sinceLine(alice)).toEqual(['five']);
    await lookBack(alice.page);
    await expect(alice.page).toHaveTitle('Teahouse');
    expect(await sinceLine(alice)).toEqual(['five']);
    bob.close();
  });
}

test('messages that arrive while scrolled up are below an unread line', async ({ house, people }) => {
  const bob = await SocketClient.join(house, 'Bob');
  await bob.sayMany(Array.from({ length: 60 }, (_, number) => `earlier ${number}.`));
  const alice = await people.guest('Alice');
  await alice.sees('earlier 59.');
  await alice.message('earlier 10.').scrollIntoViewIfNeeded();
  await expect(alice.page.locator('.to-latest')).toBeVisible();
  await bob.say('down here');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await alice.page.getByRole('button', { name: 'Jump to latest' }).or(alice.page.locator('.to-latest')).first().click();
  await expect.poll(() => sinceLine(alice)).toEqual(['down here']);
  await expect(alice.page).toHaveTitle('Teahouse');
  bob.close();
});

test('a message that arrives during scrolling up does not scroll back to the end', async ({ house, people }) => {
  const bob = await SocketClient.join(house, 'Bob');
  await bob.sayMany(Array.from({ length: 60 }, (_, number) => `earlier ${number}.`));
  const alice = await people.guest('Alice');
  await alice.sees('earlier 59.');
  // The row is there before the browser tells of the move.
  await alice.log.evaluate((log) => {
    new MutationObserver((_, watch) => {
      watch.disconnect();
      log.scrollTop = 100;
    }).observe(log.querySelector('ol')!, { childList: true });
  });
  await bob.say('down here');
  await expect(alice.page.locator('.to-latest')).toBeVisible();
  expect(await alice.log.evaluate((log) => log.scrollTop)).toBe(100);
  bob.close();
});

test('the unread line precedes neither own nor deleted messages', async ({ house, people }) => {
  const bob = await SocketClient.join(house, 'Bob');
  const alice = await people.guest('Alice');
  const tab = await people.secondTab(alice);
  await lookAway(tab.page);
  await alice.say('mine, from another tab');
  await tab.sees('mine, from another tab');
  expect(await sinceLine(tab)).toEqual([]);
  await lookAway(alice.page);
  await bob.say('to be deleted');
  await bob.say('to stay');
  await expect.poll(() => sinceLine(tab)).toEqual(['to be deleted', 'to stay']);
  await bob.delete('to be deleted');
  await expect.poll(() => sinceLine(tab)).toEqual(['to stay']);
  bob.close();
});

test('a message deleted before it is read is no longer unread, in the list and the title', async ({ house, people }) => {
  const bob = await SocketClient.join(house, 'Bob');
  const alice = await people.guest('Alice');
  await lookAway(alice.page);
  await bob.say('oops');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await expect(alice.conversation('Lobby', 1)).toBeVisible();
  await bob.delete('oops');
  await expect(alice.page).toHaveTitle('Teahouse');
  await expect(alice.conversation('Lobby', 1)).toBeHidden();

  // And one that was there before the page was.
  await bob.say('oops again');
  await bob.say('this one stays');
  await expect(alice.page).toHaveTitle('(2) Teahouse');
  await alice.page.addInitScript(() => (document.hasFocus = () => false));
  await alice.page.reload();
  await alice.isInside();
  await expect(alice.page).toHaveTitle('(2) Teahouse');
  await bob.delete('oops again');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  bob.close();
});

test('messages of a blocked user are not unread until they are unblocked', async ({ house, people }) => {
  const [bob, carol] = [await SocketClient.join(house, 'Bob'), await SocketClient.join(house, 'Carol')];
  const alice = await people.guest('Alice');
  await alice.seesHere('Bob', 'Carol');
  await lookAway(alice.page);
  await bob.say('from Bob');
  await carol.say('from Carol');
  await bob.say('from Bob, too');
  await expect(alice.page).toHaveTitle('(3) Teahouse');
  await alice.choose('Block user', 'from Bob, too');
  await expect(alice.page).toHaveTitle('(1) Teahouse');
  await expect(alice.conversation('Lobby', 1)).toBeVisible();
  // Of what is deleted then it is not told whose it was.
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
