import { runAdminCommand } from '../fixtures/operator.ts';
import type { TestServer } from '../fixtures/test_server.ts';
import { PASSWORD } from '../fixtures/registered_users.ts';
import type { Users } from '../fixtures/users.ts';
import type { User } from '../fixtures/user.ts';
import { expect, test } from '../fixtures/test.ts';

const NO_LONGER = 'This invite link has expired, is used up or is not valid.';

test.use({ serverOptions: ['--entry', 'invite'] });

/** The owner of a house that asks for invites: who came in by a link from the host, and claimed it with a password. */
async function owner(server: TestServer, users: Users): Promise<User> {
  const olga = await users.openBrowser('Olga');
  await olga.page.goto(await runAdminCommand(server, 'invite', '--uses', '1'));
  await olga.nicknameField.fill('Olga');
  await olga.enterButton.click();
  await olga.expectSignedIn();
  const answer = await olga.page.request.put('/api/me/password', { data: { password: PASSWORD, claim: server.takeClaimToken() } });
  expect(answer.status()).toBe(204);
  await expect.poll(() => olga.frames.receivedOfType('welcome').at(-1)?.me.role).toBe('owner');
  return olga;
}

/** Makes an invite in the office. Gives its link. */
async function invite(by: User, uses = '1', minutes = '1440'): Promise<string> {
  await by.page.goto('/admin/invites');
  await by.page.getByLabel('Valid for').selectOption(minutes);
  await by.page.getByLabel('Number of uses').fill(uses);
  await by.page.getByRole('button', { name: 'Create link' }).click();
  const made = by.page.getByRole('region', { name: 'Invite link created' });
  return made.getByRole('link').innerText();
}

async function followsInVain(users: Users, link: string, name: string, why: string): Promise<void> {
  const late = await users.openBrowser(name);
  late.pageErrors.allowStatus(403);
  await late.page.goto(link);
  await late.nicknameField.fill(name);
  await late.enterButton.click();
  await expect(late.page.getByText(why)).toBeVisible();
}

test('a single-use invite admits one user', async ({ server, users }) => {
  const olga = await owner(server, users);
  const link = await invite(olga);
  expect(link).toMatch(new RegExp(`^${server.url}/\\?invite=[\\w-]{43}$`));

  await followsInVain(users, '/', 'Uninvited', 'You need an invite link to join.');
  const bob = await users.openBrowser('Bob');
  await bob.page.goto(link);
  await bob.nicknameField.fill('Bob');
  await bob.enterButton.click();
  await bob.expectSignedIn();
  await bob.send('I was invited');
  await followsInVain(users, link, 'Carol', NO_LONGER);
});

test('an invite works without JavaScript', async ({ server, users }) => {
  const olga = await owner(server, users);
  const link = await invite(olga);
  const bob = await users.openBrowser('Bob', { javaScriptEnabled: false });
  await bob.page.goto(link);
  await bob.nicknameField.fill('Bob');
  await bob.enterButton.click();
  await expect(bob.page).toHaveURL('/talk/lobby');
});

test('an invite survives a change of language, also without JavaScript', async ({ server, users }) => {
  const olga = await owner(server, users);
  const link = await invite(olga);
  const ming = await users.openBrowser('小明', { javaScriptEnabled: false });
  await ming.page.goto(link);

  await ming.page.getByRole('link', { name: '简体中文' }).click();
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();

  await expect(ming.page).toHaveURL('/talk/lobby');
});

test('a revoked or expired invite admits nobody', async ({ server, users }) => {
  const olga = await owner(server, users);
  const link = await invite(olga, '', '');
  await olga.page.goto('/admin/invites');
  const list = olga.page.getByRole('region', { name: 'Active invite links' });
  await expect(list.getByRole('listitem')).toHaveText(/used 0 times · no time limit\s*Olga/);
  await list.getByRole('button', { name: /^Revoke/ }).click();
  await expect(olga.page.getByText('Link revoked.')).toBeVisible();
  await expect(list.getByRole('listitem')).toHaveCount(0);
  await followsInVain(users, link, 'Bob', NO_LONGER);
});

test('the invite link is shown once, in no URL, with a QR code', async ({ server, users }) => {
  const olga = await owner(server, users);
  const link = await invite(olga, '3');
  const token = new URL(link).searchParams.get('invite') ?? '';
  await expect(olga.page).toHaveURL('/admin/invites');

  // What a phone's camera makes of it is not to be asked here; that it is drawn, dark on light and large enough, is.
  const code = olga.page.getByRole('img', { name: 'QR code of the link' });
  const { width, height } = (await code.boundingBox()) ?? { width: 0, height: 0 };
  expect(Math.min(width, height)).toBeGreaterThan(150);
  await expect(code).toHaveCSS('background-color', 'rgb(255, 255, 255)');
  await expect(code.locator('path')).toHaveCSS('fill', 'rgb(0, 0, 0)');

  const again = await olga.page.goto('/admin/invites');
  expect(again?.headers()['cache-control']).toBe('no-store');
  expect(await again?.text()).not.toContain(token);
  await expect(olga.page.getByText('0 of 3 used')).toBeVisible();
  expect(server.log.join('\n')).not.toContain(token);
});

test('an invalid invite is refused, and the input stays', async ({ server, users }) => {
  const olga = await owner(server, users);
  olga.pageErrors.allowStatus(400);
  await olga.page.goto('/admin/invites');
  const uses = olga.page.getByLabel('Number of uses');
  // Past what the browser itself would refuse.
  await uses.evaluate((field: HTMLInputElement) => field.form?.setAttribute('novalidate', ''));
  await uses.fill('0');
  await olga.page.getByLabel('Valid for').selectOption('60');
  await olga.page.getByRole('button', { name: 'Create link' }).click();
  await expect(olga.page.getByRole('alert')).toContainText('is not a positive number');
  await expect(uses).toHaveValue('0');
  await expect(olga.page.getByLabel('Valid for')).toHaveValue('60');
  await expect(olga.page.getByText('No active invite links.')).toBeVisible();
});
