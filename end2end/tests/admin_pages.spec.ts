import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';

import { postAdminAction, registerUser, registerWithRole, userId, withoutJavaScript } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

/** The form with this heading. */
const form = (user: User, name: string): Locator => user.page.getByRole('form', { name, exact: true });

/** Presses the button of a form, which has the form's name. */
async function submit(user: User, name: string): Promise<void> {
  await form(user, name).getByRole('button', { name, exact: true }).click();
}

test('a moderator mutes and unmutes without JavaScript, for a while and in one room', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const mo = await registerWithRole(users, owner, 'Mo', 'moderator');
  const bob = await users.guest('Bob');
  const withoutJs = await withoutJavaScript(users, mo);
  // Presence is sent once a second, and the admin pages do not update.
  await expect(mo.page.getByRole('heading', { name: 'Online · 3' })).toBeVisible();

  await withoutJs.page.goto('/admin');
  await expect(withoutJs.page.getByRole('heading', { name: 'All users 3 online' })).toBeVisible();
  await withoutJs.page.getByRole('link', { name: 'Bob' }).click();
  await expect(form(withoutJs, 'Mute').getByText('Bob can read, but can’t write, edit or react.')).toBeVisible();
  await form(withoutJs, 'Mute').getByLabel('1 hour').check();
  await submit(withoutJs, 'Mute');

  await expect(withoutJs.page).toHaveURL(`/admin/users/${userId(bob)}?done=mute`);
  await expect(withoutJs.page.getByText('User muted.')).toBeVisible();
  await expect(withoutJs.page.getByText('Muted in the Lobby · 60 minutes left')).toBeVisible();
  await bob.expectMessage('Mo muted Bob');

  await withoutJs.page.goto('/admin');
  const row = withoutJs.page.getByRole('region', { name: 'Muted and banned' }).getByRole('listitem').filter({ hasText: 'Bob' });
  await row.getByRole('button', { name: 'Unmute: Bob' }).click();
  await expect(withoutJs.page.getByText('User unmuted.')).toBeVisible();
  await expect(withoutJs.page.getByRole('region', { name: 'Muted and banned' })).toBeHidden();
  await bob.send('Thank you');
});

test('an owner bans, unbans, removes and appoints without JavaScript, and the audit log records it', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const carol = await registerUser(users, 'Carol');
  const withoutJs = await withoutJavaScript(users, owner);
  const page = `/admin/users/${userId(carol)}`;

  await withoutJs.page.goto(page);
  await form(withoutJs, 'Change role').getByLabel('moderator').check();
  await submit(withoutJs, 'Change role');
  await expect(withoutJs.page.getByText('Role changed.')).toBeVisible();
  await expect(form(withoutJs, 'Change role').getByLabel('moderator')).toBeChecked();
  await carol.settingsButton.click();
  await expect(carol.settings.getByRole('link', { name: 'Admin' })).toBeVisible();

  await submit(withoutJs, 'Remove');
  await expect(carol.page.getByText('A moderator removed you.')).toBeVisible();
  await form(withoutJs, 'Ban').getByLabel('on the whole server').check();
  await form(withoutJs, 'Ban').getByLabel('1 day').check();
  await submit(withoutJs, 'Ban');
  await expect(withoutJs.page.getByText('Banned on the whole server · 24 hours left')).toBeVisible();
  await expect(carol.page.getByRole('textbox', { name: 'Nickname' })).toBeVisible();
  await withoutJs.page.getByRole('button', { name: 'Unban: Carol' }).click();
  await expect(withoutJs.page.getByText('User unbanned.')).toBeVisible();

  await withoutJs.page.getByRole('link', { name: 'Audit log' }).click();
  const entries = withoutJs.page.getByRole('main').getByRole('listitem');
  await expect(entries).toContainText([
    /Olga.*unbanned.*Carol/,
    /Olga.*banned.*Carol.*until \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    /Olga.*removed.*Carol.*in the Lobby/,
    /Olga.*changed the role of.*Carol.*moderator/,
    /Operator.*changed the role of.*Olga.*owner/,
  ]);
});

