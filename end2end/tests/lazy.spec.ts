import type { Page } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';

/** The lazy chunk: the WebAssembly file with code that the page needs rarely. */
const LAZY_CHUNK = /\/pkg\.[0-9a-f]{16}\/(?!teahouse\.wasm)[^/]+\.wasm$/;

/** Whether the build is split; a development build is a single file. */
async function isSplit(page: Page): Promise<boolean> {
  return (await page.locator('link[rel=modulepreload][href*="__wasm_split"]').count()) > 0;
}

test('the lazy chunk loads after the start without being requested', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.goto('/');
  test.skip(!(await isSplit(alice.page)), 'a build without --split');
  const lazyChunk = alice.page.waitForResponse(LAZY_CHUNK);
  await alice.signIn();
  const response = await lazyChunk;
  expect(response.status()).toBe(200);
  expect(response.headers()['content-encoding']).toBe('br');
  expect(response.headers()['cache-control']).toContain('immutable');
});

test('if the lazy chunk fails to load, the page says so and retries', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.goto('/');
  test.skip(!(await isSplit(alice.page)), 'a build without --split');
  alice.pageErrors.allow(/Failed to load resource|failed to fetch|Failed to fetch|NetworkError/i);
  await alice.page.route(LAZY_CHUNK, (route) => route.abort());
  await alice.signIn();
  const settings = alice.page.getByRole('button', { name: 'Settings' });
  const loadError = alice.page.getByRole('dialog', { name: 'Settings' }).getByRole('alert');
  await settings.click();
  await expect(loadError.filter({ hasText: 'can’t be reached' })).toBeVisible();
  // Everything else still works.
  await alice.page.keyboard.press('Escape');
  await alice.send('all the same');

  await alice.page.unroute(LAZY_CHUNK);
  await settings.click();
  await expect(alice.page.getByRole('heading', { name: 'Your nickname' })).toBeVisible();
});
