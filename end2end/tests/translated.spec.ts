/** The browser translates the page while people talk in it. */
import { translate, translated, showOriginal, WAYS } from '../fixtures/translator.ts';
import { expect, test } from '../fixtures/test.ts';

for (const way of WAYS) {
  test(`a translated page keeps working: the browser ${way}`, async ({ people }) => {
    const alice = await people.guest('Alice');
    const bob = await people.guest('Bob');
    await alice.say('To be changed');
    await bob.say('From Bob, see https://example.org/ for more');
    await bob.say('To be deleted');
    await alice.sees('To be deleted');
    await translate(alice.page, way);
    await expect(alice.message(translated('To be changed'))).toBeVisible();

    // What others do, and what one does oneself
    await bob.say('After the translation');
    await alice.sees('After the translation');
    await alice.composer.fill('My own');
    await alice.composer.press('Enter');
    await alice.sees('My own');
    await bob.sees('My own');
    await alice.choose('Edit', 'To be changed');
    await alice.composer.fill('Changed by me');
    await alice.composer.press('Enter');
    await alice.sees('Changed by me');
    await expect(alice.message('Changed by me')).toContainText('edited');
    await expect(alice.log).not.toContainText('To be changed');
    await bob.edit('After the translation', 'Changed by Bob');
    await alice.sees('Changed by Bob');
    await expect(alice.log).not.toContainText('After the translation');
    await bob.edit('Changed by Bob', 'Changed by Bob: https://example.com/');
    await expect(alice.log.getByRole('link', { name: 'https://example.com/' })).toBeVisible();
    await bob.delete('To be deleted');
    await alice.sees('Message deleted');
    await expect(alice.log).not.toContainText('To be deleted');

    // Reactions, counted up and down
    await bob.choose('👍', 'My own');
    await expect(alice.reaction('My own', '👍')).toContainText('1');
    await alice.reaction('My own', '👍').click();
    await expect(alice.reaction('My own', '👍')).toContainText('2');
    await alice.reaction('My own', '👍').click();
    await expect(alice.reaction('My own', '👍')).not.toContainText('2');
    await expect(bob.reaction('My own', '👍')).toContainText('1');

    // Nothing stands there twice.
    const lines = (await alice.log.locator('.body').allInnerTexts()).join('\n');
    expect(lines.match(/Changed by me|Changed by Bob|My own|Message deleted/g)).toEqual([
      'Changed by me',
      'Message deleted',
      'Changed by Bob',
      'My own',
    ]);
  });
}

for (const way of ['replaces', 'wraps', 'rebuilds'] as const) {
  test(`everything around the messages keeps working, too: the browser ${way}`, async ({ people }) => {
    const alice = await people.guest('Alice');
    const bob = await people.guest('Bob');
    await alice.conversations.getByText('Online · 2').waitFor();
    await translate(alice.page, way);
    await expect(alice.conversations.getByText(translated('Online · 2'))).toBeVisible();

    const carol = await people.guest('Carol');
    await expect(alice.hereNow.getByRole('button', { name: 'Carol' })).toBeVisible();
    await expect(alice.conversations.getByText('Online · 3')).toBeVisible();
    await expect(alice.talk.getByText('3 here')).toBeVisible();
    await carol.composer.pressSequentially('so');
    await expect(alice.talk.getByText('Carol is typing')).toBeVisible();
    await carol.composer.press('Enter');
    await alice.sees('so');
    await expect(alice.talk.getByText('is typing')).toBeHidden();
    await people.leaves(carol);
    await expect(alice.hereNow.getByRole('button', { name: 'Carol' })).toBeHidden();
    await expect(alice.talk.getByText('2 here')).toBeVisible();
    await expect(alice.talk.getByText('3 here')).toBeHidden();
    await bob.talkTo('Alice');
    await bob.say('One');
    await expect(alice.conversation('Bob', 1)).toBeVisible();
    await bob.say('Two');
    await expect(alice.conversation('Bob', 2)).toBeVisible();
    await alice.conversation('Bob').click();
    await alice.sees('Two');
    await alice.say('Three');
    await bob.sees('Three');
    const lines = (await alice.log.locator('.body').allInnerTexts()).join('\n');
    expect(lines.match(/One|Two|Three/g)).toEqual(['One', 'Two', 'Three']);
  });
}

test('a page translated back keeps working', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await bob.say('Good morning');
  await alice.sees('Good morning');
  await translate(alice.page, 'replaces');
  await expect(alice.message(translated('Good morning'))).toBeVisible();
  await showOriginal(alice.page);
  await expect(alice.message('Good morning').locator('.body')).toHaveText(/^«?Good morning»?$/);

  await bob.edit('Good morning', 'Good evening');
  await alice.sees('Good evening');
  await expect(alice.log).not.toContainText('Good morning');
});

test('names are not translated', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await bob.say('I have a name');
  await alice.sees('I have a name');
  await translate(alice.page, 'replaces');
  await expect(alice.message(translated('I have a name'))).toBeVisible();
  await expect(alice.message('I have a name').locator('.author')).toHaveText('Bob');
  await expect(alice.hereNow.getByRole('button', { name: 'Bob', exact: true })).toBeVisible();
});
