import type { Page } from '@playwright/test';

import { holdWasm } from '../fixtures/boot.ts';
import { InputMethod } from '../fixtures/input_method.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

/** The recorded `keydown` events of Enter: whether each belonged to a composition. */
function enterEvents(page: Page): Promise<{ isComposing: boolean; keyCode: number }[]> {
  return page.evaluate(() => (window as any).enterEvents);
}

/** Dispatches AltGr+Enter, which Playwright's keyboard cannot press. */
function pressAltGraphEnter(user: User): Promise<void> {
  return user.composer.evaluate((field) => {
    const modifiers = { modifierAltGraph: true, bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', ...modifiers }));
  });
}

/** Waits until the code that formats texts has loaded: a formatted message shows it. */
async function expectEditingLoaded(user: User): Promise<void> {
  await user.composer.fill('**loaded**');
  await user.composer.press('Enter');
  await expect(user.log.locator('strong', { hasText: 'loaded' })).toBeVisible();
}

/** Pastes a text at the caret, as a keyboard would. */
async function paste(user: User, text: string): Promise<void> {
  await user.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await user.composer.focus();
  await user.page.keyboard.press('Control+End');
  await user.page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await user.page.keyboard.press('Control+v');
}

function selectedText(user: User): Promise<string> {
  return user.composer.evaluate(({ value, selectionStart, selectionEnd }: HTMLTextAreaElement) =>
    value.slice(selectionStart, selectionEnd),
  );
}

test('Enter within a Chinese composition does not send', async ({ users }) => {
  const ming = await users.guest('小明');
  const inputMethod = await InputMethod.attach(ming.page);
  await ming.page.evaluate(() => {
    const enterEvents: object[] = ((window as any).enterEvents = []);
    const record = ({ key, isComposing, keyCode }: KeyboardEvent) => key === 'Enter' && enterEvents.push({ isComposing, keyCode });
    window.addEventListener('keydown', record, { capture: true });
  });
  await ming.composer.focus();

  await inputMethod.compose('ni');
  await inputMethod.compose('nihao');
  await expect(ming.composer).toHaveValue('nihao');
  await inputMethod.pressEnter(13);
  await inputMethod.pressEnter(229);
  expect(await enterEvents(ming.page)).toEqual([
    { isComposing: true, keyCode: 13 },
    { isComposing: true, keyCode: 229 },
  ]);
  await expect(ming.composer).toHaveValue('nihao');

  await inputMethod.commit('你好');
  await expect(ming.composer).toHaveValue('你好');
  // Safari ends the composition first, and then reports the Enter that ended it.
  await inputMethod.pressEnter(229);
  expect((await enterEvents(ming.page)).at(-1)).toEqual({ isComposing: false, keyCode: 229 });
  await expect(ming.composer).toHaveValue('你好');
  expect(ming.frames.sentOfType('send')).toEqual([]);

  await ming.page.keyboard.press('Enter');
  await ming.expectMessage('你好');
  await expect(ming.composer).toHaveValue('');
  expect(ming.frames.sentOfType('send').map((frame) => frame.body)).toEqual(['你好']);
});

test('Shift+Enter adds a line and Enter sends both', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');

  await alice.composer.pressSequentially('One line');
  await alice.composer.press('Shift+Enter');
  await alice.composer.pressSequentially('and another');
  await expect(alice.composer).toHaveValue('One line\nand another');
  await alice.composer.press('Enter');

  await expect(bob.message('One line')).toHaveText(/One line\nand another/, { useInnerText: true });
  await expect(alice.composer).toHaveValue('');
});

for (const { keys, breaksLine } of [
  { keys: 'Alt+Enter', breaksLine: true },
  { keys: 'Shift+Alt+Enter', breaksLine: true },
  { keys: 'Control+Alt+Enter', breaksLine: true },
  { keys: 'AltGraph+Enter', breaksLine: true },
  { keys: 'Alt+NumpadEnter', breaksLine: true },
  { keys: 'Shift+NumpadEnter', breaksLine: true },
  { keys: 'Control+Enter', breaksLine: false },
  { keys: 'NumpadEnter', breaksLine: false },
]) {
  test(`${keys} ${breaksLine ? 'breaks the line at the caret' : 'sends'}, before and after WebAssembly loads`, async ({ users }) => {
    const alice = await users.openBrowser('Alice');
    const releaseWasm = await holdWasm(alice.page);
    await alice.page.goto('/', { waitUntil: 'commit' });
    await alice.nicknameField.fill('Alice');
    await alice.nicknameField.press('Enter');
    for (const when of ['before', 'after']) {
      await expect(alice.composer).toBeFocused();
      await alice.composer.fill(`${when}: one two`);
      for (let step = 0; step < 4; step += 1) await alice.page.keyboard.press('ArrowLeft');
      await alice.page.keyboard.press('Shift+ArrowRight');
      if (keys === 'AltGraph+Enter') await pressAltGraphEnter(alice);
      else await alice.page.keyboard.press(keys);
      if (breaksLine) {
        await expect(alice.composer).toHaveValue(`${when}: one\ntwo`);
        expect(await alice.message(when).count()).toBe(0);
        await alice.page.keyboard.press('Control+z');
        await expect(alice.composer).toHaveValue(`${when}: one two`);
        await alice.page.keyboard.press('Enter');
      }
      await alice.expectMessage(`${when}: one two`);
      await expect(alice.composer).toHaveValue('');
      releaseWasm();
      await alice.expectSignedIn();
    }
  });
}

