import { PASSWORD, registerUser } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

/** Opens the account deletion form in the settings. */
async function openDeletionForm(user: User): Promise<void> {
  await user.settingsButton.click();
  await user.settings.getByText('Delete my account …').click();
}

const submitDeletionForm = (user: User) => user.settings.getByRole('button', { name: 'Delete my account', exact: true }).click();

test('deleting an account keeps its messages without the name, on open pages and after a reload', async ({ users }) => {
  await registerUser(users, 'Olga');
  const alice = await registerUser(users, 'Alice');
  const otherTab = await users.openTab(alice);
  const bob = await users.guest('Bob');
  await alice.send('I was here');
  await bob.send('So was I');
  await alice.openDirect('Bob');
  await alice.send('Between us');
  await bob.conversationLink('Alice').click();
  await bob.expectMessage('Between us');

  await openDeletionForm(alice);
  await alice.settings.getByLabel('Password', { exact: true }).fill('not my password');
  alice.pageErrors.allowStatus(403);
  await submitDeletionForm(alice);
  await expect(alice.settings.getByText('That’s not your current password.')).toBeVisible();
  await alice.settings.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await submitDeletionForm(alice);
  await expect(alice.page.getByText('Your account is deleted.')).toBeVisible();
  await expect(alice.nicknameField).toHaveValue('');
  await expect(otherTab.nicknameField).toHaveValue('');

  await expect(bob.message('Between us').getByText('Former user')).toBeVisible();
  await bob.openConversation('Lobby');
  await expect(bob.message('I was here').getByText('Former user')).toBeVisible();
  await bob.page.reload();
  await bob.expectSignedIn();
  await expect(bob.message('I was here').getByText('Former user')).toBeVisible();
  await expect(bob.page.getByText('Alice')).toHaveCount(0);
  // The nickname is free again.
  await users.guest('Alice');
});

test('deleting an account can delete its messages; the last owner must appoint another first', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Secret one');
  await alice.send('Secret two');
  await bob.expectMessage('Secret two');

  await openDeletionForm(alice);
  await alice.settings.getByLabel('are all deleted').check();
  await submitDeletionForm(alice);
  await expect(alice.page.getByText('Your account is deleted.')).toBeVisible();
  await expect(alice.nicknameField).toHaveValue('');
  await expect(bob.log.getByText('Message deleted')).toHaveCount(2);
  await bob.page.reload();
  await bob.expectSignedIn();
  await expect(bob.log.getByText('Message deleted')).toHaveCount(2);
  expect(await bob.fetchHistory()).toEqual(['', '']);

  await openDeletionForm(owner);
  await owner.settings.getByLabel('Password', { exact: true }).fill(PASSWORD);
  owner.pageErrors.allowStatus(409);
  await submitDeletionForm(owner);
  await expect(owner.settings.getByText('You are the only owner. Make someone else an owner first.')).toBeVisible();
  await owner.page.keyboard.press('Escape');
  await owner.send('Still here');
});
