import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from '../fixtures/test.ts';

const CSP_ERROR = /Content Security Policy/;

test('injected script does not run', async ({ users }) => {
  const alice = await users.guest('Alice');
  alice.pageErrors.allow(CSP_ERROR);
  await alice.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = "script"';
    const image = document.createElement('div');
    image.innerHTML = '<img src="data:," onerror="window.ran = \'onerror\'">';
    const style = document.createElement('style');
    style.textContent = 'body { outline: 7px solid red }';
    const link = document.createElement('a');
    link.href = 'javascript:window.ran = "link"';
    link.setAttribute('style', 'outline: 9px solid red');
    document.body.append(script, image, style, link);
    link.click();
  });
  const outcome = await alice.page.evaluate(() => {
    const script = document.createElement('script');
    script.src = 'data:text/javascript,window.ran="address"';
    const failed = new Promise((resolve) => script.addEventListener('error', () => resolve('blocked')));
    document.body.append(script);
    return failed;
  });
  expect(outcome).toBe('blocked');
  expect(await alice.page.evaluate(() => (window as { ran?: string }).ran)).toBeUndefined();
  const outlines = await alice.page.evaluate(() =>
    [document.body, document.querySelector('body > a:last-of-type')].map(
      (element) => element && getComputedStyle(element).outlineStyle,
    ),
  );
  expect(outlines).toEqual(['none', 'none']);
});

test('the page connects to its own server only', async ({ users }) => {
  const alice = await users.guest('Alice');
  alice.pageErrors.allow(CSP_ERROR);
  const outcome = await alice.page.evaluate(() =>
    fetch('http://localhost:9/?stolen').then(
      () => 'sent',
      () => 'blocked',
    ),
  );
  expect(outcome).toBe('blocked');
  await expect.poll(() => alice.pageErrors.all.some((error) => CSP_ERROR.test(error))).toBe(true);
});

test('other sites cannot embed the page', async ({ browser, server }) => {
  const otherSite = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<iframe src="${server.url}/"></iframe>`);
  });
  await new Promise<void>((resolve) => otherSite.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
  await page.goto(`http://127.0.0.1:${(otherSite.address() as AddressInfo).port}/`);
  await refused;
  await expect(page.frameLocator('iframe').getByRole('textbox')).toHaveCount(0);
  await page.close();
  otherSite.close();
});

test('an avatar has its colour', async ({ users }) => {
  const alice = await users.guest('Alice');
  const avatar = alice.page.locator('.avatar').first();
  const [hue, background] = await avatar.evaluate((element) => {
    const style = getComputedStyle(element);
    return [style.getPropertyValue('--hue'), style.backgroundColor];
  });
  expect(Number(hue) % 30).toBe(0);
  expect(background).not.toBe('rgba(0, 0, 0, 0)');
});
