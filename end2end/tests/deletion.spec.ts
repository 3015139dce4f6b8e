import { PASSWORD, registered } from '../fixtures/office.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

/** Opens the form that deletes the account, in the settings. */
async function openForm(person: Person): Promise<void> {
  await person.settingsButton.click();
  await person.settings.getByText('Delete my account …').click();
}

const submit = (person: Person) => person.settings.getByRole('button', { name: 'Delete my account', exact: true }).click();

test('deleting an account keeps its messages without the name, on open pages and after a reload', async ({ people }) => {
  await registered(people, 'Olga');
  const alice = await registered(people, 'Alice');
  const tab = await people.secondTab(alice);
  const bob = await people.guest('Bob');
  await alice.say('I was here');
  await bob.say('So was I');
  await alice.talkTo('Bob');
  await alice.say('Between us');
  await bob.conversation('Alice').click();
  await bob.sees('Between us');

  await openForm(alice);
  await alice.settings.getByLabel('Password', { exact: true }).fill('not my password');
  alice.complaints.expectStatus(403);
  await submit(alice);
  await expect(alice.settings.getByText('That’s not your current password.')).toBeVisible();
  await alice.settings.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await submit(alice);
  await expect(alice.page.getByText('Your account is deleted.')).toBeVisible();
  await expect(alice.nicknameField).toHaveValue('');
  await expect(tab.nicknameField).toHaveValue('');

  await expect(bob.message('Between us').getByText('Former user')).toBeVisible();
  await bob.open('Lobby');
  await expect(bob.message('I was here').getByText('Former user')).toBeVisible();
  await bob.page.reload();
  await bob.isInside();
  await expect(bob.message('I was here').getByText('Former user')).toBeVisible();
  await expect(bob.page.getByText('Alice')).toHaveCount(0);
  // The name is anybody's.
  await people.guest('Alice');
});

test('deleting an account can delete its messages; the last owner must appoint another first', async ({ people }) => {
  const owner = await registered(people, 'Olga');
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('Secret one');
  await alice.say('Secret two');
  await bob.sees('Secret two');

  await openForm(alice);
  await alice.settings.getByLabel('are all deleted').check();
  await submit(alice);
  await expect(alice.page.getByText('Your account is deleted.')).toBeVisible();
  await expect(alice.nicknameField).toHaveValue('');
  await expect(bob.log.getByText('Message deleted')).toHaveCount(2);
  await bob.page.reload();
  await bob.isInside();
  await expect(bob.log.getByText('Message deleted')).toHaveCount(2);
  expect(await bob.history()).toEqual(['', '']);

  await openForm(owner);
  await owner.settings.getByLabel('Password', { exact: true }).fill(PASSWORD);
  owner.complaints.expectStatus(409);
  await submit(owner);
  await expect(owner.settings.getByText('You are the only owner. Make someone else an owner first.')).toBeVisible();
  await owner.page.keyboard.press('Escape');
  await owner.say('Still here');
});
