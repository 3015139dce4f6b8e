import { NO_CONNECTION } from '../fixtures/complaints.ts';
import { type Frame } from '../fixtures/frames.ts';
import { PHONE } from '../fixtures/people.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

const editing = (person: Person) => person.talk.getByText('Editing your message');
const saveButton = (person: Person) => person.page.getByRole('button', { name: 'Save' });

test('changes made in the menu reach the others', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('Tea at thre');
  await bob.sees('Tea at thre');

  await alice.choose('Edit', 'Tea at thre');
  await expect(editing(alice)).toBeVisible();
  await expect(alice.composer).toBeFocused();
  await expect(alice.composer).toHaveValue('Tea at thre');
  await alice.composer.press('e');
  await saveButton(alice).click();

  for (const person of [alice, bob]) {
    await expect(person.message('Tea at three')).toContainText('edited');
    await expect(person.message('Tea at three').getByText('edited')).toHaveAttribute('title', /\d\d:\d\d/);
    await expect(person.log.getByRole('listitem').filter({ hasText: 'Tea at' })).toHaveCount(1);
  }
  await expect(editing(alice)).toBeHidden();
  await expect(alice.composer).toHaveValue('');
  expect(await bob.history()).toEqual(['Tea at three']);
});

test('ArrowUp in an empty composer edits one’s last message', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('First');
  await alice.say('Secnd');
  await alice.say('Gone');
  await alice.delete('Gone');
  await bob.say('Third');
  await alice.sees('Third');

  await alice.composer.press('ArrowUp');
  await expect(alice.composer).toHaveValue('Secnd');
  await alice.composer.fill('Second');
  await alice.composer.press('Enter');

  await bob.sees('Second');
  await expect.poll(() => bob.history()).toEqual(['First', 'Second', '', 'Third']);

  // Where there is text, it moves the caret.
  await alice.composer.fill('one\ntwo');
  await alice.composer.press('ArrowUp');
  await alice.composer.press('!');
  await expect(alice.composer).toHaveValue('one!\ntwo');
  await expect(editing(alice)).toBeHidden();
});

test('a cancelled or empty edit sends nothing and restores the draft', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.say('Stays as it is');
  await alice.composer.fill('Half a thought');

  await alice.choose('Edit', 'Stays as it is');
  await alice.composer.fill('Something else');
  await alice.composer.press('Escape');
  await expect(alice.composer).toHaveValue('Half a thought');
  await expect(editing(alice)).toBeHidden();

  await alice.choose('Edit', 'Stays as it is');
  await alice.page.getByRole('button', { name: 'Cancel' }).click();
  await expect(alice.composer).toHaveValue('Half a thought');

  await alice.choose('Edit', 'Stays as it is');
  await alice.composer.press('Enter');
  await expect(alice.composer).toHaveValue('Half a thought');

  await alice.choose('Edit', 'Stays as it is');
  await alice.composer.fill('  ');
  await alice.composer.press('Enter');
  await expect(alice.composer).toHaveAccessibleDescription(/^Your message is empty/);
  await expect(editing(alice)).toBeVisible();
  await alice.composer.press('Escape');

  await expect(alice.composer).toHaveValue('Half a thought');
  await expect(alice.message('Stays as it is')).not.toContainText('edited');
  expect(alice.frames.sentOf('edit')).toEqual([]);
});

test('an edit waits in the composer while another conversation is open', async ({ people }) => {
  const alice = await people.guest('Alice');
  await people.guest('Bob');
  await alice.say('A word');
  await alice.composer.fill('A draft');
  await alice.choose('Edit', 'A word');
  await alice.composer.fill('Another word');

  await alice.talkTo('Bob');
  await expect(alice.composer).toHaveValue('');
  await expect(editing(alice)).toBeHidden();
  await alice.open('Lobby');

  await expect(editing(alice)).toBeVisible();
  await expect(alice.composer).toHaveValue('Another word');
  await alice.composer.press('Enter');
  await alice.sees('Another word');
  await expect(alice.composer).toHaveValue('A draft');
});

