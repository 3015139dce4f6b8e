import type { Locator, Page } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';
import { PHONE } from '../fixtures/users.ts';

/** The smallest width and height of a touch target, in CSS pixels. */
const MIN_TARGET_PX = 44;

async function expectLargeTarget(control: Locator): Promise<void> {
  // Retries, because WebAssembly may just be replacing the rendered control.
  await expect(async () => {
    const box = await control.boundingBox();
    expect(box, `${control} is there`).not.toBeNull();
    expect(Math.round(box!.width), `width of ${control}`).toBeGreaterThanOrEqual(MIN_TARGET_PX);
    expect(Math.round(box!.height), `height of ${control}`).toBeGreaterThanOrEqual(MIN_TARGET_PX);
  }).toPass();
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const overflows = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('body *')]
      .filter((element) => ['auto', 'scroll', 'visible'].includes(getComputedStyle(element).overflowX))
      .filter((element) => element === document.documentElement || getComputedStyle(element).overflowX !== 'visible')
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map((element) => `${element.tagName} ${element.className}: ${element.scrollWidth} > ${element.clientWidth}`),
  );
  expect(overflows).toEqual([]);
}

test('on a phone the list and the conversation are two screens with one way back', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  const back = alice.page.getByRole('link', { name: 'Back to the list' });
  await expect(alice.log).toBeVisible();
  await expect(alice.conversationList).toBeHidden();

  await back.tap();
  await expect(alice.conversationList).toBeVisible();
  await expect(alice.log).toBeHidden();
  await expect(alice.composer).toBeHidden();

  await alice.conversationLink('Lobby').tap();
  await expect(alice.log).toBeVisible();
  await expect(alice.conversationList).toBeHidden();

  await alice.page.goBack();
  await expect(alice.conversationList).toBeVisible();
  await expect(alice.log).toBeHidden();

  await alice.page.goForward();
  await expect(alice.log).toBeVisible();
  await expect(alice.conversationList).toBeHidden();
});

test('on a phone a user writes to the Lobby and to one user', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  const bob = await users.guest('Bob');

  await alice.composer.tap();
  await alice.composer.fill('Hello from the train');
  await alice.sendButton.tap();
  await bob.expectMessage('Hello from the train');

  await alice.page.getByRole('link', { name: 'Back to the list' }).tap();
  await alice.onlineList.getByRole('button', { name: 'Bob' }).tap();
  await alice.expectConversation('Bob');
  await alice.send('Only for you');
  await expect(bob.conversationLink('Alice', 1)).toBeVisible();
});

test('on a phone messages stay unread while the list is shown', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  const bob = await users.guest('Bob');
  await alice.page.getByRole('link', { name: 'Back to the list' }).tap();

  await bob.send('Anybody here?');
  await expect(alice.conversationLink('Lobby', 1)).toBeVisible();

  await alice.conversationLink('Lobby', 1).tap();
  await alice.expectMessage('Anybody here?');
  await alice.page.getByRole('link', { name: 'Back to the list' }).tap();
  await expect(alice.conversationLink('Lobby')).toBeVisible();
  await expect(alice.conversationLink('Lobby', 1)).toBeHidden();
});

test('on a phone the composer is always in view', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  for (let line = 1; line <= 20; line += 1) await alice.send(`Line ${line}.`);

  await expect(alice.composer).toBeInViewport({ ratio: 1 });
  await expect(alice.sendButton).toBeInViewport({ ratio: 1 });
  await expect(alice.message('Line 20.')).toBeInViewport({ ratio: 1 });

  // The on-screen keyboard takes half of the height.
  await alice.page.setViewportSize({ width: 390, height: 420 });
  await expect(alice.composer).toBeInViewport({ ratio: 1 });
  await expect(alice.message('Line 20.')).toBeInViewport({ ratio: 1 });
});

