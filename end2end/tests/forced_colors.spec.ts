/** Where the system chooses the colours, every state of a control is told by a line or a mark. */
import type { Locator } from '@playwright/test';

import { appointed, ask, idOf, registered, withoutScript } from '../fixtures/office.ts';
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
  test(`every state is visible without colours, in the ${colorScheme} forced scheme`, async ({ people }) => {
    const options = { forcedColors: 'active', colorScheme } as const;
    const bob = await people.guest('Bob');
    const alice = await people.guest('Alice', options);
    const { page } = alice;
    for (const text of ['One', 'Two', 'Three']) await bob.say(text);
    await alice.say('Mine');
    await bob.choose('👍', 'Two');
    await bob.choose('🎉', 'Two');
    await expect(alice.reaction('Two', '🎉')).toBeVisible();
    await alice.reaction('Two', '👍').click();
    await expect(alice.reaction('Two', '👍')).toHaveAttribute('aria-pressed', 'true');
    await bob.talkTo('Alice');
    await bob.say('A word?');
    await expect(alice.conversation('Bob', 1)).toBeVisible();

    await differ('the current conversation', alice.conversation('Lobby'), alice.conversation('Bob'));
    await differ('an unread conversation', alice.conversation('Bob').locator('.name'), alice.conversation('Lobby').locator('.name'));
    await expect(alice.conversation('Bob').locator('.badge')).toHaveCSS('border-top-style', 'solid');
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
    await differ('an emoji that one has put', alice.menu.getByRole('button', { name: '👍' }), alice.menu.getByRole('button', { name: '🎉' }));
    await alice.message('Mine').hover();
    await alice.menu.getByRole('button', { name: 'Edit' }).click();
    await differ('the message that is being changed', alice.message('Mine'), alice.message('Three'));
    await alice.composer.press('Escape');
    await alice.choose('Delete', 'Mine');
    await differ('what cannot be undone', alice.menu.getByRole('button', { name: 'Delete' }), alice.menu.getByRole('button', { name: 'Keep it' }));
    await alice.menu.getByRole('button', { name: 'Keep it' }).click();

    const to = page.getByRole('button', { name: 'Writing to Everyone' });
    const closed = await shape(to);
    await to.click();
    await expect(alice.talk.getByRole('combobox')).toBeFocused();
    await differ('an open choice', to, closed);
    await page.keyboard.press('Escape');

    const valid = await shape(alice.targetField);
    await alice.targetField.fill('o');
    await alice.targetField.press('ArrowDown');
    const chosen = alice.sidebar.getByRole('option', { selected: true });
    await differ('the suggestion that Enter takes', chosen, alice.sidebar.getByRole('option', { selected: false }).first());
    await alice.targetField.fill('Rob');
    await alice.targetField.press('Enter');
    await expect(alice.targetField).toHaveAttribute('aria-invalid', 'true');
    await alice.composer.click();
    await differ('a field that is wrong', alice.targetField, valid);

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

  test(`every state of the admin pages is visible without colours, in the ${colorScheme} forced scheme`, async ({ people }) => {
    const owner = await registered(people, 'Olga');
    const mo = await appointed(people, owner, 'Mo', 'moderator');
    const bob = await people.guest('Bob');
    const alice = await people.guest('Alice');
    for (const text of ['Before', 'Rude words', 'After']) await bob.say(text);
    await alice.sees('After');
    await alice.choose('Report', 'Rude words');
    await alice.menu.getByRole('button', { name: 'Send' }).click();
    await expect(alice.menu.getByText('Reported.')).toBeVisible();
    expect(await ask(mo, idOf(bob), 'mute')).toBe(200);

    const { page } = await withoutScript(people, owner, { forcedColors: 'active', colorScheme });
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
