import type { Locator } from '@playwright/test';

import { expectNoBarriers } from '../fixtures/axe.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

/** The button of the composer that opens the picker. */
function emojiButton(user: User): Locator {
  return user.page.getByRole('button', { name: /^(Emoji|表情)$/ });
}

/** The picker above the composer. */
function picker(user: User): Locator {
  return user.conversationSection.locator('.composer').getByRole('group', { name: /^(Emoji|表情)$/ });
}

/** Opens the picker of the composer. Returns the field that searches. */
async function openPicker(user: User): Promise<Locator> {
  await emojiButton(user).click();
  const field = picker(user).getByRole('searchbox');
  await expect(field).toBeVisible();
  return field;
}

/** Opens the picker for a reaction to a message. Returns the field that searches. */
async function openReactionPicker(user: User, text: string): Promise<Locator> {
  await user.chooseAction('More emoji', text);
  const field = user.messageMenu.getByRole('searchbox');
  await expect(field).toBeFocused();
  return field;
}

test('any emoji can be a reaction, and others see it', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Who wants tea?');

  const field = await openReactionPicker(bob, 'Who wants tea?');
  await field.fill('teapot');
  await bob.messageMenu.getByRole('button', { name: 'teapot' }).click();
  await expect(alice.reaction('Who wants tea?', '🫖')).toHaveText('🫖 1');

  // The same emoji again takes the reaction away. It is the one that was used last.
  await openReactionPicker(bob, 'Who wants tea?');
  const recent = bob.messageMenu.getByRole('region', { name: 'Recently used' });
  await recent.getByRole('button', { name: 'teapot' }).click();
  await expect(alice.reaction('Who wants tea?', '🫖')).toBeHidden();
});

test('emoji are found by English and Chinese names, whatever the language of the page', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.composer.fill('to , please');
  await alice.composer.evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(3, 3));
  const field = await openPicker(alice);
  for (const text of ['tea', '热茶', ':tea:']) {
    await field.fill(text);
    await expect(picker(alice).getByRole('button', { name: 'teacup without handle' })).toHaveText('🍵');
  }
  await field.fill('no such thing');
  await expect(picker(alice).getByRole('status')).toHaveText('No emoji has such a name.');
  await field.fill('热茶');
  await field.press('Enter');
  await expect(alice.composer).toHaveValue('to 🍵, please');
  await expect(alice.composer).toBeFocused();
  await expect(picker(alice)).toBeHidden();

  await alice.settingsButton.click();
  await alice.page.getByRole('link', { name: '简体中文' }).click();
  await alice.page.keyboard.press('Escape');
  await emojiButton(alice).click();
  await picker(alice).getByRole('searchbox', { name: '搜索表情' }).fill('tea');
  await expect(picker(alice).getByRole('button', { name: '热茶' })).toHaveText('🍵');
});

test('the picker is used by keyboard', async ({ users }) => {
  const alice = await users.guest('Alice');
  const { keyboard } = alice.page;
  const field = await openPicker(alice);
  const cell = (name: string) => picker(alice).getByRole('button', { name, exact: true });

  await expectNoBarriers(alice, 'the picker');
  await field.press('ArrowDown');
  await expect(cell('grinning face')).toBeFocused();
  await keyboard.press('ArrowRight');
  await expect(cell('grinning face with big eyes')).toBeFocused();
  await keyboard.press('Home');
  await expect(cell('grinning face')).toBeFocused();
  await keyboard.press('ArrowDown');
  await expect(cell('grinning face')).not.toBeFocused();
  await expect(picker(alice).locator('.emoji-cell:focus')).toBeVisible();
  await keyboard.press('ArrowUp');
  await expect(cell('grinning face')).toBeFocused();
  await keyboard.press('Control+End');
  await expect(cell('flag: Wales')).toBeFocused();
  await keyboard.press('Control+Home');
  await keyboard.press('ArrowUp');
  await expect(field).toBeFocused();

  // What is typed at a cell is searched.
  await keyboard.press('ArrowDown');
  await keyboard.type('rocket');
  await expect(field).toHaveValue('rocket');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(alice.composer).toHaveValue('🚀');

  await openPicker(alice);
  await keyboard.press('Escape');
  await expect(picker(alice)).toBeHidden();
  await expect(alice.composer).toBeFocused();
});

