import { expect, test } from '../fixtures/test.ts';

test('a reload keeps the user and the messages', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Before the reload');

  await alice.page.reload();

  await alice.expectMessage('Before the reload');
  await expect(alice.sidebar.getByText('Alice', { exact: true })).toBeVisible();
  await expect(alice.page.getByRole('heading', { name: 'Online · 1' })).toBeVisible();
  await alice.send('After the reload');
  await expect(alice.message('After the reload')).toContainText('Alice');
  await expect.poll(() => alice.fetchHistory()).toEqual(['Before the reload', 'After the reload']);
});

test('a reload stays in the conversation that was open', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.openDirect('Bob');
  await alice.send('Just us');

  await alice.page.reload();

  await alice.expectConversation('Bob');
  await alice.expectMessage('Just us');
  await bob.expectOnline('Alice');
});

test('a draft survives a visit to another conversation', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.composer.fill('Half a thought');

  await alice.openDirect('Bob');
  await expect(alice.composer).toHaveValue('');
  await alice.openConversation('Lobby');

  await expect(alice.composer).toHaveValue('Half a thought');
});

test('drafts survive a reload', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.composer.fill('Half a thought');
  await alice.openDirect('Bob');
  await alice.composer.fill('And another');

  await alice.page.reload();
  await alice.expectSignedIn();

  await expect(alice.composer).toHaveValue('And another');
  await alice.openConversation('Lobby');
  await expect(alice.composer).toHaveValue('Half a thought');
  await alice.composer.press('Enter');
  await alice.expectMessage('Half a thought');
  await alice.page.reload();
  await alice.expectSignedIn();
  await expect(alice.composer).toHaveValue('');
});

test('a conversation with a draft is marked in the list until it is sent or emptied', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  const marked = (name: string) => alice.conversationLink(name).filter({ hasText: 'Draft' });
  await alice.composer.fill('Half a thought');
  await expect(marked('Lobby'), 'the open one is not').toHaveCount(0);
  await alice.openDirect('Bob');
  await expect(marked('Lobby')).toBeVisible();
  await alice.composer.fill('And another');
  await alice.page.reload();
  await alice.expectSignedIn();
  await expect(marked('Lobby')).toBeVisible();

  await alice.openConversation('Lobby');
  await expect(marked('Lobby')).toHaveCount(0);
  await expect(marked('Bob')).toBeVisible();
  await alice.composer.press('Enter');
  await alice.expectMessage('Half a thought');
  await alice.openConversation('Bob');
  await alice.composer.fill('');
  await expect(marked('Lobby')).toHaveCount(0);
  await alice.openConversation('Lobby');
  await expect(marked('Bob')).toHaveCount(0);
});

test('an unfinished edit survives a reload', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Good evning');
  await alice.composer.fill('Half a thought');
  await alice.chooseAction('Edit', 'Good evning');
  await alice.composer.fill('Good evening');

  await alice.page.reload();
  await alice.expectSignedIn();

  await expect(alice.composer).toHaveValue('Good evening\n\nHalf a thought');
  await alice.composer.fill('');
  await alice.chooseAction('Edit', 'Good evning');
  await alice.page.reload();
  await alice.expectSignedIn();
  await expect(alice.composer, 'nothing was changed').toHaveValue('');
});
