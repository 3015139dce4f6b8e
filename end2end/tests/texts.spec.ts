/** Unusual names and texts: either direction, with emoji, far too long. */
import type { Locator } from '@playwright/test';

import { holdWasm } from '../fixtures/boot.ts';
import { postAdminAction, registerUser, userId } from '../fixtures/registered_users.ts';
import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

/** Waits for the text `first`, and returns whether it is left of `second` on the screen. */
async function isLeftOf(container: Locator, first: string, second: string): Promise<boolean> {
  await expect(container).toContainText(first);
  return container.evaluate(
    (element, words) => {
      const [left, right] = words.map((word) => {
        const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
          const index = walker.currentNode.textContent!.indexOf(word);
          if (index < 0) continue;
          const range = document.createRange();
          range.setStart(walker.currentNode, index);
          range.setEnd(walker.currentNode, index + word.length);
          return range.getBoundingClientRect().x;
        }
        throw new Error(`no ${word}`);
      });
      return left < right;
    },
    [first, second],
  );
}

const avatarOf = (user: User, text: string) => user.message(text).locator('.avatar');

test('a Hebrew name does not reverse its sentence', async ({ users }) => {
  const owner = await registerUser(users, 'Olga');
  const michal = await users.guest('מיכל');

  await michal.composer.pressSequentially('Well');
  expect(await isLeftOf(owner.page.locator('.typing'), 'מיכל', 'is typing')).toBe(true);

  expect(await postAdminAction(owner, userId(michal), 'mute', { scope: 'lobby' })).toBe(200);
  const notice = owner.log.locator('.body', { hasText: 'muted' });
  expect(await isLeftOf(notice, 'Olga muted', 'מיכל')).toBe(true);
  await expect(notice.locator('bdi')).toHaveText('מיכל');

  await owner.openDirect('מיכל');
  const topic = owner.page.locator('.topic');
  expect(await isLeftOf(topic, 'Only', 'מיכל')).toBe(true);
  expect(await isLeftOf(topic, 'מיכל', 'and you')).toBe(true);
  await expect(owner.composer).toHaveAttribute('placeholder', 'Write to \u2068מיכל\u2069 privately');
  await expect(owner.page.getByText('What you write is only for').locator('bdi')).toHaveText('מיכל');

  await owner.recipientField.fill('אף אחד');
  await owner.recipientField.press('Enter');
  await expect(owner.page.getByText('No user is called').locator('bdi')).toHaveText('אף אחד');
});

test('an avatar shows the first character of a name completely, before and after WebAssembly loads', async ({ server, users }) => {
  const names = { '🇨🇳 X': '🇨🇳', '1️⃣ X': '1️⃣', '👨‍👩‍👧 us': '👨‍👩‍👧', '👋🏽 hi': '👋🏽', 'निशा': 'नि', '阿玲': '玲', zoë: 'Z' };
  for (const name of Object.keys(names)) {
    const client = await SocketClient.signIn(server, name);
    await client.send(`I am ${name}`);
  }
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');
  await alice.nicknameField.press('Enter');
  const expectInitials = async () => {
    for (const [name, initial] of Object.entries(names)) await expect(avatarOf(alice, `I am ${name}`)).toHaveText(initial);
  };
  await expectInitials();
  releaseWasm();
  await alice.expectSignedIn();
  await expectInitials();
});

test('twelve users have twelve stable colours, the same for everyone', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const clients: SocketClient[] = [];
  for (let number = 1; number < 11; number += 1) {
    const client = await SocketClient.signIn(server, `Guest ${number}`);
    await client.send(`I am Guest ${number}`);
    clients.push(client);
  }
  const bob = await users.guest('Bob');
  await bob.send('I am Bob');
  await alice.send('I am Alice');
  const names = ['Alice', 'Bob', ...clients.map((_, index) => `Guest ${index + 1}`)];
  const huesByName = async (user: User) => {
    const hues: Record<string, string | null> = {};
    for (const name of names) {
      const row = user.log.getByRole('listitem').filter({ hasText: new RegExp(`I am ${name}(?! ?\\d)`) });
      hues[name] = await row.first().locator('.avatar').getAttribute('data-hue');
      if (name === user.nickname) continue;
      const avatarInList = user.onlineList.getByRole('button', { name, exact: true }).locator('.avatar');
      await expect(avatarInList).toHaveAttribute('data-hue', hues[name]!);
    }
    return hues;
  };
  await alice.expectMessage('I am Bob');
  const before = await huesByName(alice);
  expect(new Set(Object.values(before)).size).toBe(12);
  expect(await huesByName(bob)).toEqual(before);
  await alice.page.reload();
  await alice.expectSignedIn();
  expect(await huesByName(alice)).toEqual(before);
});