test('a skin tone is kept, and used for the emoji that have one', async ({ users }) => {
  const alice = await users.guest('Alice');
  await openPicker(alice);
  await picker(alice).getByTitle('Medium', { exact: true }).click();
  await picker(alice).getByRole('button', { name: 'waving hand' }).click();
  await expect(alice.composer).toHaveValue('👋🏽');

  await alice.page.reload();
  await alice.expectSignedIn();
  await openPicker(alice);
  await expect(picker(alice).getByRole('region', { name: 'Recently used' }).getByRole('button')).toHaveText(['👋🏽']);
  await expect(picker(alice).getByRole('radio', { name: 'Medium', exact: true })).toBeChecked();
  await picker(alice).getByRole('searchbox').fill('red heart');
  await expect(picker(alice).getByRole('button', { name: 'red heart', exact: true })).toHaveText('❤️');
});

test('nothing of the emoji stays in the browser after signing out', async ({ users }) => {
  const alice = await users.guest('Alice');
  const field = await openPicker(alice);
  await field.fill('tea');
  await field.press('Enter');
  const stored = () => alice.page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('emoji')));
  expect(await stored()).toHaveLength(1);
  await alice.page.request.delete('/api/session');
  await expect(alice.nicknameField).toBeVisible();
  expect(await stored()).toEqual([]);
});

test('the picker closes when the focus goes elsewhere', async ({ users }) => {
  const alice = await users.guest('Alice');
  await openPicker(alice);
  await alice.recipientField.click();
  await expect(picker(alice)).toBeHidden();
  await openPicker(alice);
  await emojiButton(alice).click();
  await expect(picker(alice)).toBeHidden();
  await expect(alice.composer).toBeFocused();
});

test('on a phone the picker is a sheet', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  await alice.page.goto('/talk/lobby');
  await emojiButton(alice).tap();
  const button = picker(alice).getByRole('button', { name: 'grinning face', exact: true });
  await expect(button).toBeVisible();
  const sheet = await picker(alice).boundingBox();
  expect(Math.round(sheet!.width)).toBe(390);
  expect(Math.round(sheet!.y + sheet!.height)).toBe(780);
  const { width, height } = (await button.boundingBox())!;
  expect(Math.round(Math.min(width, height))).toBeGreaterThanOrEqual(44);
  await button.tap();
  await expect(alice.composer).toHaveValue('😀');
  await emojiButton(alice).tap();
  await alice.page.touchscreen.tap(195, 60);
  await expect(picker(alice)).toBeHidden();
});

test('a name after a colon becomes an emoji, in both languages', async ({ users }) => {
  const alice = await users.guest('Alice');
  const suggestions = alice.page.getByRole('listbox', { name: 'Suggestions' });
  await alice.composer.pressSequentially('one :teacup');
  await expect(suggestions.getByRole('option').first()).toContainText('teacup without handle');
  await alice.composer.press('Enter');
  await expect(alice.composer).toHaveValue('one 🍵 ');
  // The colon may stand after the name as well.
  await alice.composer.pressSequentially(':rocket:');
  await expect(suggestions.getByRole('option').first()).toContainText('rocket');
  await alice.composer.press('Tab');
  await expect(alice.composer).toHaveValue('one 🍵 🚀 ');
  await alice.composer.pressSequentially('：热茶');
  await suggestions.getByRole('option', { name: 'teacup without handle' }).click();
  await expect(alice.composer).toHaveValue('one 🍵 🚀 🍵 ');
  await expect(alice.composer).toBeFocused();
  for (const text of ['at 10:30', ':)', 'http://tea']) {
    await alice.composer.fill('');
    await alice.composer.pressSequentially(text);
    await expect(suggestions).toBeHidden();
  }
  await alice.composer.press('Enter');
  await alice.expectMessage('http://tea');
});

test('the emoji that a name may mean are all shown on a phone, and free of barriers', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  await alice.page.goto('/talk/lobby');
  await alice.composer.pressSequentially(':tea');
  const suggestions = alice.page.getByRole('listbox', { name: 'Suggestions' });
  await expect(suggestions.getByRole('option')).toHaveCount(8);
  await expect(suggestions.getByRole('option').last()).toBeInViewport({ ratio: 1 });
  await expectNoBarriers(alice, 'suggestions of emoji');
});
