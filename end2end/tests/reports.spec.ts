import { AxeBuilder } from '@axe-core/playwright';

import { appointed, idOf, registered, withoutScript } from '../fixtures/office.ts';
import { PHONE } from '../fixtures/people.ts';
import { expect, test } from '../fixtures/test.ts';

const REASON = 'Reason (optional)';
const REPORTED = 'Reported. Moderators will look at it.';

test('a moderator sees a reported message in context, deletes it, and closes the report', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const mo = await appointed(people, owner, 'Mo', 'moderator');
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('Good morning');
  await alice.say('Rude words');
  await alice.say('Good night');
  // So that no row moves under the pointer any more.
  await bob.sees('Good night');

  await bob.choose('Report', 'Rude words');
  await expect(bob.menu.getByText('Moderators will see this message and those around it.')).toBeVisible();
  await expect(bob.menu.getByRole('textbox', { name: REASON })).toBeFocused();
  await bob.menu.getByRole('textbox', { name: REASON }).fill('That is rude');
  await bob.menu.getByRole('button', { name: 'Send' }).click();
  await expect(bob.menu.getByText(REPORTED)).toBeVisible();

  const office = await withoutScript(people, mo);
  await office.page.goto('/admin');
  await office.page.getByRole('link', { name: 'Reports 1' }).click();
  const report = office.page.getByRole('main').getByRole('listitem').filter({ hasText: 'reported a message' });
  await expect(report.getByRole('heading')).toContainText('Bob reported a message in the Lobby');
  await expect(report).toContainText('That is rude');
  const lines = report.getByRole('list', { name: 'The message and those around it' }).getByRole('listitem');
  await expect(lines).toContainText(['Good morning', 'Rude words', 'Good night']);
  await expect(lines.filter({ hasText: 'Reported:' })).toContainText('Rude words');
  await mo.page.goto(office.page.url());
  expect((await new AxeBuilder({ page: mo.page }).setLegacyMode().analyze()).violations).toEqual([]);

  await report.getByRole('button', { name: 'Delete message' }).click();
  await expect(office.page.getByText('Message deleted. The report stays open until you close it.')).toBeVisible();
  await expect(bob.message('Rude words')).toBeHidden();
  await expect(bob.log.getByText('Message deleted')).toBeVisible();
  await expect(report).toContainText('Rude words');
  await expect(report.getByRole('link', { name: 'View Alice' })).toHaveAttribute('href', `/admin/users/${idOf(alice)}`);
  await report.getByRole('button', { name: 'Close report' }).click();
  await expect(office.page.getByText('Report closed. The copies of its messages are deleted.')).toBeVisible();
  await expect(report).toBeHidden();
  await expect(office.page.getByRole('link', { name: 'Reports', exact: true })).toBeVisible();

  const log = await withoutScript(people, owner);
  await log.page.goto('/admin/audit');
  await expect(log.page.getByRole('main').getByRole('listitem').first()).toContainText(/Mo.*closed the report about a message by.*Alice/);
});

test('moderators see a message reported from a direct, also by keyboard', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.talkTo('Bob');
  await alice.say('A threat');
  await bob.open('Alice');
  await bob.sees('A threat');

  await bob.composer.press('Escape');
  await bob.message('A threat').focus();
  await bob.page.keyboard.press('Enter');
  await bob.menu.getByRole('button', { name: 'Report' }).focus();
  await bob.page.keyboard.press('Enter');
  await expect(bob.menu.getByRole('textbox', { name: REASON })).toBeFocused();
  await bob.page.keyboard.type('I am afraid');
  await bob.page.keyboard.press('Enter');
  await expect(bob.menu.getByText(REPORTED)).toBeFocused();
  await bob.page.keyboard.press('Escape');
  await expect(bob.message('A threat')).toBeFocused();

  await owner.page.goto('/admin/reports');
  const report = owner.page.getByRole('main').getByRole('listitem').filter({ hasText: 'I am afraid' });
  await expect(report.getByRole('heading')).toContainText('in a private chat');
  await report.getByRole('button', { name: 'Delete message' }).click();
  await expect(bob.message('A threat')).toBeHidden();
  await expect(alice.message('A threat')).toBeHidden();
  await report.getByRole('button', { name: 'Close report' }).click();
  await expect(owner.page.getByText('No open reports.')).toBeVisible();
});

test('the confirmation of a report or deletion quotes the message and stays under the pointer', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('First');
  await alice.say(`A long one ${'that goes on and on '.repeat(20)}`);
  await alice.say('Last');
  await bob.say('Mine');
  await alice.sees('Mine');

  await bob.choose('Report', 'First');
  await expect(bob.menu.getByRole('blockquote')).toHaveText('Alice First');
  await expect(bob.menu.getByRole('textbox', { name: REASON })).toHaveAccessibleDescription(/Moderators will see this message.*Alice.*First/);
  // Somebody else’s words arrive meanwhile: it is still about the same message.
  await alice.say('One more');
  await bob.sees('One more');
  await expect(bob.menu.getByRole('blockquote')).toHaveText('Alice First');
  await bob.menu.getByRole('button', { name: 'Send' }).click();
  await expect(bob.menu.getByText(REPORTED)).toBeVisible();
  await expect(bob.menu.getByRole('blockquote')).toHaveText('Alice First');
  await bob.menu.getByRole('button', { name: 'Got it' }).click();
  await expect(bob.menu.getByText(REPORTED)).toBeHidden();

  await bob.composer.click();
  await bob.choose('Report', 'A long one');
  await expect(bob.menu.getByRole('blockquote')).toContainText('A long one that goes on');
  expect((await bob.menu.getByRole('blockquote').boundingBox())!.height).toBeLessThan(60);
  await bob.menu.getByRole('button', { name: 'Cancel' }).click();
  await bob.composer.click();
  await bob.choose('Delete', 'Mine');
  await expect(bob.menu.getByRole('blockquote')).toHaveText('Bob Mine');
  await expect(bob.menu).toHaveAccessibleDescription(/Bob.*Mine/);
  await bob.menu.getByRole('button', { name: 'Keep it' }).click();
  await expect(bob.menu.getByRole('blockquote')).toBeHidden();
});

test('own and deleted messages cannot be reported; a refusal is shown', async ({ people }) => {
  const alice = await people.guest('Alice', PHONE);
  const bob = await people.guest('Bob');
  await bob.say('Mine');
  await bob.message('Mine').hover();
  await expect(bob.menu.getByRole('button', { name: 'Edit' })).toBeVisible();
  await expect(bob.menu.getByRole('button', { name: 'Report' })).toBeHidden();

  await alice.message('Mine').tap();
  await alice.menu.getByRole('button', { name: 'Report' }).tap();
  alice.complaints.expect(/ERR_FAILED/);
  await alice.page.route('**/api/reports', (route) => route.abort());
  await alice.menu.getByRole('button', { name: 'Send' }).tap();
  await expect(alice.menu.getByText(/The server can’t be reached/)).toBeVisible();
});
