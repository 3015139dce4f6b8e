import { runAdminCommand } from '../fixtures/operator.ts';
import { PASSWORD } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';
import type { TestServer } from '../fixtures/test_server.ts';
import type { User } from '../fixtures/user.ts';
import type { Users } from '../fixtures/users.ts';

const INVALID_INVITE = 'This invite link has expired, is used up or is not valid.';

test.use({ serverOptions: ['--entry', 'invite'] });

/** Signs in the owner of an invite-only server, with an invite from the operator, a password and the claim token. */
async function claimOwnership(server: TestServer, users: Users): Promise<User> {
  const olga = await users.openBrowser('Olga');
  await olga.page.goto(await runAdminCommand(server, 'invite', '--uses', '1'));
  await olga.nicknameField.fill('Olga');
  await olga.enterButton.click();
  await olga.expectSignedIn();
  const response = await olga.page.request.put('/api/me/password', { data: { password: PASSWORD, claim: server.takeClaimToken() } });
  expect(response.status()).toBe(204);
  await expect.poll(() => olga.frames.receivedOfType('welcome').at(-1)?.me.role).toBe('owner');
  return olga;
}

/** Creates an invite on the admin pages. Returns its link. */
async function createInvite(owner: User, uses = '1', minutes = '1440'): Promise<string> {
  await owner.page.goto('/admin/invites');
  await owner.page.getByLabel('Valid for').selectOption(minutes);
  await owner.page.getByLabel('Number of uses').fill(uses);
  await owner.page.getByRole('button', { name: 'Create link' }).click();
  const createdRegion = owner.page.getByRole('region', { name: 'Invite link created' });
  return createdRegion.getByRole('link').innerText();
}

async function expectInviteRefused(users: Users, link: string, name: string, reason: string): Promise<void> {
  const user = await users.openBrowser(name);
  user.pageErrors.allowStatus(403);
  await user.page.goto(link);
  await user.nicknameField.fill(name);
  await user.enterButton.click();
  await expect(user.page.getByText(reason)).toBeVisible();
}

test('a single-use invite admits one user', async ({ server, users }) => {
  const olga = await claimOwnership(server, users);
  const link = await createInvite(olga);
  expect(link).toMatch(new RegExp(`^${server.url}/\\?invite=[\\w-]{43}$`));

  await expectInviteRefused(users, '/', 'Uninvited', 'You need an invite link to join.');
  const bob = await users.openBrowser('Bob');
  await bob.page.goto(link);
  await bob.nicknameField.fill('Bob');
  await bob.enterButton.click();
  await bob.expectSignedIn();
  await bob.send('I was invited');
  await expectInviteRefused(users, link, 'Carol', INVALID_INVITE);
});

test('an invite works without JavaScript', async ({ server, users }) => {
  const olga = await claimOwnership(server, users);
  const link = await createInvite(olga);
  const bob = await users.openBrowser('Bob', { javaScriptEnabled: false });
  await bob.page.goto(link);
  await bob.nicknameField.fill('Bob');
  await bob.enterButton.click();
  await expect(bob.page).toHaveURL('/talk/lobby');
});

test('an invite survives a change of language, also without JavaScript', async ({ server, users }) => {
  const olga = await claimOwnership(server, users);
  const link = await createInvite(olga);
  const ming = await users.openBrowser('小明', { javaScriptEnabled: false });
  await ming.page.goto(link);

  await ming.page.getByRole('link', { name: '简体中文' }).click();
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();

  await expect(ming.page).toHaveURL('/talk/lobby');
});

test('a revoked or expired invite admits nobody', async ({ server, users }) => {
  const olga = await claimOwnership(server, users);
  const link = await createInvite(olga, '', '');
  await olga.page.goto('/admin/invites');
  const list = olga.page.getByRole('region', { name: 'Active invite links' });
  await expect(list.getByRole('listitem')).toHaveText(/used 0 times · no time limit\s*Olga/);
  await list.getByRole('button', { name: /^Revoke/ }).click();
  await expect(olga.page.getByText('Link revoked.')).toBeVisible();
  await expect(list.getByRole('listitem')).toHaveCount(0);
  await expectInviteRefused(users, link, 'Bob', INVALID_INVITE);
});

test('the invite link is shown once, in no URL, with a QR code', async ({ server, users }) => {
  const olga = await claimOwnership(server, users);
  const link = await createInvite(olga, '3');
  const token = new URL(link).searchParams.get('invite') ?? '';
  await expect(olga.page).toHaveURL('/admin/invites');

  // No camera scans the code here; the test checks that it is dark on light and large enough.
  const qrCode = olga.page.getByRole('img', { name: 'QR code of the link' });
  const { width, height } = (await qrCode.boundingBox()) ?? { width: 0, height: 0 };
  expect(Math.min(width, height)).toBeGreaterThan(150);
  await expect(qrCode).toHaveCSS('background-color', 'rgb(255, 255, 255)');
  await expect(qrCode.locator('path')).toHaveCSS('fill', 'rgb(0, 0, 0)');

  const response = await olga.page.goto('/admin/invites');
  expect(response?.headers()['cache-control']).toBe('no-store');
  expect(await response?.text()).not.toContain(token);
  await expect(olga.page.getByText('0 of 3 used')).toBeVisible();
  expect(server.log.join('\n')).not.toContain(token);
});

test('an invalid invite is refused, and the input stays', async ({ server, users }) => {
  const olga = await claimOwnership(server, users);
  olga.pageErrors.allowStatus(400);
  await olga.page.goto('/admin/invites');
  const uses = olga.page.getByLabel('Number of uses');
  // Bypasses the validation by the browser.
  await uses.evaluate((field: HTMLInputElement) => field.form?.setAttribute('novalidate', ''));
  await uses.fill('0');
  await olga.page.getByLabel('Valid for').selectOption('60');
  await olga.page.getByRole('button', { name: 'Create link' }).click();
  await expect(olga.page.getByRole('alert')).toContainText('is not a positive number');
  await expect(uses).toHaveValue('0');
  await expect(olga.page.getByLabel('Valid for')).toHaveValue('60');
  await expect(olga.page.getByText('No active invite links.')).toBeVisible();
});