for (const length of [20_001, 1_000_000, 4_000_000]) {
  test(`a pasted text of ${length} characters is reported as too long at once and can be shortened in place`, async ({ users }) => {
    const alice = await users.guest('Alice');
    const tooLong = /^That is too long: a message has at most 4000 characters/;
    await alice.composer.evaluate((field: HTMLTextAreaElement, length) => {
      field.value = 'Tea for two, and '.repeat(length / 17 + 1).slice(0, length);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }, length);
    await expect(alice.composer).toHaveAccessibleDescription(tooLong);
    await alice.composer.press('Enter', { timeout: 30_000 });
    await expect(alice.composer).toHaveAccessibleDescription(tooLong);
    await expect.poll(() => alice.composer.evaluate((field: HTMLTextAreaElement) => field.value.length)).toBe(length);
    expect(alice.frames.sentOfType('send')).toEqual([]);

    await alice.composer.evaluate((field: HTMLTextAreaElement) => {
      field.setRangeText('', 11, field.value.length);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await expect(alice.composer).toHaveAccessibleDescription('');
    await alice.composer.press('Enter');
    await alice.expectMessage('Tea for two');
    await expect.poll(() => alice.fetchHistory()).toEqual(['Tea for two']);
  });
}

test('a too long text is not sent before WebAssembly loads either', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');
  await alice.nicknameField.press('Enter');
  await alice.composer.fill('x'.repeat(100_000));
  await alice.composer.press('Enter');
  await expect(alice.composer).toHaveAccessibleDescription(/^That is too long/);
  await expect.poll(() => alice.composer.evaluate((field: HTMLTextAreaElement) => field.value.length)).toBe(100_000);

  releaseWasm();
  await alice.expectSignedIn();
  await expect.poll(() => alice.composer.evaluate((field: HTMLTextAreaElement) => field.value.length)).toBe(100_000);
  await expect(alice.composer).toHaveAccessibleDescription(/^That is too long/);
  await alice.composer.fill('  shorter');
  await alice.composer.press('Enter');
  await expect.poll(() => alice.fetchHistory()).toEqual(['  shorter']);
});

test('a long text can be edited to its end in a field of limited height', async ({ users }) => {
  const alice = await users.guest('Alice');
  const lines = Array.from({ length: 400 }, (_, index) => `Line ${index}, which is long enough`).join('\n');
  await alice.composer.fill(lines);
  await alice.composer.press('Control+End');
  const field = await alice.composer.boundingBox();
  expect(field!.height).toBeLessThan(400);
  expect(await alice.composer.evaluate((text) => text.scrollTop + text.clientHeight >= text.scrollHeight - 1)).toBe(true);
});

test('the first line of a message keeps its indentation, pending and stored', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.composer.fill('\n    if tea:\n        drink()\n\n');
  await alice.composer.press('Enter');
  for (const user of [alice, bob]) {
    await expect(user.message('if tea:').locator('.body')).toHaveText('    if tea:\n        drink()', { useInnerText: true });
    const indented = await user.message('if tea:').locator('.body').evaluate((body) => body.textContent);
    expect(indented).toBe('    if tea:\n        drink()');
  }
});

test('web addresses are linked completely, before and after WebAssembly loads', async ({ users }) => {
  const bob = await users.guest('Bob');
  await bob.send('(see https://en.wikipedia.org/wiki/Mercury_(planet))');
  await bob.send('Https://example.org/a HTTPS://EXAMPLE.ORG/b');
  await bob.send('（见https://example.org/茶）');
  await bob.send('https://bank.example@evil.example/');
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');
  await alice.nicknameField.press('Enter');
  const links = [
    'https://en.wikipedia.org/wiki/Mercury_(planet)',
    'Https://example.org/a',
    'HTTPS://EXAMPLE.ORG/b',
    'https://example.org/',
  ];
  await expect(alice.log.getByRole('link')).toHaveText(links);
  releaseWasm();
  await alice.expectSignedIn();
  await expect(alice.log.getByRole('link')).toHaveText(links);
});

test('a heart is one reaction in every spelling', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const otherClient = await SocketClient.signIn(server, 'Phone');
  await otherClient.send('Tea?');
  await alice.chooseAction('❤️', 'Tea?');
  await otherClient.react('Tea?', '❤');
  await expect(alice.reaction('Tea?', '❤️')).toContainText('2');
  await expect(alice.message('Tea?').getByRole('group', { name: 'Reactions' }).getByRole('button')).toHaveCount(1);
  otherClient.close();
});
