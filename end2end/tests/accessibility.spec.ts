import { AxeBuilder } from '@axe-core/playwright';

import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

const LIGHT_BACKGROUND = 'rgb(253, 251, 247)';
const DARK_BACKGROUND = 'rgb(25, 23, 20)';

/** Expects no axe violations on the user's current screen, and this background colour. */
async function expectNoViolations(user: User, screen: string, background: string): Promise<void> {
  await test.step(screen, async () => {
    await expect(user.page.locator('body')).toHaveCSS('background-color', background);
    // The page has no frames, so the legacy mode finds the same, without opening a tab for each analysis.
    const { violations } = await new AxeBuilder({ page: user.page }).setLegacyMode().analyze();
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id} (${help}): ${node.target} ${node.failureSummary}`),
    );
    expect.soft(found, screen).toEqual([]);
  });
}

for (const { look, colorScheme, theme, background } of [
  { look: 'light like the system', colorScheme: 'light', theme: undefined, background: LIGHT_BACKGROUND },
  { look: 'dark like the system', colorScheme: 'dark', theme: undefined, background: DARK_BACKGROUND },
  { look: 'light by choice', colorScheme: 'dark', theme: 'light', background: LIGHT_BACKGROUND },
  { look: 'dark by choice', colorScheme: 'light', theme: 'dark', background: DARK_BACKGROUND },
] as const) {
  test(`axe finds no barrier on any screen, ${look}`, async ({ server, users }) => {
    // The analysis looks at each of two thousand emoji.
    test.slow();
    const themeCookies = theme ? [{ name: 'teahouse_theme', value: theme, url: server.url }] : [];
    const bob = await users.guest('Bob');
    const alice = await users.openBrowser('Alice', { colorScheme });
    await alice.page.context().addCookies(themeCookies);
    alice.pageErrors.allowStatus(409);

    await alice.page.goto('/');
    await expectNoViolations(alice, 'the sign-in page', background);
    await alice.submitNickname('Bob');
    await expect(alice.page.getByRole('button', { name: /^Take/ })).toBeVisible();
    await expectNoViolations(alice, 'the sign-in page after a refusal', background);

    await alice.signIn();
    await expectNoViolations(alice, 'the empty Lobby', background);
    await bob.send('Good evening');
    await bob.send('See https://example.org/');
    await alice.send('晚上好');
    await alice.send('Good nigth');
    await alice.edit('Good nigth', 'Good night');
    await alice.send('Wrong window');
    await alice.delete('Wrong window');
    await bob.chooseAction('🍵', '晚上好');
    await bob.chooseAction('🎉', '晚上好');
    await alice.chooseAction('🍵', '晚上好');
    await bob.openDirect('Alice');
    await bob.send('A word with you?');
    await expect(alice.conversationLink('Bob', 1)).toBeVisible();
    await expectNoViolations(alice, 'the Lobby with messages and something unread', background);

    await alice.message('Good night').hover();
    await expectNoViolations(alice, 'the menu of a message', background);
    await alice.chooseAction('More emoji', 'Good night');
    await expectNoViolations(alice, 'the emoji of a message', background);
    await alice.page.keyboard.press('Escape');
    await alice.composer.hover();
    await alice.chooseAction('Delete', 'Good night');
    await expectNoViolations(alice, 'the confirmation of a deletion', background);
    await alice.messageMenu.getByRole('button', { name: 'Keep it' }).click();
    await alice.chooseAction('Edit', 'Good night');
    await expectNoViolations(alice, 'an edit', background);
    await alice.composer.press('Escape');
    await alice.page.getByRole('button', { name: 'Emoji', exact: true }).click();
    await alice.page.getByRole('searchbox', { name: 'Search emoji' }).fill('tea');
    await expectNoViolations(alice, 'the emoji picker of the composer', background);
    await alice.page.keyboard.press('Escape');

    await alice.recipientField.fill('b');
    await alice.recipientField.press('ArrowDown');
    await expectNoViolations(alice, 'the recipient picker with its list', background);
    await alice.recipientField.fill('Rob');
    await alice.recipientField.press('Enter');
    await expect(alice.sidebar.getByText('No user is called')).toBeVisible();
    await expectNoViolations(alice, 'the recipient picker after an unknown name', background);

    await alice.openConversation('Bob');
    await alice.expectMessage('A word with you?');
    await expectNoViolations(alice, 'a direct', background);
    await alice.page.getByRole('button', { name: 'Writing to Bob' }).click();
    await alice.conversationSection.getByRole('combobox').focus();
    await expectNoViolations(alice, 'the recipient picker in the composer', background);

    await alice.settingsButton.click();
    await expectNoViolations(alice, 'the settings', background);

    const carol = await users.openBrowser('Carol', { colorScheme, ...PHONE });
    await carol.page.context().addCookies(themeCookies);
    await carol.signIn();
    await expectNoViolations(carol, 'the conversation on a phone', background);
    await carol.page.mouse.move(0, 0);
    await carol.message('Good evening').locator('.body').tap();
    await carol.messageMenu.getByRole('button', { name: '👍' }).tap();
    await carol.message('晚上好').locator('.body').tap();
    await expectNoViolations(carol, 'the menu of a message on a phone', background);
    await carol.messageMenu.getByRole('button', { name: 'More emoji' }).tap();
    await expectNoViolations(carol, 'the emoji of a message on a phone', background);
    await carol.messageMenu.getByRole('button', { name: 'Close', exact: true }).tap();
    await carol.page.getByRole('link', { name: 'Back to the list' }).tap();
    await carol.expectOnline('Alice', 'Bob');
    await expectNoViolations(carol, 'the list on a phone', background);
  });
}
