import { expect, test } from '../fixtures/test.ts';

/** The most that the first load may transfer, in bytes: fonts and styles included. */
const LIMIT_BYTES = 232_000;

test('the first load of the page is small', async ({ users }) => {
  const { page } = await users.openBrowser('Visitor');
  const devtools = await page.context().newCDPSession(page);
  const urls = new Map<string, string>();
  const loaded: { url: string; bytes: number }[] = [];
  await devtools.send('Network.enable');
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url));
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    loaded.push({ url: urls.get(requestId) ?? requestId, bytes: encodedDataLength }),
  );
  const wasmResponse = page.waitForResponse(/\.wasm$/);

  await page.goto('/', { waitUntil: 'networkidle' });

  const total = loaded.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { url, bytes } of loaded) console.log(`  ${kilobytes(bytes)} ${new URL(url).pathname}`);
  console.log(`first load: ${kilobytes(total)} over the wire (limit ${kilobytes(LIMIT_BYTES)})`);
  expect((await wasmResponse).headers()['content-encoding']).toBe('br');
  expect(loaded.filter(({ url }) => url.endsWith('.wasm'))).toHaveLength(1);
  expect(total).toBeLessThanOrEqual(LIMIT_BYTES);
});

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(bytes === LIMIT_BYTES ? 0 : 1)} kB`;
}
