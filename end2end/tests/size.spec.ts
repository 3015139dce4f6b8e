import { CHUNK } from '../fixtures/chunks.ts';
import { expect, test } from '../fixtures/test.ts';

/**
 * The most that the first load may transfer, in bytes, fonts and styles included: from the sign-in page until the user can
 * write. `lazy.spec.ts` shows that this needs no lazy chunk, so these don't count.
 */
const LIMIT_BYTES = 230_000;

test('the first load of the page is small', async ({ users }) => {
  const visitor = await users.openBrowser('Visitor');
  const { page } = visitor;
  const devtools = await page.context().newCDPSession(page);
  const urls = new Map<string, string>();
  const loaded: { url: string; bytes: number }[] = [];
  await devtools.send('Network.enable');
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url));
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    loaded.push({ url: urls.get(requestId) ?? requestId, bytes: encodedDataLength }),
  );
  const wasmResponse = page.waitForResponse(/teahouse\.wasm$/);

  await visitor.signIn();
  await expect(visitor.composer).toBeEnabled();
  await page.waitForLoadState('networkidle');

  const isChunk = ({ url }: { url: string }) => CHUNK.test(url);
  const firstLoad = loaded.filter((file) => !isChunk(file));
  const total = firstLoad.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { url, bytes } of firstLoad) console.log(`  ${kilobytes(bytes)} ${new URL(url).pathname}`);
  console.log(`first load: ${kilobytes(total)} over the wire (limit ${LIMIT_BYTES / 1_000} kB)`);
  for (const { url, bytes } of loaded.filter(isChunk)) console.log(`  chunk ${url.split('/').at(-1)}: ${kilobytes(bytes)}`);
  expect((await wasmResponse).headers()['content-encoding']).toBe('br');
  expect(firstLoad.filter(({ url }) => url.endsWith('.wasm'))).toHaveLength(1);
  expect(total).toBeLessThanOrEqual(LIMIT_BYTES);
});

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}
