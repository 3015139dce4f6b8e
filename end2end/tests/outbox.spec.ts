import { EMPTY, storedData } from '../fixtures/browser_storage.ts';
import { Network } from '../fixtures/network.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

/** The longest that the page may take to reconnect, in milliseconds. */
const RECONNECTED = { timeout: 20_000 };

/** Types and sends a message without waiting for its ack. */
async function typeAndSend(user: User, text: string): Promise<void> {
  await user.composer.fill(text);
  await user.composer.press('Enter');
  await expect(user.message(text)).toBeVisible();
}

/** The command ids of all messages that these tabs have sent. */
const sentIds = (...tabs: User[]) => tabs.flatMap((tab) => tab.frames.sentOfType('send').map((frame) => frame.id as string));

test('three messages sent offline survive a reload and arrive once, in order', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  const bob = await users.guest('Bob');
  await bob.send('before');
  await alice.expectMessage('before');

  await network.goOffline();
  for (const text of ['first', 'second', 'third']) await typeAndSend(alice, text);
  await expect(bob.log).not.toContainText('first');
  // The reload fails without a network, and the browser shows its error page.
  await alice.page.reload().catch(() => {});
  await network.goOnline();
  await alice.page.goto('/');
  await alice.expectSignedIn();

  const texts = ['before', 'first', 'second', 'third'];
  await expect.poll(() => bob.fetchHistory()).toEqual(texts);
  for (const user of [alice, bob]) {
    for (const text of texts) await user.expectMessage(text);
    await expect(user.log).toHaveText(/before.*first.*second.*third/s);
  }
  // The outbox is empty: another reload sends nothing.
  await alice.page.reload();
  await alice.expectMessage('third');
  await typeAndSend(alice, 'fourth');
  await expect.poll(() => bob.fetchHistory()).toEqual([...texts, 'fourth']);
});

test('messages sent before a reload precede those sent after it', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('one');
  network.disconnect();
  await typeAndSend(alice, 'two');
  await typeAndSend(alice, 'three');
  await alice.page.reload();
  network.restore();
  await alice.expectSignedIn();
  await typeAndSend(alice, 'four');

  await expect.poll(() => alice.fetchHistory(), RECONNECTED).toEqual(['one', 'two', 'three', 'four']);
  for (const text of ['two', 'three', 'four']) await alice.expectMessage(text);
});

test('two tabs share one outbox, and nothing is sent twice', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  const otherTab = await users.openTab(alice);
  const bob = await users.guest('Bob');
  await alice.send('before');
  await otherTab.expectMessage('before');

  network.disconnect();
  await typeAndSend(alice, 'from the first tab');
  await typeAndSend(otherTab, 'from the second tab');
  await typeAndSend(alice, 'from the first tab again');
  network.restore();

  for (const user of [alice, otherTab, bob]) {
    for (const text of ['from the first tab again', 'from the second tab']) {
      await expect(user.message(text)).toBeVisible(RECONNECTED);
    }
    await expect(user.log.getByRole('listitem').filter({ hasText: 'from the' })).toHaveCount(3);
    await expect(user.log).toHaveText(/from the first tab.*from the first tab again/s);
  }
  expect(await bob.fetchHistory()).toHaveLength(4);
  expect(new Set(sentIds(alice, otherTab)).size).toBe(sentIds(alice, otherTab).length);
});

test('unsent messages of a closed tab are sent by another', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  const otherTab = await users.openTab(alice);
  const bob = await users.guest('Bob');

  network.disconnect();
  await typeAndSend(otherTab, 'last words');
  await typeAndSend(otherTab, 'and the very last');
  await otherTab.page.close();
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
  await typeAndSend(alice, 'worth keeping');
  await typeAndSend(alice, 'not worth it');
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

/** Holds the messages of a user. Once the returned function is called, answers each with this error. */
async function refuseMessages(user: User, code: string): Promise<() => void> {
  let startRefusing = () => {};
  const started = new Promise<void>((resolve) => (startRefusing = resolve));
  await user.page.routeWebSocket('**/ws', (route) => {
    const upstream = route.connectToServer();
    route.onMessage(async (frame) => {
      const { type, id } = JSON.parse(String(frame));
      if (type !== 'send') return upstream.send(frame);
      await started;
      route.send(JSON.stringify({ type: 'error', id, code, message: 'no' }));
    });
  });
  return startRefusing;
}

test('a message refused while another conversation is open is reported there and survives a reload', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await users.guest('Bob');
  const startRefusing = await refuseMessages(alice, 'muted');
  await alice.signIn();
  await typeAndSend(alice, 'first of two');
  await typeAndSend(alice, 'second of two');
  await alice.openDirect('Bob');
  startRefusing();

  const notice = alice.page.getByRole('status').filter({ hasText: 'Not sent. A moderator has muted you' });
  await expect(notice).toContainText('first of two');
  await alice.page.reload();
  await alice.expectConversation('Bob');
  await expect(notice).toContainText('first of two');
  await expect(alice.composer).toHaveValue('');
  await notice.getByRole('button', { name: 'Open' }).click();

  await alice.expectConversation('Lobby');
  await expect(alice.composer).toHaveValue('first of two\n\nsecond of two');
  await expect(alice.composer).toHaveAccessibleDescription(/^A moderator has muted you/);
  await expect(notice).toHaveCount(0);
  await expect.poll(async () => (await storedData(alice.page)).outbox).toEqual([]);
  await alice.page.reload();
  await expect(alice.composer).toHaveValue('first of two\n\nsecond of two');
});

test('a message to a conversation that no longer exists can be read and discarded elsewhere', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await users.guest('Bob');
  const startRefusing = await refuseMessages(alice, 'unknown_conversation');
  await alice.signIn();
  await typeAndSend(alice, 'to nobody');
  await alice.openDirect('Bob');
  startRefusing();

  const notice = alice.page.getByRole('status').filter({ hasText: 'Not sent. This conversation doesn’t exist' });
  await expect(notice).toContainText('to nobody');
  await notice.getByRole('button', { name: 'Discard' }).click();

  await expect(notice).toHaveCount(0);
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
  const texts = ['one', 'two', 'three', 'four'];
  for (const text of texts) await typeAndSend(alice, text);
  await expect.poll(() => alice.fetchHistory()).toEqual(texts);
  expect(refusals).toBe(0);
});

test('unsent messages of one user are not sent by the next', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('before');
  network.disconnect();
  await typeAndSend(alice, 'never to be sent');
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
  await typeAndSend(alice, 'written in vain');
  await alice.composer.fill('And half a thought');
  await alice.giveUpNickname();
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
  await typeAndSend(alice, 'meanwhile');
  network.restore();
  await expect.poll(() => alice.fetchHistory(), RECONNECTED).toEqual(['before', 'meanwhile']);
});
