import { admin } from '../fixtures/host.ts';
import type { House } from '../fixtures/house.ts';
import { PASSWORD } from '../fixtures/office.ts';
import type { People } from '../fixtures/people.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

const NO_LONGER = 'This invite link has expired, is used up or is not valid.';

test.use({ serverOptions: ['--entry', 'invite'] });

/** The owner of a house that asks for invites: who came in by a link from the host, and claimed it with a password. */
async function owner(house: House, people: People): Promise<Person> {
  const olga = await people.visitor('Olga');
  await olga.page.goto(await admin(house, 'invite', '--uses', '1'));
  await olga.nicknameField.fill('Olga');
  await olga.enterButton.click();
  await olga.isInside();
  const answer = await olga.page.request.put('/api/me/password', { data: { password: PASSWORD, claim: house.takeClaim() } });
  expect(answer.status()).toBe(204);
  await expect.poll(() => olga.frames.receivedOf('welcome').at(-1)?.me.role).toBe('owner');
  return olga;
}

/** Makes an invite in the office. Gives its link. */
async function invite(by: Person, uses = '1', minutes = '1440'): Promise<string> {
  await by.page.goto('/admin/invites');
  await by.page.getByLabel('Valid for').selectOption(minutes);
  await by.page.getByLabel('Number of uses').fill(uses);
  await by.page.getByRole('button', { name: 'Create link' }).click();
  const made = by.page.getByRole('region', { name: 'Invite link created' });
  return made.getByRole('link').innerText();
}

async function followsInVain(people: People, link: string, name: string, why: string): Promise<void> {
  const late = await people.visitor(name);
  late.complaints.expectStatus(403);
  await late.page.goto(link);
  await late.nicknameField.fill(name);
  await late.enterButton.click();
  await expect(late.page.getByText(why)).toBeVisible();
}

test('a single-use invite admits one user', async ({ house, people }) => {
  const olga = await owner(house, people);
  const link = await invite(olga);
  expect(link).toMatch(new RegExp(`^${house.address}/\\?invite=[\\w-]{43}$`));

  await followsInVain(people, '/', 'Uninvited', 'You need an invite link to join.');
  const bob = await people.visitor('Bob');
  await bob.page.goto(link);
  await bob.nicknameField.fill('Bob');
  await bob.enterButton.click();
  await bob.isInside();
  await bob.say('I was invited');
  await followsInVain(people, link, 'Carol', NO_LONGER);
});

test('an invite works without JavaScript', async ({ house, people }) => {
  const olga = await owner(house, people);
  const link = await invite(olga);
  const bob = await people.visitor('Bob', { javaScriptEnabled: false });
  await bob.page.goto(link);
  await bob.nicknameField.fill('Bob');
  await bob.enterButton.click();
  await expect(bob.page).toHaveURL('/talk/lobby');
});

test('an invite survives a change of language, also without JavaScript', async ({ house, people }) => {
  const olga = await owner(house, people);
  const link = await invite(olga);
  const ming = await people.visitor('小明', { javaScriptEnabled: false });
  await ming.page.goto(link);

  await ming.page.getByRole('link', { name: '简体中文' }).click();
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();

  await expect(ming.page).toHaveURL('/talk/lobby');
});

test('a revoked or expired invite admits nobody', async ({ house, people }) => {
  const olga = await owner(house, people);
  const link = await invite(olga, '', '');
  await olga.page.goto('/admin/invites');
  const list = olga.page.getByRole('region', { name: 'Active invite links' });
  await expect(list.getByRole('listitem')).toHaveText(/used 0 times · no time limit\s*Olga/);
  await list.getByRole('button', { name: /^Revoke/ }).click();
  await expect(olga.page.getByText('Link revoked.')).toBeVisible();
  await expect(list.getByRole('listitem')).toHaveCount(0);
  await followsInVain(people, link, 'Bob', NO_LONGER);
});

test('the invite link is shown once, in no URL, with a QR code', async ({ house, people }) => {
  const olga = await owner(house, people);
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
  expect(house.log.join('\n')).not.toContain(token);
});

test('an invalid invite is refused, and the input stays', async ({ house, people }) => {
  const olga = await owner(house, people);
  olga.complaints.expectStatus(400);
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
