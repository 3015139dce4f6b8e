import { expect, test } from '../fixtures/test.ts';

const TAKEN = 'This nickname, or one that looks like it, is taken.';

for (const [description, name] of [
  ['a nickname that somebody has', 'Alice'],
  ['the same nickname in other letters', 'ALICE'],
  ['a nickname that looks like it', 'Ａlice'], // The first letter is full-width.
]) {
  test(`${description} is refused beside the field with a suggestion to click`, async ({ users }) => {
    await users.guest('Alice');
    const user = await users.openBrowser('Visitor');
    user.pageErrors.allowStatus(409);

    await user.submitNickname(name);
    await expect(user.page.getByText(TAKEN)).toBeVisible();
    await expect(user.nicknameField).toHaveAccessibleDescription(TAKEN);
    await expect(user.nicknameField).toHaveAttribute('aria-invalid', 'true');
    await expect(user.nicknameField).toHaveValue(name);

    const suggestionButton = user.page.getByRole('button', { name: /^Take “.+” instead$/ });
    const suggestion = /“(.+)”/.exec(await suggestionButton.innerText())?.[1] ?? '';
    await suggestionButton.click();
    await user.expectSignedIn();
    await expect(user.sidebar.getByText(suggestion, { exact: true })).toBeVisible();
    await user.expectOnline('Alice');
  });
}

for (const [description, name] of [
  ['a nickname of 33 characters', 'x'.repeat(33)],
  ['a nickname with characters that cannot be seen', 'Ali\u200bce'],
  ['a nickname that means everyone', 'everyone'],
]) {
  test(`${description} is refused beside the field, and another is accepted`, async ({ users }) => {
    const user = await users.openBrowser('Visitor');
    user.pageErrors.allowStatus(422);
    user.pageErrors.allowStatus(400);

    await user.submitNickname(name);
    await expect(user.page.getByText(/^A nickname has 1 to 32 visible characters/)).toBeVisible();
    await expect(user.nicknameField).toHaveAccessibleDescription(/^A nickname has 1 to 32 visible characters/);
    await expect(user.nicknameField).toBeFocused();

    await user.nicknameField.fill('Visitor');
    await user.enterButton.click();
    await user.expectSignedIn();
  });
}

test('signing out frees a guest’s nickname', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.giveUpNickname();

  const another = await users.openBrowser('Alice');
  await another.signIn();
});

test('the sign-in page shows who is online', async ({ users }) => {
  const user = await users.openBrowser('Visitor');
  await user.page.goto('/');
  await expect(user.page.getByText('Nobody is online yet. Be the first.')).toBeVisible();

  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.expectOnline('Bob');
  await user.page.reload();
  await expect(user.page.getByText('2 people online')).toBeVisible();
});

test('an unknown URL says so and links home', async ({ users }) => {
  const user = await users.openBrowser('Visitor');
  user.pageErrors.allowStatus(404);

  const response = await user.page.goto('/no/such/page');

  expect(response?.status()).toBe(404);
  await expect(user.page.getByText('Page not found.')).toBeVisible();
  await user.page.getByRole('link', { name: 'Back to chat' }).click();
  await expect(user.nicknameField).toBeVisible();
});
