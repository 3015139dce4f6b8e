/** A browser that translates the page while it is in use. */
import { expect, test } from '../fixtures/test.ts';
import { showOriginal, STRATEGIES, translate, translated } from '../fixtures/translator.ts';

for (const strategy of STRATEGIES) {
  test(`a translated page keeps working: the browser ${strategy}`, async ({ users }) => {
    const alice = await users.guest('Alice');
    const bob = await users.guest('Bob');
    await alice.send('To be changed');
    await bob.send('From Bob, see https://example.org/ for more');
    await bob.send('To be deleted');
    await alice.expectMessage('To be deleted');
    await translate(alice.page, strategy);
    await expect(alice.message(translated('To be changed'))).toBeVisible();

    // Messages and changes of both users
    await bob.send('After the translation');
    await alice.expectMessage('After the translation');
    await alice.composer.fill('My own');
    await alice.composer.press('Enter');
    await alice.expectMessage('My own');
    await bob.expectMessage('My own');
    await alice.chooseAction('Edit', 'To be changed');
    await alice.composer.fill('Changed by me');
    await alice.composer.press('Enter');
    await alice.expectMessage('Changed by me');
    await expect(alice.message('Changed by me')).toContainText('edited');
    await expect(alice.log).not.toContainText('To be changed');
    await bob.edit('After the translation', 'Changed by Bob');
    await alice.expectMessage('Changed by Bob');
    await expect(alice.log).not.toContainText('After the translation');
    await bob.edit('Changed by Bob', 'Changed by Bob: https://example.com/');
    await expect(alice.log.getByRole('link', { name: 'https://example.com/' })).toBeVisible();
    await bob.delete('To be deleted');
    await alice.expectMessage('Message deleted');
    await expect(alice.log).not.toContainText('To be deleted');

    // Reactions are counted up and down
    await bob.chooseAction('👍', 'My own');
    await expect(alice.reaction('My own', '👍')).toContainText('1');
    await alice.reaction('My own', '👍').click();
    await expect(alice.reaction('My own', '👍')).toContainText('2');
    await alice.reaction('My own', '👍').click();
    await expect(alice.reaction('My own', '👍')).not.toContainText('2');
    await expect(bob.reaction('My own', '👍')).toContainText('1');

    // Nothing is shown twice.
    const lines = (await alice.log.locator('.body').allInnerTexts()).join('\n');
    expect(lines.match(/Changed by me|Changed by Bob|My own|Message deleted/g)).toEqual([
      'Changed by me',
      'Message deleted',
      'Changed by Bob',
      'My own',
    ]);
  });
}

for (const strategy of ['replaces', 'wraps', 'rebuilds'] as const) {
  test(`everything around the messages keeps working, too: the browser ${strategy}`, async ({ users }) => {
    const alice = await users.guest('Alice');
    const bob = await users.guest('Bob');
    await alice.conversationList.getByText('Online · 2').waitFor();
    await translate(alice.page, strategy);
    await expect(alice.conversationList.getByText(translated('Online · 2'))).toBeVisible();

    const carol = await users.guest('Carol');
    await expect(alice.onlineList.getByRole('button', { name: 'Carol' })).toBeVisible();
    await expect(alice.conversationList.getByText('Online · 3')).toBeVisible();
    await expect(alice.conversationSection.getByText('3 online')).toBeVisible();
    await carol.composer.pressSequentially('so');
    await expect(alice.conversationSection.getByText('Carol is typing')).toBeVisible();
    await carol.composer.press('Enter');
    await alice.expectMessage('so');
    await expect(alice.conversationSection.getByText('is typing')).toBeHidden();
    await users.closeBrowser(carol);
    await expect(alice.onlineList.getByRole('button', { name: 'Carol' })).toBeHidden();
    await expect(alice.conversationSection.getByText('2 online')).toBeVisible();
    await expect(alice.conversationSection.getByText('3 online')).toBeHidden();
    await bob.openDirect('Alice');
    await bob.send('One');
    await expect(alice.conversationLink('Bob', 1)).toBeVisible();
    await bob.send('Two');
    await expect(alice.conversationLink('Bob', 2)).toBeVisible();
    await alice.conversationLink('Bob').click();
    await alice.expectMessage('Two');
    await alice.send('Three');
    await bob.expectMessage('Three');
    const lines = (await alice.log.locator('.body').allInnerTexts()).join('\n');
    expect(lines.match(/One|Two|Three/g)).toEqual(['One', 'Two', 'Three']);
  });
}

test('a page translated back keeps working', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await bob.send('Good morning');
  await alice.expectMessage('Good morning');
  await translate(alice.page, 'replaces');
  await expect(alice.message(translated('Good morning'))).toBeVisible();
  await showOriginal(alice.page);
  await expect(alice.message('Good morning').locator('.body')).toHaveText(/^«?Good morning»?$/);

  await bob.edit('Good morning', 'Good evening');
  await alice.expectMessage('Good evening');
  await expect(alice.log).not.toContainText('Good morning');
});

test('names are not translated', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await bob.send('I have a name');
  await alice.expectMessage('I have a name');
  await translate(alice.page, 'replaces');
  await expect(alice.message(translated('I have a name'))).toBeVisible();
  await expect(alice.message('I have a name').locator('.author')).toHaveText('Bob');
  await expect(alice.onlineList.getByRole('button', { name: 'Bob', exact: true })).toBeVisible();
});