test('deleting a message needs a confirmation and leaves a tombstone', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('Before');
  await alice.say('Too much');
  await alice.say('After');
  await bob.sees('After');

  await alice.choose('Delete', 'Too much');
  await alice.menu.getByRole('button', { name: 'Keep it' }).click();
  await alice.choose('Delete', 'Too much');
  await expect(alice.menu).toContainText('Delete this message?');
  expect(alice.frames.sentOf('delete')).toEqual([]);
  await alice.menu.getByRole('button', { name: 'Delete', exact: true }).click();

  for (const person of [alice, bob]) {
    await expect(person.log).toHaveText(/Before.*Message deleted.*After/s);
    await expect(person.log).not.toContainText('Too much');
  }
  await alice.message('Message deleted').hover();
  await expect(alice.menu).toBeHidden();
});

test('other users’ messages can be reacted to, but not edited', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.say('Hello');
  await bob.message('Hello').hover();

  await expect(bob.menu.getByRole('button', { name: '👍' })).toBeVisible();
  await expect(bob.menu.getByRole('button', { name: 'Edit' })).toBeHidden();
  await expect(bob.menu.getByRole('button', { name: 'Delete' })).toBeHidden();
});

test('selection and pressed buttons survive reactions of others', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const ming = await people.guest('小明');
  await alice.say('See https://example.org/tea');
  await ming.sees('See https');
  await alice.message('See https').evaluate((row) => getSelection()?.selectAllChildren(row.querySelector('.body')!));
  const selected = () => alice.page.evaluate(() => getSelection()?.toString());
  await bob.choose('🍵', 'See https');
  await expect(alice.reaction('See https', '🍵')).toBeVisible();
  expect(await selected()).toBe('See https://example.org/tea');

  // Another one reacts between the press and the release.
  const chip = alice.reaction('See https', '🍵');
  await chip.hover();
  await alice.page.mouse.down();
  await ming.reaction('See https', '🍵').click();
  await expect(chip).toHaveText('🍵 2');
  await alice.page.mouse.up();
  await expect(bob.reaction('See https', '🍵')).toHaveText('🍵 3');
  await expect(chip).toHaveAttribute('aria-pressed', 'true');

  // By keyboard, and the focus stays.
  await chip.focus();
  await alice.page.keyboard.press('Enter');
  await expect(chip).toHaveText('🍵 2');
  await expect(chip).toBeFocused();
});

test('reactions are counted, name their users, and are removed by a second click', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const ming = await people.guest('小明');
  await alice.say('Who is for tea?');
  await bob.sees('Who is for tea?');

  await ming.choose('🍵', 'Who is for tea?');
  await bob.choose('🍵', 'Who is for tea?');
  await alice.reaction('Who is for tea?', '🍵').click();
  for (const [person, who] of [
    [alice, '🍵 小明, Bob and you'],
    [bob, '🍵 小明, Alice and you'],
    [ming, '🍵 Bob, Alice and you'],
  ] as const) {
    const chip = person.reaction('Who is for tea?', '🍵');
    await expect(chip).toHaveText('🍵 3');
    await expect(chip).toHaveAccessibleName(who);
    await expect(chip).toHaveAttribute('aria-pressed', 'true');
  }

  await bob.reaction('Who is for tea?', '🍵').click();
  await expect(bob.reaction('Who is for tea?', '🍵')).toHaveAttribute('aria-pressed', 'false');
  await expect(alice.reaction('Who is for tea?', '🍵')).toHaveAccessibleName('🍵 小明 and you');
  await ming.choose('🍵', 'Who is for tea?');
  await alice.reaction('Who is for tea?', '🍵').click();
  for (const person of [alice, bob, ming]) {
    await expect(person.message('Who is for tea?').getByRole('group', { name: 'Reactions' })).toBeHidden();
  }

  await bob.choose('More emoji', 'Who is for tea?');
  await bob.menu.getByRole('button', { name: '🍰' }).click();
  await expect(alice.reaction('Who is for tea?', '🍰')).toHaveText('🍰 1');
});

