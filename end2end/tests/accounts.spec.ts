import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';

import { EMPTY, storedData } from '../fixtures/browser_storage.ts';
import { Network } from '../fixtures/network.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
import { NODES } from '../fixtures/test_server.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

const PASSWORD = 'seven cups of tea';
const OTHER_PASSWORD = 'and an eighth one';
const WRONG = 'Wrong nickname or password.';
const ENDED = 'This session was ended on another device.';
const CHANGED = 'Your password was changed, so this session has ended.';
const EXPIRED = 'Your session has expired. Sign in again.';

/** The marks of registered users in an element. */
const registeredMark = (within: Locator) => within.getByRole('img', { name: 'registered' });

/** Sets a password in the settings, and waits until the page has reconnected as registered. */
async function setPassword(user: User, password = PASSWORD): Promise<void> {
  const { settings } = user;
  await user.settingsButton.click();
  await settings.getByText('Set a password', { exact: true }).click();
  await settings.getByLabel('New password').fill(password);
  await settings.getByRole('button', { name: 'Save' }).click();
  await expect(settings.getByText('Password set. The nickname is now yours.')).toBeVisible();
  await expect.poll(() => user.frames.receivedOfType('welcome').at(-1)?.me.kind).toBe('registered');
}

async function changePassword(user: User, current: string, next: string): Promise<void> {
  const { settings } = user;
  await settings.getByText('Change password', { exact: true }).click();
  await settings.getByLabel('Current password').fill(current);
  await settings.getByLabel('New password').fill(next);
  await settings.getByRole('button', { name: 'Save' }).click();
}

/** Signs in on the sign-in page with a nickname and its password. */
async function signInWithPassword(user: User, password = PASSWORD): Promise<void> {
  await user.page.goto('/');
  await user.nicknameField.fill(user.nickname);
  await user.page.getByText('I have a password').click();
  await user.page.getByLabel('Password', { exact: true }).fill(password);
  await user.page.getByRole('button', { name: 'Sign in' }).click();
}

async function signOut(user: User): Promise<void> {
  if (!(await user.settings.isVisible())) await user.settingsButton.click();
  await user.settings.getByRole('button', { name: 'Sign out' }).click();
  await expect(user.nicknameField).toBeVisible();
}

/**
 * Expects the sign-in page with a reason, and that its connection is closed: the page does not receive a message that
 * another client sends.
 */
async function expectSignedOut(
  user: User,
  server: Parameters<typeof SocketClient.signIn>[0],
  scriptNickname: string,
  reason = ENDED,
): Promise<void> {
  await expect(user.page.getByText(reason)).toBeVisible();
  await expect(user.nicknameField).toHaveValue(user.nickname);
  const receivedCount = user.frames.received.length;
  const script = await SocketClient.signIn(server, scriptNickname);
  await script.send('Whoever is still connected hears this');
  expect(user.frames.received.slice(receivedCount)).toEqual([]);
  script.close();
}

test('a guest who sets a password keeps the nickname and the history in another browser', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Said as a guest');
  await setPassword(alice);
  await expect(alice.settings.getByText('A password protects your nickname.')).toBeVisible();
  await expect(registeredMark(alice.sidebar.locator('.sidebar-foot'))).toBeVisible();
  await alice.page.keyboard.press('Escape');
  await alice.send('Said as a registered user');
  await signOut(alice);

  const impostor = await users.openBrowser('Alice');
  impostor.pageErrors.allowStatus(409);
  impostor.pageErrors.allowStatus(403);
  await impostor.submitNickname();
  await expect(impostor.page.getByText('This nickname, or one that looks like it')).toBeVisible();
  await expect(impostor.page.getByRole('button', { name: /^Take “.+” instead$/ })).toBeVisible();
  await impostor.page.getByText('This is me: sign in').click();
  const field = impostor.page.getByLabel('Password', { exact: true });
  await expect(field).toBeFocused();
  await field.fill('I do not know it');
  await field.press('Enter');
  await expect(impostor.page.getByText(WRONG)).toBeVisible();
  await expect(field).toHaveAccessibleDescription(WRONG);
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('I do not know it');
  await expect(impostor.nicknameField).toHaveValue('Alice');

  const otherBrowser = await users.openBrowser('Alice');
  await signInWithPassword(otherBrowser);
  await otherBrowser.expectSignedIn();
  await otherBrowser.expectMessage('Said as a guest');
  await otherBrowser.expectMessage('Said as a registered user');
  await expect(otherBrowser.message('Said as a guest')).toHaveClass(/mine/);
  await expect(otherBrowser.page).toHaveURL('/talk/lobby');
});

