import { Network } from '../fixtures/network.ts';
import { JsonSocket } from '../fixtures/socket_client.ts';
import { holdProgram } from '../fixtures/take_over.ts';
import { expect, test } from '../fixtures/test.ts';

test('an unknown name is reported beside the form, and the right one works', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');

  await alice.targetField.fill('Rob');
  await alice.targetField.press('Enter');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeVisible();
  await expect(alice.targetField).toHaveAccessibleDescription('No user is called “Rob”.');
  await expect(alice.targetField).toHaveAttribute('aria-invalid', 'true');
  await expect(alice.targetField).toHaveValue('Rob');

  await alice.talkTo('Bob');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeHidden();
  await expect(alice.targetField).toHaveValue('');
});

test('one’s own name is refused beside the form', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.targetField.fill('Alice');
  await alice.targetField.press('Enter');
  await expect(alice.targetField).toHaveAccessibleDescription('That’s you. Choose someone else.');
});

test('an absent user is found by name in any spelling', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.leaves(await people.guest('Bob'));
  await alice.seesHere();

  await alice.targetField.fill('BOB');
  await alice.targetField.press('Enter');

  await alice.isTalkingTo('Bob');
});

test('arrow keys choose, Enter accepts, Escape closes', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await people.guest('Bobby');
  await alice.seesHere('Bob', 'Bobby');
  const suggestions = alice.sidebar.getByRole('listbox', { name: 'Suggestions' });
  const suggestion = (name: string) => suggestions.getByRole('option', { name, exact: true });

  await alice.targetField.focus();
  await expect(suggestions.getByRole('option')).toHaveText([/Everyone/, /Bob/, /Bobby/]);
  await expect(alice.targetField).toHaveAttribute('aria-expanded', 'true');

  await alice.targetField.press('Escape');
  await expect(suggestions).toBeHidden();
  await expect(alice.targetField).toHaveAttribute('aria-expanded', 'false');

  await alice.targetField.pressSequentially('bo');
  await expect(suggestions.getByRole('option')).toHaveText([/Bob/, /Bobby/]);
  await alice.targetField.press('ArrowDown');
  await expect(suggestion('Bob')).toHaveAttribute('aria-selected', 'true');
  await alice.targetField.press('ArrowDown');
  await expect(suggestion('Bobby')).toHaveAttribute('aria-selected', 'true');
  await alice.targetField.press('ArrowDown');
  await expect(suggestion('Bob')).toHaveAttribute('aria-selected', 'true');
  await alice.targetField.press('ArrowUp');
  const marked = await suggestion('Bobby').getAttribute('id');
  await expect(alice.targetField).toHaveAttribute('aria-activedescendant', marked ?? 'an option');

  await alice.targetField.press('Enter');
  await alice.isTalkingTo('Bobby');
  await expect(suggestions).toBeHidden();
});

test('the form in the composer leads to the same conversations', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.seesHere('Bob');
  await alice.talkTo('Bob');
  await alice.say('First');
  const direct = alice.openConversation;

  await alice.page.getByRole('button', { name: 'Writing to Bob. Change recipient' }).click();
  const form = alice.talk.getByRole('combobox', { name: 'Talk to' });
  await form.fill('Everyone');
  await form.press('Enter');
  await alice.isTalkingTo('Lobby');
  await expect(alice.composer).toHaveAttribute('placeholder', 'Write to everyone in the Lobby');

  await alice.page.getByRole('button', { name: 'Writing to Everyone. Change recipient' }).click();
  await form.fill('b');
  await alice.talk.getByRole('option', { name: 'Bob' }).click();
  await alice.isTalkingTo('Bob');
  await expect(alice.composer).toHaveAttribute('placeholder', 'Write to Bob privately');
  expect(alice.openConversation).toBe(direct);
  await alice.sees('First');
});

test('a click on an online user opens a direct', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');

  await alice.hereNow.getByRole('button', { name: 'Bob' }).click();

  await alice.isTalkingTo('Bob');
  await expect(alice.page.getByText('Only Bob and you can read this')).toBeVisible();
});

test('Enter accepts the chosen user even if others come online', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.seesHere('Bob');
  await alice.targetField.press('ArrowUp');
  await expect(alice.sidebar.getByRole('option', { name: 'Bob' })).toHaveAttribute('aria-selected', 'true');

  await people.guest('Aaron');
  await alice.seesHere('Aaron', 'Bob');
  await expect(alice.sidebar.getByRole('option', { name: 'Bob' })).toHaveAttribute('aria-selected', 'true');
  await alice.targetField.press('Enter');

  await alice.isTalkingTo('Bob');
  await expect(alice.composer).toBeFocused();
  await alice.targetField.focus();
  await expect(alice.sidebar.getByRole('option')).toHaveText([/Everyone/, /Aaron/, /Bob/]);
});

test('a pressed suggestion is accepted even if others come online', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.seesHere('Bob');
  await alice.targetField.focus();
  await alice.sidebar.getByRole('option', { name: 'Bob' }).hover();
  await alice.page.mouse.down();

  await people.guest('Aaron');
  await alice.seesHere('Aaron', 'Bob');
  await alice.page.mouse.up();

  await alice.isTalkingTo('Bob');
});

