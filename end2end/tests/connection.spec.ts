import { NO_CONNECTION } from '../fixtures/complaints.ts';
import { Network } from '../fixtures/network.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

/** The close code of a server that wants to be asked again soon. */
const TRY_AGAIN = 1013;

/** The page tries again after at most so many milliseconds of waiting, all tries together. */
const RECONNECTED = { timeout: 20_000 };

/** What stands beside a message that has not been sent yet. */
const waiting = /sending …|waiting for the connection/;

const lost = (person: Person) => person.page.getByRole('status').filter({ hasText: 'Connection lost.' });

test('messages written offline are sent once after reconnecting', async ({
  house,
  people,
}) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  for (const person of [alice, bob]) person.complaints.expect(NO_CONNECTION);
  await alice.say('before');
  await bob.sees('before');

  await house.kill();
  await expect(lost(alice)).toBeVisible();
  await expect(lost(bob)).toBeVisible();
  for (const text of ['meanwhile', 'and more']) {
    await alice.composer.fill(text);
    await alice.composer.press('Enter');
    await expect(alice.message(text)).toContainText(waiting);
  }

  await house.restart();
  await expect(lost(alice)).toBeHidden(RECONNECTED);
  await expect(lost(bob)).toBeHidden(RECONNECTED);
  await alice.say('after');
  await bob.sees('after');

  const said = ['before', 'meanwhile', 'and more', 'after'];
  for (const person of [alice, bob]) {
    for (const text of said) await person.sees(text);
    await expect(person.log).toHaveText(/before.*meanwhile.*and more.*after/s);
    await expect(person.log).not.toContainText(waiting);
  }
  await expect.poll(() => bob.history()).toEqual(said);
  await alice.seesHere('Bob');
});

test('messages missed while offline appear after reconnecting', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.visitor('Bob');
  const network = await Network.of(bob);
  await bob.join();
  await alice.say('one');
  await bob.sees('one');

  network.cut();
  await expect(lost(bob)).toBeVisible();
  await alice.say('two');
  await alice.say('three');
  await bob.composer.fill('four');
  await bob.composer.press('Enter');
  await expect(bob.message('four')).toContainText(waiting);
  network.mend();

  await expect(lost(bob)).toBeHidden(RECONNECTED);
  await bob.sees('two');
  await bob.sees('three');
  await alice.sees('four');
  await expect(bob.log).toHaveText(/one.*two.*three.*four/s);
});

test('a silently dead connection is noticed within 45 seconds', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.visitor('Bob');
  const network = await Network.of(bob);
  await bob.page.clock.install();
  await bob.join();
  network.swallow();
  await alice.say('unheard');
  network.mend();
  await expect(bob.message('unheard')).toHaveCount(0);

  await bob.page.clock.runFor(45_000);
  await bob.page.clock.resume();
  await expect(bob.message('unheard')).toBeVisible(RECONNECTED);
});

test('the page reconnects at once when the network or the user returns', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.visitor('Bob');
  const network = await Network.of(bob);
  await bob.page.clock.install();
  await bob.join();
  await bob.page.clock.pauseAt(Date.now() + 60_000);
  for (const [text, event] of [
    ['one', "window.dispatchEvent(new Event('online'))"],
    ['two', "document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))"],
  ] as const) {
    network.cut();
    await alice.say(text);
    await expect(lost(bob)).toHaveCount(1);
    network.mend();
    // No clock moves, so nothing but this can be the reason.
    await bob.page.evaluate(event);
    await expect(bob.message(text)).toHaveCount(1);
  }
});

test('a server restart is announced and recovered from', async ({ house, people }) => {
  const alice = await people.guest('Alice');
  alice.complaints.expect(NO_CONNECTION);
  await alice.say('before');
  await house.stop();
  await expect(alice.page.getByRole('status').filter({ hasText: 'The server is restarting.' })).toBeVisible();
  await expect(lost(alice)).toHaveCount(0);
  await house.restart();
  await expect(alice.page.getByRole('status').filter({ hasText: 'restarting' })).toBeHidden(RECONNECTED);
  await alice.say('after');
});

test('a message whose ack was lost is not sent twice', async ({ people }) => {
  const alice = await people.visitor('Alice');
  let isDeaf = false;
  const heard: string[] = [];
  await alice.page.routeWebSocket('**/ws', (route) => {
    const server = route.connectToServer();
    server.onMessage((frame) => {
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
  await alice.join();
  const bob = await people.guest('Bob');

  isDeaf = true;
  await alice.composer.fill('Once is enough');
  await alice.composer.press('Enter');
  await bob.sees('Once is enough');

  await expect(alice.message('Once is enough')).not.toContainText(waiting, RECONNECTED);
  await alice.sees('Once is enough');
  await bob.say('I heard you');
  await alice.sees('I heard you');
  await bob.sees('Once is enough');
  await expect.poll(() => bob.history()).toEqual(['Once is enough', 'I heard you']);
  expect(heard.filter((frame) => frame.includes('"welcome"'))).toHaveLength(2);
});