test('password errors are shown beside the field, and the input stays', async ({ users }) => {
  const alice = await users.guest('Alice');
  alice.pageErrors.allowStatus(422);
  await alice.settingsButton.click();
  await alice.settings.getByText('Set a password', { exact: true }).click();
  const field = alice.settings.getByLabel('New password');
  await expect(field).toBeFocused();
  await expect(field).toHaveAccessibleDescription('At least 8 characters');

  for (const password of ['seven77', 'password', 'x'.repeat(257)]) {
    await field.fill(password);
    await field.press('Enter');
    await expect(field).toHaveAccessibleDescription(/^A password has 8 to 256 characters and is not a common/);
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    await expect(field).toHaveValue(password);
    await expect(field).toBeFocused();
  }

  await expect(field).toHaveAttribute('type', 'password');
  await alice.settings.getByRole('button', { name: 'Show password' }).click();
  await expect(field).toHaveAttribute('type', 'text');
  await expect(field).toHaveAttribute('autocomplete', 'new-password');
  await expect(alice.settings.locator('[autocomplete=username]')).toHaveValue('Alice');
  await field.fill('8 cups 8');
  await field.press('Enter');
  await expect(alice.settings.getByText('Password set. The nickname is now yours.')).toBeVisible();
});

test('changing the password signs the other browser out at once', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  alice.pageErrors.allowStatus(403);
  await setPassword(alice);
  const otherBrowser = await users.openBrowser('Alice');
  otherBrowser.pageErrors.allowStatus(403);
  await signInWithPassword(otherBrowser);
  await otherBrowser.expectSignedIn();

  await changePassword(alice, 'not this one', OTHER_PASSWORD);
  const current = alice.settings.getByLabel('Current password');
  await expect(current).toHaveAccessibleDescription('That’s not your current password.');
  await expect(current).toBeFocused();
  await expect(alice.settings.getByLabel('New password')).toHaveValue(OTHER_PASSWORD);
  await otherBrowser.expectSignedIn();

  await current.fill(PASSWORD);
  await current.press('Enter');
  await expect(alice.settings.getByText('Password changed.')).toBeVisible();
  await expect(alice.settings.getByRole('listitem')).toHaveCount(1);
  await expectSignedOut(otherBrowser, server, 'Bob', CHANGED);
  await alice.page.keyboard.press('Escape');
  await alice.send('I am still here');

  // The sign-in page asks for the new password.
  const field = otherBrowser.page.getByLabel('Password', { exact: true });
  await field.fill(PASSWORD);
  await field.press('Enter');
  await expect(otherBrowser.page.getByText(WRONG)).toBeVisible();
  await field.fill(OTHER_PASSWORD);
  await field.press('Enter');
  await otherBrowser.expectSignedIn();
  await otherBrowser.expectMessage('I am still here');
});

