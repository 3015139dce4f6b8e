import type { Locator, Page } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';

/** How many tab stops a user can be expected to pass. */
const MAX_STOPS = 30;

/** Expects a visible focus: an outline on the focused element or on its form. */
async function expectVisibleFocus(page: Page): Promise<void> {
  const focused = await page.evaluate(() => {
    const isOutlined = (element: Element) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    };
    const element = document.activeElement ?? document.body;
    if (element === document.body) return { name: 'the document', isVisible: true };
    const frame = element.closest('form');
    return { name: element.outerHTML.slice(0, 120), isVisible: isOutlined(element) || (!!frame && isOutlined(frame)) };
  });
  expect(focused.isVisible, `focus is visible on ${focused.name}`).toBe(true);
}

/** Presses Tab until the target has the focus, and expects a visible focus at every stop. */
async function tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const page = target.page();
  for (let stop = 0; stop < MAX_STOPS; stop += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
    await expectVisibleFocus(page);
  }
  throw new Error(`Tab does not lead to ${target}`);
}

test('everything works by keyboard with a visible focus', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.openBrowser('Alice');
  const { keyboard } = alice.page;

  // Sign in
  await alice.page.goto('/');
  await expect(alice.nicknameField).toBeFocused();
  await expectVisibleFocus(alice.page);
  await keyboard.type('Alice');
  await keyboard.press('Enter');
  await expect(alice.composer).toBeFocused();
  await expectVisibleFocus(alice.page);

  // Write to everyone
  await keyboard.type('Hello by keys');
  await keyboard.press('Enter');
  await bob.expectMessage('Hello by keys');

  // Write to one user
  await alice.expectOnline('Bob');
  await tabTo(alice.recipientField, 'Shift+Tab');
  await keyboard.type('bo');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await alice.expectConversation('Bob');
  await expect(alice.composer).toBeFocused();
  await keyboard.type('Between us');
  await keyboard.press('Enter');
  await expect(bob.conversationLink('Alice', 1)).toBeVisible();

  // Return to the Lobby, then open the unread conversation
  await tabTo(alice.conversationLink('Lobby'), 'Shift+Tab');
  await keyboard.press('Enter');
  await alice.expectConversation('Lobby');
  await bob.openConversation('Alice');
  await bob.send('Between us, then');
  await expect(alice.conversationLink('Bob', 1)).toBeVisible();
  await tabTo(alice.conversationLink('Bob'));
  await keyboard.press('Enter');
  await alice.expectMessage('Between us, then');
  await expect(alice.conversationLink('Bob', 1)).toBeHidden();

  // Open the recipient picker in the composer
  await tabTo(alice.page.getByRole('button', { name: 'Writing to Bob. Change recipient' }));
  await keyboard.press('Enter');
  await tabTo(alice.conversationSection.getByRole('combobox', { name: 'Talk to' }), 'Shift+Tab');
  await keyboard.press('Escape');
  await expect(alice.conversationSection.getByRole('combobox')).toBeHidden();
  await expect(alice.composer).toBeFocused();

  // Use the settings
  await tabTo(alice.settingsButton, 'Shift+Tab');
  await keyboard.press('Enter');
  await expect(alice.settings).toBeVisible();
  await tabTo(alice.settings.getByRole('radio', { name: 'Auto' }));
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  await expect(alice.settings.getByRole('radio', { name: 'Dark' })).toBeChecked();
  await expect(alice.page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await keyboard.press('Escape');
  await expect(alice.settings).toBeHidden();
  await expect(alice.settingsButton).toBeFocused();
});

test('the recipient form in the composer gets the focus when it opens', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.page.getByRole('button', { name: 'Writing to Everyone. Change recipient' }).press('Enter');
  await expect(alice.conversationSection.getByRole('combobox', { name: 'Talk to' })).toBeFocused();
});

test('the messages can be scrolled by keyboard', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send(`First${'\n.'.repeat(60)}\nLast`);
  await tabTo(alice.log, 'Shift+Tab');

  await alice.page.keyboard.press('Home');

  await expect(alice.page.getByText('This is the beginning')).toBeInViewport();
});
