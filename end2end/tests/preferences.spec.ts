import { watchWasmStart } from '../fixtures/boot.ts';
import { expect, test } from '../fixtures/test.ts';

test('a browser that prefers Chinese gets Chinese', async ({ users }) => {
  const user = await users.openBrowser('小明', { locale: 'zh-CN' });

  const response = await user.page.goto('/');

  expect(await response?.text()).toContain('lang="zh-Hans"');
  await expect(user.page.getByText('进来坐坐，取个名字，聊聊天。')).toBeVisible();
  await user.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await user.page.getByRole('button', { name: '进入' }).click();
  await expect(user.page.getByRole('heading', { level: 1, name: '大厅' })).toBeVisible();
  await expect(user.page.getByRole('textbox', { name: '消息', exact: true })).toBeVisible();
});

test('the language can be changed in the settings, immediately and permanently', async ({ users }) => {
  const ming = await users.openBrowser('小明', { locale: 'zh-CN' });
  await ming.page.goto('/');
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();

  await ming.page.getByRole('button', { name: '设置' }).click();
  await ming.page.getByRole('dialog', { name: '设置' }).getByRole('link', { name: 'English' }).click();
  await expect(ming.composer).toBeVisible();
  await ming.expectConversation('Lobby');
  await expect(ming.page.locator('html')).toHaveAttribute('lang', 'en');

  const response = await ming.page.reload();
  expect(await response?.text()).toContain('lang="en"');
  await ming.expectConversation('Lobby');
});

test('the language can be changed on the sign-in page without losing input', async ({ users }) => {
  const user = await users.openBrowser('Visitor');
  const wasmStarted = await watchWasmStart(user.page);
  await user.page.goto('/');
  await wasmStarted();
  await user.nicknameField.fill('Half a na');

  await user.page.getByRole('link', { name: '简体中文' }).click();

  await expect(user.page.getByRole('textbox', { name: '昵称' })).toHaveValue('Half a na');
  await expect(user.page.locator('html')).toHaveAttribute('lang', 'zh-Hans');
});

test('changing the language keeps the messages and the draft', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('你好');
  await alice.composer.fill('Half a thought');

  await alice.settingsButton.click();
  await alice.settings.getByRole('link', { name: '简体中文' }).click();

  await expect(alice.page.getByRole('textbox', { name: '消息', exact: true })).toHaveValue('Half a thought');
  await expect(alice.page.getByRole('log', { name: '消息记录' }).getByText('你好')).toBeVisible();
});

test('a chosen theme is applied from the first byte of the next page', async ({ users }) => {
  const alice = await users.guest('Alice');
  const html = alice.page.locator('html');
  await expect(html).toHaveAttribute('data-theme', 'auto');
  const lightBackground = await alice.page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);

  await alice.settingsButton.click();
  await alice.settings.getByRole('radio', { name: 'Dark' }).check();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await expect(alice.page.locator('body')).not.toHaveCSS('background-color', lightBackground);

  const response = await alice.page.reload();
  expect(await response?.text()).toContain('data-theme="dark"');
  await alice.expectSignedIn();
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await alice.settingsButton.click();
  await expect(alice.settings.getByRole('radio', { name: 'Dark' })).toBeChecked();

  await alice.settings.getByRole('radio', { name: 'Auto' }).check();
  await expect(alice.page.locator('body')).toHaveCSS('background-color', lightBackground);
});

test('without a choice the theme follows the system', async ({ users }) => {
  const alice = await users.guest('Alice', { colorScheme: 'dark' });
  const body = alice.page.locator('body');
  await expect(body).toHaveCSS('color-scheme', 'light dark');
  const darkBackground = await body.evaluate((element) => getComputedStyle(element).backgroundColor);

  await alice.page.emulateMedia({ colorScheme: 'light' });

  await expect(body).not.toHaveCSS('background-color', darkBackground);
});