test('on a phone every main control is large enough for a finger', async ({ users }) => {
  const alice = await users.openBrowser('Alice', PHONE);
  await alice.page.goto('/');
  await expectLargeTarget(alice.nicknameField);
  await expectLargeTarget(alice.enterButton);
  for (const link of await alice.page.getByRole('navigation', { name: 'Language' }).getByRole('link').all()) {
    await expectLargeTarget(link);
  }

  await alice.signIn();
  await users.guest('Bob');
  await expectLargeTarget(alice.page.getByRole('link', { name: 'Back to the list' }));
  await expectLargeTarget(alice.composer);
  await expectLargeTarget(alice.sendButton);
  await expectLargeTarget(alice.page.getByRole('button', { name: 'Writing to Everyone' }));

  await alice.page.getByRole('link', { name: 'Back to the list' }).tap();
  await alice.expectOnline('Bob');
  await expectLargeTarget(alice.recipientField);
  await expectLargeTarget(alice.conversationLink('Lobby'));
  await expectLargeTarget(alice.onlineList.getByRole('button', { name: 'Bob' }));
  await expectLargeTarget(alice.settingsButton);

  await alice.settingsButton.tap();
  await expectLargeTarget(alice.settings.getByRole('button', { name: 'Leave' }));
  for (const choice of ['Auto', 'Light', 'Dark']) {
    await expectLargeTarget(alice.settings.locator('label').filter({ hasText: choice }));
  }
});

test('on a phone nothing scrolls sideways, however long the words are', async ({ users }) => {
  const longNickname = `${'Wolkenkratzer'.repeat(2)}-Alice`;
  const alice = await users.openBrowser(longNickname, PHONE);
  await alice.page.goto('/');
  await expectNoSidewaysScroll(alice.page);

  await alice.signIn();
  await alice.send('x'.repeat(300));
  await alice.send(`https://example.org/${'tea/'.repeat(60)}`);
  await alice.composer.fill('y'.repeat(300));
  await expectNoSidewaysScroll(alice.page);

  await users.guest(`${'M'.repeat(31)}b`);
  await alice.page.getByRole('link', { name: 'Back to the list' }).tap();
  await alice.expectOnline(`${'M'.repeat(31)}b`);
  await expectNoSidewaysScroll(alice.page);

  await alice.onlineList.getByRole('button').tap();
  await alice.expectConversation(`${'M'.repeat(31)}b`);
  await expectNoSidewaysScroll(alice.page);
});

test('on a phone the composer shows a long text completely', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  await alice.composer.fill('so much to say '.repeat(60));

  const [scrollHeight, clientHeight] = await alice.composer.evaluate((field) => [field.scrollHeight, field.clientHeight]);

  expect(clientHeight).toBe(scrollHeight);
});

test('nothing is hidden by the notch of a phone in landscape', async ({ users }) => {
  const NOTCH_PX = 47;
  const alice = await users.openBrowser('Alice', { ...PHONE, viewport: { width: 844, height: 390 } });
  const devtools = await alice.page.context().newCDPSession(alice.page);
  await devtools.send('Emulation.setSafeAreaInsetsOverride', { insets: { left: NOTCH_PX, right: NOTCH_PX } });
  const expectBetweenTheNotches = async (...parts: Locator[]) => {
    for (const part of parts) {
      const { x, width } = (await part.boundingBox()) ?? { x: 0, width: 0 };
      expect(x, `left edge of ${part}`).toBeGreaterThanOrEqual(NOTCH_PX);
      expect(x + width, `right edge of ${part}`).toBeLessThanOrEqual(844 - NOTCH_PX);
    }
  };

  await alice.signIn();
  await alice.send('Sideways');
  await expectBetweenTheNotches(alice.conversationLink('Lobby'), alice.recipientField, alice.sendButton);
  await expectBetweenTheNotches(alice.message('Sideways').locator('.body'), alice.settingsButton);

  await alice.settingsButton.tap();
  await expectBetweenTheNotches(alice.settings);

  // A small phone: list and conversation are two screens.
  await alice.page.setViewportSize({ width: 667, height: 375 });
  const { x } = (await alice.composer.boundingBox()) ?? { x: 0 };
  expect(x).toBeGreaterThanOrEqual(NOTCH_PX);
  await expectNoSidewaysScroll(alice.page);
});