for (const { typed, here, leadsTo, because } of [
  { typed: 'bo', here: ['Bobby'], leadsTo: 'Bobby', because: 'it is the one that fits' },
  { typed: 'BO', here: ['Bobby', 'Robot'], leadsTo: 'Bobby', because: 'it begins so' },
  { typed: 'ob', here: ['Robot'], leadsTo: 'Robot', because: 'it holds that' },
  { typed: 'bob', here: ['Bob', 'Bobby'], leadsTo: 'Bob', because: 'that is the name' },
  { typed: ' bobby ', here: ['Bob', 'Bobby'], leadsTo: 'Bobby', because: 'that is the name' },
  { typed: 'e', here: ['Zoe'], leadsTo: 'Zoe', because: 'one person comes before everyone' },
  { typed: 'ev', here: ['Evelyn'], leadsTo: 'Evelyn', because: 'one person comes before everyone' },
  { typed: 'every', here: ['Bob'], leadsTo: 'Lobby', because: 'nobody is called so' },
  { typed: 'everyone', here: ['Bob'], leadsTo: 'Lobby', because: 'that is what it says' },
  { typed: '小', here: ['小明'], leadsTo: '小明', because: 'it begins so' },
  { typed: '明', here: ['小明'], leadsTo: '小明', because: 'it holds that' },
]) {
  test(`“${typed}” and Enter lead to ${leadsTo} where ${here.join(' and ')} can be chosen: ${because}`, async ({ house, people }) => {
    const sockets = await Promise.all(here.map((name) => JsonSocket.open(`${house.socketAddress}/${encodeURIComponent(name)}`)));
    const alice = await people.guest('Alice');
    await alice.seesHere(...here);
    if (leadsTo === 'Lobby') await alice.talkTo('Bob');
    await alice.targetField.fill(typed);
    await alice.targetField.press('Enter');
    await alice.isTalkingTo(leadsTo);
    await expect(alice.targetField).toHaveValue('');
    await expect(alice.composer).toBeFocused();
    for (const socket of sockets) socket.close();
  });
}

test('the exact name of an absent user wins over a prefix of an online one', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.leaves(await people.guest('Bob'));
  await people.guest('Bobby');
  await alice.seesHere('Bobby');
  await alice.targetField.fill('bob');
  await alice.targetField.press('Enter');
  await alice.isTalkingTo('Bob');
});

test('the suggestion that Enter would accept is marked', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bobby');
  await alice.seesHere('Bobby');
  await alice.targetField.pressSequentially('bo');
  const option = alice.sidebar.getByRole('option', { name: 'Bobby' });
  await expect(option).toHaveAttribute('aria-selected', 'true');
  await expect(alice.targetField).toHaveAttribute('aria-activedescendant', (await option.getAttribute('id')) ?? 'an option');
});

test('text typed after Enter stays and does not change the choice', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const network = await Network.of(alice);
  await alice.join();
  await people.guest('Bobby');
  await alice.seesHere('Bobby');
  network.swallow();
  await alice.targetField.fill('bob');
  await alice.targetField.press('Enter');
  await alice.targetField.pressSequentially(' and more');
  network.cut();
  await expect(alice.page.getByText(/connection/i).first()).toBeVisible();
  await expect(alice.targetField).toHaveValue('bob and more');
});

test('after a failed choice the composer names its recipient before it sends', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.targetField.fill('Rob');
  await alice.targetField.press('Enter');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeVisible();

  await alice.composer.fill('For your eyes only');
  await alice.composer.press('Enter');
  await expect(alice.talk.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toContainText('Rob');
  await expect(alice.composer).toHaveValue('For your eyes only');
  await expect(alice.targetField).toHaveValue('Rob');
  expect(await alice.history()).toEqual([]);

  // Choosing the right one takes the text nowhere, and nothing is held there.
  await alice.talkTo('Bob');
  await alice.say('For you');
  await alice.open('Lobby');
  await expect(alice.composer).toHaveValue('For your eyes only');

  // Who means it says so.
  await alice.targetField.fill('Rob');
  await alice.composer.fill('For everyone, after all');
  await alice.sendButton.click();
  await expect(alice.talk.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toBeVisible();
  await alice.composer.press('Enter');
  await bob.sees('For everyone, after all');
  await expect(alice.talk.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toBeHidden();
  await alice.say('And on');
  expect(await alice.history()).toEqual(['For everyone, after all', 'And on']);
});

test('after a failed choice a click elsewhere works at once', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.targetField.fill('Rob');
  await alice.targetField.press('Enter');
  await expect(alice.sidebar.getByText('No user is called “Rob”.')).toBeVisible();
  await alice.hereNow.getByRole('button', { name: 'Bob' }).click();
  await alice.isTalkingTo('Bob');
  await alice.say('No question here');
  await expect(alice.targetField).toHaveValue('Rob');
});

test('input of the composer’s recipient form survives closing it', async ({ people }) => {
  const alice = await people.guest('Alice');
  const chooser = alice.page.getByRole('button', { name: 'Writing to Everyone. Change recipient' });
  await chooser.click();
  const form = alice.talk.getByRole('combobox', { name: 'Talk to' });
  await form.fill('Ro');
  await chooser.click();
  await expect(form).toBeHidden();
  await chooser.click();
  await expect(form).toHaveValue('Ro');
});

test('before WebAssembly loads no message goes to everyone while a recipient is being chosen', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const letThrough = await holdProgram(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');
  await alice.nicknameField.press('Enter');
  await alice.targetField.fill('$& Bob');
  await alice.targetField.press('Enter');
  await alice.composer.fill('Only for Bob');
  await alice.composer.press('Enter');
  await expect(alice.talk.getByRole('alert').filter({ hasText: 'everyone in the Lobby' })).toContainText('“$& Bob”');
  await expect(alice.composer).toHaveValue('Only for Bob');
  letThrough();
  await alice.isInside();
  await expect(alice.composer).toHaveValue('Only for Bob');
  expect(await alice.history('lobby')).toEqual([]);
});
