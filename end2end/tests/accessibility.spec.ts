import { AxeBuilder } from '@axe-core/playwright';

import { PHONE } from '../fixtures/people.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

const LIGHT_PAPER = 'rgb(253, 251, 247)';
const DARK_PAPER = 'rgb(25, 23, 20)';

/** Asserts that axe finds nothing on what this person sees now. */
async function expectNoBarriers(person: Person, screen: string, paper: string): Promise<void> {
  await test.step(screen, async () => {
    await expect(person.page.locator('body')).toHaveCSS('background-color', paper);
    // The page has no frames; for pages without, the legacy mode gives the same and spares a new tab each time.
    const { violations } = await new AxeBuilder({ page: person.page }).setLegacyMode().analyze();
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
  test(`axe finds no barrier on any screen, ${look}`, async ({ house, people }) => {
    const chosen = theme ? [{ name: 'teahouse_theme', value: theme, url: house.address }] : [];
    const bob = await people.guest('Bob');
    const alice = await people.visitor('Alice', { colorScheme });
    await alice.page.context().addCookies(chosen);
    alice.complaints.expectStatus(409);

    await alice.page.goto('/');
    await expectNoBarriers(alice, 'the door', paper);
    await alice.submitNickname('Bob');
    await expect(alice.page.getByRole('button', { name: /^Take/ })).toBeVisible();
    await expectNoBarriers(alice, 'the door after a refusal', paper);

    await alice.join();
    await expectNoBarriers(alice, 'the empty Lobby', paper);
    await bob.say('Good evening');
    await bob.say('See https://example.org/');
    await alice.say('晚上好');
    await alice.say('Good nigth');
    await alice.edit('Good nigth', 'Good night');
    await alice.say('Wrong window');
    await alice.delete('Wrong window');
    await bob.choose('🍵', '晚上好');
    await bob.choose('🎉', '晚上好');
    await alice.choose('🍵', '晚上好');
    await bob.talkTo('Alice');
    await bob.say('A word with you?');
    await expect(alice.conversation('Bob', 1)).toBeVisible();
    await expectNoBarriers(alice, 'the Lobby with messages and something unread', paper);

    await alice.message('Good night').hover();
    await expectNoBarriers(alice, 'the menu of a message', paper);
    await alice.choose('More emoji', 'Good night');
    await expectNoBarriers(alice, 'the emoji of a message', paper);
    await alice.composer.hover();
    await alice.choose('Delete', 'Good night');
    await expectNoBarriers(alice, 'the question before a deletion', paper);
    await alice.menu.getByRole('button', { name: 'Keep it' }).click();
    await alice.choose('Edit', 'Good night');
    await expectNoBarriers(alice, 'an edit', paper);
    await alice.composer.press('Escape');

    await alice.targetField.fill('b');
    await alice.targetField.press('ArrowDown');
    await expectNoBarriers(alice, 'the target form with its list', paper);
    await alice.targetField.fill('Rob');
    await alice.targetField.press('Enter');
    await expect(alice.sidebar.getByText('No user is called')).toBeVisible();
    await expectNoBarriers(alice, 'the target form after an unknown name', paper);

    await alice.open('Bob');
    await alice.sees('A word with you?');
    await expectNoBarriers(alice, 'a direct', paper);
    await alice.page.getByRole('button', { name: 'Writing to Bob' }).click();
    await alice.talk.getByRole('combobox').focus();
    await expectNoBarriers(alice, 'the target form in the composer', paper);

    await alice.settingsButton.click();
    await expectNoBarriers(alice, 'the settings', paper);

    const carol = await people.visitor('Carol', { colorScheme, ...PHONE });
    await carol.page.context().addCookies(chosen);
    await carol.join();
    await expectNoBarriers(carol, 'the talk on a phone', paper);
    await carol.page.mouse.move(0, 0);
    await carol.message('Good evening').locator('.body').tap();
    await carol.menu.getByRole('button', { name: '👍' }).tap();
    await carol.message('晚上好').locator('.body').tap();
    await expectNoBarriers(carol, 'the menu of a message on a phone', paper);
    await carol.menu.getByRole('button', { name: 'More emoji' }).tap();
    await expectNoBarriers(carol, 'the emoji of a message on a phone', paper);
    await carol.page.touchscreen.tap(200, 90);
    await carol.page.getByRole('link', { name: 'Back to the list' }).tap();
    await carol.seesHere('Alice', 'Bob');
    await expectNoBarriers(carol, 'the list on a phone', paper);
  });
}
