import { holdWasm } from '../fixtures/boot.ts';
import { Network } from '../fixtures/network.ts';
import { JsonSocket } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

test('an unknown name is reported beside the form, and the right one works', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');

  await alice.recipientField.fill('Rob');
  await alice.recipientField.press('Enter');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeVisible();
  await expect(alice.recipientField).toHaveAccessibleDescription('No user is called “Rob”.');
  await expect(alice.recipientField).toHaveAttribute('aria-invalid', 'true');
  await expect(alice.recipientField).toHaveValue('Rob');

  await alice.openDirect('Bob');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeHidden();
  await expect(alice.recipientField).toHaveValue('');
});

test('one’s own name is refused beside the form', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.recipientField.fill('Alice');
  await alice.recipientField.press('Enter');
  await expect(alice.recipientField).toHaveAccessibleDescription('That’s you. Choose someone else.');
});

test('an absent user is found by name in any spelling', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.closeBrowser(await users.guest('Bob'));
  await alice.expectOnline();

  await alice.recipientField.fill('BOB');
  await alice.recipientField.press('Enter');

  await alice.expectConversation('Bob');
});

test('arrow keys choose, Enter accepts, Escape closes', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await users.guest('Bobby');
  await alice.expectOnline('Bob', 'Bobby');
  const suggestions = alice.sidebar.getByRole('listbox', { name: 'Suggestions' });
  const suggestion = (name: string) => suggestions.getByRole('option', { name, exact: true });

  await alice.recipientField.focus();
  await expect(suggestions.getByRole('option')).toHaveText([/Everyone/, /Bob/, /Bobby/]);
  await expect(alice.recipientField).toHaveAttribute('aria-expanded', 'true');

  await alice.recipientField.press('Escape');
  await expect(suggestions).toBeHidden();
  await expect(alice.recipientField).toHaveAttribute('aria-expanded', 'false');

  await alice.recipientField.pressSequentially('bo');
  await expect(suggestions.getByRole('option')).toHaveText([/Bob/, /Bobby/]);
  await alice.recipientField.press('ArrowDown');
  await expect(suggestion('Bob')).toHaveAttribute('aria-selected', 'true');
  await alice.recipientField.press('ArrowDown');
  await expect(suggestion('Bobby')).toHaveAttribute('aria-selected', 'true');
  await alice.recipientField.press('ArrowDown');
  await expect(suggestion('Bob')).toHaveAttribute('aria-selected', 'true');
  await alice.recipientField.press('ArrowUp');
  const optionId = await suggestion('Bobby').getAttribute('id');
  await expect(alice.recipientField).toHaveAttribute('aria-activedescendant', optionId ?? 'an option');

  await alice.recipientField.press('Enter');
  await alice.expectConversation('Bobby');
  await expect(suggestions).toBeHidden();
});

test('the form in the composer leads to the same conversations', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.expectOnline('Bob');
  await alice.openDirect('Bob');
  await alice.send('First');
  const direct = alice.conversationId;

  await alice.page.getByRole('button', { name: 'Writing to Bob. Change recipient' }).click();
  const composerField = alice.conversationSection.getByRole('combobox', { name: 'Talk to' });
  await composerField.fill('Everyone');
  await composerField.press('Enter');
  await alice.expectConversation('Lobby');
  await expect(alice.composer).toHaveAttribute('placeholder', 'Write to everyone in the Lobby');

  await alice.page.getByRole('button', { name: 'Writing to Everyone. Change recipient' }).click();
  await composerField.fill('b');
  await alice.conversationSection.getByRole('option', { name: 'Bob' }).click();
  await alice.expectConversation('Bob');
  await expect(alice.composer).toHaveAttribute('placeholder', 'Write to Bob privately');
  expect(alice.conversationId).toBe(direct);
  await alice.expectMessage('First');
});

test('a click on an online user opens a direct', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');

  await alice.onlineList.getByRole('button', { name: 'Bob' }).click();

  await alice.expectConversation('Bob');
  await expect(alice.page.getByText('Only Bob and you can read this')).toBeVisible();
});

test('Enter accepts the chosen user even if others come online', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.expectOnline('Bob');
  await alice.recipientField.press('ArrowUp');
  await expect(alice.sidebar.getByRole('option', { name: 'Bob' })).toHaveAttribute('aria-selected', 'true');

  await users.guest('Aaron');
  await alice.expectOnline('Aaron', 'Bob');
  await expect(alice.sidebar.getByRole('option', { name: 'Bob' })).toHaveAttribute('aria-selected', 'true');
  await alice.recipientField.press('Enter');

  await alice.expectConversation('Bob');
  await expect(alice.composer).toBeFocused();
  await alice.recipientField.focus();
  await expect(alice.sidebar.getByRole('option')).toHaveText([/Everyone/, /Aaron/, /Bob/]);
});

test('a pressed suggestion is accepted even if others come online', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.expectOnline('Bob');
  await alice.recipientField.focus();
  await alice.sidebar.getByRole('option', { name: 'Bob' }).hover();
  await alice.page.mouse.down();

  await users.guest('Aaron');
  await alice.expectOnline('Aaron', 'Bob');
  await alice.page.mouse.up();

  await alice.expectConversation('Bob');
});

