import { expect, test } from '../fixtures/test.ts';

const WITHOUT_JAVASCRIPT = { javaScriptEnabled: false };

test('without JavaScript the sign-in form works', async ({ users }) => {
  const alice = await users.openBrowser('Alice', WITHOUT_JAVASCRIPT);

  await alice.submitNickname();

  await expect(alice.page).toHaveURL('/talk/lobby');
  await expect(alice.sidebar.getByText('Alice', { exact: true })).toBeVisible();
  const cookies = await alice.page.context().cookies();
  expect(cookies.filter((cookie) => cookie.httpOnly && cookie.sameSite === 'Lax')).toHaveLength(1);
});

test('without JavaScript messages can be read and sent', async ({ users }) => {
  const bob = await users.guest('Bob');
  for (let number = 0; number < 30; number += 1) await bob.send(`Message ${number}`);
  const alice = await users.openBrowser('Alice', WITHOUT_JAVASCRIPT);
  await alice.submitNickname();
  await expect(alice.message('Message 29')).toBeInViewport();

  await alice.composer.fill('I have no script');
  await alice.sendButton.click();
  await expect(alice.page).toHaveURL('/talk/lobby');
  await expect(alice.message('I have no script')).toBeInViewport();
  await expect(alice.composer).toHaveValue('');
  await bob.expectMessage('I have no script');

  await bob.send('We can hear you');
  await alice.page.getByRole('link', { name: 'Reload' }).click();
  await expect(alice.message('We can hear you')).toBeInViewport();
  await expect(alice.message('I have no script')).toHaveCount(1);
});

test('without JavaScript a refused message is back in the composer with the reason', async ({ users }) => {
  const ming = await users.openBrowser('小明', { ...WITHOUT_JAVASCRIPT, locale: 'zh-CN' });
  ming.pageErrors.allowStatus(422);
  await ming.page.goto('/');
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();
  const composer = ming.page.getByRole('textbox', { name: '消息', exact: true });
  const long = '茶'.repeat(4_001);

  await composer.fill(long);
  await ming.page.getByRole('button', { name: '发送' }).click();

  await expect(composer).toHaveAccessibleDescription(/4000/);
  await expect(composer).toHaveValue(long);
});

test('without JavaScript a taken nickname is refused beside the field, and the suggestion works', async ({ users }) => {
  await users.guest('Alice');
  const user = await users.openBrowser('Visitor', WITHOUT_JAVASCRIPT);
  user.pageErrors.allowStatus(409);

  await user.submitNickname('Alice');
  expect(new URL(user.page.url()).search, 'the input is not in the URL').toBe('');
  await expect(user.nicknameField).toHaveAccessibleDescription(/^This nickname, or one that looks like it/);
  await expect(user.nicknameField).toHaveValue('Alice');

  const suggestionButton = user.page.getByRole('button', { name: /^Take “.+” instead$/ });
  const suggestion = /“(.+)”/.exec(await suggestionButton.innerText())?.[1] ?? '';
  await suggestionButton.click();
  await expect(user.page).toHaveURL('/talk/lobby');
  await expect(user.sidebar.getByText(suggestion, { exact: true })).toBeVisible();
});

test('without JavaScript an invalid nickname is refused beside the field', async ({ users }) => {
  const user = await users.openBrowser('Visitor', WITHOUT_JAVASCRIPT);
  user.pageErrors.allowStatus(422);

  await user.submitNickname('everyone');

  await expect(user.nicknameField).toHaveAccessibleDescription(/^A nickname has 1 to 32 visible characters/);
  await expect(user.nicknameField).toHaveValue('everyone');
});

test('without JavaScript the language can be chosen and is remembered', async ({ users }) => {
  const user = await users.openBrowser('Visitor', WITHOUT_JAVASCRIPT);
  await user.page.goto('/');

  await user.page.getByRole('link', { name: '简体中文' }).click();
  await expect(user.page.getByRole('textbox', { name: '昵称' })).toBeVisible();

  await user.page.goto('/');
  await expect(user.page.getByRole('textbox', { name: '昵称' })).toBeVisible();
  await expect(user.page.locator('html')).toHaveAttribute('lang', 'zh-Hans');
});

test('without JavaScript a refused name does not appear in the URL when the language changes', async ({ users }) => {
  await users.guest('Tea & 茶');
  const user = await users.openBrowser('Visitor', WITHOUT_JAVASCRIPT);
  user.pageErrors.allowStatus(409);
  await user.submitNickname('Tea & 茶');
  await expect(user.nicknameField).toHaveAccessibleDescription(/^This nickname, or one that looks like it/);

  await user.page.getByRole('link', { name: '简体中文' }).click();

  await expect(user.page.getByRole('textbox', { name: '昵称' })).toHaveValue('');
  expect(new URL(user.page.url()).search).toBe('?lang=zh-Hans');
});
