import { expect, test } from '../fixtures/test.ts';

test('a reload keeps the user and the messages', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.say('Before the reload');

  await alice.page.reload();

  await alice.sees('Before the reload');
  await expect(alice.sidebar.getByText('Alice', { exact: true })).toBeVisible();
  await expect(alice.page.getByRole('heading', { name: 'Online · 1' })).toBeVisible();
  await alice.say('After the reload');
  await expect(alice.message('After the reload')).toContainText('Alice');
  await expect.poll(() => alice.history()).toEqual(['Before the reload', 'After the reload']);
});

test('a reload stays in the conversation that was open', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.talkTo('Bob');
  await alice.say('Just us');

  await alice.page.reload();

  await alice.isTalkingTo('Bob');
  await alice.sees('Just us');
  await bob.seesHere('Alice');
});

test('a draft survives a visit to another conversation', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.composer.fill('Half a thought');

  await alice.talkTo('Bob');
  await expect(alice.composer).toHaveValue('');
  await alice.open('Lobby');

  await expect(alice.composer).toHaveValue('Half a thought');
});

test('drafts survive a reload', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.composer.fill('Half a thought');
  await alice.talkTo('Bob');
  await alice.composer.fill('And another');

  await alice.page.reload();
  await alice.isInside();

  await expect(alice.composer).toHaveValue('And another');
  await alice.open('Lobby');
  await expect(alice.composer).toHaveValue('Half a thought');
  await alice.composer.press('Enter');
  await alice.sees('Half a thought');
  await alice.page.reload();
  await alice.isInside();
  await expect(alice.composer).toHaveValue('');
});

test('an unfinished edit survives a reload', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.say('Good evning');
  await alice.composer.fill('Half a thought');
  await alice.choose('Edit', 'Good evning');
  await alice.composer.fill('Good evening');

  await alice.page.reload();
  await alice.isInside();

  await expect(alice.composer).toHaveValue('Good evening\n\nHalf a thought');
  await alice.composer.fill('');
  await alice.choose('Edit', 'Good evning');
  await alice.page.reload();
  await alice.isInside();
  await expect(alice.composer, 'nothing was changed').toHaveValue('');
});
