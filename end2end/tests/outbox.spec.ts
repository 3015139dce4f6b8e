import { EMPTY, storedData } from '../fixtures/browser_storage.ts';
import { Network } from '../fixtures/network.ts';
import type { User } from '../fixtures/user.ts';
import { expect, test } from '../fixtures/test.ts';

/** The page tries again after at most so many milliseconds of waiting, all tries together. */
const RECONNECTED = { timeout: 20_000 };

/** Types a message and sends it, wherever it may get to for now. */
async function type(user: User, text: string): Promise<void> {
  await user.composer.fill(text);
  await user.composer.press('Enter');
  await expect(user.message(text)).toBeVisible();
}

/** The ids of all messages that these pages have sent. */
const sent = (...tabs: User[]) => tabs.flatMap((tab) => tab.frames.sentOfType('send').map((frame) => frame.id as string));

test('three messages sent offline survive a reload and arrive once, in order', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  const bob = await users.guest('Bob');
  await bob.send('before');
  await alice.expectMessage('before');

  await network.goOffline();
  for (const text of ['first', 'second', 'third']) await type(alice, text);
  await expect(bob.log).not.toContainText('first');
  // There is no page to load without a network: the browser shows its own, and the chat is gone.
  await alice.page.reload().catch(() => {});
  await network.goOnline();
  await alice.page.goto('/');
  await alice.expectSignedIn();

  const said = ['before', 'first', 'second', 'third'];
  await expect.poll(() => bob.fetchHistory()).toEqual(said);
  for (const user of [alice, bob]) {
    for (const text of said) await user.expectMessage(text);
    await expect(user.log).toHaveText(/before.*first.*second.*third/s);
  }
  // They are done with: another reload sends nothing.
  await alice.page.reload();
  await alice.expectMessage('third');
  await type(alice, 'fourth');
  await expect.poll(() => bob.fetchHistory()).toEqual([...said, 'fourth']);
});

test('messages sent before a reload precede those sent after it', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('one');
  network.disconnect();
  await type(alice, 'two');
  await type(alice, 'three');
  await alice.page.reload();
  network.restore();
  await alice.expectSignedIn();
  await type(alice, 'four');

  await expect.poll(() => alice.fetchHistory(), RECONNECTED).toEqual(['one', 'two', 'three', 'four']);
  for (const text of ['two', 'three', 'four']) await alice.expectMessage(text);
});

test('two tabs share one outbox, and nothing is sent twice', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  const tab = await users.openTab(alice);
  const bob = await users.guest('Bob');
  await alice.send('before');
  await tab.expectMessage('before');

  network.disconnect();
  await type(alice, 'from the first tab');
  await type(tab, 'from the second tab');
  await type(alice, 'from the first tab again');
  network.restore();

  for (const user of [alice, tab, bob]) {
    for (const text of ['from the first tab again', 'from the second tab']) {
      await expect(user.message(text)).toBeVisible(RECONNECTED);
    }
    await expect(user.log.getByRole('listitem').filter({ hasText: 'from the' })).toHaveCount(3);
    await expect(user.log).toHaveText(/from the first tab.*from the first tab again/s);
  }
  expect(await bob.fetchHistory()).toHaveLength(4);
  expect(new Set(sent(alice, tab)).size).toBe(sent(alice, tab).length);
});

test('unsent messages of a closed tab are sent by another', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  const tab = await users.openTab(alice);
  const bob = await users.guest('Bob');

  network.disconnect();
  await type(tab, 'last words');
  await type(tab, 'and the very last');
  await tab.page.close();
  network.restore();

  for (const user of [alice, bob]) {
    await expect(user.message('last words')).toBeVisible(RECONNECTED);
    await user.expectMessage('and the very last');
    await expect(user.log).toHaveText(/last words.*and the very last/s);
  }
  expect(await bob.fetchHistory()).toEqual(['last words', 'and the very last']);
});

test('a message that the server could not store can be retried and appears once', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const bob = await users.guest('Bob');
  let isFull = true;
  await alice.page.routeWebSocket('**/ws', (route) => {
    const upstream = route.connectToServer();
    route.onMessage((frame) => {
      const command = JSON.parse(String(frame));
      if (isFull && command.type === 'send') {
        const error = { type: 'error', id: command.id, code: 'storage_unavailable', message: 'the disk is full' };
        route.send(JSON.stringify(error));
      } else upstream.send(frame);
    });
  });
  await alice.signIn();
  await type(alice, 'worth keeping');
  await type(alice, 'not worth it');
  for (const text of ['worth keeping', 'not worth it']) {
    await expect(alice.message(text)).toContainText('Not sent. The server can’t save anything at the moment.');
  }
  await alice.message('not worth it').getByRole('button', { name: 'Discard' }).click();
  await expect(alice.message('not worth it')).toHaveCount(0);
  isFull = false;
  await alice.message('worth keeping').getByRole('button', { name: 'Try again' }).click();
  await expect(alice.message('worth keeping')).not.toContainText(/Not sent|sending/);
  await bob.expectMessage('worth keeping');
  expect(await bob.fetchHistory()).toEqual(['worth keeping']);
});

