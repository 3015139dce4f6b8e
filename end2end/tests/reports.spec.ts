import { AxeBuilder } from '@axe-core/playwright';

import { registerUser, registerWithRole, userId, withoutJavaScript } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';
import { PHONE } from '../fixtures/users.ts';

const REASON = 'Reason (optional)';
const REPORTED = 'Reported. Moderators will look at it.';

test('a moderator sees a reported message in context, deletes it, and closes the report', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const mo = await registerWithRole(users, owner, 'Mo', 'moderator');
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Good morning');
  await alice.send('Rude words');
  await alice.send('Good night');
  // Waits for the last message, so that no row moves under the pointer.
  await bob.expectMessage('Good night');

  await bob.chooseAction('Report', 'Rude words');
  await expect(bob.messageMenu.getByText('Moderators will see this message and those around it.')).toBeVisible();
  await expect(bob.messageMenu.getByRole('textbox', { name: REASON })).toBeFocused();
  await bob.messageMenu.getByRole('textbox', { name: REASON }).fill('That is rude');
  await bob.messageMenu.getByRole('button', { name: 'Send' }).click();
  await expect(bob.messageMenu.getByText(REPORTED)).toBeVisible();

  const moWithoutJs = await withoutJavaScript(users, mo);
  await moWithoutJs.page.goto('/admin');
  await moWithoutJs.page.getByRole('link', { name: 'Reports 1' }).click();
  const reportItem = moWithoutJs.page.getByRole('main').getByRole('listitem').filter({ hasText: 'reported a message' });
  await expect(reportItem.getByRole('heading')).toContainText('Bob reported a message in the Lobby');
  await expect(reportItem).toContainText('That is rude');
  const contextLines = reportItem.getByRole('list', { name: 'The message and those around it' }).getByRole('listitem');
  await expect(contextLines).toContainText(['Good morning', 'Rude words', 'Good night']);
  await expect(contextLines.filter({ hasText: 'Reported:' })).toContainText('Rude words');
  await mo.page.goto(moWithoutJs.page.url());
  expect((await new AxeBuilder({ page: mo.page }).setLegacyMode().analyze()).violations).toEqual([]);

  await reportItem.getByRole('button', { name: 'Delete message' }).click();
  await expect(moWithoutJs.page.getByText('Message deleted. The report stays open until you close it.')).toBeVisible();
  await expect(bob.message('Rude words')).toBeHidden();
  await expect(bob.log.getByText('Message deleted')).toBeVisible();
  await expect(reportItem).toContainText('Rude words');
  await expect(reportItem.getByRole('link', { name: 'View Alice' })).toHaveAttribute('href', `/admin/users/${userId(alice)}`);
  await reportItem.getByRole('button', { name: 'Close report' }).click();
  await expect(moWithoutJs.page.getByText('Report closed. The copies of its messages are deleted.')).toBeVisible();
  await expect(reportItem).toBeHidden();
  await expect(moWithoutJs.page.getByRole('link', { name: 'Reports', exact: true })).toBeVisible();

  const ownerWithoutJs = await withoutJavaScript(users, owner);
  await ownerWithoutJs.page.goto('/admin/audit');
  await expect(ownerWithoutJs.page.getByRole('main').getByRole('listitem').first()).toContainText(/Mo.*closed the report about a message by.*Alice/);
});

test('moderators see a message reported from a direct, also by keyboard', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.openDirect('Bob');
  await alice.send('A threat');
  await bob.openConversation('Alice');
  await bob.expectMessage('A threat');

  await bob.composer.press('Escape');
  await bob.message('A threat').focus();
  await bob.page.keyboard.press('Enter');
  await bob.messageMenu.getByRole('button', { name: 'Report' }).focus();
  await bob.page.keyboard.press('Enter');
  await expect(bob.messageMenu.getByRole('textbox', { name: REASON })).toBeFocused();
  await bob.page.keyboard.type('I am afraid');
  await bob.page.keyboard.press('Enter');
  await expect(bob.messageMenu.getByText(REPORTED)).toBeFocused();
  await bob.page.keyboard.press('Escape');
  await expect(bob.message('A threat')).toBeFocused();

  await owner.page.goto('/admin/reports');
  const reportItem = owner.page.getByRole('main').getByRole('listitem').filter({ hasText: 'I am afraid' });
  await expect(reportItem.getByRole('heading')).toContainText('in a private chat');
  await reportItem.getByRole('button', { name: 'Delete message' }).click();
  await expect(bob.message('A threat')).toBeHidden();
  await expect(alice.message('A threat')).toBeHidden();
  await reportItem.getByRole('button', { name: 'Close report' }).click();
  await expect(owner.page.getByText('No open reports.')).toBeVisible();
});

test('the confirmation of a report or deletion quotes the message and stays under the pointer', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('First');
  await alice.send(`A long one ${'that goes on and on '.repeat(20)}`);
  await alice.send('Last');
  await bob.send('Mine');
  await alice.expectMessage('Mine');

  await bob.chooseAction('Report', 'First');
  await expect(bob.messageMenu.getByRole('blockquote')).toHaveText('Alice First');
  await expect(bob.messageMenu.getByRole('textbox', { name: REASON })).toHaveAccessibleDescription(/Moderators will see this message.*Alice.*First/);
  // Another message arrives, and the confirmation still quotes the same one.
  await alice.send('One more');
  await bob.expectMessage('One more');
  await expect(bob.messageMenu.getByRole('blockquote')).toHaveText('Alice First');
  await bob.messageMenu.getByRole('button', { name: 'Send' }).click();
  await expect(bob.messageMenu.getByText(REPORTED)).toBeVisible();
  await expect(bob.messageMenu.getByRole('blockquote')).toHaveText('Alice First');
  await bob.messageMenu.getByRole('button', { name: 'Got it' }).click();
  await expect(bob.messageMenu.getByText(REPORTED)).toBeHidden();

  await bob.composer.click();
  await bob.chooseAction('Report', 'A long one');
  await expect(bob.messageMenu.getByRole('blockquote')).toContainText('A long one that goes on');
  expect((await bob.messageMenu.getByRole('blockquote').boundingBox())!.height).toBeLessThan(60);
  await bob.messageMenu.getByRole('button', { name: 'Cancel' }).click();
  await bob.composer.click();
  await bob.chooseAction('Delete', 'Mine');
  await expect(bob.messageMenu.getByRole('blockquote')).toHaveText('Bob Mine');
  await expect(bob.messageMenu).toHaveAccessibleDescription(/Bob.*Mine/);
  await bob.messageMenu.getByRole('button', { name: 'Keep it' }).click();
  await expect(bob.messageMenu.getByRole('blockquote')).toBeHidden();
});

test('own and deleted messages cannot be reported; a refusal is shown', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  const bob = await users.guest('Bob');
  await bob.send('Mine');
  await bob.message('Mine').hover();
  await expect(bob.messageMenu.getByRole('button', { name: 'Edit' })).toBeVisible();
  await expect(bob.messageMenu.getByRole('button', { name: 'Report' })).toBeHidden();

  await alice.message('Mine').tap();
  await alice.messageMenu.getByRole('button', { name: 'Report' }).tap();
  alice.pageErrors.allow(/ERR_FAILED/);
  await alice.page.route('**/api/reports', (route) => route.abort());
  await alice.messageMenu.getByRole('button', { name: 'Send' }).tap();
  await expect(alice.messageMenu.getByText(/The server can’t be reached/)).toBeVisible();
});
