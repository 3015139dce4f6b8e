/** The chat before the program is there: what somebody reads, types and sends then. */
import type { Page } from '@playwright/test';

import { InputMethod } from '../fixtures/input_method.ts';
import { Network } from '../fixtures/network.ts';
import { PHONE } from '../fixtures/people.ts';
import type { Person } from '../fixtures/person.ts';
import { holdProgram, noticeStart } from '../fixtures/take_over.ts';
import { expect, test } from '../fixtures/test.ts';

/** Comes in by the form while the program is held back. */
async function enterEarly(person: Person): Promise<void> {
  await person.page.goto('/', { waitUntil: 'commit' });
  await person.nicknameField.fill(person.nickname);
  await person.nicknameField.press('Enter');
  await expect(person.page).toHaveURL('/talk/lobby');
  await expect(person.composer).toBeVisible();
}

/** Types something and sends it, without the program. */
async function sayEarly(person: Person, text: string): Promise<void> {
  await person.composer.fill(text);
  await person.composer.press('Enter');
  await expect(person.message(text)).toBeVisible();
  await expect(person.composer).toHaveValue('');
}

/** Lets each message that the page itself sends get to the server, but none of the answers back. */
async function loseAnswers(page: Page): Promise<void> {
  await page.route('**/talk/lobby', async (route) => {
    const request = route.request();
    if (request.method() !== 'POST' || !request.postData()?.includes('body=')) return route.continue();
    await route.fetch({ maxRedirects: 0 });
    await route.abort();
  });
}

test('messages are shown before WebAssembly loads, in the reader’s time zone', async ({ people }) => {
  const bob = await people.guest('Bob');
  await bob.say('Is anybody here?');
  const alice = await people.visitor('Alice', { timezoneId: 'Asia/Shanghai', locale: 'en-GB' });
  await holdProgram(alice.page);

  await enterEarly(alice);

  await alice.sees('Is anybody here?');
  await expect(alice.log.getByRole('listitem').first()).toHaveText('Today');
  const time = alice.message('Is anybody here?').locator('time');
  const at = new Date((await time.getAttribute('datetime')) ?? '');
  const told = at.toLocaleTimeString('en-GB', { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit' });
  await expect(time).toHaveText(told);
});

test('text typed before WebAssembly loads stays in the composer', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const letThrough = await holdProgram(alice.page);
  await enterEarly(alice);
  await alice.composer.pressSequentially('Good evning');
  for (let step = 0; step < 4; step += 1) await alice.page.keyboard.press('ArrowLeft');

  letThrough();
  await alice.isInside();
  await expect(alice.composer).toHaveValue('Good evning');
  await expect(alice.composer).toBeFocused();
  await alice.page.keyboard.type('e');
  await expect(alice.composer).toHaveValue('Good evening');
  await alice.page.keyboard.press('Enter');
  await alice.sees('Good evening');
  await expect.poll(() => alice.history()).toEqual(['Good evening']);
});

test('a Chinese composition survives the start of WebAssembly', async ({ people }) => {
  const ming = await people.visitor('小明');
  const letThrough = await holdProgram(ming.page);
  const started = await noticeStart(ming.page);
  await enterEarly(ming);
  await ming.composer.focus();
  const inputMethod = await InputMethod.of(ming.page);
  await inputMethod.compose('ni');

  letThrough();
  await started();
  await inputMethod.compose('nihao');
  await inputMethod.pressEnter(229);
  await expect(ming.composer).toHaveValue('nihao');
  await inputMethod.commit('你好');
  await expect(ming.composer).toHaveValue('你好');

  await ming.isInside();
  await ming.composer.press('Enter');
  await ming.sees('你好');
  await expect.poll(() => ming.history()).toEqual(['你好']);
});

test('a message sent before WebAssembly loads arrives at once and appears once', async ({ people }) => {
  const bob = await people.guest('Bob');
  const alice = await people.visitor('Alice');
  const letThrough = await holdProgram(alice.page);
  await enterEarly(alice);

  await sayEarly(alice, 'first');
  await sayEarly(alice, 'second');
  await bob.sees('first');
  await bob.sees('second');
  await expect(alice.message('second')).not.toContainText('sending');
  await bob.say('third');
  letThrough();
  await alice.isInside();
  await alice.say('fourth');

  const said = ['first', 'second', 'third', 'fourth'];
  for (const person of [alice, bob]) {
    for (const text of said) await expect(person.message(text)).toHaveCount(1);
    await expect(person.log).toHaveText(/first.*second.*third.*fourth/s);
  }
  expect(await bob.history()).toEqual(said);
});

test('unanswered messages sent before WebAssembly loads appear once, in order', async ({ people }) => {
  const bob = await people.guest('Bob');
  const alice = await people.visitor('Alice');
  alice.complaints.expect(/ERR_FAILED/);
  const letThrough = await holdProgram(alice.page);
  await loseAnswers(alice.page);
  await enterEarly(alice);

  for (const text of ['one', 'two', 'three']) await sayEarly(alice, text);
  await bob.sees('one');
  letThrough();
  await alice.isInside();

  await bob.sees('three');
  for (const text of ['one', 'two', 'three']) {
    await expect(alice.message(text)).toHaveCount(1);
    await expect(alice.message(text)).toHaveAttribute('data-pending', 'false');
  }
  expect(await bob.history()).toEqual(['one', 'two', 'three']);
});

test('a message refused before WebAssembly loads returns with the reason, and later ones are sent', async ({ people }) => {
  const alice = await people.visitor('Alice');
  alice.complaints.expectStatus(422);
  const letThrough = await holdProgram(alice.page);
  await enterEarly(alice);
  const long = '茶'.repeat(4_001);
  await sayEarly(alice, long);
  await sayEarly(alice, 'behind it');
  expect(await alice.history('lobby')).toEqual([]);

  letThrough();

  await expect(alice.composer).toHaveAccessibleDescription(/^That is too long: a message has at most 4000 characters/);
  await expect(alice.composer).toHaveValue(long);
  await expect.poll(() => alice.history('lobby')).toEqual(['behind it']);
});

test('unsent messages of an earlier page precede those sent before WebAssembly loads', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const network = await Network.of(alice);
  await alice.join();
  await alice.say('one');
  network.cut();
  await sayEarly(alice, 'two');
  await sayEarly(alice, 'three');
  const letThrough = await holdProgram(alice.page);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await sayEarly(alice, 'four');

  network.mend();
  letThrough();
  await alice.isInside();

  const said = ['one', 'two', 'three', 'four'];
  await expect.poll(() => alice.history()).toEqual(said);
  for (const text of said) await expect(alice.message(text)).toHaveCount(1);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.isInside();
  await sayEarly(alice, 'five');
  await expect.poll(() => alice.history()).toEqual([...said, 'five']);
});

