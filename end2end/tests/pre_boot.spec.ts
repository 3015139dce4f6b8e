/** Pre-boot: reading, typing and sending before the WebAssembly has loaded. */
import type { Page } from '@playwright/test';

import { holdWasm, watchWasmStart } from '../fixtures/boot.ts';
import { InputMethod } from '../fixtures/input_method.ts';
import { Network } from '../fixtures/network.ts';
import { registerUser } from '../fixtures/registered_users.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

/** Signs in by the form while the WebAssembly is delayed. */
async function signInEarly(user: User): Promise<void> {
  await user.page.goto('/', { waitUntil: 'commit' });
  await user.nicknameField.fill(user.nickname);
  await user.nicknameField.press('Enter');
  await expect(user.page).toHaveURL('/talk/lobby');
  await expect(user.composer).toBeVisible();
}

/** Types and sends a message before the WebAssembly has loaded. */
async function sendEarly(user: User, text: string): Promise<void> {
  await user.composer.fill(text);
  await user.composer.press('Enter');
  await expect(user.message(text)).toBeVisible();
  await expect(user.composer).toHaveValue('');
}

/** Delivers pre-boot messages to the server, but loses the responses. */
async function loseResponses(page: Page): Promise<void> {
  await page.route('**/talk/lobby', async (route) => {
    const request = route.request();
    if (request.method() !== 'POST' || !request.postData()?.includes('body=')) return route.continue();
    await route.fetch({ maxRedirects: 0 });
    await route.abort();
  });
}

test('messages are shown before WebAssembly loads, in the reader’s time zone', async ({ users }) => {
  const bob = await users.guest('Bob');
  await bob.send('Is anybody here?');
  const alice = await users.openBrowser('Alice', { timezoneId: 'Asia/Shanghai', locale: 'en-GB' });
  await holdWasm(alice.page);

  await signInEarly(alice);

  await alice.expectMessage('Is anybody here?');
  await expect(alice.log.getByRole('listitem').first()).toHaveText('Today');
  const time = alice.message('Is anybody here?').locator('time');
  const sentAt = new Date((await time.getAttribute('datetime')) ?? '');
  const localTime = sentAt.toLocaleTimeString('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' });
  await expect(time).toHaveText(localTime);
});

test('text typed before WebAssembly loads stays in the composer', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  await signInEarly(alice);
  await alice.composer.pressSequentially('Good evning');
  for (let step = 0; step < 4; step += 1) await alice.page.keyboard.press('ArrowLeft');

  releaseWasm();
  await alice.expectSignedIn();
  await expect(alice.composer).toHaveValue('Good evning');
  await expect(alice.composer).toBeFocused();
  await alice.page.keyboard.type('e');
  await expect(alice.composer).toHaveValue('Good evening');
  await alice.page.keyboard.press('Enter');
  await alice.expectMessage('Good evening');
  await expect.poll(() => alice.fetchHistory()).toEqual(['Good evening']);
});

test('a Chinese composition survives the start of WebAssembly', async ({ users }) => {
  const ming = await users.openBrowser('小明');
  const releaseWasm = await holdWasm(ming.page);
  const wasmStarted = await watchWasmStart(ming.page);
  await signInEarly(ming);
  await ming.composer.focus();
  const inputMethod = await InputMethod.attach(ming.page);
  await inputMethod.compose('ni');

  releaseWasm();
  await wasmStarted();
  await inputMethod.compose('nihao');
  await inputMethod.pressEnter(229);
  await expect(ming.composer).toHaveValue('nihao');
  await inputMethod.commit('你好');
  await expect(ming.composer).toHaveValue('你好');

  await ming.expectSignedIn();
  await ming.composer.press('Enter');
  await ming.expectMessage('你好');
  await expect.poll(() => ming.fetchHistory()).toEqual(['你好']);
});

test('a message sent before WebAssembly loads arrives at once and appears once', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.openBrowser('Alice');
  const releaseWasm = await holdWasm(alice.page);
  await signInEarly(alice);

  await sendEarly(alice, 'first');
  await sendEarly(alice, 'second');
  await bob.expectMessage('first');
  await bob.expectMessage('second');
  await expect(alice.message('second')).not.toContainText('sending');
  await bob.send('third');
  releaseWasm();
  await alice.expectSignedIn();
  await alice.send('fourth');

  const texts = ['first', 'second', 'third', 'fourth'];
  for (const user of [alice, bob]) {
    for (const text of texts) await expect(user.message(text)).toHaveCount(1);
    await expect(user.log).toHaveText(/first.*second.*third.*fourth/s);
  }
  expect(await bob.fetchHistory()).toEqual(texts);
});

