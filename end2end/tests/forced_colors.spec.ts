/** With forced colours, every state of a control is visible by a line or a mark. */
import type { Locator } from '@playwright/test';

import { postAdminAction, registerUser, registerWithRole, userId, withoutJavaScript } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';

/** Describes the look of an element, without colours and text. */
function shape(element: Locator): Promise<string> {
  return element.evaluate((element) => {
    const style = getComputedStyle(element);
    const line = (kind: string) => {
      const lineStyle = style.getPropertyValue(`${kind}-style`);
      return lineStyle === 'none' ? 'none' : `${lineStyle} ${style.getPropertyValue(`${kind}-width`)}`;
    };
    return [
      ...['border-top', 'border-inline-start', 'border-bottom', 'outline'].map(line),
      style.textDecorationLine,
      style.display,
    ].join(', ');
  });
}

/** Expects that two states of a control, or two controls, differ in their shape. */
async function expectDifferentShape(description: string, one: string | Locator, other: string | Locator): Promise<void> {
  const [first, second] = [typeof one === 'string' ? one : await shape(one), typeof other === 'string' ? other : await shape(other)];
  expect.soft(first, description).not.toBe(second);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`every state is visible without colours, in the ${colorScheme} forced scheme`, async ({ users }) => {
    const options = { forcedColors: 'active', colorScheme } as const;
    const bob = await users.guest('Bob');
    const alice = await users.guest('Alice', options);
    const { page } = alice;
    for (const text of ['One', 'Two', 'Three']) await bob.send(text);
    await alice.send('Mine');
    await bob.chooseAction('👍', 'Two');
    await bob.chooseAction('🎉', 'Two');
    await expect(alice.reaction('Two', '🎉')).toBeVisible();
    await alice.reaction('Two', '👍').click();
    await expect(alice.reaction('Two', '👍')).toHaveAttribute('aria-pressed', 'true');
    await bob.openDirect('Alice');
    await bob.send('A word?');
    await expect(alice.conversationLink('Bob', 1)).toBeVisible();

    await expectDifferentShape('the current conversation', alice.conversationLink('Lobby'), alice.conversationLink('Bob'));
    await expectDifferentShape('an unread conversation', alice.conversationLink('Bob').locator('.name'), alice.conversationLink('Lobby').locator('.name'));
    await expect(alice.conversationLink('Bob').locator('.badge')).toHaveCSS('border-top-style', 'solid');
    await expectDifferentShape('one’s own reaction', alice.reaction('Two', '👍'), alice.reaction('Two', '🎉'));
    await page.mouse.move(0, 0);
    const unfocusedShape = await shape(alice.reaction('Two', '👍'));
    await alice.log.focus();
    for (const text of ['Mine', 'Three', 'Two']) {
      await page.keyboard.press('ArrowUp');
      await expect(alice.message(text)).toBeFocused();
    }
    // Moves the focus by keyboard, so that it is visible.
    await alice.reaction('Two', '👍').focus();
    await expectDifferentShape('the focus on one’s own reaction', alice.reaction('Two', '👍'), unfocusedShape);
    await expectDifferentShape('the focus on one’s own reaction and another one', alice.reaction('Two', '👍'), alice.reaction('Two', '🎉'));

    await alice.composer.click();
    const disabledShape = await shape(alice.sendButton);
    await alice.composer.fill('Something');
    await expectDifferentShape('a disabled button', disabledShape, alice.sendButton);
    await alice.composer.fill('');
    await alice.message('Two').hover();
    await expectDifferentShape('the emoji of one’s own reaction', alice.messageMenu.getByRole('button', { name: '👍' }), alice.messageMenu.getByRole('button', { name: '🎉' }));
    await alice.message('Mine').hover();
    await alice.messageMenu.getByRole('button', { name: 'Edit' }).click();
    await expectDifferentShape('the message that is being edited', alice.message('Mine'), alice.message('Three'));
    await alice.composer.press('Escape');
    await alice.chooseAction('Delete', 'Mine');
    await expectDifferentShape('the button that deletes', alice.messageMenu.getByRole('button', { name: 'Delete' }), alice.messageMenu.getByRole('button', { name: 'Keep it' }));
    await alice.messageMenu.getByRole('button', { name: 'Keep it' }).click();

    const recipientButton = page.getByRole('button', { name: 'Writing to Everyone' });
    const closedShape = await shape(recipientButton);
    await recipientButton.click();
    await expect(alice.conversationSection.getByRole('combobox')).toBeFocused();
    await expectDifferentShape('an open recipient picker', recipientButton, closedShape);
    await page.keyboard.press('Escape');

    const validShape = await shape(alice.recipientField);
    await alice.recipientField.fill('o');
    await alice.recipientField.press('ArrowDown');
    const selectedOption = alice.sidebar.getByRole('option', { selected: true });
    await expectDifferentShape('the selected suggestion', selectedOption, alice.sidebar.getByRole('option', { selected: false }).first());
    await alice.recipientField.fill('Rob');
    await alice.recipientField.press('Enter');
    await expect(alice.recipientField).toHaveAttribute('aria-invalid', 'true');
    await alice.composer.click();
    await expectDifferentShape('an invalid field', alice.recipientField, validShape);

    const closedSettingsShape = await shape(alice.settingsButton);
    await alice.settingsButton.click();
    await expectDifferentShape('the button of open settings', alice.settingsButton, closedSettingsShape);
    const link = (name: string) => alice.settings.getByRole('link', { name });
    await expectDifferentShape('the language in use', link('English'), link('简体中文'));
    await alice.settings.getByText('Set a password', { exact: true }).click();
    const showPasswordButton = alice.settings.getByRole('button', { name: 'Show password' });
    await page.mouse.move(0, 0);
    const hiddenShape = await shape(showPasswordButton);
    await showPasswordButton.click();
    await page.mouse.move(0, 0);
    await expectDifferentShape('a shown password', showPasswordButton, hiddenShape);
    // The browser draws radio buttons itself, with a dot for the selected one.
    for (const radio of await alice.settings.getByRole('radio').all()) await expect(radio).toHaveCSS('appearance', 'auto');
    await expect(alice.sidebar.locator('.sidebar-foot .avatar')).toHaveCSS('border-top-style', 'solid');
  });

  test(`every state of the admin pages is visible without colours, in the ${colorScheme} forced scheme`, async ({ users }) => {
    const owner = await registerUser(users, 'Olga');
    const mo = await registerWithRole(users, owner, 'Mo', 'moderator');
    const bob = await users.guest('Bob');
    const alice = await users.guest('Alice');
    for (const text of ['Before', 'Rude words', 'After']) await bob.send(text);
    await alice.expectMessage('After');
    await alice.chooseAction('Report', 'Rude words');
    await alice.messageMenu.getByRole('button', { name: 'Send' }).click();
    await expect(alice.messageMenu.getByText('Reported.')).toBeVisible();
    expect(await postAdminAction(mo, userId(bob), 'mute')).toBe(200);

    const { page } = await withoutJavaScript(users, owner, { forcedColors: 'active', colorScheme });
    await page.goto('/admin/reports');
    const tab = (name: RegExp) => page.getByRole('navigation').getByRole('link', { name });
    await expectDifferentShape('the page that is open', tab(/^Reports/), tab(/^Invites/));
    await expect(tab(/^Reports/).locator('.count')).toHaveCSS('border-top-style', 'solid');
    const reportedMessage = (text: string) => page.getByRole('listitem').getByRole('listitem').filter({ hasText: text });
    await expectDifferentShape('the message that was reported', reportedMessage('Rude words'), reportedMessage('Before'));
    await page.getByRole('button', { name: 'Close report' }).click();
    await expect(page.locator('.outcome')).toHaveCSS('border-top-style', 'solid');
    await page.goto('/admin');
    await expect(page.getByRole('main')).toContainText('Muted');
  });
}