test('opening the menu moves nothing', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.say('First');
  await alice.say('Last');
  const look = () =>
    alice.log.evaluate((log) => [log.scrollHeight, ...[...log.querySelectorAll('li')].map((row) => row.getBoundingClientRect().y)]);
  await alice.composer.hover();
  const before = await look();

  for (const deed of ['More emoji', 'Delete']) {
    await alice.message('Last').hover();
    expect(await look()).toEqual(before);
    await alice.choose(deed, 'Last');
    expect(await look()).toEqual(before);
    await alice.composer.hover();
    await expect(alice.menu).toBeHidden();
  }
});

test('messages can be edited, deleted and reacted to by keyboard', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const { keyboard } = alice.page;
  await alice.say('One');
  await alice.say('Two');
  await bob.say('Three');
  await alice.sees('Three');
  const row = (text: string) => alice.log.locator('li').filter({ hasText: text });

  // To a message, and to what is on it
  await alice.log.focus();
  await keyboard.press('ArrowUp');
  await expect(row('Three')).toBeFocused();
  await keyboard.press('ArrowUp');
  await expect(row('Two')).toBeFocused();
  await keyboard.press('Enter');
  await expect(alice.menu.getByRole('button', { name: '👍' })).toBeFocused();
  await keyboard.press('Escape');
  await expect(row('Two')).toBeFocused();
  await expect(alice.menu).toBeHidden();

  // A reaction, further away
  await keyboard.press('Enter');
  await expect(alice.menu.getByRole('button', { name: '👍' })).toBeFocused();
  await alice.menu.getByRole('button', { name: 'More emoji' }).press('Enter');
  await expect(alice.menu.getByRole('button', { name: '👎' })).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(row('Two')).toBeFocused();
  await expect(bob.reaction('Two', '👏')).toHaveText('👏 1');
  await keyboard.press('Tab');
  await expect(alice.reaction('Two', '👏')).toBeFocused();
  await keyboard.press('Space');
  await expect(row('Two')).toBeFocused();
  await expect(bob.reaction('Two', '👏')).toBeHidden();

  // A deletion, after a question
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await expect(alice.menu.getByRole('button', { name: '👍' })).toBeFocused();
  await alice.menu.getByRole('button', { name: 'Delete' }).press('Enter');
  await expect(alice.menu.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(row('Message deleted')).toBeFocused();
  await bob.sees('Message deleted');

  // Another text
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await alice.menu.getByRole('button', { name: 'Edit' }).press('Enter');
  await expect(alice.composer).toBeFocused();
  await keyboard.type('!');
  await keyboard.press('Enter');
  await bob.sees('Two!');
  await expect(alice.composer).toBeFocused();

  // And back
  await alice.log.focus();
  await keyboard.press('ArrowUp');
  await keyboard.press('Escape');
  await keyboard.press('Escape');
  await expect(alice.composer).toBeFocused();
});

test('focus that moves on before the menu opens stays there', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.say('One');
  await alice.message('One').hover();
  await expect(alice.menu).toBeVisible();
  await alice.log.focus();
  await alice.page.keyboard.press('ArrowUp');
  await expect(alice.message('One')).toBeFocused();

  // Enter opens the menu, and before the next picture is drawn one is at Edit already.
  await alice.message('One').evaluate(async (row) => {
    row.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    await new Promise((resume) => setTimeout(resume));
    row.querySelector<HTMLElement>('[data-action="edit"]')?.focus();
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });
  await expect(alice.menu.getByRole('button', { name: 'Edit' })).toBeFocused();
});

test('the text of an edit survives the deletion of its message', async ({ people }) => {
  const alice = await people.guest('Alice');
  await alice.say('A first version');
  const otherTab = await people.secondTab(alice);
  await otherTab.sees('A first version');
  await alice.composer.fill('A draft');
  await alice.choose('Edit', 'A first version');
  await alice.composer.fill('A much better version');

  await otherTab.delete('A first version');

  await alice.sees('Message deleted');
  await expect(editing(alice)).toBeHidden();
  await expect(alice.composer).toHaveValue('A much better version\n\nA draft');
  await expect(alice.composer).toHaveAccessibleDescription('The message has been deleted.');
});

