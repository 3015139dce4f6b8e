import { holdWasm, watchWasmStart } from '../fixtures/boot.ts';
import { InputMethod } from '../fixtures/input_method.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

test('a nickname typed before WebAssembly loads stays', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  const wasmStarted = await watchWasmStart(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.pressSequentially('Ali');

  releaseWasm();
  await wasmStarted();
  await expect(alice.nicknameField).toHaveValue('Ali');
  await expect(alice.nicknameField).toBeFocused();
  await alice.page.keyboard.type('ce', { delay: 30 });
  await expect(alice.nicknameField).toHaveValue('Alice');

  await alice.page.keyboard.press('Enter');
  await alice.expectSignedIn();
  await expect(alice.sidebar.getByText('Alice', { exact: true })).toBeVisible();
});

test('a Chinese nickname composition survives the start of WebAssembly', async ({ users }) => {
  const ming = await users.openBrowser('小明');
  const releaseWasm = await holdWasm(ming.page);
  const wasmStarted = await watchWasmStart(ming.page);
  await ming.page.goto('/', { waitUntil: 'commit' });
  await ming.nicknameField.focus();
  const inputMethod = await InputMethod.attach(ming.page);
  await inputMethod.compose('xiao');

  releaseWasm();
  await wasmStarted();
  await inputMethod.compose('xiaoming');
  await expect(ming.nicknameField).toHaveValue('xiaoming');
  await inputMethod.commit('小明');
  await expect(ming.nicknameField).toHaveValue('小明');

  await ming.enterButton.click();
  await ming.expectSignedIn();
  await expect(ming.sidebar.getByText('小明', { exact: true })).toBeVisible();
});

test('signing in before WebAssembly loads keeps the user signed in', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');
  await alice.nicknameField.press('Enter');
  await expect(alice.page).toHaveURL('/talk/lobby');

  releaseWasm();

  await alice.expectSignedIn();
  await alice.send('That was quick');
});

for (const path of ['/', '/?lang=zh', '/?invite=none', '/talk/lobby']) {
  test(`WebAssembly takes over ${path} as rendered by the server`, async ({ users }) => {
    const user = await users.openBrowser('Visitor');
    const releaseWasm = await holdWasm(user.page);
    const wasmStarted = await watchWasmStart(user.page);
    await user.page.goto(path, { waitUntil: 'domcontentloaded' });
    await expect(user.page.getByRole('textbox')).toBeVisible();
    const rendered = await user.page.locator('body').ariaSnapshot();

    releaseWasm();
    await wasmStarted();

    expect(await user.page.locator('body').ariaSnapshot()).toBe(rendered);
  });
}

/** Signs in and delays the WebAssembly. Returns a function that releases it, and one that waits until it has started. */
async function signInWithoutWasm(alice: User): Promise<[() => void, () => Promise<void>]> {
  await alice.signIn();
  const releaseWasm = await holdWasm(alice.page);
  const wasmStarted = await watchWasmStart(alice.page);
  await alice.page.goto('/talk/lobby', { waitUntil: 'domcontentloaded' });
  await expect(alice.composer).toBeFocused();
  return [releaseWasm, wasmStarted];
}

test('a name typed into the list while WebAssembly starts stays and is sent to nobody', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.openBrowser('Alice');
  const [releaseWasm, wasmStarted] = await signInWithoutWasm(alice);
  await alice.recipientField.click();
  await alice.page.keyboard.type('Bb');
  await alice.page.keyboard.press('ArrowLeft');

  releaseWasm();
  await wasmStarted();
  await alice.expectSignedIn();
  await expect(alice.recipientField).toBeFocused();
  await alice.page.keyboard.type('o');
  await expect(alice.recipientField).toHaveValue('Bob');
  await expect(alice.composer).toHaveValue('');
  await alice.page.keyboard.press('Enter');

  await alice.expectConversation('Bob');
  await expect(alice.composer).toBeFocused();
  expect(await bob.fetchHistory()).toEqual([]);
});

test('users matching a name typed early are offered once WebAssembly runs', async ({ users }) => {
  await users.guest('Bob');
  await users.guest('Carol');
  const alice = await users.openBrowser('Alice');
  const [releaseWasm] = await signInWithoutWasm(alice);
  await alice.recipientField.click();
  await alice.page.keyboard.type('bo');

  releaseWasm();

  await expect(alice.sidebar.getByRole('option')).toHaveText([/Bob/]);
});

test('a Chinese composition in the list survives the start of WebAssembly', async ({ users }) => {
  await users.guest('小明');
  const alice = await users.openBrowser('Alice');
  const [releaseWasm, wasmStarted] = await signInWithoutWasm(alice);
  await alice.recipientField.click();
  const inputMethod = await InputMethod.attach(alice.page);
  await inputMethod.compose('xiao');

  releaseWasm();
  await wasmStarted();
  await inputMethod.compose('xiaoming');
  await expect(alice.recipientField).toHaveValue('xiaoming');
  await inputMethod.commit('小明');

  await alice.expectSignedIn();
  await expect(alice.recipientField).toHaveValue('小明');
  await alice.recipientField.press('Enter');
  await alice.expectConversation('小明');
});

test('Enter in the list before WebAssembly loads does not reload the page', async ({ users }) => {
  await users.guest('Bob');
  const alice = await users.openBrowser('Alice');
  const [releaseWasm] = await signInWithoutWasm(alice);
  await alice.composer.fill('half a sen');
  await alice.recipientField.fill('Bob');

  await alice.recipientField.press('Enter');

  await expect(alice.recipientField).toHaveValue('Bob');
  await expect(alice.page).toHaveURL('/talk/lobby');
  releaseWasm();
  await alice.expectSignedIn();
  await expect(alice.composer).toHaveValue('half a sen');
  await expect(alice.recipientField).toHaveValue('Bob');
});
