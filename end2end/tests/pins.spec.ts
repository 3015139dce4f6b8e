import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';

import { registerUser } from '../fixtures/registered_users.ts';
import { addMember, createRoom } from '../fixtures/rooms.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

/** The button in the header that opens the list. */
function pinsButton(user: User, count: number): Locator {
  return user.page.getByRole('button', { name: count === 1 ? '1 pinned message' : `${count} pinned messages` });
}

/** The list of pinned messages. */
function pinsPanel(user: User): Locator {
  return user.page.getByRole('complementary', { name: 'Pinned messages' });
}

test('a room moderator pins messages, and all members see the list', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  await createRoom(alice, 'Tea club');
  await addMember(alice, 'Bob');
  await bob.openConversation('Tea club');
  for (const text of ['Saturday at three', 'Bring cakes', 'Something else']) await alice.send(text);

  await alice.chooseAction('Pin', 'Saturday at three');
  await expect(bob.message('Saturday at three')).toContainText('Pinned');
  await expect(pinsButton(bob, 1)).toBeVisible();
  await alice.chooseAction('Pin', 'Bring cakes');
  await pinsButton(bob, 2).click();
  await expect(pinsPanel(bob).getByRole('listitem')).toContainText(['Bring cakes', 'Saturday at three']);
  await expect(pinsPanel(bob).getByRole('button', { name: 'Unpin' }), 'only moderators').toHaveCount(0);

  // The list follows.
  await alice.edit('Bring cakes', 'Bring cakes and plates');
  await expect(pinsPanel(bob).getByRole('listitem').first()).toContainText('and plates');
  await pinsPanel(bob).getByRole('listitem').first().getByRole('link').click();
  await expect(bob.page).toHaveURL(/\/talk\/[^/]+\/\d+$/);
  await expect(bob.message('and plates')).toHaveAttribute('data-named', '');

  await pinsButton(alice, 2).click();
  await pinsPanel(alice).getByRole('listitem').first().getByRole('button', { name: 'Unpin' }).click();
  await expect(pinsPanel(bob).getByRole('listitem')).toHaveCount(1);
  await alice.delete('Saturday at three');
  await expect(pinsPanel(bob)).toContainText('No message is pinned.');
  await pinsPanel(bob).getByRole('button', { name: 'Close' }).focus();
  await bob.page.keyboard.press('Escape');
  await expect(pinsPanel(bob)).toBeHidden();
});

test('members of a room pin nothing, and both users of a direct do', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Everybody reads this');
  await alice.message('Everybody reads this').hover();
  await expect(alice.messageMenu.getByRole('button', { name: 'Copy link' })).toBeVisible();
  await expect(alice.messageMenu.getByRole('button', { name: 'Pin' })).toHaveCount(0);

  await alice.openDirect('Bob');
  await alice.send('The key is under the mat');
  await bob.openConversation('Alice');
  await bob.chooseAction('Pin', 'The key is under the mat');
  await expect(pinsButton(alice, 1)).toBeVisible();
  await alice.chooseAction('Unpin', 'The key is under the mat');
  await expect(pinsButton(bob, 1)).toBeHidden();
  await expect(bob.message('The key is under the mat')).not.toContainText('Pinned');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds no barrier in the list of pinned messages, ${colorScheme}`, async ({ users }) => {
    const alice = await users.openBrowser('Alice', { colorScheme, ...PHONE });
    await alice.signIn();
    await users.guest('Bob');
    await alice.page.goto('/');
    await alice.openDirect('Bob');
    await alice.send('The key is under the mat');
    await alice.message('under the mat').locator('.body').tap();
    await alice.messageMenu.getByRole('button', { name: 'Pin', exact: true }).tap();
    await pinsButton(alice, 1).tap();
    await expect(pinsPanel(alice)).toContainText('under the mat');
    const { violations } = await new AxeBuilder({ page: alice.page }).setLegacyMode().analyze();
    const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
    expect(found).toEqual([]);
  });
}