test('errors are in the user’s language and keep the selection', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const mo = await registerWithRole(users, owner, 'Mo', 'moderator');
  const carol = await registerUser(users, 'Carol');
  const withoutJs = await withoutJavaScript(users, mo, { locale: 'zh-CN' });
  withoutJs.pageErrors.allowStatus(403);
  withoutJs.pageErrors.allowStatus(400);

  await withoutJs.page.goto(`/admin/users/${userId(carol)}`);
  await form(withoutJs, '禁言').getByLabel('1 天').check();
  await form(withoutJs, '禁言').getByLabel('全站').check();
  // In the meantime the owner gives Carol the same role.
  expect(await postAdminAction(owner, userId(carol), 'appoint', { role: 'moderator' })).toBe(200);
  const response = withoutJs.page.waitForResponse((response) => response.request().method() === 'POST');
  await submit(withoutJs, '禁言');
  expect((await response).status()).toBe(403);
  await expect(withoutJs.page.getByRole('alert')).toHaveText('操作失败。 你的角色无权执行此操作。');

  // With permission again, but an invalid value: the refused form keeps its input.
  expect(await postAdminAction(owner, userId(carol), 'appoint', { role: 'member' })).toBe(200);
  await withoutJs.page.goto(`/admin/users/${userId(carol)}`);
  await form(withoutJs, '禁言').getByLabel('1 天').check();
  await form(withoutJs, '禁言').getByLabel('全站').check();
  await form(withoutJs, '禁言').getByLabel('1 天').evaluate((radio: HTMLInputElement) => (radio.value = '0'));
  await submit(withoutJs, '禁言');
  await expect(withoutJs.page.getByRole('alert')).toContainText('填写的不是正整数');
  await expect(form(withoutJs, '禁言').getByLabel('全站')).toBeChecked();
});

test('submitting a form twice takes effect once', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');
  const id = '6f1f2d1c-8f3c-4a36-9d62-0a5d8c1c1b11';
  for (let times = 0; times < 2; times += 1) expect(await postAdminAction(owner, userId(bob), 'mute', { id })).toBe(200);
  await bob.expectMessage('Olga muted Bob');
  await owner.send('Now it is here');
  await bob.expectMessage('Now it is here');
  await expect(bob.message('Olga muted Bob')).toHaveCount(1);
});

test('the admin pages are closed to members, owners’ pages to moderators, and strangers are sent to sign in', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const mo = await registerWithRole(users, owner, 'Mo', 'moderator');
  const bob = await users.guest('Bob');
  bob.pageErrors.allowStatus(403);
  mo.pageErrors.allowStatus(403);
  mo.pageErrors.allowStatus(404);

  for (const path of ['/admin', `/admin/users/${userId(mo)}`, '/admin/users/nonsense', '/admin/invites', '/admin/audit']) {
    const response = await bob.page.goto(path);
    expect(response?.status(), path).toBe(403);
    await expect(bob.page.getByRole('heading', { level: 1, name: 'You don’t have access' })).toBeVisible();
    await expect(bob.page.getByText('Olga')).toBeHidden();
  }
  expect(await postAdminAction(bob, userId(mo), 'mute')).toBe(403);
  expect((await bob.page.request.post('/admin/invites', { form: {} })).status()).toBe(403);

  for (const path of ['/admin/invites', '/admin/audit']) expect((await mo.page.goto(path))?.status(), path).toBe(403);
  expect((await mo.page.request.post('/admin/invites', { form: {} })).status()).toBe(403);
  expect(await postAdminAction(mo, userId(bob), 'appoint', { role: 'owner' })).toBe(403);
  expect((await mo.page.goto(`/admin/users/${userId(owner)}`))?.status()).toBe(200);
  await expect(mo.page.getByText('Your role doesn’t let you moderate this user.')).toBeVisible();
  await expect(mo.page.getByRole('form')).toHaveCount(0);
  expect((await mo.page.goto('/admin/users/01a208dc-704b-7e68-8d46-4138a6233255'))?.status()).toBe(404);

  const user = await users.openBrowser('Vera');
  await user.page.goto('/admin/audit');
  await expect(user.page).toHaveURL('/');
  expect((await user.page.request.post(`/admin/users/${userId(bob)}`, { form: {}, maxRedirects: 0 })).status()).toBe(303);
  await bob.page.goto('/');
  await bob.send('Nothing was done to me');
});