test('an edit that comes too late returns its text', async ({ house, people }) => {
  const alice = await people.guest('Alice');
  await alice.say('A first version');
  const otherTab = await people.secondTab(alice);
  await otherTab.sees('A first version');
  for (const tab of [alice, otherTab]) tab.complaints.expect(NO_CONNECTION);

  await house.kill();
  await expect(alice.page.getByText('Connection lost.')).toBeVisible();
  await otherTab.delete('A first version');
  await expect(otherTab.message('Message deleted')).toContainText('waiting for the connection');
  await alice.page.context().setOffline(true);
  await alice.edit('A first version', 'A much better version');
  await house.restart();
  // Both tabs try at once.
  await alice.page.context().setOffline(false);

  // Either the deletion or the edit was first; the deletion wins, and no text is lost unsaid.
  await expect(alice.message('Message deleted')).not.toContainText('waiting', { timeout: 20_000 });
  await expect.poll(() => alice.history()).toEqual(['']);
  if (alice.frames.receivedOf('error').length > 0) {
    await expect(alice.composer).toHaveValue('A much better version');
  }
});

test('offline changes show at once, and reach the others after reconnecting', async ({ house, people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  for (const person of [alice, bob]) person.complaints.expect(NO_CONNECTION);
  for (const text of ['To be changed', 'To be deleted', 'To be liked']) await alice.say(text);
  await bob.sees('To be liked');

  await house.kill();
  await expect(alice.page.getByText('Connection lost.')).toBeVisible();
  await alice.edit('To be changed', 'Changed');
  await alice.delete('To be deleted');
  await alice.choose('👍', 'To be liked');
  await expect(alice.message('Changed')).toContainText('edited');
  await expect(alice.message('Changed')).toContainText('waiting for the connection');
  await alice.sees('Message deleted');
  await expect(alice.reaction('To be liked', '👍')).toHaveText('👍 1');

  await house.restart();
  await bob.sees('Changed');
  await bob.sees('Message deleted');
  await expect(bob.reaction('To be liked', '👍')).toHaveText('👍 1');
  await expect(alice.message('Changed')).not.toContainText('waiting');
  await expect.poll(() => bob.history()).toEqual(['Changed', '', 'To be liked']);
});

test('a failed change is shown and can be retried or discarded', async ({ people }) => {
  const alice = await people.visitor('Alice');
  let isFull = false;
  await alice.page.routeWebSocket('**/ws', (route) => {
    const server = route.connectToServer();
    route.onMessage((text) => {
      const frame = JSON.parse(String(text)) as Frame;
      if (isFull && frame.type === 'edit') {
        route.send(JSON.stringify({ type: 'error', id: frame.id, code: 'storage_unavailable', message: 'full' }));
      } else {
        server.send(text);
      }
    });
  });
  await alice.join();
  await alice.say('Before');
  isFull = true;
  await alice.choose('Edit', 'Before');
  await alice.composer.fill('After');
  await alice.composer.press('Enter');

  await expect(alice.message('Before')).toContainText('Not changed. The server can’t save anything at the moment.');
  await alice.message('Before').getByRole('button', { name: 'Discard' }).click();
  await expect(alice.message('Before')).not.toContainText('Not changed');

  await alice.choose('Edit', 'Before');
  await alice.composer.fill('After');
  await alice.composer.press('Enter');
  await expect(alice.message('Before')).toContainText('Not changed.');
  isFull = false;
  await alice.message('Before').getByRole('button', { name: 'Try again' }).click();
  await expect(alice.message('After')).toContainText('edited');
  await expect.poll(() => alice.history()).toEqual(['After']);
});

test('a reload shows the same messages', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  for (const text of ['Old', 'Wrong', 'Liked']) await alice.say(text);
  await bob.sees('Liked');
  await alice.edit('Old', 'New');
  await alice.delete('Wrong');
  await bob.choose('🎉', 'Liked');
  await alice.choose('🎉', 'Liked');
  await alice.choose('👀', 'New');
  await expect(bob.reaction('Liked', '🎉')).toHaveText('🎉 2');
  await expect(bob.reaction('New', '👀')).toHaveText('👀 1');
  await bob.composer.hover();
  await expect(bob.menu).toBeHidden();
  const live = await bob.log.getByRole('list').ariaSnapshot();

  await bob.page.reload();

  await bob.sees('Liked');
  expect(await bob.log.getByRole('list').ariaSnapshot()).toBe(live);
});