test('text typed and messages sent before WebAssembly loads survive a reload', async ({ people }) => {
  const bob = await people.guest('Bob');
  const alice = await people.visitor('Alice');
  alice.complaints.expect(/ERR_FAILED/);
  const letThrough = await holdProgram(alice.page);
  await enterEarly(alice);
  let isDown = true;
  await alice.page.route('**/talk/lobby', (route) =>
    isDown && route.request().method() === 'POST' ? route.abort() : route.continue(),
  );
  await sayEarly(alice, 'one');
  await sayEarly(alice, 'two');
  await alice.composer.fill('Half a thought');

  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await expect(alice.log).toHaveText(/one.*two/s);
  await expect(alice.composer).toHaveValue('Half a thought');
  await sayEarly(alice, 'three');
  isDown = false;
  await bob.sees('three');
  letThrough();
  await alice.isInside();

  for (const text of ['one', 'two', 'three']) await expect(alice.message(text)).toHaveCount(1);
  expect(await bob.history()).toEqual(['one', 'two', 'three']);
});

for (const { part, files } of [
  { part: 'WebAssembly', files: '**/*.wasm' },
  { part: 'JavaScript', files: '**/pkg*/*.js' },
]) {
  test(`if the ${part} of the WebAssembly does not load, the page says so and still sends`, async ({ people }) => {
    const bob = await people.guest('Bob');
    const alice = await people.visitor('Alice');
    // A module that does not come is an error without a word.
    alice.complaints.expect(/ERR_FAILED|Failed to fetch|^uncaught: $/);
    await alice.page.route(files, (route) => route.abort());
    await enterEarly(alice);
    const note = alice.page.getByRole('alert').filter({ hasText: 'Part of this page failed to load' });
    await expect(note).toBeVisible();
    let failures = 1;
    await alice.page.route('**/talk/lobby', (route) => {
      if (route.request().method() !== 'POST' || failures === 0) return route.continue();
      failures -= 1;
      return route.abort();
    });
    await sayEarly(alice, 'one');
    await sayEarly(alice, 'two');
    await bob.sees('two');
    await expect(alice.message('two')).not.toContainText('sending');

    await alice.page.unroute(files);
    await note.getByRole('link', { name: 'Reload' }).click();
    await alice.isInside();

    await alice.say('three');
    for (const text of ['one', 'two', 'three']) await expect(alice.message(text)).toHaveCount(1);
    expect(await bob.history()).toEqual(['one', 'two', 'three']);
  });
}

