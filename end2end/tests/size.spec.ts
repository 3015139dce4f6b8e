import { expect, test } from '../fixtures/test.ts';

/** What the first visit may cost, in bytes over the wire: fonts and styles included. */
const LIMIT = 232_000;

test('the first load of the page is small', async ({ users }) => {
  const { page } = await users.openBrowser('Visitor');
  const browser = await page.context().newCDPSession(page);
  const addresses = new Map<string, string>();
  const loaded: { address: string; bytes: number }[] = [];
  await browser.send('Network.enable');
  browser.on('Network.requestWillBeSent', ({ requestId, request }) => addresses.set(requestId, request.url));
  browser.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    loaded.push({ address: addresses.get(requestId) ?? requestId, bytes: encodedDataLength }),
  );
  const program = page.waitForResponse(/\.wasm$/);

  await page.goto('/', { waitUntil: 'networkidle' });

  const total = loaded.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { address, bytes } of loaded) console.log(`  ${kilobytes(bytes)} ${new URL(address).pathname}`);
  console.log(`first load: ${kilobytes(total)} over the wire (limit ${kilobytes(LIMIT)})`);
  expect((await program).headers()['content-encoding']).toBe('br');
  expect(loaded.filter(({ address }) => address.endsWith('.wasm'))).toHaveLength(1);
  expect(total).toBeLessThanOrEqual(LIMIT);
});

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(bytes === LIMIT ? 0 : 1)} kB`;
}