test('ending a session from the list signs its open tab out at once', async ({ server, users, request }) => {
  const alice = await users.guest('Alice');
  await setPassword(alice);
  const otherBrowser = await users.openBrowser('Alice');
  await signInWithPassword(otherBrowser);
  await otherBrowser.expectSignedIn();
  const script = await request.post(`${server.url}/api/session`, {
    data: { nickname: 'Alice', password: PASSWORD },
    headers: { 'user-agent': 'curl/8.5.0' },
  });
  expect(script.status()).toBe(201);
  await alice.page.keyboard.press('Escape');
  await alice.settingsButton.click();

  const list = alice.settings.getByRole('list', { name: 'Signed-in devices' });
  await expect(list.getByRole('listitem')).toHaveCount(3);
  await expect(list.getByRole('listitem').filter({ hasText: 'this device' })).toHaveCount(1);
  await expect(list.getByRole('listitem').filter({ hasText: 'this device' }).getByRole('button')).toHaveCount(0);
  await expect(list.getByText('curl', { exact: true })).toBeVisible();
  await expect(list.getByText('last used recently')).toHaveCount(2);

  await list.getByRole('button', { name: /^End: Chrom(e|ium) on Linux$/ }).click();
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await expect(list).toBeFocused();
  await expectSignedOut(otherBrowser, server, 'Bob');
  await list.getByRole('button', { name: 'End: curl' }).click();
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await alice.page.keyboard.press('Escape');
  await alice.send('Alone again');
});

test('signing out ends the session in every tab of the browser', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  await setPassword(alice);
  const tab = await users.openTab(alice);
  await signOut(alice);
  await expect(alice.page.getByText(ENDED)).toBeHidden();
  await expectSignedOut(tab, server, 'Bob');
  const receivedCount = alice.frames.received.length;
  await (await SocketClient.signIn(server, 'Carol')).send('And this');
  expect(alice.frames.received.slice(receivedCount)).toEqual([]);
});

test('a guest must confirm signing out, because the nickname is lost', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Leave' }).click();
  await expect(alice.settings.getByText('If you leave, anyone can take the nickname “Alice”')).toBeVisible();
  await expect(alice.settings.getByRole('button', { name: 'Stay' })).toBeFocused();
  await alice.settings.getByRole('button', { name: 'Stay' }).click();
  await expect(alice.settings.getByRole('button', { name: 'Leave' })).toBeFocused();
  await alice.page.keyboard.press('Escape');
  await alice.send('Still here');
});

test('messages unsent when the session expired are sent after signing in again', async ({ users }) => {
  const alice = await users.guest('Alice');
  await setPassword(alice);
  const otherBrowser = await users.openBrowser('Alice');
  const network = await Network.intercept(otherBrowser);
  await signInWithPassword(otherBrowser);
  await otherBrowser.expectSignedIn();

  network.disconnect();
  await otherBrowser.composer.fill('Typed in a tunnel');
  await otherBrowser.composer.press('Enter');
  await expect(otherBrowser.message('Typed in a tunnel')).toContainText('waiting for the connection');
  // The close code of an expired session.
  network.refuseConnections(4411);
  await expect(otherBrowser.page.getByText(EXPIRED)).toBeVisible();
  network.restore();

  const field = otherBrowser.page.getByLabel('Password', { exact: true });
  await field.fill(PASSWORD);
  await field.press('Enter');
  await otherBrowser.expectSignedIn();
  await otherBrowser.expectMessage('Typed in a tunnel');
  await alice.page.keyboard.press('Escape');
  await alice.expectMessage('Typed in a tunnel');
  expect(await alice.fetchHistory()).toEqual(['Typed in a tunnel']);
});

test('signing out deletes unsent messages, even if the connection is lost before the answer', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await setPassword(alice);
  await alice.page.keyboard.press('Escape');
  const tab = await users.openTab(alice);
  await tab.composer.fill('Nor that');
  network.dropFrames();
  await alice.composer.fill('Nobody heard this');
  await alice.composer.press('Enter');
  await expect(alice.message('Nobody heard this')).toContainText('sending');
  await alice.composer.fill('Nor this');
  let markFulfilled = () => {};
  const fulfilled = new Promise<void>((resolve) => (markFulfilled = resolve));
  await alice.page.route('**/api/session', async (route) => {
    const response = await route.fetch();
    await expect(alice.nicknameField).toBeVisible();
    await route.fulfill({ response });
    markFulfilled();
  });

  await signOut(alice);
  await fulfilled;

  for (const { page } of [alice, tab]) await expect.poll(() => storedData(page)).toEqual(EMPTY);
});

