import { expect, test } from '../fixtures/test.ts';

test('three users in the Lobby see each other and their messages', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const ming = await people.guest('小明');

  await alice.seesHere('Bob', '小明');
  await bob.seesHere('Alice', '小明');
  await ming.seesHere('Alice', 'Bob');

  await alice.say('Good morning, everyone');
  await bob.sees('Good morning, everyone');
  await bob.say('Morning, Alice!');
  await ming.sees('Morning, Alice!');
  await ming.say('大家好！');

  for (const person of [alice, bob, ming]) {
    await expect(person.message('Good morning, everyone')).toContainText('Alice');
    await expect(person.message('Morning, Alice!')).toContainText('Bob');
    await expect(person.message('大家好！')).toContainText('小明');
    await expect(person.log).toHaveText(/Good morning, everyone.*Morning, Alice!.*大家好！/s);
  }
});

test('a user who leaves disappears from the list', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.seesHere('Bob');

  await people.leaves(bob);

  await alice.seesHere();
});

test('the typing indicator ends with the message', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');

  await bob.composer.pressSequentially('Well');
  await expect(alice.page.getByText('Bob is typing …')).toBeVisible();

  await bob.composer.press('Enter');
  await alice.sees('Well');
  await expect(alice.page.getByText('Bob is typing …')).toBeHidden();
});

test('a message is shown as typed, and only web addresses are links', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const markup = '<img src=x onerror="alert(1)"> **bold** javascript:alert(1)';

  await alice.say(markup);
  await alice.say('看https://example.org/tea，好');

  await bob.sees(markup);
  await expect(bob.message(markup).getByRole('link')).toHaveCount(0);
  const link = bob.message('看https').getByRole('link', { name: 'https://example.org/tea', exact: true });
  await expect(link).toHaveAttribute('href', 'https://example.org/tea');
  await expect(link).toHaveAttribute('rel', /noopener/);
});

test('a link is shown left to right whatever precedes it', async ({ people }) => {
  const bob = await people.guest('Bob');
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

test('the most marks allowed on a letter cover no other message', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('Nobody writes over this');
  await bob.say('Zalgo');
  await alice.sees('Zalgo');
  await alice.composer.hover();
  const look = () => alice.message('Nobody writes over this').screenshot({ animations: 'disabled' });
  const before = await look();

  await bob.edit('Zalgo', `Zalgo${'\u0310\u0352\u0357\u0363\u0311'.repeat(2)}`);
  await expect(alice.message('Zalgo')).toContainText('edited');

  expect(before.equals(await look())).toBe(true);
});