/** Answers what this person sends with a refusal, from when it is asked to. */
async function refuse(user: User, code: string): Promise<() => void> {
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  await user.page.routeWebSocket('**/ws', (route) => {
    const upstream = route.connectToServer();
    route.onMessage(async (frame) => {
      const { type, id } = JSON.parse(String(frame));
      if (type !== 'send') return upstream.send(frame);
      await begun;
      route.send(JSON.stringify({ type: 'error', id, code, message: 'no' }));
    });
  });
  return begin;
}

test('a message refused while another conversation is open is reported there and survives a reload', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await users.guest('Bob');
  const begin = await refuse(alice, 'muted');
  await alice.signIn();
  await type(alice, 'first of two');
  await type(alice, 'second of two');
  await alice.openDirect('Bob');
  begin();

  const note = alice.page.getByRole('status').filter({ hasText: 'Not sent. A moderator has muted you' });
  await expect(note).toContainText('first of two');
  await alice.page.reload();
  await alice.expectConversation('Bob');
  await expect(note).toContainText('first of two');
  await expect(alice.composer).toHaveValue('');
  await note.getByRole('button', { name: 'Open' }).click();

  await alice.expectConversation('Lobby');
  await expect(alice.composer).toHaveValue('first of two\n\nsecond of two');
  await expect(alice.composer).toHaveAccessibleDescription(/^A moderator has muted you/);
  await expect(note).toHaveCount(0);
  await expect.poll(async () => (await storedData(alice.page)).outbox).toEqual([]);
  await alice.page.reload();
  await expect(alice.composer).toHaveValue('first of two\n\nsecond of two');
});

test('a message to a conversation that no longer exists can be read and discarded elsewhere', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await users.guest('Bob');
  const begin = await refuse(alice, 'unknown_conversation');
  await alice.signIn();
  await type(alice, 'to nobody');
  await alice.openDirect('Bob');
  begin();

  const note = alice.page.getByRole('status').filter({ hasText: 'Not sent. This conversation doesn’t exist' });
  await expect(note).toContainText('to nobody');
  await note.getByRole('button', { name: 'Discard' }).click();

  await expect(note).toHaveCount(0);
  await expect.poll(() => storedData(alice.page)).toEqual(EMPTY);
});

test('rate-limited messages wait and keep their order', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  let refusals = 3;
  await alice.page.routeWebSocket('**/ws', (route) => {
    const upstream = route.connectToServer();
    route.onMessage((frame) => {
      const command = JSON.parse(String(frame));
      if (command.type === 'send' && command.body !== 'one' && refusals > 0) {
        refusals -= 1;
        const error = { type: 'error', id: command.id, code: 'rate_limited', message: 'wait', retry_after_ms: 50 };
        route.send(JSON.stringify(error));
      } else upstream.send(frame);
    });
  });
  await alice.signIn();
  const said = ['one', 'two', 'three', 'four'];
  for (const text of said) await type(alice, text);
  await expect.poll(() => alice.fetchHistory()).toEqual(said);
  expect(refusals).toBe(0);
});

test('unsent messages of one user are not sent by the next', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('before');
  network.disconnect();
  await type(alice, 'never to be sent');
  await alice.page.context().clearCookies();
  network.restore();
  await alice.page.goto('/');
  await alice.signIn('Alicia');
  await alice.send('here I am');
  expect(await alice.fetchHistory()).toEqual(['before', 'here I am']);
});

test('sent messages leave nothing in the browser’s storage', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('before');
  network.disconnect();
  await type(alice, 'written in vain');
  await alice.composer.fill('And half a thought');
  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Leave' }).click();
  await alice.settings.getByRole('button', { name: 'Give up nickname' }).click();
  await expect(alice.nicknameField).toBeVisible();
  await expect.poll(() => storedData(alice.page)).toEqual(EMPTY);
});

test('a browser without storage can still send', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.addInitScript(() => {
    Object.defineProperty(window, 'indexedDB', { value: undefined });
    Object.defineProperty(navigator, 'locks', { value: undefined });
  });
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('before');
  network.disconnect();
  await type(alice, 'meanwhile');
  network.restore();
  await expect.poll(() => alice.fetchHistory(), RECONNECTED).toEqual(['before', 'meanwhile']);
});