test('a draft survives an expired session for its author only', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await setPassword(alice);
  await alice.page.keyboard.press('Escape');
  await alice.composer.fill('Half a thought');
  network.disconnect(4411);
  await expect(alice.page.getByText(EXPIRED)).toBeVisible();
  network.restore();
  const field = alice.page.getByLabel('Password', { exact: true });
  await field.fill(PASSWORD);
  await field.press('Enter');
  await alice.expectSignedIn();
  await expect(alice.composer).toHaveValue('Half a thought');

  await alice.page.request.delete('/api/session');
  await expect(alice.page.getByText(ENDED)).toBeVisible();
  await alice.signIn('Bob');
  await expect(alice.composer).toHaveValue('');
  expect((await storedData(alice.page)).sessionStorageTexts).toEqual([]);
});

test('a guest whose session was ended leaves no draft', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.composer.fill('Half a thought');
  await expect.poll(async () => (await storedData(alice.page)).sessionStorageTexts).toEqual(['Half a thought']);
  await alice.page.request.delete('/api/session');
  await expect(alice.page.getByText(ENDED)).toBeVisible();
  expect(await storedData(alice.page)).toEqual(EMPTY);
});

test('the mark of registered users appears everywhere at once, and guests cannot imitate it', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const imitator = await users.guest('Alice ⭐');
  await alice.send('From Alice, a guest still');
  await imitator.send('From somebody else');
  await bob.expectOnline('Alice', 'Alice ⭐');
  await expect(registeredMark(bob.page.locator('body'))).toHaveCount(0);

  await setPassword(alice);

  await expect(registeredMark(bob.onlineList.getByRole('listitem').filter({ hasNotText: '⭐' }))).toBeVisible();
  await expect(registeredMark(bob.message('From Alice, a guest still'))).toBeVisible();
  await expect(registeredMark(bob.message('From Alice, a guest still'))).toHaveAttribute('title', 'registered');
  await bob.recipientField.fill('ali');
  const options = bob.sidebar.getByRole('option');
  await expect(options).toHaveCount(2);
  await expect(registeredMark(options)).toHaveCount(1);
  await bob.recipientField.fill('Alice');
  await bob.recipientField.press('Enter');
  await expect(registeredMark(bob.conversationSection.getByRole('heading', { level: 1 }))).toBeVisible();
  await expect(registeredMark(bob.conversationList.getByRole('link'))).toHaveCount(1);
  await expect(bob.conversationSection.locator('.recipient-button .registered-mark')).toBeVisible();

  await bob.openConversation('Lobby');
  await expect(registeredMark(bob.message('From somebody else'))).toHaveCount(0);
  await expect(registeredMark(bob.onlineList)).toHaveCount(1);
  await bob.page.reload();
  await expect(registeredMark(bob.message('From Alice, a guest still'))).toBeVisible();
  await expect(registeredMark(bob.message('From somebody else'))).toHaveCount(0);
});