test('a failure to load WebAssembly is reported in the user’s language', async ({ people }) => {
  const ming = await people.visitor('小明', { locale: 'zh-CN' });
  ming.complaints.expect(/ERR_FAILED|Failed to fetch/);
  await ming.page.route('**/*.wasm', (route) => route.abort());
  await ming.page.goto('/');
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();
  const note = ming.page.getByRole('alert').filter({ hasText: '页面未完整加载' });
  await expect(note.getByRole('link', { name: '重新加载' })).toBeVisible();
});

test('a failure to start WebAssembly is reported', async ({ people }) => {
  const alice = await people.guest('Alice');
  alice.complaints.expect(/out of order|unreachable/);
  await alice.page.addInitScript(() => {
    document.createElement = () => {
      throw new Error('out of order');
    };
  });
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await expect(alice.page.getByText('Part of this page failed to load')).toBeVisible();
});

test('messages sent before WebAssembly loads are grouped like later ones', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.say('Mine');
  await holdProgram(alice.page);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await sayEarly(alice, 'Right after');
  await expect(alice.message('Right after')).not.toHaveClass(/starts-group/);
  await alice.page.clock.setFixedTime(Date.now() + 6 * 60_000);
  await sayEarly(alice, 'Some time later');
  await expect(alice.message('Some time later')).toHaveClass(/starts-group/);
});

test('a reload after signing in before WebAssembly loads asks nothing', async ({ people }) => {
  const alice = await people.visitor('Alice');
  await holdProgram(alice.page);
  await enterEarly(alice);

  const again = await alice.page.reload({ waitUntil: 'domcontentloaded' });

  expect(again?.request().method()).toBe('GET');
  await expect(alice.composer).toBeVisible();
});

test('directs can be read and written before WebAssembly loads', async ({ people }) => {
  const bob = await people.guest('Bob');
  const alice = await people.guest('Alice');
  await alice.talkTo('Bob');
  await alice.say('Between us');
  const letThrough = await holdProgram(alice.page);

  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.isTalkingTo('Bob');
  await alice.sees('Between us');
  await sayEarly(alice, 'And only us');
  await bob.open('Alice');
  await bob.sees('And only us');
  letThrough();
  await alice.isInside();

  await expect(alice.message('And only us')).toHaveCount(1);
  expect(await alice.history(alice.openConversation)).toEqual(['Between us', 'And only us']);
  expect(await alice.history('lobby')).toEqual([]);
});

for (const { device, options } of [
  { device: 'a desktop', options: {} },
  { device: 'a phone', options: PHONE },
]) {
  test(`WebAssembly takes over the rendered Lobby unchanged, on ${device}`, async ({ people }) => {
    const bob = await people.guest('Bob');
    for (let number = 0; number < 30; number += 1) await bob.say(`Message ${number}`);
    const alice = await people.guest('Alice', options);
    await alice.say('Mine');
    await bob.say('Not mine');
    // What was read is noted a moment later.
    const unread = async () => (await (await alice.page.request.get('/api/conversations')).json()).conversations[0].unread;
    await expect.poll(unread).toBe(0);
    const letThrough = await holdProgram(alice.page);
    await alice.page.goto('/talk/lobby', { waitUntil: 'domcontentloaded' });
    await alice.sees('Not mine');
    const look = async () => ({
      tree: await alice.page.locator('body').ariaSnapshot(),
      places: await alice.page.locator('.message').evaluateAll((rows) => rows.slice(-8).map((row) => row.getBoundingClientRect().top)),
    });
    await expect(alice.message('Not mine')).toBeInViewport();
    const rendered = await look();

    letThrough();
    await alice.isInside();

    expect(await look()).toEqual(rendered);
  });
}
