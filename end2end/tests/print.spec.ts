/** A conversation on paper. */
import type { Page } from '@playwright/test';

import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

test.use({ serverOptions: ['--unlimited'] });

/** The number of pages in a PDF. */
function pageCount(pdf: Buffer): number {
  return pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
}

/** How many of these elements are printed, that is, have a box. */
function printedCount(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluateAll((all) => all.filter((element) => element.getClientRects().length > 0).length);
}

/** The WCAG 2 contrast ratios between texts and white paper. */
function contrastRatios(page: Page): Promise<number[]> {
  return page.locator('.body, .author, time.at, .day span, .conversation-head h1, .reaction').evaluateAll((all) => {
    const luminance = (color: string) => {
      const canvas = document.createElement('canvas').getContext('2d')!;
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    return all.map((element) => 1.05 / (luminance(getComputedStyle(element).color) + 0.05));
  });
}

for (const theme of ['light', 'dark']) {
  test(`all loaded messages are printed dark on light without controls, in the ${theme} theme`, async ({ server, users }) => {
    const writer = await SocketClient.signIn(server, 'Scribe');
    await writer.sendMany(Array.from({ length: 90 }, (_, number) => `said ${number}`));
    const alice = await users.openBrowser('Alice');
    await alice.page.context().addCookies([{ name: 'teahouse_theme', value: theme, url: server.url }]);
    await alice.signIn();
    await alice.chooseAction('👍', 'said 89');
    await expect(async () => {
      await alice.log.evaluate((log) => log.scrollTo({ top: 0, behavior: 'instant' }));
      await expect(alice.page.getByText('This is the beginning')).toBeInViewport({ timeout: 100 });
    }).toPass();
    await alice.expectMessage('said 0');
    await alice.composer.fill('Half a thought');
    await alice.message('said 20').hover();
    await expect(alice.messageMenu).toBeVisible();

    const [onPaper, onColouredPaper] = [await alice.page.pdf(), await alice.page.pdf({ printBackground: true })];
    expect(pageCount(onPaper), 'ninety lines fill more than one page').toBeGreaterThan(1);
    expect(pageCount(onColouredPaper)).toBe(pageCount(onPaper));

    await alice.page.emulateMedia({ media: 'print' });
    expect(await printedCount(alice.page, '.message')).toBe(90);
    expect(await printedCount(alice.page, '.reaction')).toBe(1);
    expect(await printedCount(alice.page, '.sidebar, .composer, .banners, .message-actions, .to-latest, .icon-button, button:not(.reaction), textarea')).toBe(0);
    // Nothing is cut off: the page is longer than the conversation.
    const [pageHeight, rowsHeight] = await alice.page.evaluate(() => [
      document.documentElement.scrollHeight,
      document.querySelector('.rows')!.getBoundingClientRect().height,
    ]);
    expect(pageHeight!).toBeGreaterThan(rowsHeight!);
    for (const contrast of await contrastRatios(alice.page)) expect(contrast).toBeGreaterThanOrEqual(4.5);
    await expect(alice.page.locator('body')).toHaveCSS('background-color', 'rgba(0, 0, 0, 0)');

    // The screen is unchanged.
    await alice.page.emulateMedia({ media: 'screen' });
    await expect(alice.composer).toHaveValue('Half a thought');
    await expect(alice.composer).toBeInViewport({ ratio: 1 });
    await writer.send('and on');
    await expect(alice.message('and on')).toHaveCount(1);
    writer.close();
  });
}

test('printing from the list on a phone prints the conversation, also without JavaScript', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('On paper');
  const storageState = await alice.page.context().storageState();
  for (const options of [{ javaScriptEnabled: false }, { viewport: { width: 390, height: 780 } }]) {
    const reader = await users.openBrowser('Alice', { storageState, ...options });
    reader.pageErrors.allow(/preloaded using link preload but not used/);
    await reader.page.goto(options.javaScriptEnabled === false ? '/talk/lobby' : '/');
    await expect(reader.page.locator('.message')).toHaveCount(1);
    await reader.page.emulateMedia({ media: 'print' });
    expect(await printedCount(reader.page, '.message')).toBe(1);
    expect(await printedCount(reader.page, '.sidebar, .composer')).toBe(0);
  }
});
