/** Pages in browsers whose clock is wrong or is set while they are open. */
import type { Page } from '@playwright/test';

import { holdWasm } from '../fixtures/boot.ts';
import { Network } from '../fixtures/network.ts';
import { expect, test } from '../fixtures/test.ts';

const HOUR = 60 * 60 * 1_000;

/** Shifts `Date` by an offset in milliseconds, from the next page load on. `performance.now()` stays right. */
async function offsetClock(page: Page, offset: number): Promise<void> {
  await page.addInitScript((initialOffset) => {
    const { Date: RealDate } = globalThis;
    Object.assign(globalThis, { clockOffset: initialOffset });
    const offsetNow = () => RealDate.now() + (globalThis as unknown as { clockOffset: number }).clockOffset;
    globalThis.Date = new Proxy(RealDate, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length ? args : [offsetNow()], newTarget),
      apply: () => new RealDate(offsetNow()).toString(),
      get: (target, field) => (field === 'now' ? offsetNow : Reflect.get(target, field)),
    });
  }, offset);
}

/** Sets the clock of an open page to another offset. */
async function setClock(page: Page, offset: number): Promise<void> {
  await page.evaluate((newOffset) => Object.assign(globalThis, { clockOffset: newOffset }), offset);
}

for (const days of [-400, -1, 1, 40]) {
  test(`pending messages are under today with a clock ${days} days off`, async ({ users }) => {
    const bob = await users.guest('Bob');
    await bob.send('Good morning');
    const alice = await users.openBrowser('Alice');
    await offsetClock(alice.page, days * 24 * HOUR);
    const network = await Network.intercept(alice);
    await alice.signIn();
    await expect(alice.log.getByRole('listitem')).toHaveText(['Today', /Good morning/]);

    network.dropFrames();
    await alice.composer.fill('And to you');
    await alice.composer.press('Enter');
    await expect(alice.log.getByRole('listitem')).toHaveText(['Today', /Good morning/, /And to you/]);
    const datetime = await alice.message('And to you').locator('time').first().getAttribute('datetime');
    expect(Math.abs(Date.parse(datetime ?? '') - Date.now())).toBeLessThan(HOUR);
  });
}

test('messages sent before WebAssembly loads are under today with a clock a day off', async ({ users }) => {
  const bob = await users.guest('Bob');
  await bob.send('Good morning');
  const alice = await users.openBrowser('Alice');
  await offsetClock(alice.page, 24 * HOUR);
  await alice.signIn();
  await holdWasm(alice.page);
  await alice.page.route('**/talk/lobby', (route) => (route.request().method() === 'POST' ? undefined : route.continue()));
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await expect(alice.log.getByRole('listitem')).toHaveText(['Today', /Good morning/]);

  await alice.composer.fill('And to you');
  await alice.composer.press('Enter');
  const time = alice.message('And to you').locator('time').first();
  expect(Math.abs(Date.parse((await time.getAttribute('datetime')) ?? '') - Date.now())).toBeLessThan(HOUR);
  await expect(alice.log.getByRole('listitem')).toHaveText(['Today', /Good morning/, /And to you/]);
});

for (const hours of [-24, -1, 24]) {
  test(`the typing indicator ends even if the clock is set by ${hours} hours`, async ({ users }) => {
    const alice = await users.openBrowser('Alice');
    await offsetClock(alice.page, 0);
    await alice.signIn();
    const bob = await users.guest('Bob');
    await bob.composer.pressSequentially('Wait');
    const typingIndicator = alice.page.getByText('Bob is typing …');
    await expect(typingIndicator).toBeVisible();
    await setClock(alice.page, hours * HOUR);
    await expect(typingIndicator).toBeHidden({ timeout: 15_000 });

    // The page also keeps sending its own typing events and shows new messages at once.
    await alice.composer.pressSequentially('I');
    await expect(bob.page.getByText('Alice is typing …')).toBeVisible();
    await alice.composer.fill('I wait');
    await alice.composer.press('Enter');
    await bob.expectMessage('I wait');
    await bob.send('Thank you');
    await alice.expectMessage('Thank you');
    await expect(alice.log.getByRole('listitem')).toHaveText(['Today', /I wait/, /Thank you/]);
  });
}

test('setting the clock closes no live connection and hides no dead one', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await offsetClock(alice.page, 0);
  const network = await Network.intercept(alice);
  await alice.signIn();
  const bob = await users.guest('Bob');
  for (const hours of [1, -1, 48]) {
    await setClock(alice.page, hours * HOUR);
    await bob.send(`the clock is ${hours} hours off`);
    await alice.expectMessage(`the clock is ${hours} hours off`);
  }
  // Waits longer than the interval at which the page checks its connection.
  await alice.page.waitForFunction((since) => performance.now() > since + 6_000, await alice.page.evaluate(() => performance.now()));
  expect(alice.frames.receivedOfType('welcome')).toHaveLength(1);
  network.disconnect();
  network.restore();
  await bob.send('back again');
  await alice.expectMessage('back again');
});
