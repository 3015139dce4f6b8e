import type { Page } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';

/** An input method, as the browser hears of one. */
async function inputMethod(page: Page) {
  const browser = await page.context().newCDPSession(page);
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 };
  return {
    /** Letters that are not yet text. */
    compose: (text: string) =>
      browser.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length }),
    /** The composition becomes this text. */
    commit: (text: string) => browser.send('Input.insertText', { text }),
    /** Enter with the key code that means 'the input method has it'. */
    async pressEnter() {
      await browser.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter });
      await browser.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter });
    },
  };
}

/** What the page was told of Enter: whether it belonged to a composition. */
function entersHeard(page: Page): Promise<{ isComposing: boolean; keyCode: number }[]> {
  return page.evaluate(() => (window as any).enters);
}

test('Enter that belongs to a Chinese composition does not send', async ({ people }) => {
  const ming = await people.guest('小明');
  const keyboard = await inputMethod(ming.page);
  await ming.page.evaluate(() => {
    const enters: object[] = ((window as any).enters = []);
    const note = ({ key, isComposing, keyCode }: KeyboardEvent) => key === 'Enter' && enters.push({ isComposing, keyCode });
    window.addEventListener('keydown', note, { capture: true });
  });
  await ming.composer.focus();

  await keyboard.compose('ni');
  await keyboard.compose('nihao');
  await expect(ming.composer).toHaveValue('nihao');
  await ming.page.keyboard.press('Enter');
  await keyboard.pressEnter();
  expect(await entersHeard(ming.page)).toEqual([
    { isComposing: true, keyCode: 13 },
    { isComposing: true, keyCode: 229 },
  ]);
  await expect(ming.composer).toHaveValue('nihao');

  await keyboard.commit('你好');
  await expect(ming.composer).toHaveValue('你好');
  // Safari ends the composition first, and then tells of the Enter that ended it.
  await keyboard.pressEnter();
  expect((await entersHeard(ming.page)).at(-1)).toEqual({ isComposing: false, keyCode: 229 });
  await expect(ming.composer).toHaveValue('你好');
  expect(ming.frames.sentOf('send')).toEqual([]);

  await ming.page.keyboard.press('Enter');
  await ming.sees('你好');
  await expect(ming.composer).toHaveValue('');
  expect(ming.frames.sentOf('send').map((frame) => frame.body)).toEqual(['你好']);
});

test('Shift+Enter breaks the line and Enter sends both lines', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');

  await alice.composer.pressSequentially('One line');
  await alice.composer.press('Shift+Enter');
  await alice.composer.pressSequentially('and another');
  await expect(alice.composer).toHaveValue('One line\nand another');
  await alice.composer.press('Enter');

  await expect(bob.message('One line')).toHaveText(/One line\nand another/, { useInnerText: true });
  await expect(alice.composer).toHaveValue('');
});

test('the Send button sends, and nothing but white space is not sent', async ({ people }) => {
  const alice = await people.guest('Alice');

  await alice.composer.fill('  \n ');
  await alice.composer.press('Enter');
  await alice.composer.fill('Something');
  await alice.sendButton.click();

  await alice.sees('Something');
  await expect(alice.composer).toBeFocused();
  expect(await alice.history()).toEqual(['Something']);
});

test('a message that is too long comes back to its author with the reason', async ({ people }) => {
  const alice = await people.guest('Alice');
  const long = '茶'.repeat(4_001);

  await alice.composer.fill(long);
  await alice.composer.press('Enter');

  await expect(alice.composer).toHaveAccessibleDescription(/^That is too long: a message has at most 4000 characters/);
  await expect(alice.composer).toHaveValue(long);
  expect(await alice.history()).toEqual([]);

  await alice.composer.fill('Short');
  await alice.composer.press('Enter');
  await alice.sees('Short');
  await expect(alice.composer).toHaveAccessibleDescription('');
});