test('unanswered messages sent before WebAssembly loads appear once, in order', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.openBrowser('Alice');
  alice.pageErrors.allow(/ERR_FAILED/);
  const releaseWasm = await holdWasm(alice.page);
  await loseResponses(alice.page);
  await signInEarly(alice);

  for (const text of ['one', 'two', 'three']) await sendEarly(alice, text);
  await bob.expectMessage('one');
  releaseWasm();
  await alice.expectSignedIn();

  await bob.expectMessage('three');
  for (const text of ['one', 'two', 'three']) {
    await expect(alice.message(text)).toHaveCount(1);
    await expect(alice.message(text)).toHaveAttribute('data-pending', 'false');
  }
  expect(await bob.fetchHistory()).toEqual(['one', 'two', 'three']);
});

test('a message refused before WebAssembly loads returns with the reason, and later ones are sent', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  alice.pageErrors.allowStatus(422);
  const releaseWasm = await holdWasm(alice.page);
  await signInEarly(alice);
  const long = '茶'.repeat(4_001);
  await sendEarly(alice, long);
  await sendEarly(alice, 'behind it');
  expect(await alice.fetchHistory('lobby')).toEqual([]);

  releaseWasm();

  await expect(alice.composer).toHaveAccessibleDescription(/^That is too long: a message has at most 4000 characters/);
  await expect(alice.composer).toHaveValue(long);
  await expect.poll(() => alice.fetchHistory('lobby')).toEqual(['behind it']);
});

test('unsent messages of an earlier page precede those sent before WebAssembly loads', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  const network = await Network.intercept(alice);
  await alice.signIn();
  await alice.send('one');
  network.disconnect();
  await sendEarly(alice, 'two');
  await sendEarly(alice, 'three');
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await sendEarly(alice, 'four');

  network.restore();
  releaseWasm();
  await alice.expectSignedIn();

  const texts = ['one', 'two', 'three', 'four'];
  await expect.poll(() => alice.fetchHistory()).toEqual(texts);
  for (const text of texts) await expect(alice.message(text)).toHaveCount(1);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.expectSignedIn();
  await sendEarly(alice, 'five');
  await expect.poll(() => alice.fetchHistory()).toEqual([...texts, 'five']);
});

test('text typed and messages sent before WebAssembly loads survive a reload', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.openBrowser('Alice');
  alice.pageErrors.allow(/ERR_FAILED/);
  const releaseWasm = await holdWasm(alice.page);
  await signInEarly(alice);
  let isServerDown = true;
  await alice.page.route('**/talk/lobby', (route) =>
    isServerDown && route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await sendEarly(alice, 'one');
  await sendEarly(alice, 'two');
  await alice.composer.fill('Half a thought');

  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await expect(alice.log).toHaveText(/one.*two/s);
  await expect(alice.composer).toHaveValue('Half a thought');
  await sendEarly(alice, 'three');
  isServerDown = false;
  await bob.expectMessage('three');
  releaseWasm();
  await alice.expectSignedIn();

  for (const text of ['one', 'two', 'three']) await expect(alice.message(text)).toHaveCount(1);
  expect(await bob.fetchHistory()).toEqual(['one', 'two', 'three']);
});

for (const { part, files } of [
  { part: 'WebAssembly', files: '**/*.wasm' },
  { part: 'JavaScript', files: '**/pkg*/*.js' },
]) {
  test(`if the ${part} of the WebAssembly does not load, the page says so and still sends`, async ({ users }) => {
    const bob = await users.guest('Bob');
    const alice = await users.openBrowser('Alice');
    // The error of a module that fails to load has no text.
    alice.pageErrors.allow(/ERR_FAILED|Failed to fetch|^uncaught: $/);
    await alice.page.route(files, (route) => route.abort());
    await signInEarly(alice);
    const notice = alice.page.getByRole('alert').filter({ hasText: 'Part of this page failed to load' });
    await expect(notice).toBeVisible();
    let failures = 1;
    await alice.page.route('**/talk/lobby', (route) => {
      if (route.request().method() !== 'POST' || failures === 0) return route.continue();
      failures -= 1;
      return route.abort();
    });
    await sendEarly(alice, 'one');
    await sendEarly(alice, 'two');
    await bob.expectMessage('two');
    await expect(alice.message('two')).not.toContainText('sending');

    await alice.page.unroute(files);
    await notice.getByRole('link', { name: 'Reload' }).click();
    await alice.expectSignedIn();

    await alice.send('three');
    for (const text of ['one', 'two', 'three']) await expect(alice.message(text)).toHaveCount(1);
    expect(await bob.fetchHistory()).toEqual(['one', 'two', 'three']);
  });
}