test('the Send button sends, and white space alone is not sent', async ({ users }) => {
  const alice = await users.guest('Alice');

  await alice.composer.fill('  \n ');
  await alice.composer.press('Enter');
  await alice.composer.fill('Something');
  await alice.sendButton.click();

  await alice.expectMessage('Something');
  await expect(alice.composer).toBeFocused();
  await expect.poll(() => alice.fetchHistory()).toEqual(['Something']);
});

test('a too long message returns to its author with the reason', async ({ users }) => {
  const alice = await users.guest('Alice');
  const long = '茶'.repeat(4_001);

  await alice.composer.fill(long);
  await alice.composer.press('Enter');

  await expect(alice.composer).toHaveAccessibleDescription(/^That is too long: a message has at most 4000 characters/);
  await expect(alice.composer).toHaveValue(long);
  await expect.poll(() => alice.fetchHistory()).toEqual([]);

  await alice.composer.fill('Short');
  await alice.composer.press('Enter');
  await alice.expectMessage('Short');
  await expect(alice.composer).toHaveAccessibleDescription('');
});

for (const { keys, text, marked } of [
  { keys: 'Control+b', text: 'tea', marked: '**tea**' },
  { keys: 'Control+i', text: '茶', marked: '*茶*' },
  { keys: 'Control+e', text: 'tea()', marked: '`tea()`' },
  { keys: 'Control+Shift+x', text: 'tea', marked: '~~tea~~' },
]) {
  test(`${keys} formats the selection, a second time no longer, and both can be undone`, async ({ users }) => {
    const alice = await users.guest('Alice');
    await expectEditingLoaded(alice);
    await alice.composer.fill('');
    await alice.page.keyboard.insertText(`${text} time`);
    await alice.page.keyboard.press('Home');
    for (const _ of text) await alice.page.keyboard.press('Shift+ArrowRight');

    await alice.page.keyboard.press(keys);
    await expect(alice.composer).toHaveValue(`${marked} time`);
    expect(await selectedText(alice)).toBe(text);
    await alice.page.keyboard.press(keys);
    await expect(alice.composer).toHaveValue(`${text} time`);
    expect(await selectedText(alice)).toBe(text);
    await alice.page.keyboard.press('Control+z');
    await expect(alice.composer).toHaveValue(`${marked} time`);
    await alice.page.keyboard.press('Control+z');
    await expect(alice.composer).toHaveValue(`${text} time`);
  });
}

test('pasted code can become a block of code, and other texts are not asked about', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await expectEditingLoaded(alice);
  const offer = alice.page.getByRole('button', { name: 'Paste as code block' });
  await alice.composer.fill('See: ');
  await paste(alice, 'Dear all,\nsee you tomorrow.');
  await expect(alice.composer).toHaveValue('See: Dear all,\nsee you tomorrow.');
  await expect(offer).toHaveCount(0);

  await alice.composer.fill('See: ');
  await paste(alice, 'if (tea) {\n  drink();\n}');
  await expect(alice.composer).toHaveValue('See: if (tea) {\n  drink();\n}');
  await offer.click();
  await expect(alice.composer).toHaveValue('See: \n```\nif (tea) {\n  drink();\n}\n```');
  await expect(alice.composer).toBeFocused();
  await expect(offer).toHaveCount(0);
  await alice.page.keyboard.press('Control+z');
  await expect(alice.composer).toHaveValue('See: if (tea) {\n  drink();\n}');
  await alice.page.keyboard.press('Control+Shift+z');
  await alice.page.keyboard.press('Enter');
  await expect(bob.log.locator('pre')).toHaveText('if (tea) {\n  drink();\n}', { useInnerText: true });
});

test('the offer to paste as code goes when the text changes', async ({ users }) => {
  const alice = await users.guest('Alice');
  await expectEditingLoaded(alice);
  const offer = alice.page.getByRole('button', { name: 'Paste as code block' });
  await alice.composer.fill('');
  await paste(alice, 'if (tea) {\n  drink();\n}');
  await expect(offer).toBeVisible();
  await alice.composer.pressSequentially('!');
  await expect(offer).toHaveCount(0);
});

test('who prefers it sends with Ctrl+Enter, before and after WebAssembly loads', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.settingsButton.click();
  await alice.settings.getByRole('radio', { name: 'Ctrl/⌘ + Enter' }).check();
  await alice.page.keyboard.press('Escape');
  const releaseWasm = await holdWasm(alice.page);
  for (const when of ['app', 'before']) {
    await alice.composer.fill(`${when}: one`);
    await alice.composer.press('Enter');
    await alice.composer.pressSequentially('two');
    await expect(alice.composer).toHaveValue(`${when}: one\ntwo`);
    await alice.composer.press('Shift+Enter');
    await alice.composer.press('Alt+Enter');
    await expect(alice.composer).toHaveValue(`${when}: one\ntwo\n\n`);
    await alice.composer.press('Control+Enter');
    await alice.expectMessage(`${when}: one`);
    await expect(alice.composer).toHaveValue('');
    if (when === 'app') await alice.page.reload({ waitUntil: 'commit' });
    await expect(alice.composer).toBeVisible();
  }
  releaseWasm();
  await alice.expectSignedIn();

  await alice.settingsButton.click();
  await alice.settings.getByRole('radio', { name: 'Enter', exact: true }).check();
  await alice.page.keyboard.press('Escape');
  await alice.send('Enter again');
});
