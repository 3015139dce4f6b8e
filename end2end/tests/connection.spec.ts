import { Network } from '../fixtures/network.ts';
import { CONNECTION_ERRORS } from '../fixtures/page_errors.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

/** The close code with which a server asks clients to reconnect later. */
const TRY_AGAIN_LATER = 1013;

/** The longest that the page may take to reconnect, in milliseconds. */
const RECONNECTED = { timeout: 20_000 };

/** The status of a message that is not acknowledged yet. */
const PENDING = /sending …|waiting for the connection/;

const connectionLost = (user: User) => user.page.getByRole('status').filter({ hasText: 'Connection lost.' });

test('messages written offline are sent once after reconnecting', async ({
  server,
  users,
}) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  for (const user of [alice, bob]) user.pageErrors.allow(CONNECTION_ERRORS);
  await alice.send('before');
  await bob.expectMessage('before');

  await server.kill();
  await expect(connectionLost(alice)).toBeVisible();
  await expect(connectionLost(bob)).toBeVisible();
  for (const text of ['meanwhile', 'and more']) {
    await alice.composer.fill(text);
    await alice.composer.press('Enter');
    await expect(alice.message(text)).toContainText(PENDING);
  }

  await server.restart();
  await expect(connectionLost(alice)).toBeHidden(RECONNECTED);
  await expect(connectionLost(bob)).toBeHidden(RECONNECTED);
  await alice.send('after');
  await bob.expectMessage('after');

  const texts = ['before', 'meanwhile', 'and more', 'after'];
  for (const user of [alice, bob]) {
    for (const text of texts) await user.expectMessage(text);
    await expect(user.log).toHaveText(/before.*meanwhile.*and more.*after/s);
    await expect(user.log).not.toContainText(PENDING);
  }
  await expect.poll(() => bob.fetchHistory()).toEqual(texts);
  await alice.expectOnline('Bob');
});

test('messages missed while offline appear after reconnecting', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.openBrowser('Bob');
  const network = await Network.intercept(bob);
  await bob.signIn();
  await alice.send('one');
  await bob.expectMessage('one');

  network.disconnect();
  await expect(connectionLost(bob)).toBeVisible();
  await alice.send('two');
  await alice.send('three');
  await bob.composer.fill('four');
  await bob.composer.press('Enter');
  await expect(bob.message('four')).toContainText(PENDING);
  network.restore();

  await expect(connectionLost(bob)).toBeHidden(RECONNECTED);
  await bob.expectMessage('two');
  await bob.expectMessage('three');
  await alice.expectMessage('four');
  await expect(bob.log).toHaveText(/one.*two.*three.*four/s);
});

test('a silently dead connection is noticed within 45 seconds', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.openBrowser('Bob');
  const network = await Network.intercept(bob);
  await bob.page.clock.install();
  await bob.signIn();
  network.dropFrames();
  await alice.send('unheard');
  network.restore();
  await expect(bob.message('unheard')).toHaveCount(0);

  await bob.page.clock.runFor(45_000);
  await bob.page.clock.resume();
  await expect(bob.message('unheard')).toBeVisible(RECONNECTED);
});

test('the page reconnects at once when the network or the user returns', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.openBrowser('Bob');
  const network = await Network.intercept(bob);
  await bob.page.clock.install();
  await bob.signIn();
  await bob.page.clock.pauseAt(Date.now() + 60_000);
  for (const [text, event] of [
    ['one', "window.dispatchEvent(new Event('online'))"],
    ['two', "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"],
  ] as const) {
    network.disconnect();
    await alice.send(text);
    await expect(connectionLost(bob)).toHaveCount(1);
    network.restore();
    // The clock stands still, so only this event can cause the reconnection.
    await bob.page.evaluate(event);
    await expect(bob.message(text)).toHaveCount(1);
  }
});

test('a server restart is announced and recovered from', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  alice.pageErrors.allow(CONNECTION_ERRORS);
  await alice.send('before');
  await server.stop();
  await expect(alice.page.getByRole('status').filter({ hasText: 'The server is restarting.' })).toBeVisible();
  await expect(connectionLost(alice)).toHaveCount(0);
  await server.restart();
  await expect(alice.page.getByRole('status').filter({ hasText: 'restarting' })).toBeHidden(RECONNECTED);
  await alice.send('after');
});

test('a message whose ack was lost is not sent twice', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  let losesNextAck = false;
  const delivered: string[] = [];
  await alice.page.routeWebSocket('**/ws', (route) => {
    const upstream = route.connectToServer();
    upstream.onMessage((frame) => {
      // Breaks the connection before the ack or event that would confirm the message.
      if (losesNextAck && /"type":"(ack|event)"/.test(String(frame))) {
        losesNextAck = false;
        void route.close({ code: TRY_AGAIN_LATER });
        return;
      }
      delivered.push(String(frame));
      route.send(frame);
    });
  });
  await alice.signIn();
  const bob = await users.guest('Bob');

  losesNextAck = true;
  await alice.composer.fill('Once is enough');
  await alice.composer.press('Enter');
  await bob.expectMessage('Once is enough');

  await expect(alice.message('Once is enough')).not.toContainText(PENDING, RECONNECTED);
  await alice.expectMessage('Once is enough');
  await bob.send('I heard you');
  await alice.expectMessage('I heard you');
  await bob.expectMessage('Once is enough');
  await expect.poll(() => bob.fetchHistory()).toEqual(['Once is enough', 'I heard you']);
  expect(delivered.filter((frame) => frame.includes('"welcome"'))).toHaveLength(2);
});
