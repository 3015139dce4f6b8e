import { InputMethod } from '../fixtures/input_method.ts';
import type { Person } from '../fixtures/person.ts';
import { holdProgram, noticeStart } from '../fixtures/take_over.ts';
import { expect, test } from '../fixtures/test.ts';

test('a nickname typed before WebAssembly loads stays', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const letThrough = await holdProgram(alice.page);
  const started = await noticeStart(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.pressSequentially('Ali');

  letThrough();
  await started();
  await expect(alice.nicknameField).toHaveValue('Ali');
  await expect(alice.nicknameField).toBeFocused();
  await alice.page.keyboard.type('ce', { delay: 30 });
  await expect(alice.nicknameField).toHaveValue('Alice');

  await alice.page.keyboard.press('Enter');
  await alice.isInside();
  await expect(alice.sidebar.getByText('Alice', { exact: true })).toBeVisible();
});

test('a Chinese nickname composition survives the start of WebAssembly', async ({ people }) => {
  const ming = await people.visitor('小明');
  const letThrough = await holdProgram(ming.page);
  const started = await noticeStart(ming.page);
  await ming.page.goto('/', { waitUntil: 'commit' });
  await ming.nicknameField.focus();
  const inputMethod = await InputMethod.of(ming.page);
  await inputMethod.compose('xiao');

  letThrough();
  await started();
  await inputMethod.compose('xiaoming');
  await expect(ming.nicknameField).toHaveValue('xiaoming');
  await inputMethod.commit('小明');
  await expect(ming.nicknameField).toHaveValue('小明');

  await ming.enterButton.click();
  await ming.isInside();
  await expect(ming.sidebar.getByText('小明', { exact: true })).toBeVisible();
});

test('signing in before WebAssembly loads keeps the user signed in', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const letThrough = await holdProgram(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');
  await alice.nicknameField.press('Enter');
  await expect(alice.page).toHaveURL('/talk/lobby');

  letThrough();

  await alice.isInside();
  await alice.say('That was quick');
});

for (const path of ['/', '/?lang=zh', '/?invite=none', '/talk/lobby']) {
  test(`WebAssembly takes over ${path} as rendered by the server`, async ({ people }) => {
    const visitor = await people.visitor('Visitor');
    const letThrough = await holdProgram(visitor.page);
    const started = await noticeStart(visitor.page);
    await visitor.page.goto(path, { waitUntil: 'domcontentloaded' });
    await expect(visitor.page.getByRole('textbox')).toBeVisible();
    const rendered = await visitor.page.locator('body').ariaSnapshot();

    letThrough();
    await started();

    expect(await visitor.page.locator('body').ariaSnapshot()).toBe(rendered);
  });
}

/** Is in, with the program held back. Gives what lets it through, and what waits until it has started. */
async function isInWithoutProgram(alice: Person): Promise<[() => void, () => Promise<void>]> {
  await alice.join();
  const letThrough = await holdProgram(alice.page);
  const started = await noticeStart(alice.page);
  await alice.page.goto('/talk/lobby', { waitUntil: 'domcontentloaded' });
  await expect(alice.composer).toBeFocused();
  return [letThrough, started];
}

test('a name typed into the list while WebAssembly starts stays and is sent to nobody', async ({ people }) => {
  const bob = await people.guest('Bob');
  const alice = await people.visitor('Alice');
  const [letThrough, started] = await isInWithoutProgram(alice);
  await alice.targetField.click();
  await alice.page.keyboard.type('Bb');
  await alice.page.keyboard.press('ArrowLeft');

  letThrough();
  await started();
  await alice.isInside();
  await expect(alice.targetField).toBeFocused();
  await alice.page.keyboard.type('o');
  await expect(alice.targetField).toHaveValue('Bob');
  await expect(alice.composer).toHaveValue('');
  await alice.page.keyboard.press('Enter');

  await alice.isTalkingTo('Bob');
  await expect(alice.composer).toBeFocused();
  expect(await bob.history()).toEqual([]);
});

test('users matching a name typed early are offered once WebAssembly runs', async ({ people }) => {
  await people.guest('Bob');
  await people.guest('Carol');
  const alice = await people.visitor('Alice');
  const [letThrough] = await isInWithoutProgram(alice);
  await alice.targetField.click();
  await alice.page.keyboard.type('bo');

  letThrough();

  await expect(alice.sidebar.getByRole('option')).toHaveText([/Bob/]);
});

test('a Chinese composition in the list survives the start of WebAssembly', async ({ people }) => {
  await people.guest('小明');
  const alice = await people.visitor('Alice');
  const [letThrough, started] = await isInWithoutProgram(alice);
  await alice.targetField.click();
  const inputMethod = await InputMethod.of(alice.page);
  await inputMethod.compose('xiao');

  letThrough();
  await started();
  await inputMethod.compose('xiaoming');
  await expect(alice.targetField).toHaveValue('xiaoming');
  await inputMethod.commit('小明');

  await alice.isInside();
  await expect(alice.targetField).toHaveValue('小明');
  await alice.targetField.press('Enter');
  await alice.isTalkingTo('小明');
});

test('Enter in the list before WebAssembly loads does not reload the page', async ({ people }) => {
  await people.guest('Bob');
  const alice = await people.visitor('Alice');
  const [letThrough] = await isInWithoutProgram(alice);
  await alice.composer.fill('half a sen');
  await alice.targetField.fill('Bob');

  await alice.targetField.press('Enter');

  await expect(alice.targetField).toHaveValue('Bob');
  await expect(alice.page).toHaveURL('/talk/lobby');
  letThrough();
  await alice.isInside();
  await expect(alice.composer).toHaveValue('half a sen');
  await expect(alice.targetField).toHaveValue('Bob');
});
