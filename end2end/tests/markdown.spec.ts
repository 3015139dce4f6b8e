/** Formatted messages. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';

import { holdChunks, isSplit } from '../fixtures/chunks.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

const EVERYTHING = [
  '# Tea tonight',
  'We need **hot water** and *patience*, ~~sugar~~ and `two cups`.',
  '',
  '- green',
  '  - jasmine',
  '- black',
  '',
  '1. boil',
  '2. wait',
  '',
  '> who brings cake?',
  'I do, see [the recipe](https://example.org/cake).',
  '',
  '| tea | minutes |',
  '|---|--:|',
  '| green | 2 |',
  '',
  '```rust',
  'fn main() { println!("tea"); } // now',
  '```',
].join('\n');

/** Sends a text whose formatting changes how it looks. */
async function sendFormatted(user: User, text: string): Promise<void> {
  await user.composer.fill(text);
  await user.composer.press('Enter');
  await expect(user.composer).toHaveValue('');
}

/** The text of the newest message. */
const newestBody = (user: User): Locator => user.log.locator('.body').last();

test('two users see the formatting of a message', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');

  await sendFormatted(alice, EVERYTHING);

  for (const { log } of [alice, bob]) {
    await expect(log.locator('strong', { hasText: 'Tea tonight' })).toBeVisible();
    await expect(log.locator('strong', { hasText: /^hot water$/ })).toBeVisible();
    await expect(log.locator('em')).toHaveText('patience');
    await expect(log.locator('s')).toHaveText('sugar');
    await expect(log.locator('p code')).toHaveText('two cups');
    await expect(log.locator('ul ul li')).toHaveText('jasmine');
    await expect(log.locator('.body ol > li')).toHaveText(['boil', 'wait']);
    await expect(log.locator('blockquote')).toHaveText('who brings cake?');
    await expect(log.getByRole('link', { name: 'the recipe' })).toHaveAttribute('href', 'https://example.org/cake');
    await expect(log.getByText('(example.org)')).toBeVisible();
    await expect(log.getByRole('columnheader')).toHaveText(['tea', 'minutes']);
    await expect(log.getByRole('cell')).toHaveText(['green', '2']);
    await expect(log.locator('pre')).toHaveText('fn main() { println!("tea"); } // now');
    await expect(log.locator('pre .token-keyword')).toHaveText('fn');
    await expect(log.locator('pre .token-comment')).toHaveText('// now');
  }
  expect(await bob.fetchHistory()).toEqual([EVERYTHING]);
});

test('Chinese text can be emphasized without spaces', async ({ users }) => {
  const ming = await users.guest('小明');
  await sendFormatted(ming, '**重要：**请看，他说**“你好”**。');
  await expect(newestBody(ming).locator('strong')).toHaveText(['重要：', '“你好”']);
  await expect(newestBody(ming)).toHaveText('重要：请看，他说“你好”。');
});

test('what is no markup stays as typed', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  for (const text of ['2*3*4 = 24', 'snake_case_name', 'C:\\path\\*.txt', '<b>bold</b> &amp; <i>', '- alone', ':-)* :-)*']) {
    await alice.send(text);
    await expect(newestBody(bob)).toHaveText(text);
    await expect(newestBody(bob).locator('strong, em, b, i, ul')).toHaveCount(0);
  }
});

test('no message runs script or leads to one', async ({ users }) => {
  const mallory = await users.guest('Mallory');
  const alice = await users.guest('Alice');
  let dialogs = 0;
  alice.page.on('dialog', (dialog) => {
    dialogs += 1;
    void dialog.dismiss();
  });
  const texts = [
    '[click](javascript:alert(1))',
    '[click](JaVaScRiPt:alert(1))',
    '[click](data:text/html,<script>alert(1)</script>)',
    '**<img src=x onerror=alert(1)>**',
    '`<script>alert(1)</script>`',
    '```html\n<script>alert(1)</script>\n```',
    '| <svg onload=alert(1)> | b |\n|---|---|\n| <iframe srcdoc="<script>alert(1)</script>"> | 2 |',
    '> <style>*{display:none}</style>\n> x',
    '![x](https://example.org/x.png)',
  ];
  for (const text of texts) await sendFormatted(mallory, text);
  await alice.expectMessage('![x]');

  await expect(alice.log.locator('script, img, svg:not(.icon, .message-head svg), iframe, style, [onerror], [onload]')).toHaveCount(0);
  await expect(alice.log.getByText('[click](JaVaScRiPt:alert(1))', { exact: true })).toBeVisible();
  await expect(alice.log.getByRole('link')).toHaveCount(1);
  await expect(alice.log.getByRole('link')).toHaveAttribute('href', 'https://example.org/x.png');
  expect(dialogs).toBe(0);
});