for (const { typed, online, opens, reason } of [
  { typed: 'bo', online: ['Bobby'], opens: 'Bobby', reason: 'it is the only match' },
  { typed: 'BO', online: ['Bobby', 'Robot'], opens: 'Bobby', reason: 'it starts with the input' },
  { typed: 'ob', online: ['Robot'], opens: 'Robot', reason: 'it contains the input' },
  { typed: 'bob', online: ['Bob', 'Bobby'], opens: 'Bob', reason: 'it is the exact name' },
  { typed: ' bobby ', online: ['Bob', 'Bobby'], opens: 'Bobby', reason: 'it is the exact name' },
  { typed: 'e', online: ['Zoe'], opens: 'Zoe', reason: 'users precede everyone' },
  { typed: 'ev', online: ['Evelyn'], opens: 'Evelyn', reason: 'users precede everyone' },
  { typed: 'every', online: ['Bob'], opens: 'Lobby', reason: 'no user matches' },
  { typed: 'everyone', online: ['Bob'], opens: 'Lobby', reason: 'it is the exact name' },
  { typed: '小', online: ['小明'], opens: '小明', reason: 'it starts with the input' },
  { typed: '明', online: ['小明'], opens: '小明', reason: 'it contains the input' },
]) {
  test(`“${typed}” and Enter open ${opens} while ${online.join(' and ')} ${online.length > 1 ? 'are' : 'is'} online: ${reason}`, async ({ server, users }) => {
    const sockets = await Promise.all(online.map((name) => JsonSocket.open(`${server.wsUrl}/${encodeURIComponent(name)}`)));
    const alice = await users.guest('Alice');
    await alice.expectOnline(...online);
    if (opens === 'Lobby') await alice.openDirect('Bob');
    await alice.recipientField.fill(typed);
    await alice.recipientField.press('Enter');
    await alice.expectConversation(opens);
    await expect(alice.recipientField).toHaveValue('');
    await expect(alice.composer).toBeFocused();
    for (const socket of sockets) socket.close();
  });
}

test('the exact name of an absent user wins over a prefix of an online one', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.closeBrowser(await users.guest('Bob'));
  await users.guest('Bobby');
  await alice.expectOnline('Bobby');
  await alice.recipientField.fill('bob');
  await alice.recipientField.press('Enter');
  await alice.expectConversation('Bob');
});

test('the suggestion that Enter would accept is marked', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bobby');
  await alice.expectOnline('Bobby');
  await alice.recipientField.pressSequentially('bo');
  const option = alice.sidebar.getByRole('option', { name: 'Bobby' });
  await expect(option).toHaveAttribute('aria-selected', 'true');
  await expect(alice.recipientField).toHaveAttribute('aria-activedescendant', (await option.getAttribute('id')) ?? 'an option');
});

test('text typed after Enter stays and does not change the choice', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await users.guest('Bobby');
  await alice.expectOnline('Bobby');
  network.dropFrames();
  await alice.recipientField.fill('bob');
  await alice.recipientField.press('Enter');
  await alice.recipientField.pressSequentially(' and more');
  network.disconnect();
  await expect(alice.page.getByText(/connection/i).first()).toBeVisible();
  await expect(alice.recipientField).toHaveValue('bob and more');
});

test('after a failed choice the composer names its recipient before it sends', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.recipientField.fill('Rob');
  await alice.recipientField.press('Enter');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeVisible();

  await alice.composer.fill('For your eyes only');
  await alice.composer.press('Enter');
  await expect(alice.conversationSection.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toContainText('Rob');
  await expect(alice.composer).toHaveValue('For your eyes only');
  await expect(alice.recipientField).toHaveValue('Rob');
  expect(await alice.fetchHistory()).toEqual([]);

  // Opening the right conversation moves no text, and sending works there.
  await alice.openDirect('Bob');
  await alice.send('For you');
  await alice.openConversation('Lobby');
  await expect(alice.composer).toHaveValue('For your eyes only');

  // Sending again confirms the recipient.
  await alice.recipientField.fill('Rob');
  await alice.composer.fill('For everyone, after all');
  await alice.sendButton.click();
  await expect(alice.conversationSection.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toBeVisible();
  await alice.composer.press('Enter');
  await bob.expectMessage('For everyone, after all');
  await expect(alice.conversationSection.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toBeHidden();
  await alice.send('And on');
  expect(await alice.fetchHistory()).toEqual(['For everyone, after all', 'And on']);
});

test('after a failed choice a click elsewhere works at once', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.recipientField.fill('Rob');
  await alice.recipientField.press('Enter');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeVisible();
  await alice.onlineList.getByRole('button', { name: 'Bob' }).click();
  await alice.expectConversation('Bob');
  await alice.send('No question here');
  await expect(alice.recipientField).toHaveValue('Rob');
});

test('input of the composer’s recipient form survives closing it', async ({ users }) => {
  const alice = await users.guest('Alice');
  const recipientButton = alice.page.getByRole('button', { name: 'Writing to Everyone. Change recipient' });
  await recipientButton.click();
  const composerField = alice.conversationSection.getByRole('combobox', { name: 'Talk to' });
  await composerField.fill('Ro');
  await recipientButton.click();
  await expect(composerField).toBeHidden();
  await recipientButton.click();
  await expect(composerField).toHaveValue('Ro');
});

test('before WebAssembly loads no message goes to everyone while a recipient is being chosen', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');
  await alice.nicknameField.press('Enter');
  await alice.recipientField.fill('$& Bob');
  await alice.recipientField.press('Enter');
  await alice.composer.fill('Only for Bob');
  await alice.composer.press('Enter');
  await expect(alice.conversationSection.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toContainText('“$& Bob”');
  await expect(alice.composer).toHaveValue('Only for Bob');
  releaseWasm();
  await alice.expectSignedIn();
  await expect(alice.composer).toHaveValue('Only for Bob');
  expect(await alice.fetchHistory('lobby')).toEqual([]);
});
