import { CHUNK, holdChunks, isSplit } from '../fixtures/chunks.ts';
import { expect, test } from '../fixtures/test.ts';

test('the lazy chunks load after the start without being requested', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.goto('/');
  test.skip(!(await isSplit(alice.page)), 'a build without --split');
  const chunks = ['chat', 'markdown', 'highlight'].map((name) =>
    alice.page.waitForResponse((response) => CHUNK.test(response.url()) && response.url().includes(name)),
  );
  await alice.signIn();
  for (const response of await Promise.all(chunks)) {
    expect(response.status()).toBe(200);
    expect(response.headers()['content-encoding']).toBe('br');
    expect(response.headers()['cache-control']).toContain('immutable');
  }
});

test('users can write before a lazy chunk has loaded', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.goto('/');
  test.skip(!(await isSplit(alice.page)), 'a build without --split');
  const release = await holdChunks(alice.page);
  await alice.signIn();
  const menu = alice.message('good morning').getByRole('button', { name: 'Edit' });
  await alice.send('good morning');
  await alice.message('good morning').hover();
  await expect(menu).toHaveCount(0);

  release();
  await expect(menu).toBeVisible();
});

test('a name that was typed before the code that completes it had loaded is completed when it has', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.goto('/');
  test.skip(!(await isSplit(alice.page)), 'a build without --split');
  const release = await holdChunks(alice.page);
  await alice.signIn();
  await alice.composer.pressSequentially('Good :tea');
  const suggestions = alice.page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
  await expect(suggestions).toHaveCount(0);
  release();
  await expect(suggestions).toHaveCount(8);
});

test('if a lazy chunk fails to load, the page says so and retries', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.goto('/');
  test.skip(!(await isSplit(alice.page)), 'a build without --split');
  alice.pageErrors.allow(/Failed to load resource|failed to fetch|Failed to fetch|NetworkError/i);
  await alice.page.route(CHUNK, (route) => route.abort());
  await alice.signIn();
  const settings = alice.page.getByRole('button', { name: 'Settings' });
  const loadError = alice.page.getByRole('dialog', { name: 'Settings' }).getByRole('alert');
  await settings.click();
  await expect(loadError.filter({ hasText: 'can’t be reached' })).toBeVisible();
  // Everything else still works, and addresses are text.
  await alice.page.keyboard.press('Escape');
  await alice.send('all the same, see https://example.org/');
  await expect(alice.log.getByRole('link')).toHaveCount(0);

  await alice.page.unroute(CHUNK);
  await settings.click();
  await expect(alice.page.getByRole('heading', { name: 'Your nickname' })).toBeVisible();
  await alice.page.keyboard.press('Escape');
  await alice.send('once more');
  await alice.send('https://example.com/');
  await expect(alice.log.getByRole('link')).toHaveCount(2);
});