test('edits and deletions are shown in Chinese', async ({ people }) => {
  const ming = await people.guest('小明');
  const alice = await people.guest('Alice');
  await ming.say('你好');
  await ming.say('写错了');
  await alice.choose('🍵', '你好');
  await ming.choose('🍵', '你好');
  await ming.delete('写错了');
  await ming.settingsButton.click();
  await ming.page.getByRole('link', { name: '简体中文' }).click();

  const message = (text: string) => ming.page.getByRole('log').getByRole('listitem').filter({ hasText: text });
  await expect(message('消息已撤回')).toBeVisible();
  await expect(message('你好').getByRole('button', { name: '🍵 Alice、你' })).toHaveText('🍵 2');
  await ming.page.keyboard.press('Escape');
  await message('你好').hover();
  const menu = ming.page.getByRole('group', { name: '消息操作' });
  await menu.getByRole('button', { name: '编辑' }).click();
  await expect(ming.page.getByText('正在编辑消息')).toBeVisible();
  await ming.page.keyboard.type('！');
  await ming.page.getByRole('button', { name: '保存' }).click();
  await expect(message('你好！')).toContainText('已编辑');
  await message('你好！').hover();
  await menu.getByRole('button', { name: '撤回' }).click();
  await expect(menu).toContainText('撤回这条消息？');
  await menu.getByRole('button', { name: '取消' }).click();
  await menu.getByRole('button', { name: '更多表情' }).click();
  await expect(menu.getByRole('button', { name: '☕' })).toBeVisible();
});

test('a tap on a message opens its menu on a phone', async ({ people }) => {
  const alice = await people.guest('Alice', PHONE);
  const bob = await people.guest('Bob');
  await alice.say('Typed on a phnoe');
  await bob.choose('👍', 'Typed on a phnoe');
  await expect(alice.reaction('Typed on a phnoe', '👍')).toHaveText('👍 1');

  await alice.page.mouse.move(0, 0);
  const touch = (text: string) => alice.message(text).getByText(text, { exact: true }).tap();
  await touch('Typed on a phnoe');
  await expect(alice.menu).toContainText('👍 Bob');
  for (const button of await alice.menu.getByRole('button').all()) {
    const box = await button.boundingBox();
    expect.soft(Math.round(Math.min(box!.width, box!.height)), `room for a finger on ${button}`).toBeGreaterThanOrEqual(44);
  }
  await alice.menu.getByRole('button', { name: '👀' }).tap();
  await expect(alice.menu).toBeHidden();
  await expect(bob.reaction('Typed on a phnoe', '👀')).toHaveText('👀 1');

  // A touch beside it closes it.
  await touch('Typed on a phnoe');
  await alice.page.touchscreen.tap(200, 90);
  await expect(alice.menu).toBeHidden();

  await touch('Typed on a phnoe');
  await alice.menu.getByRole('button', { name: 'Edit' }).tap();
  await expect(alice.composer).toBeFocused();
  await alice.composer.fill('Typed on a phone');
  await saveButton(alice).tap();
  await bob.sees('Typed on a phone');

  await alice.message('Typed on a phone').locator('.body').tap();
  await alice.menu.getByRole('button', { name: 'Delete' }).tap();
  await alice.menu.getByRole('button', { name: 'Delete', exact: true }).tap();
  await bob.sees('Message deleted');
});
