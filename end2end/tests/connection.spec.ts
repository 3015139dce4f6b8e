import { CONNECTION_ERRORS } from '../fixtures/page_errors.ts';
import { Network } from '../fixtures/network.ts';
import type { User } from '../fixtures/user.ts';
import { expect, test } from '../fixtures/test.ts';

/** The close code of a server that wants to be asked again soon. */
const TRY_AGAIN = 1013;

/** The page tries again after at most so many milliseconds of waiting, all tries together. */
const RECONNECTED = { timeout: 20_000 };

/** What stands beside a message that has not been sent yet. */
const waiting = /sending …|waiting for the connection/;

const lost = (user: User) => user.page.getByRole('status').filter({ hasText: 'Connection lost.' });

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
  await expect(lost(alice)).toBeVisible();
  await expect(lost(bob)).toBeVisible();
  for (const text of ['meanwhile', 'and more']) {
    await alice.composer.fill(text);
    await alice.composer.press('Enter');
    await expect(alice.message(text)).toContainText(waiting);
  }

  await server.restart();
  await expect(lost(alice)).toBeHidden(RECONNECTED);
  await expect(lost(bob)).toBeHidden(RECONNECTED);
  await alice.send('after');
  await bob.expectMessage('after');

  const said = ['before', 'meanwhile', 'and more', 'after'];
  for (const user of [alice, bob]) {
    for (const text of said) await user.expectMessage(text);
    await expect(user.log).toHaveText(/before.*meanwhile.*and more.*after/s);
    await expect(user.log).not.toContainText(waiting);
  }
  await expect.poll(() => bob.fetchHistory()).toEqual(said);
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
  await expect(lost(bob)).toBeVisible();
  await alice.send('two');
  await alice.send('three');
  await bob.composer.fill('four');
  await bob.composer.press('Enter');
  await expect(bob.message('four')).toContainText(waiting);
  network.restore();

  await expect(lost(bob)).toBeHidden(RECONNECTED);
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
    await expect(lost(bob)).toHaveCount(1);
    network.restore();
    // No clock moves, so nothing but this can be the reason.
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
  await expect(lost(alice)).toHaveCount(0);
  await server.restart();
  await expect(alice.page.getByRole('status').filter({ hasText: 'restarting' })).toBeHidden(RECONNECTED);
  await alice.send('after');
});

test('a message whose ack was lost is not sent twice', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  let isDeaf = false;
  const heard: string[] = [];
  await alice.page.routeWebSocket('**/ws', (route) => {
    const upstream = route.connectToServer();
    upstream.onMessage((frame) => {
      // The answer and the event that would tell the page that its message arrived: the line breaks before them.
      if (isDeaf && /"type":"(ack|event)"/.test(String(frame))) {
        isDeaf = false;
        void route.close({ code: TRY_AGAIN });
        return;
      }
      heard.push(String(frame));
      route.send(frame);
    });
  });
  await alice.signIn();
  const bob = await users.guest('Bob');

  isDeaf = true;
  await alice.composer.fill('Once is enough');
  await alice.composer.press('Enter');
  await bob.expectMessage('Once is enough');

  await expect(alice.message('Once is enough')).not.toContainText(waiting, RECONNECTED);
  await alice.expectMessage('Once is enough');
  await bob.send('I heard you');
  await alice.expectMessage('I heard you');
  await bob.expectMessage('Once is enough');
  await expect.poll(() => bob.fetchHistory()).toEqual(['Once is enough', 'I heard you']);
  expect(heard.filter((frame) => frame.includes('"welcome"'))).toHaveLength(2);
});