test('a form on another site has no effect despite the cookie', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  owner.pageErrors.allowStatus(403);
  const bob = await users.guest('Bob');
  const foreign = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<form method="post" action="${new URL(`/admin/users/${userId(bob)}`, owner.page.url())}">
      <input name="id" value="6f1f2d1c-8f3c-4a36-9d62-0a5d8c1c1b11"><input name="action" value="mute">
      <input name="scope" value="server"><button>Win</button></form>`);
  });
  await new Promise<void>((ready) => foreign.listen(0, '127.0.0.1', ready));
  // Another port of the same host is the same site, so SameSite does not withhold the cookie.
  await owner.page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
  const postRequest = owner.page.waitForRequest((request) => request.method() === 'POST');
  await owner.page.getByRole('button', { name: 'Win' }).click();
  expect((await (await postRequest).allHeaders()).cookie).toMatch(/teahouse_session_\d+=/);
  expect((await (await postRequest).response())?.status()).toBe(403);
  foreign.close();
  await bob.send('I can still talk');
});

test('users are found by nickname in any spelling', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  await users.closeBrowser(await registerUser(users, 'Алиса'));
  await users.guest('Bob');
  await owner.page.goto('/admin');
  const results = owner.page.getByRole('region', { name: /^All users/ }).getByRole('listitem');
  await expect(results).toHaveCount(3);
  for (const [query, name] of [['лис', 'Алиса'], ['BO', 'Bob'], ['b0b', 'Bob'], ['olg', 'Olga']] as const) {
    await owner.page.getByRole('searchbox').fill(query);
    await owner.page.getByRole('button', { name: 'Search' }).click();
    await expect(results, query).toHaveCount(1);
    await expect(results.getByRole('link'), query).toContainText(name);
  }
  await owner.page.getByRole('searchbox').fill('Nobody');
  await owner.page.keyboard.press('Enter');
  await expect(owner.page.getByText('No user is called “Nobody”.')).toBeVisible();
});

test('the audit log is read page by page', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');
  for (let times = 0; times < 26; times += 1) {
    await postAdminAction(owner, userId(bob), 'mute');
    await postAdminAction(owner, userId(bob), 'unmute');
  }
  await owner.page.goto('/admin/audit');
  const entries = owner.page.getByRole('main').getByRole('listitem');
  await expect(entries).toHaveCount(50);
  await owner.page.getByRole('link', { name: 'Older entries' }).click();
  await expect(entries).toHaveCount(3);
  await expect(entries.last()).toContainText('Olga');
  await expect(owner.page.getByRole('link', { name: 'Older entries' })).toBeHidden();
  await owner.page.getByRole('link', { name: 'Newest entries' }).click();
  await expect(entries).toHaveCount(50);
});

for (const theme of ['light', 'dark'] as const) {
  for (const [screen, options] of [['a desk', {}], ['a phone', PHONE]] as const) {
    test(`axe finds no barrier on the admin pages, ${theme} on ${screen}`, async ({ users }) => {
      const owner = await registerUser(users, 'Olga', { colorScheme: theme, ...options });
      owner.pageErrors.allowStatus(400);
      const bob = await users.guest('Bob');
      const carol = await registerUser(users, 'Carolina-Montgomery the Second');
      await postAdminAction(owner, userId(bob), 'mute', { minutes: '10' });
      await postAdminAction(owner, userId(carol), 'ban', { scope: 'lobby' });

      const expectAccessible = async (name: string) => {
        const { violations } = await new AxeBuilder({ page: owner.page }).setLegacyMode().analyze();
        const results = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
        expect.soft(results, name).toEqual([]);
        // `innerWidth` is no use here: on a phone it grows with the overflow.
        const overflow = await owner.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect.soft(overflow, `${name} does not scroll sideways`).toBeLessThanOrEqual(0);
      };
      await owner.page.goto('/admin');
      await expectAccessible('the users');
      await owner.page.goto(`/admin/users/${userId(carol)}?done=ban`);
      await expectAccessible('a user');
      await form(owner, 'Mute').getByLabel('1 hour').evaluate((radio: HTMLInputElement) => (radio.value = '0'));
      await form(owner, 'Mute').getByLabel('1 hour').check();
      await submit(owner, 'Mute');
      await expect(owner.page.getByRole('alert')).toBeVisible();
      await expectAccessible('a refusal');
      await owner.page.goto('/admin/invites');
      await owner.page.getByRole('button', { name: 'Create link' }).click();
      await expect(owner.page.getByText('Invite link created')).toBeVisible();
      await expectAccessible('a new invite');
      await owner.page.goto('/admin/audit');
      await expectAccessible('the audit log');
    });
  }
}
