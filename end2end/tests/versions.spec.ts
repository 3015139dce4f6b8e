import { AxeBuilder } from '@axe-core/playwright';

import { expect, test } from '../fixtures/test.ts';
import { PHONE } from '../fixtures/users.ts';

test('everybody in the conversation can see what an edited message said before', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Tea at three');
  await alice.edit('Tea at three', 'Tea at four');
  await alice.chooseAction('Edit', 'Tea at four');
  await alice.composer.fill('Tea at **five**');
  await alice.composer.press('Enter');
  await bob.expectMessage('Tea at five');

  await bob.message('Tea at five').getByRole('button', { name: /edited/ }).click();
  const versions = bob.messageMenu.getByRole('listitem');
  await expect(versions).toContainText(['Tea at three', 'Tea at four', 'Tea at **five**']);
  await expect(versions.first()).toContainText('First version');
  await expect(versions.last()).toContainText('Now');
  const { violations } = await new AxeBuilder({ page: bob.page }).setLegacyMode().analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  await bob.page.keyboard.press('Escape');
  await expect(bob.messageMenu).toBeHidden();
  await alice.delete('Tea at five');
  await expect(bob.log.getByRole('button', { name: /edited/ })).toHaveCount(0);
});

test('the versions open by keyboard, and as a sheet on a phone', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Tea at three');
  await alice.edit('Tea at three', 'Tea at four');
  await alice.log.focus();
  await alice.page.keyboard.press('ArrowUp');
  await alice.page.keyboard.press('Tab');
  await expect(alice.message('Tea at four').getByRole('button', { name: /edited/ })).toBeFocused();
  await alice.page.keyboard.press('Enter');
  await expect(alice.messageMenu).toContainText('Tea at three');
  await alice.page.keyboard.press('Escape');
  await expect(alice.messageMenu).toBeHidden();

  const bob = await users.guest('Bob', PHONE);
  await bob.message('Tea at four').getByRole('button', { name: /edited/ }).tap();
  await expect(bob.messageMenu).toContainText('Tea at three');
  const sheet = await bob.messageMenu.boundingBox();
  expect(Math.round(sheet!.y + sheet!.height)).toBe(780);
});
