/** Small screens: 400 % zoom, and small phones with the keyboard open. */
import type { Page } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';
import { PHONE } from '../fixtures/users.ts';

test.use({ serverOptions: ['--unlimited'] });

/** The share of the window's height in which messages are visible. */
function messageAreaShare(page: Page): Promise<number> {
  return page.evaluate(() => {
    const rect = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
    const [log, header, composer] = [rect('[role=log]'), rect('.conversation-head'), rect('.composer')];
    return (Math.min(log.bottom, composer.top, innerHeight) - Math.max(log.top, header.bottom, 0)) / innerHeight;
  });
}

const horizontalOverflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const { situation, width, height, options } of [
  { situation: 'at 400 % on a small desktop', width: 320, height: 256, options: {} },
  { situation: 'at 400 % on a large desktop', width: 480, height: 270, options: {} },
  { situation: 'at 200 %', width: 640, height: 360, options: {} },
  { situation: 'on a small phone', width: 320, height: 568, options: PHONE },
  { situation: 'on a small phone with its keyboard open', width: 320, height: 300, options: PHONE },
  { situation: 'on a phone with its keyboard open', width: 390, height: 417, options: PHONE },
  { situation: 'on a large phone with its keyboard open', width: 430, height: 520, options: PHONE },
  { situation: 'on a phone in landscape', width: 667, height: 375, options: PHONE },
  { situation: 'on a phone in landscape with its keyboard open', width: 667, height: 190, options: PHONE },
]) {
  test(`two fifths of the height remain for messages ${situation}`, async ({ users }) => {
    const alice = await users.guest('Alice', { ...options, viewport: { width, height } });
    for (let number = 1; number <= 12; number += 1) await alice.send(`Line ${number} of a talk that needs some room`);
    await expect(alice.message('Line 12')).toBeInViewport({ ratio: 1 });
    await expect(alice.composer).toBeInViewport({ ratio: 1 });
    await expect(alice.sendButton).toBeInViewport({ ratio: 1 });
    await expect.poll(() => messageAreaShare(alice.page)).toBeGreaterThanOrEqual(0.4);
    expect(await horizontalOverflow(alice.page)).toBe(0);

    // The link back is above the messages or over them.
    const back = alice.page.getByRole('link', { name: 'Back to the list' });
    await back.focus();
    await expect(back).toBeInViewport({ ratio: 1 });
    await expect.poll(() => messageAreaShare(alice.page)).toBeGreaterThanOrEqual(0.4);

    // A long draft leaves the messages their share.
    await alice.composer.fill('What is to be said is long and needs a line or two.\n'.repeat(12));
    await expect.poll(() => messageAreaShare(alice.page)).toBeGreaterThanOrEqual(0.4);
    await expect(alice.sendButton).toBeInViewport({ ratio: 1 });
    await alice.composer.fill('');
    await alice.composer.press('ArrowUp');
    await expect(alice.page.getByText('Editing your message')).toBeVisible();
    expect((await alice.composer.boundingBox())!.width).toBeGreaterThan(100);
    await expect(alice.page.getByRole('button', { name: 'Save' })).toBeInViewport({ ratio: 1 });
  });
}

test('at 400 % the header scrolls away and a wheel brings it back', async ({ users }) => {
  const alice = await users.guest('Alice', { viewport: { width: 320, height: 256 } });
  for (let number = 1; number <= 12; number += 1) await alice.send(`Line ${number}`);
  const header = alice.page.getByRole('heading', { level: 1, name: 'Lobby' });
  await expect(header).not.toBeInViewport();
  await alice.log.hover();
  await expect(async () => {
    await alice.page.mouse.wheel(0, -400);
    await expect(header).toBeInViewport({ ratio: 1, timeout: 200 });
  }).toPass();
  await expect(async () => {
    await alice.page.mouse.wheel(0, 400);
    await expect(header).not.toBeInViewport({ timeout: 200 });
  }).toPass();
  await expect(alice.message('Line 12')).toBeInViewport({ ratio: 1 });
});

test('at 400 % the menu, the recipient, the list and the settings are reachable', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.guest('Alice', { viewport: { width: 320, height: 256 } });
  for (let number = 1; number <= 6; number += 1) await bob.send(`Line ${number}`);
  await alice.expectMessage('Line 6');

  await alice.message('Line 5').hover();
  for (const button of await alice.messageMenu.getByRole('button').all()) await expect(button).toBeInViewport({ ratio: 1 });
  await alice.messageMenu.getByRole('button', { name: 'Report' }).click();
  await expect(alice.messageMenu.getByRole('button', { name: 'Send' })).toBeInViewport({ ratio: 1 });
  await alice.messageMenu.getByRole('button', { name: 'Cancel' }).click();
  await alice.composer.click();
  await alice.page.getByRole('button', { name: 'Writing to Everyone' }).click();
  await expect(alice.conversationSection.getByRole('combobox')).toBeInViewport({ ratio: 1 });
  await alice.conversationSection.getByRole('combobox').fill('Bob');
  await alice.conversationSection.getByRole('combobox').press('Enter');
  await alice.expectConversation('Bob');
  await expect(alice.page.getByRole('button', { name: 'Writing to Bob' })).toBeInViewport({ ratio: 1 });

  await alice.page.getByRole('link', { name: 'Back to the list' }).focus();
  await alice.page.keyboard.press('Enter');
  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Leave' }).scrollIntoViewIfNeeded();
  await expect(alice.settings.getByRole('button', { name: 'Leave' })).toBeInViewport({ ratio: 1 });
  expect(await horizontalOverflow(alice.page)).toBe(0);
});
