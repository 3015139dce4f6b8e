import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';

import { registerWithRole, postAdminAction, userId, registerUser, withoutJavaScript } from '../fixtures/registered_users.ts';
import { PHONE } from '../fixtures/users.ts';
import type { User } from '../fixtures/user.ts';
import { expect, test } from '../fixtures/test.ts';

/** The form with this heading. */
const form = (user: User, name: string): Locator => user.page.getByRole('form', { name, exact: true });

/** Presses a form's button, which is called as the form is. */
async function submit(user: User, name: string): Promise<void> {
  await form(user, name).getByRole('button', { name, exact: true }).click();
}

test('a moderator mutes and unmutes without JavaScript, for a while and in one room', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const mo = await registerWithRole(users, owner, 'Mo', 'moderator');
  const bob = await users.guest('Bob');
  const adminPages = await withoutJavaScript(users, mo);
  // Who is here is told once a second, and the office does not follow it.
  await expect(mo.page.getByRole('heading', { name: 'Online · 3' })).toBeVisible();

  await adminPages.page.goto('/admin');
  await expect(adminPages.page.getByRole('heading', { name: 'All users 3 online' })).toBeVisible();
  await adminPages.page.getByRole('link', { name: 'Bob' }).click();
  await expect(form(adminPages, 'Mute').getByText('Bob can read, but can’t write, edit or react.')).toBeVisible();
  await form(adminPages, 'Mute').getByLabel('1 hour').check();
  await submit(adminPages, 'Mute');

  await expect(adminPages.page).toHaveURL(`/admin/users/${userId(bob)}?done=mute`);
  await expect(adminPages.page.getByText('User muted.')).toBeVisible();
  await expect(adminPages.page.getByText('Muted in the Lobby · 60 minutes left')).toBeVisible();
  await bob.expectMessage('Bob was muted');

  await adminPages.page.goto('/admin');
  const row = adminPages.page.getByRole('region', { name: 'Muted and banned' }).getByRole('listitem').filter({ hasText: 'Bob' });
  await row.getByRole('button', { name: 'Unmute: Bob' }).click();
  await expect(adminPages.page.getByText('User unmuted.')).toBeVisible();
  await expect(adminPages.page.getByRole('region', { name: 'Muted and banned' })).toBeHidden();
  await bob.send('Thank you');
});

test('an owner bans, unbans, removes and appoints without JavaScript, and the audit log records it', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const carol = await registerUser(users, 'Carol');
  const adminPages = await withoutJavaScript(users, owner);
  const page = `/admin/users/${userId(carol)}`;

  await adminPages.page.goto(page);
  await form(adminPages, 'Change role').getByLabel('moderator').check();
  await submit(adminPages, 'Change role');
  await expect(adminPages.page.getByText('Role changed.')).toBeVisible();
  await expect(form(adminPages, 'Change role').getByLabel('moderator')).toBeChecked();
  await carol.settingsButton.click();
  await expect(carol.settings.getByRole('link', { name: 'Admin' })).toBeVisible();

  await submit(adminPages, 'Remove');
  await expect(carol.page.getByText('A moderator removed you.')).toBeVisible();
  await form(adminPages, 'Ban').getByLabel('on the whole server').check();
  await form(adminPages, 'Ban').getByLabel('1 day').check();
  await submit(adminPages, 'Ban');
  await expect(adminPages.page.getByText('Banned on the whole server · 24 hours left')).toBeVisible();
  await expect(carol.page.getByRole('textbox', { name: 'Nickname' })).toBeVisible();
  await adminPages.page.getByRole('button', { name: 'Unban: Carol' }).click();
  await expect(adminPages.page.getByText('User unbanned.')).toBeVisible();

  await adminPages.page.getByRole('link', { name: 'Audit log' }).click();
  const entries = adminPages.page.getByRole('main').getByRole('listitem');
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
  const adminPages = await withoutJavaScript(users, mo, { locale: 'zh-CN' });
  adminPages.pageErrors.allowStatus(403);
  adminPages.pageErrors.allowStatus(400);

  await adminPages.page.goto(`/admin/users/${userId(carol)}`);
  await form(adminPages, '禁言').getByLabel('1 天').check();
  await form(adminPages, '禁言').getByLabel('全站').check();
  // Meanwhile she has become what he is.
  expect(await postAdminAction(owner, userId(carol), 'appoint', { role: 'moderator' })).toBe(200);
  const answer = adminPages.page.waitForResponse((response) => response.request().method() === 'POST');
  await submit(adminPages, '禁言');
  expect((await answer).status()).toBe(403);
  await expect(adminPages.page.getByRole('alert')).toHaveText('操作失败。 你的角色无权执行此操作。');

  // And once he may again, it stands there as it was: refused for another reason.
  expect(await postAdminAction(owner, userId(carol), 'appoint', { role: 'member' })).toBe(200);
  await adminPages.page.goto(`/admin/users/${userId(carol)}`);
  await form(adminPages, '禁言').getByLabel('1 天').check();
  await form(adminPages, '禁言').getByLabel('全站').check();
  await form(adminPages, '禁言').getByLabel('1 天').evaluate((radio: HTMLInputElement) => (radio.value = '0'));
  await submit(adminPages, '禁言');
  await expect(adminPages.page.getByRole('alert')).toContainText('填写的不是正整数');
  await expect(form(adminPages, '禁言').getByLabel('全站')).toBeChecked();
});

