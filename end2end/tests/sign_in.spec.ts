import { expect, test } from '../fixtures/test.ts';

const TAKEN = 'This nickname, or one that looks like it, is taken.';

for (const [what, name] of [
  ['a nickname that somebody has', 'Alice'],
  ['the same nickname in other letters', 'ALICE'],
  ['a nickname that looks like it', 'Ａlice'], // the first letter is full-width
]) {
  test(`${what} is refused beside the field with a suggestion to click`, async ({ people }) => {
    await people.guest('Alice');
    const visitor = await people.visitor('Visitor');
    visitor.complaints.expectStatus(409);

    await visitor.submitNickname(name);
    await expect(visitor.page.getByText(TAKEN)).toBeVisible();
    await expect(visitor.nicknameField).toHaveAccessibleDescription(TAKEN);
    await expect(visitor.nicknameField).toHaveAttribute('aria-invalid', 'true');
    await expect(visitor.nicknameField).toHaveValue(name);

    const offer = visitor.page.getByRole('button', { name: /^Use “.+” instead$/ });
    const suggestion = /“(.+)”/.exec(await offer.innerText())?.[1] ?? '';
    await offer.click();
    await visitor.isInside();
    await expect(visitor.sidebar.getByText(suggestion, { exact: true })).toBeVisible();
    await visitor.seesHere('Alice');
  });
}

for (const [what, name] of [
  ['a nickname of 33 characters', 'x'.repeat(33)],
  ['a nickname with characters that cannot be seen', 'Ali\u200bce'],
  ['a nickname that means everyone', 'everyone'],
]) {
  test(`${what} is refused beside the field, and another is accepted`, async ({ people }) => {
    const visitor = await people.visitor('Visitor');
    visitor.complaints.expectStatus(422);
    visitor.complaints.expectStatus(400);

    await visitor.submitNickname(name);
    await expect(visitor.page.getByText(/^A nickname has 1 to 32 visible characters/)).toBeVisible();
    await expect(visitor.nicknameField).toHaveAccessibleDescription(/^A nickname has 1 to 32 visible characters/);
    await expect(visitor.nicknameField).toBeFocused();

    await visitor.nicknameField.fill('Visitor');
    await visitor.enterButton.click();
    await visitor.isInside();
  });
}

test('signing out frees a guest’s nickname', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Leave' }).click();
  await alice.settings.getByRole('button', { name: 'Give up nickname' }).click();
  await expect(alice.nicknameField).toBeVisible();

  const another = await people.visitor('Alice');
  await another.join();
});

test('the sign-in page shows who is online', async ({ people }) => {
  const visitor = await people.visitor('Visitor');
  await visitor.page.goto('/');
  await expect(visitor.page.getByText('Nobody is online yet. Be the first.')).toBeVisible();

  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.seesHere('Bob');
  await visitor.page.reload();
  await expect(visitor.page.getByText('2 people online')).toBeVisible();
});

test('an unknown URL says so and links home', async ({ people }) => {
  const visitor = await people.visitor('Visitor');
  visitor.complaints.expectStatus(404);

  const answer = await visitor.page.goto('/no/such/page');

  expect(answer?.status()).toBe(404);
  await expect(visitor.page.getByText('Page not found.')).toBeVisible();
  await visitor.page.getByRole('link', { name: 'Back to chat' }).click();
  await expect(visitor.nicknameField).toBeVisible();
});