test('too many attempts lead to a countdown that ends by itself', async ({ users }) => {
  const alice = await users.guest('Alice');
  await setPassword(alice);
  const impostor = await users.openBrowser('Alice');
  impostor.pageErrors.allowStatus(403);
  impostor.pageErrors.allowStatus(429);
  // Each node counts for itself, and each new connection goes to the next node.
  let refused = 0;
  for (let attempt = 0; attempt < 15 * NODES && refused < NODES; attempt += 1) {
    const response = await impostor.page.request.post('/api/session', {
      data: { nickname: 'Alice', password: 'a guess of mine' },
      headers: { connection: 'close' },
      failOnStatusCode: false,
    });
    refused = response.status() === 429 ? refused + 1 : 0;
  }
  expect(refused).toBe(NODES);

  await signInWithPassword(impostor, PASSWORD);
  const button = impostor.page.getByRole('button', { name: /^Try again in \d+ s$/ });
  await expect(button).toBeVisible();
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await expect(impostor.page.getByText('That was too fast.')).toBeVisible();
  const signInButton = impostor.page.getByRole('button', { name: 'Sign in' });
  await expect(signInButton).toBeVisible({ timeout: 15_000 });
  await expect(impostor.page.getByText('That was too fast.')).toBeHidden();
  await signInButton.click();
  await impostor.expectSignedIn();
});

test('the same form signs in without JavaScript', async ({ users }) => {
  const alice = await users.guest('Alice');
  await setPassword(alice);
  const otherBrowser = await users.openBrowser('Alice', { javaScriptEnabled: false });
  for (const status of [409, 403]) otherBrowser.pageErrors.allowStatus(status);

  await otherBrowser.submitNickname();
  await expect(otherBrowser.page.getByText('This is me: sign in')).toBeVisible();
  await otherBrowser.page.getByText('This is me: sign in').click();
  const field = otherBrowser.page.getByLabel('Password', { exact: true });
  await expect(otherBrowser.page.getByRole('button', { name: 'Show password' })).toBeHidden();
  await field.fill('not this one');
  await field.press('Enter');
  await expect(otherBrowser.page.getByText(WRONG)).toBeVisible();
  await expect(otherBrowser.nicknameField).toHaveValue('Alice');
  await expect(field).toHaveAccessibleDescription(WRONG);

  await field.fill(PASSWORD);
  await otherBrowser.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(otherBrowser.page).toHaveURL('/talk/lobby');
  await expect(registeredMark(otherBrowser.sidebar.locator('.sidebar-foot'))).toBeVisible();
});

test('input on the sign-in page survives a change of language', async ({ users }) => {
  const user = await users.openBrowser('小明');
  await user.page.goto('/');
  await user.nicknameField.fill('小明');
  await user.page.getByText('I have a password').click();
  await user.page.getByLabel('Password', { exact: true }).fill('half a pass');
  await user.page.getByRole('link', { name: '简体中文' }).click();
  await expect(user.page.getByLabel('密码', { exact: true })).toHaveValue('half a pass');
  await expect(user.page.getByRole('textbox', { name: '昵称' })).toHaveValue('小明');
  await expect(user.page.getByRole('button', { name: '登录' })).toBeVisible();
});

test('setting a password and signing in work in Chinese', async ({ users }) => {
  const ming = await users.openBrowser('小明', { locale: 'zh-CN' });
  ming.pageErrors.allowStatus(409);
  ming.pageErrors.allowStatus(422);
  const { page } = ming;
  await page.goto('/');
  await page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await page.getByRole('button', { name: '进入' }).click();
  await page.getByRole('button', { name: '设置' }).click();
  const settings = page.getByRole('dialog', { name: '设置' });
  await settings.getByText('设置密码', { exact: true }).click();
  await settings.getByLabel('新密码').fill('太短');
  await settings.getByRole('button', { name: '保存' }).click();
  await expect(settings.getByText('密码需要 8 到 256 个字符')).toBeVisible();
  await settings.getByLabel('新密码').fill('茶馆里的八个汉字');
  await settings.getByRole('button', { name: '保存' }).click();
  await expect(settings.getByText('密码已设置，昵称归你所有。')).toBeVisible();
  await expect(settings.getByText('Linux 上的 Chrom')).toBeVisible();
  await expect(page.getByRole('img', { name: '已注册' }).first()).toBeVisible();
  await settings.getByRole('button', { name: '退出登录' }).click();

  await page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await page.getByRole('button', { name: '进入' }).click();
  await page.getByText('是我，去登录').click();
  await page.getByLabel('密码', { exact: true }).fill('茶馆里的八个汉字');
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '大厅' })).toBeVisible();
});

