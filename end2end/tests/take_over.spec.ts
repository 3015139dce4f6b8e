import { InputMethod } from '../fixtures/input_method.ts';
import { holdProgram, noticeStart } from '../fixtures/take_over.ts';
import { expect, test } from '../fixtures/test.ts';

test('a nickname that was typed before the program has arrived is still there afterwards', async ({ people }) => {
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

test('a Chinese nickname that is being composed while the program arrives is not disturbed', async ({ people }) => {
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

test('who enters before the program has arrived is inside when it has', async ({ people }) => {
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

for (const path of ['/', '/?lang=zh', '/?nickname=Alice&error=nickname_taken&suggestion=Alice2', '/talk/lobby']) {
  test(`the program takes ${path} over as the server has rendered it`, async ({ people }) => {
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
