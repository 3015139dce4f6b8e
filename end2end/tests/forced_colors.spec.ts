/** Where the system chooses the colours, every state of a control is told by a line or a mark. */
import type { Locator } from '@playwright/test';

import { registerWithRole, postAdminAction, userId, registerUser, withoutJavaScript } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';

/** What an element looks like apart from its colours and from what it says. */
function shape(element: Locator): Promise<string> {
  return element.evaluate((element) => {
    const style = getComputedStyle(element);
    const line = (kind: string) => (style.getPropertyValue(`${kind}-style`) === 'none' ? 'none' : `${style.getPropertyValue(`${kind}-style`)} ${style.getPropertyValue(`${kind}-width`)}`);
    return [
      ...['border-top', 'border-inline-start', 'border-bottom', 'outline'].map(line),
      style.textDecorationLine,
      style.display,
    ].join(', ');
  });
}

/** Two states of a control, or of two of a kind, differ in their shape. */
async function differ(what: string, one: string | Locator, other: string | Locator): Promise<void> {
  const [first, second] = [typeof one === 'string' ? one : await shape(one), typeof other === 'string' ? other : await shape(other)];
  expect.soft(first, what).not.toBe(second);
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

    await differ('the current conversation', alice.conversationLink('Lobby'), alice.conversationLink('Bob'));
    await differ('an unread conversation', alice.conversationLink('Bob').locator('.name'), alice.conversationLink('Lobby').locator('.name'));
    await expect(alice.conversationLink('Bob').locator('.badge')).toHaveCSS('border-top-style', 'solid');
    await differ('one’s own reaction', alice.reaction('Two', '👍'), alice.reaction('Two', '🎉'));
    await page.mouse.move(0, 0);
    const own = await shape(alice.reaction('Two', '👍'));
    await alice.log.focus();
    for (const text of ['Mine', 'Three', 'Two']) {
      await page.keyboard.press('ArrowUp');
      await expect(alice.message(text)).toBeFocused();
    }
    // Reached by keys, so that the focus is to be seen.
    await alice.reaction('Two', '👍').focus();
    await differ('the focus on one’s own reaction', alice.reaction('Two', '👍'), own);
    await differ('the focus on another one', alice.reaction('Two', '👍'), alice.reaction('Two', '🎉'));

    await alice.composer.click();
    const cannotSend = await shape(alice.sendButton);
    await alice.composer.fill('Something');
    await differ('a button that would do nothing', cannotSend, alice.sendButton);
    await alice.composer.fill('');
    await alice.message('Two').hover();
    await differ('an emoji that one has put', alice.messageMenu.getByRole('button', { name: '👍' }), alice.messageMenu.getByRole('button', { name: '🎉' }));
    await alice.message('Mine').hover();
    await alice.messageMenu.getByRole('button', { name: 'Edit' }).click();
    await differ('the message that is being changed', alice.message('Mine'), alice.message('Three'));
    await alice.composer.press('Escape');
    await alice.chooseAction('Delete', 'Mine');
    await differ('what cannot be undone', alice.messageMenu.getByRole('button', { name: 'Delete' }), alice.messageMenu.getByRole('button', { name: 'Keep it' }));
    await alice.messageMenu.getByRole('button', { name: 'Keep it' }).click();

    const to = page.getByRole('button', { name: 'Writing to Everyone' });
    const closed = await shape(to);
    await to.click();
    await expect(alice.conversationSection.getByRole('combobox')).toBeFocused();
    await differ('an open choice', to, closed);
    await page.keyboard.press('Escape');

    const valid = await shape(alice.recipientField);
    await alice.recipientField.fill('o');
    await alice.recipientField.press('ArrowDown');
    const chosen = alice.sidebar.getByRole('option', { selected: true });
    await differ('the suggestion that Enter takes', chosen, alice.sidebar.getByRole('option', { selected: false }).first());
    await alice.recipientField.fill('Rob');
    await alice.recipientField.press('Enter');
    await expect(alice.recipientField).toHaveAttribute('aria-invalid', 'true');
    await alice.composer.click();
    await differ('a field that is wrong', alice.recipientField, valid);

    const settings = await shape(alice.settingsButton);
    await alice.settingsButton.click();
    await differ('the button of open settings', alice.settingsButton, settings);
    const link = (name: string) => alice.settings.getByRole('link', { name });
    await differ('the language in use', link('English'), link('简体中文'));
    await alice.settings.getByText('Set a password', { exact: true }).click();
    const show = alice.settings.getByRole('button', { name: 'Show password' });
    await page.mouse.move(0, 0);
    const hidden = await shape(show);
    await show.click();
    await page.mouse.move(0, 0);
    await differ('a password that is shown', show, hidden);
    // Browsers draw those themselves, with a dot.
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
    await differ('the page that is open', tab(/^Reports/), tab(/^Invites/));
    await expect(tab(/^Reports/).locator('.count')).toHaveCSS('border-top-style', 'solid');
    const line = (text: string) => page.getByRole('listitem').getByRole('listitem').filter({ hasText: text });
    await differ('the message that was reported', line('Rude words'), line('Before'));
    await page.getByRole('button', { name: 'Close report' }).click();
    await expect(page.locator('.outcome')).toHaveCSS('border-top-style', 'solid');
    await page.goto('/admin');
    await expect(page.getByRole('main')).toContainText('Muted');
  });
}
