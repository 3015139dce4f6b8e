import { expect, test } from '../fixtures/test.ts';

test('three users in the Lobby see each other and their messages', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const ming = await users.guest('小明');

  await alice.expectOnline('Bob', '小明');
  await bob.expectOnline('Alice', '小明');
  await ming.expectOnline('Alice', 'Bob');

  await alice.send('Good morning, everyone');
  await bob.expectMessage('Good morning, everyone');
  await bob.send('Morning, Alice!');
  await ming.expectMessage('Morning, Alice!');
  await ming.send('大家好！');

  for (const user of [alice, bob, ming]) {
    await expect(user.message('Good morning, everyone')).toContainText('Alice');
    await expect(user.message('Morning, Alice!')).toContainText('Bob');
    await expect(user.message('大家好！')).toContainText('小明');
    await expect(user.log).toHaveText(/Good morning, everyone.*Morning, Alice!.*大家好！/s);
  }
});

test('a user who leaves disappears from the list', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.expectOnline('Bob');

  await users.closeBrowser(bob);

  await alice.expectOnline();
});

test('the typing indicator ends with the message', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');

  await bob.composer.pressSequentially('Well');
  await expect(alice.page.getByText('Bob is typing …')).toBeVisible();

  await bob.composer.press('Enter');
  await alice.expectMessage('Well');
  await expect(alice.page.getByText('Bob is typing …')).toBeHidden();
});

test('a message is shown as typed, and only web addresses are links', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const markup = '<img src=x onerror="alert(1)"> 2*3*4 javascript:alert(1)';

  await alice.send(markup);
  await alice.send('看https://example.org/tea，好');

  await bob.expectMessage(markup);
  await expect(bob.message(markup).getByRole('link')).toHaveCount(0);
  const link = bob.message('看https').getByRole('link', { name: 'https://example.org/tea', exact: true });
  await expect(link).toHaveAttribute('href', 'https://example.org/tea');
  await expect(link).toHaveAttribute('rel', /noopener/);
});

test('a link is shown left to right whatever precedes it', async ({ users }) => {
  const bob = await users.guest('Bob');
  await bob.composer.fill('To the bank: \u202ehttps://example.org/moc.knab//:sptth');
  await bob.composer.press('Enter');
  const link = bob.log.getByRole('link');
  await expect(link).toBeVisible();
  const [first, last] = await link.evaluate(({ firstChild }) => {
    const letters = firstChild as Text;
    return [0, letters.length - 1].map((at) => {
      const range = document.createRange();
      range.setStart(letters, at);
      range.setEnd(letters, at + 1);
      return range.getBoundingClientRect().x;
    });
  });
  expect(first).toBeLessThan(last);
});

test('the most marks allowed on a letter cover no other message', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Nobody writes over this');
  await bob.send('Zalgo');
  await alice.expectMessage('Zalgo');
  await alice.composer.hover();
  const look = () => alice.message('Nobody writes over this').screenshot({ animations: 'disabled' });
  const before = await look();

  await bob.edit('Zalgo', `Zalgo${'\u0310\u0352\u0357\u0363\u0311'.repeat(2)}`);
  await expect(alice.message('Zalgo')).toContainText('edited');

  expect(before.equals(await look())).toBe(true);
});
