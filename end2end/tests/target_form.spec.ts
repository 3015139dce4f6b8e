import { expect, test } from '../fixtures/test.ts';

test('an unknown name is answered beside the form, and the right one works', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');

  await alice.targetField.fill('Rob');
  await alice.targetField.press('Enter');
  await expect(alice.sidebar.getByText('Nobody here is called “Rob”.')).toBeVisible();
  await expect(alice.targetField).toHaveAccessibleDescription('Nobody here is called “Rob”.');
  await expect(alice.targetField).toHaveAttribute('aria-invalid', 'true');
  await expect(alice.targetField).toHaveValue('Rob');

  await alice.talkTo('Bob');
  await expect(alice.sidebar.getByText('Nobody here is called “Rob”.')).toBeHidden();
  await expect(alice.targetField).toHaveValue('');
});

test('one’s own name is answered beside the form', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.targetField.fill('Alice');
  await alice.targetField.press('Enter');
  await expect(alice.targetField).toHaveAccessibleDescription('That is you. Choose somebody else.');
});

test('somebody who is away is found by their name, however it is written', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.leaves(await people.guest('Bob'));
  await alice.seesHere();

  await alice.targetField.fill('BOB');
  await alice.targetField.press('Enter');

  await alice.isTalkingTo('Bob');
});

test('arrows choose from the list, Enter takes, Escape closes', async ({ people }) => {
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

  await alice.page.getByRole('button', { name: 'Writing to Bob. Choose somebody else' }).click();
  const form = alice.talk.getByRole('combobox', { name: 'Talk to' });
  await form.fill('Everyone');
  await form.press('Enter');
  await alice.isTalkingTo('Lobby');
  await expect(alice.composer).toHaveAttribute('placeholder', 'Write to everyone in the Lobby');

  await alice.page.getByRole('button', { name: 'Writing to Everyone. Choose somebody else' }).click();
  await form.fill('b');
  await alice.talk.getByRole('option', { name: 'Bob' }).click();
  await alice.isTalkingTo('Bob');
  await expect(alice.composer).toHaveAttribute('placeholder', 'Write to Bob alone');
  expect(alice.openConversation).toBe(direct);
  await alice.sees('First');
});

test('a click on somebody who is here begins a talk with them', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');

  await alice.hereNow.getByRole('button', { name: 'Bob' }).click();

  await alice.isTalkingTo('Bob');
  await expect(alice.page.getByText('Only Bob and you can read this')).toBeVisible();
});

test('what the arrows have reached is taken, whoever comes in before', async ({ people }) => {
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

test('what is pressed is taken, whoever comes in before it is let go', async ({ people }) => {
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