test('a failure to load WebAssembly is reported in the user’s language', async ({ users }) => {
  const ming = await users.openBrowser('小明', { locale: 'zh-CN' });
  ming.pageErrors.allow(/ERR_FAILED|Failed to fetch/);
  await ming.page.route('**/*.wasm', (route) => route.abort());
  await ming.page.goto('/');
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();
  const notice = ming.page.getByRole('alert').filter({ hasText: '页面未完整加载' });
  await expect(notice.getByRole('link', { name: '重新加载' })).toBeVisible();
});

for (const [screen, width] of [['/', 390], ['/mentions', 390], ['/mentions', 1280], ['/rooms', 390]] as const) {
  test(`a failure to load WebAssembly is reported at ${screen}, ${width} pixels wide, and covers nothing`, async ({ users }) => {
    const alice = await registerUser(users, 'Alice', { viewport: { width, height: 800 } });
    alice.pageErrors.allow(/ERR_FAILED|Failed to fetch/);
    await alice.page.route('**/*.wasm', (route) => route.abort());
    await alice.page.goto(screen);
    const notice = await alice.page.getByRole('alert').filter({ hasText: 'Part of this page failed to load' }).boundingBox();
    const main = await alice.page.getByRole('main').boundingBox();
    expect(notice).toMatchObject({ y: 0, width });
    expect(main!.y, 'the rest is below').toBeGreaterThanOrEqual(notice!.height);
    expect(main!.y + main!.height, 'and fits the window').toBeLessThanOrEqual(800);
  });
}

test('a failure to start WebAssembly is reported', async ({ users }) => {
  const alice = await users.guest('Alice');
  alice.pageErrors.allow(/out of order|unreachable/);
  await alice.page.addInitScript(() => {
    document.createElement = () => {
      throw new Error('out of order');
    };
  });
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await expect(alice.page.getByText('Part of this page failed to load')).toBeVisible();
});

test('messages sent before WebAssembly loads are grouped like later ones', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Mine');
  await holdWasm(alice.page);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await sendEarly(alice, 'Right after');
  await expect(alice.message('Right after')).not.toHaveClass(/starts-group/);
  await alice.page.clock.setFixedTime(Date.now() + 6 * 60_000);
  await sendEarly(alice, 'Some time later');
  await expect(alice.message('Some time later')).toHaveClass(/starts-group/);
});

test('a reload after signing in before WebAssembly loads asks nothing', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  await holdWasm(alice.page);
  await signInEarly(alice);

  const response = await alice.page.reload({ waitUntil: 'domcontentloaded' });

  expect(response?.request().method()).toBe('GET');
  await expect(alice.composer).toBeVisible();
});

test('directs can be read and written before WebAssembly loads', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.guest('Alice');
  await alice.openDirect('Bob');
  await alice.send('Between us');
  const releaseWasm = await holdWasm(alice.page);

  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.expectConversation('Bob');
  await alice.expectMessage('Between us');
  await sendEarly(alice, 'And only us');
  await bob.openConversation('Alice');
  await bob.expectMessage('And only us');
  releaseWasm();
  await alice.expectSignedIn();

  await expect(alice.message('And only us')).toHaveCount(1);
  expect(await alice.fetchHistory(alice.conversationId)).toEqual(['Between us', 'And only us']);
  expect(await alice.fetchHistory('lobby')).toEqual([]);
});

for (const { device, options } of [
  { device: 'a desktop', options: {} },
  { device: 'a phone', options: PHONE },
]) {
  test(`WebAssembly takes over the rendered Lobby unchanged, on ${device}`, async ({ users }) => {
    const bob = await users.guest('Bob');
    for (let number = 0; number < 30; number += 1) await bob.send(`Message ${number}`);
    const alice = await users.guest('Alice', options);
    await alice.send('Mine');
    await bob.send('Not mine');
    // The read mark is sent with a delay.
    const unread = async () => (await (await alice.page.request.get('/api/conversations')).json()).conversations[0].unread;
    await expect.poll(unread).toBe(0);
    const releaseWasm = await holdWasm(alice.page);
    await alice.page.goto('/talk/lobby', { waitUntil: 'domcontentloaded' });
    await alice.expectMessage('Not mine');
    const snapshot = async () => ({
      tree: await alice.page.locator('body').ariaSnapshot(),
      positions: await alice.page.locator('.message').evaluateAll((rows) => rows.slice(-8).map((row) => row.getBoundingClientRect().top)),
    });
    await expect(alice.message('Not mine')).toBeInViewport();
    const rendered = await snapshot();

    releaseWasm();
    await alice.expectSignedIn();

    expect(await snapshot()).toEqual(rendered);
  });
}
