import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

/** The box that says what a user has missed. */
function box(user: User): Locator {
  return user.log.locator('.away');
}

test('whoever comes back learns what has changed of the messages read before', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const zoe = await users.guest('Zoë');
  await alice.send('Shall we meet?');
  for (const text of ['Tea at three', 'Bring cakes', 'Wrong window']) await bob.send(text);
  await alice.expectMessage('Wrong window');
  await alice.openDirect('Bob');
  await expect(alice.composer).toBeVisible();

  await bob.edit('Tea at three', 'Tea at four');
  await bob.edit('Bring cakes', 'Bring plates');
  await bob.edit('Bring plates', 'Bring cakes');
  await bob.delete('Wrong window');
  await bob.chooseAction('🍵', 'Shall we meet?');
  await zoe.chooseAction('🍵', 'Shall we meet?');
  await bob.chooseAction('👀', 'Shall we meet?');
  await bob.reaction('Shall we meet?', '👀').click();
  await zoe.chooseAction('🎉', 'Tea at four');
  await bob.send('See you');

  await alice.openConversation('Lobby');
  await expect(box(alice)).toContainText('While you were away');
  const lines = box(alice).getByRole('listitem');
  await expect(lines).toContainText([
    'Bob edited 1 message: Tea at four',
    '1 message deleted: ',
    '🍵 from Bob and Zoë on your message: Shall we meet?',
  ]);
  await expect(lines).toHaveCount(3);
  // It stands above what is new.
  const order = await alice.log.locator('li.away-row, li.day.new').evaluateAll((rows) => rows.map((row) => row.className));
  expect(order).toEqual(['away-row', 'day new']);
  const { violations } = await new AxeBuilder({ page: alice.page }).setLegacyMode().analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  await lines.first().getByRole('link').click();
  await expect(alice.log.locator('.message', { hasText: 'Tea at four' })).toHaveAttribute('data-named', '');
  await alice.openDirect('Bob');
  await alice.openConversation('Lobby');
  await alice.expectMessage('See you');
  await expect(box(alice)).toHaveCount(0);
});

test('the box stands at the end if there is nothing new, and can be folded', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await bob.send('Tea at three');
  await alice.expectMessage('Tea at three');
  await alice.openDirect('Bob');
  await bob.edit('Tea at three', 'Tea at four');
  await alice.openConversation('Lobby');
  await expect(box(alice).getByRole('listitem')).toBeVisible();
  expect(await alice.log.locator('ol > li').last().getAttribute('class')).toBe('away-row');
  await box(alice).getByText('While you were away').click();
  await expect(box(alice).getByRole('listitem')).toBeHidden();
});

test('own changes and those of blocked users are not told', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const zoe = await users.guest('Zoë');
  await alice.send('Shall we meet?');
  await bob.send('Tea at three');
  await alice.expectMessage('Tea at three');
  await alice.chooseAction('Block user', 'Tea at three');
  await alice.openDirect('Zoë');
  await bob.edit('Tea at three', 'Tea at four');
  await bob.chooseAction('🍵', 'Shall we meet?');
  await zoe.chooseAction('🎉', 'Shall we meet?');
  await expect(zoe.reaction('Shall we meet?', '🎉')).toHaveText('🎉 1');
  await alice.openConversation('Lobby');
  await expect(box(alice).getByRole('listitem')).toHaveText([/^🎉 from Zoë on your message/]);
});