test('account settings fit on a phone with large enough targets', async ({ server, users, request }) => {
  const alice = await users.guest('Alice', PHONE);
  const { page, settings } = alice;
  await page.getByRole('link', { name: 'Back to the list' }).tap();
  await alice.settingsButton.tap();
  await settings.getByText('Set a password', { exact: true }).tap();
  const expectFits = async (control: Locator) => {
    await control.scrollIntoViewIfNeeded();
    await expect(control).toBeInViewport({ ratio: 1 });
    const box = (await control.boundingBox())!;
    expect.soft(Math.round(Math.min(box.width, box.height)), `${control}`).toBeGreaterThanOrEqual(44);
  };
  await expectFits(settings.getByLabel('New password'));
  await expectFits(settings.getByRole('button', { name: 'Show password' }));
  await expectFits(settings.getByRole('button', { name: 'Save' }));
  await expectFits(settings.getByRole('button', { name: 'Leave' }));
  await settings.getByLabel('New password').fill(PASSWORD);
  await settings.getByRole('button', { name: 'Save' }).tap();
  await expect(settings.getByText('Password set')).toBeVisible();
  await request.post(`${server.url}/api/session`, { data: { nickname: 'Alice', password: PASSWORD } });
  await page.keyboard.press('Escape');
  await alice.settingsButton.tap();
  await expect(settings.getByRole('listitem')).toHaveCount(2);
  await expectFits(settings.getByRole('button', { name: /^End/ }));
  await expectFits(settings.getByRole('button', { name: 'Sign out' }));
  const overflows = await page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('.settings')].map((element) => element.scrollWidth - element.clientWidth),
  );
  expect(Math.max(...overflows)).toBeLessThanOrEqual(0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds no barrier on the account screens, ${colorScheme}`, async ({ users }) => {
    const alice = await users.guest('Alice', { colorScheme });
    alice.pageErrors.allowStatus(422);
    alice.pageErrors.allowStatus(409);
    alice.pageErrors.allowStatus(403);
    const expectNoViolations = async (screen: string) => {
      const { violations } = await new AxeBuilder({ page: alice.page }).setLegacyMode().analyze();
      const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
      expect.soft(found, screen).toEqual([]);
    };
    await alice.send('Good evening');
    await alice.settingsButton.click();
    await expectNoViolations('the settings of a guest');
    await alice.settings.getByText('Set a password', { exact: true }).click();
    await alice.settings.getByLabel('New password').fill('short');
    await alice.settings.getByRole('button', { name: 'Save' }).click();
    await expect(alice.settings.getByText('A password has')).toBeVisible();
    await expectNoViolations('a refused password');
    await alice.settings.getByRole('button', { name: 'Leave' }).click();
    await expectNoViolations('the confirmation of signing out');
    await alice.settings.getByLabel('New password').fill(PASSWORD);
    await alice.settings.getByRole('button', { name: 'Save' }).click();
    await expect(alice.settings.getByText('Password set')).toBeVisible();
    await expect(registeredMark(alice.message('Good evening'))).toBeVisible();
    await expectNoViolations('the settings of a registered user');
    await alice.settings.getByText('Change password', { exact: true }).click();
    await expectNoViolations('the form that changes the password');
    await signOut(alice);
    await alice.nicknameField.fill('Alice');
    await alice.enterButton.click();
    await expect(alice.page.getByText('This is me: sign in')).toBeVisible();
    await expectNoViolations('the sign-in page after a taken name');
    await alice.page.getByText('This is me: sign in').click();
    await alice.page.getByLabel('Password', { exact: true }).fill('wrong one');
    await alice.page.getByRole('button', { name: 'Sign in' }).click();
    await expect(alice.page.getByText(WRONG)).toBeVisible();
    await expectNoViolations('the sign-in page after a wrong password');
  });
}