test('submitting a form twice takes effect once', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const bob = await users.guest('Bob');
  const id = '6f1f2d1c-8f3c-4a36-9d62-0a5d8c1c1b11';
  for (let times = 0; times < 2; times += 1) expect(await postAdminAction(owner, userId(bob), 'mute', { id })).toBe(200);
  await bob.expectMessage('Bob was muted');
  await owner.send('Now it is here');
  await bob.expectMessage('Now it is here');
  await expect(bob.message('Bob was muted')).toHaveCount(1);
});

test('the admin pages are closed to members, owners’ pages to moderators, and strangers are sent to sign in', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const mo = await registerWithRole(users, owner, 'Mo', 'moderator');
  const bob = await users.guest('Bob');
  bob.pageErrors.allowStatus(403);
  mo.pageErrors.allowStatus(403);
  mo.pageErrors.allowStatus(404);

  for (const path of ['/admin', `/admin/users/${userId(mo)}`, '/admin/users/nonsense', '/admin/invites', '/admin/audit']) {
    const answer = await bob.page.goto(path);
    expect(answer?.status(), path).toBe(403);
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
  // Another port of the same machine is the same site: SameSite does not keep the cookie back.
  await owner.page.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
  const posted = owner.page.waitForRequest((request) => request.method() === 'POST');
  await owner.page.getByRole('button', { name: 'Win' }).click();
  expect((await (await posted).allHeaders()).cookie).toMatch(/teahouse_session_\d+=/);
  expect((await (await posted).response())?.status()).toBe(403);
  foreign.close();
  await bob.send('I can still talk');
});

test('users are found by nickname in any spelling', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  await users.closeBrowser(await registerUser(users, 'Алиса'));
  await users.guest('Bob');
  await owner.page.goto('/admin');
  const found = owner.page.getByRole('region', { name: /^All users/ }).getByRole('listitem');
  await expect(found).toHaveCount(3);
  for (const [wanted, name] of [['лис', 'Алиса'], ['BO', 'Bob'], ['b0b', 'Bob'], ['olg', 'Olga']] as const) {
    await owner.page.getByRole('searchbox').fill(wanted);
    await owner.page.getByRole('button', { name: 'Search' }).click();
    await expect(found, wanted).toHaveCount(1);
    await expect(found.getByRole('link'), wanted).toContainText(name);
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

      const check = async (name: string) => {
        const { violations } = await new AxeBuilder({ page: owner.page }).setLegacyMode().analyze();
        const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
        expect.soft(found, name).toEqual([]);
        // A phone's `innerWidth` grows with what does not fit.
        const excess = await owner.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect.soft(excess, `${name} is as wide as the screen`).toBeLessThanOrEqual(0);
      };
      await owner.page.goto('/admin');
      await check('people');
      await owner.page.goto(`/admin/users/${userId(carol)}?done=ban`);
      await check('a user');
      await form(owner, 'Mute').getByLabel('1 hour').evaluate((radio: HTMLInputElement) => (radio.value = '0'));
      await form(owner, 'Mute').getByLabel('1 hour').check();
      await submit(owner, 'Mute');
      await expect(owner.page.getByRole('alert')).toBeVisible();
      await check('a refusal');
      await owner.page.goto('/admin/invites');
      await owner.page.getByRole('button', { name: 'Create link' }).click();
      await expect(owner.page.getByText('Invite link created')).toBeVisible();
      await check('a new invite');
      await owner.page.goto('/admin/audit');
      await check('the audit log');
    });
  }
}
