import { AxeBuilder } from '@axe-core/playwright';

import { PHONE } from '../fixtures/users.ts';
import type { User } from '../fixtures/user.ts';
import { expect, test } from '../fixtures/test.ts';

const LIGHT_PAPER = 'rgb(253, 251, 247)';
const DARK_PAPER = 'rgb(25, 23, 20)';

/** Asserts that axe finds nothing on what this person sees now. */
async function expectNoBarriers(user: User, screen: string, paper: string): Promise<void> {
  await test.step(screen, async () => {
    await expect(user.page.locator('body')).toHaveCSS('background-color', paper);
    // The page has no frames; for pages without, the legacy mode gives the same and spares a new tab each time.
    const { violations } = await new AxeBuilder({ page: user.page }).setLegacyMode().analyze();
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id} (${help}): ${node.target} ${node.failureSummary}`),
    );
    expect.soft(found, screen).toEqual([]);
  });
}

for (const { look, colorScheme, theme, paper } of [
  { look: 'light as the system has it', colorScheme: 'light', theme: undefined, paper: LIGHT_PAPER },
  { look: 'dark as the system has it', colorScheme: 'dark', theme: undefined, paper: DARK_PAPER },
  { look: 'light by choice', colorScheme: 'dark', theme: 'light', paper: LIGHT_PAPER },
  { look: 'dark by choice', colorScheme: 'light', theme: 'dark', paper: DARK_PAPER },
] as const) {
  test(`axe finds no barrier on any screen, ${look}`, async ({ server, users }) => {
    const chosen = theme ? [{ name: 'teahouse_theme', value: theme, url: server.url }] : [];
    const bob = await users.guest('Bob');
    const alice = await users.openBrowser('Alice', { colorScheme });
    await alice.page.context().addCookies(chosen);
    alice.pageErrors.allowStatus(409);

    await alice.page.goto('/');
    await expectNoBarriers(alice, 'the door', paper);
    await alice.submitNickname('Bob');
    await expect(alice.page.getByRole('button', { name: /^Take/ })).toBeVisible();
    await expectNoBarriers(alice, 'the door after a refusal', paper);

    await alice.signIn();
    await expectNoBarriers(alice, 'the empty Lobby', paper);
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
    await expectNoBarriers(alice, 'the Lobby with messages and something unread', paper);

    await alice.message('Good night').hover();
    await expectNoBarriers(alice, 'the menu of a message', paper);
    await alice.chooseAction('More emoji', 'Good night');
    await expectNoBarriers(alice, 'the emoji of a message', paper);
    await alice.composer.hover();
    await alice.chooseAction('Delete', 'Good night');
    await expectNoBarriers(alice, 'the question before a deletion', paper);
    await alice.messageMenu.getByRole('button', { name: 'Keep it' }).click();
    await alice.chooseAction('Edit', 'Good night');
    await expectNoBarriers(alice, 'an edit', paper);
    await alice.composer.press('Escape');

    await alice.recipientField.fill('b');
    await alice.recipientField.press('ArrowDown');
    await expectNoBarriers(alice, 'the target form with its list', paper);
    await alice.recipientField.fill('Rob');
    await alice.recipientField.press('Enter');
    await expect(alice.sidebar.getByText('No user is called')).toBeVisible();
    await expectNoBarriers(alice, 'the target form after an unknown name', paper);

    await alice.openConversation('Bob');
    await alice.expectMessage('A word with you?');
    await expectNoBarriers(alice, 'a direct', paper);
    await alice.page.getByRole('button', { name: 'Writing to Bob' }).click();
    await alice.conversationSection.getByRole('combobox').focus();
    await expectNoBarriers(alice, 'the target form in the composer', paper);

    await alice.settingsButton.click();
    await expectNoBarriers(alice, 'the settings', paper);

    const carol = await users.openBrowser('Carol', { colorScheme, ...PHONE });
    await carol.page.context().addCookies(chosen);
    await carol.signIn();
    await expectNoBarriers(carol, 'the talk on a phone', paper);
    await carol.page.mouse.move(0, 0);
    await carol.message('Good evening').locator('.body').tap();
    await carol.messageMenu.getByRole('button', { name: '👍' }).tap();
    await carol.message('晚上好').locator('.body').tap();
    await expectNoBarriers(carol, 'the menu of a message on a phone', paper);
    await carol.messageMenu.getByRole('button', { name: 'More emoji' }).tap();
    await expectNoBarriers(carol, 'the emoji of a message on a phone', paper);
    await carol.page.touchscreen.tap(200, 90);
    await carol.page.getByRole('link', { name: 'Back to the list' }).tap();
    await carol.expectOnline('Alice', 'Bob');
    await expectNoBarriers(carol, 'the list on a phone', paper);
  });
}