test('a link shows where it leads', async ({ users }) => {
  const mallory = await users.guest('Mallory');
  await sendFormatted(mallory, '[https://bank.example](https://evil.example/login)');
  const link = newestBody(mallory).getByRole('link');
  await expect(link).toHaveAttribute('href', 'https://evil.example/login');
  await expect(link).toHaveAttribute('rel', 'noopener noreferrer');
  await expect(newestBody(mallory)).toHaveText('https://bank.example (evil.example)');
});

test('code is copied by its button, and as typed', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await sendFormatted(alice, '```py\nif tea:\n    drink("茶")\n```');

  await newestBody(alice).getByRole('button', { name: 'Copy' }).click();

  await expect(newestBody(alice).getByRole('status')).toHaveText('Copied');
  expect(await alice.page.evaluate(() => navigator.clipboard.readText())).toBe('if tea:\n    drink("茶")');
});

test('code and tables scroll by keyboard, inside the message', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  await sendFormatted(alice, `\`\`\`\n${'long line '.repeat(40)}\n\`\`\``);
  const code = alice.log.getByRole('group', { name: 'Code' });
  await code.focus();
  await alice.page.keyboard.press('ArrowRight');
  await expect.poll(() => code.evaluate((element) => element.scrollLeft)).toBeGreaterThan(0);
  const isPageWide = () => alice.page.evaluate(() => document.scrollingElement!.scrollWidth > innerWidth);
  expect(await isPageWide()).toBe(false);

  await sendFormatted(alice, `| ${'a wide cell '.repeat(9)} | b |\n|---|---|\n| ${'x'.repeat(90)} | 2 |`);
  await expect(alice.log.getByRole('table')).toBeVisible();
  expect(await isPageWide()).toBe(false);
});

test('a long message folds', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}`);
  await sendFormatted(alice, lines.join('\n'));

  const last = () => bob.log.evaluate((log) => log.querySelector('.long')!.getBoundingClientRect().height);
  const unfold = newestBody(bob).getByRole('button', { name: 'Show all' });
  await expect(unfold).toHaveAttribute('aria-expanded', 'false');
  const folded = await last();
  await unfold.click();
  await expect(newestBody(bob).getByRole('button', { name: 'Show less' })).toHaveAttribute('aria-expanded', 'true');
  expect(await last()).toBeGreaterThan(folded * 1.5);

  await alice.send('short');
  await expect(newestBody(bob).getByRole('button')).toHaveCount(0);
});

test('formatting can be switched off in the settings, for this browser', async ({ users }) => {
  const alice = await users.guest('Alice');
  await sendFormatted(alice, 'some **bold** https://example.org/');
  await expect(newestBody(alice).locator('strong')).toHaveText('bold');

  await alice.settingsButton.click();
  await alice.settings.getByRole('checkbox', { name: 'Show formatting' }).uncheck();
  await expect(newestBody(alice)).toHaveText('some **bold** https://example.org/');
  await expect(newestBody(alice).getByRole('link')).toHaveAttribute('href', 'https://example.org/');

  const response = await alice.page.reload();
  expect(await response?.text()).not.toContain('<strong>');
  await alice.expectSignedIn();
  await expect(newestBody(alice)).toHaveText('some **bold** https://example.org/');

  await alice.settingsButton.click();
  await alice.settings.getByRole('checkbox', { name: 'Show formatting' }).check();
  await expect(newestBody(alice).locator('strong')).toHaveText('bold');
});

test('an edit shows with its formatting', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('plain');
  await alice.chooseAction('Edit', 'plain');
  await expect(alice.composer).toHaveValue('plain');
  await sendFormatted(alice, '**bold**');
  await expect(newestBody(bob).locator('strong')).toHaveText('bold');

  await alice.chooseAction('Edit', 'bold');
  await expect(alice.composer).toHaveValue('**bold**');
});

test('the server renders the formatting, too', async ({ users }) => {
  const alice = await users.guest('Alice');
  await sendFormatted(alice, '**bold**');
  await expect(newestBody(alice).locator('strong')).toHaveText('bold');
  const html = await (await alice.page.request.get('/talk/lobby')).text();
  expect(html).toContain('<strong>');
});

test('until the code for formatting has loaded, messages show as typed', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await alice.page.goto('/');
  test.skip(!(await isSplit(alice.page)), 'a build without --split');
  const release = await holdChunks(alice.page);
  await alice.signIn();
  await alice.send('some **bold** text');

  release();
  await expect(newestBody(alice).locator('strong')).toHaveText('bold');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds no barrier in formatted messages, ${colorScheme}`, async ({ users }) => {
    const alice = await users.openBrowser('Alice', { colorScheme });
    await alice.signIn();
    await sendFormatted(alice, EVERYTHING);
    await sendFormatted(alice, '```diff\n@@ 1\n-a "b" 3\n+c\n```\n```json\n{"a": "b", "c": 3, "d": true}\n```');
    await expect(alice.log.locator('.token-name').first()).toBeVisible();
    await expect(alice.log.locator('.token-added')).toBeVisible();
    const { violations } = await new AxeBuilder({ page: alice.page }).setLegacyMode().analyze();
    const found = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
    expect(found).toEqual([]);
  });
}
