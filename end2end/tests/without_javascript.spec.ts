import { expect, test } from '../fixtures/test.ts';

const WITHOUT_JAVASCRIPT = { javaScriptEnabled: false };

test('without JavaScript the sign-in form works', async ({ people }) => {
  const alice = await people.visitor('Alice', WITHOUT_JAVASCRIPT);

  await alice.submitNickname();

  await expect(alice.page).toHaveURL('/talk/lobby');
  await expect(alice.sidebar.getByText('Alice', { exact: true })).toBeVisible();
  const cookies = await alice.page.context().cookies();
  expect(cookies.filter((cookie) => cookie.httpOnly && cookie.sameSite === 'Lax')).toHaveLength(1);
});

test('without JavaScript messages can be read and sent', async ({ people }) => {
  const bob = await people.guest('Bob');
  for (let number = 0; number < 30; number += 1) await bob.say(`Message ${number}`);
  const alice = await people.visitor('Alice', WITHOUT_JAVASCRIPT);
  await alice.submitNickname();
  await expect(alice.message('Message 29')).toBeInViewport();

  await alice.composer.fill('I have no script');
  await alice.sendButton.click();
  await expect(alice.page).toHaveURL('/talk/lobby');
  await expect(alice.message('I have no script')).toBeInViewport();
  await expect(alice.composer).toHaveValue('');
  await bob.sees('I have no script');

  await bob.say('We can hear you');
  await alice.page.getByRole('link', { name: 'Reload' }).click();
  await expect(alice.message('We can hear you')).toBeInViewport();
  await expect(alice.message('I have no script')).toHaveCount(1);
});

test('without JavaScript a refused message is back in the composer with the reason', async ({ people }) => {
  const ming = await people.visitor('小明', { ...WITHOUT_JAVASCRIPT, locale: 'zh-CN' });
  ming.complaints.expectStatus(422);
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

test('without JavaScript a taken nickname is refused beside the field, and the suggestion works', async ({ people }) => {
  await people.guest('Alice');
  const visitor = await people.visitor('Visitor', WITHOUT_JAVASCRIPT);
  visitor.complaints.expectStatus(409);

  await visitor.submitNickname('Alice');
  expect(new URL(visitor.page.url()).search, 'what was typed stands in no address').toBe('');
  await expect(visitor.nicknameField).toHaveAccessibleDescription(/^This nickname, or one that looks like it/);
  await expect(visitor.nicknameField).toHaveValue('Alice');

  const offer = visitor.page.getByRole('button', { name: /^Use “.+” instead$/ });
  const suggestion = /“(.+)”/.exec(await offer.innerText())?.[1] ?? '';
  await offer.click();
  await expect(visitor.page).toHaveURL('/talk/lobby');
  await expect(visitor.sidebar.getByText(suggestion, { exact: true })).toBeVisible();
});

test('without JavaScript an invalid nickname is refused beside the field', async ({ people }) => {
  const visitor = await people.visitor('Visitor', WITHOUT_JAVASCRIPT);
  visitor.complaints.expectStatus(422);

  await visitor.submitNickname('everyone');

  await expect(visitor.nicknameField).toHaveAccessibleDescription(/^A nickname has 1 to 32 visible characters/);
  await expect(visitor.nicknameField).toHaveValue('everyone');
});

test('without JavaScript the language can be chosen and is remembered', async ({ people }) => {
  const visitor = await people.visitor('Visitor', WITHOUT_JAVASCRIPT);
  await visitor.page.goto('/');

  await visitor.page.getByRole('link', { name: '简体中文' }).click();
  await expect(visitor.page.getByRole('textbox', { name: '昵称' })).toBeVisible();

  await visitor.page.goto('/');
  await expect(visitor.page.getByRole('textbox', { name: '昵称' })).toBeVisible();
  await expect(visitor.page.locator('html')).toHaveAttribute('lang', 'zh-Hans');
});

test('without JavaScript a refused name does not appear in the URL when the language changes', async ({ people }) => {
  await people.guest('Tea & 茶');
  const visitor = await people.visitor('Visitor', WITHOUT_JAVASCRIPT);
  visitor.complaints.expectStatus(409);
  await visitor.submitNickname('Tea & 茶');
  await expect(visitor.nicknameField).toHaveAccessibleDescription(/^This nickname, or one that looks like it/);

  await visitor.page.getByRole('link', { name: '简体中文' }).click();

  await expect(visitor.page.getByRole('textbox', { name: '昵称' })).toHaveValue('');
  expect(new URL(visitor.page.url()).search).toBe('?lang=zh-Hans');
});
