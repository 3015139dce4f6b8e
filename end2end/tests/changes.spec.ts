import { type Frame } from '../fixtures/frames.ts';
import { CONNECTION_ERRORS } from '../fixtures/page_errors.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE } from '../fixtures/users.ts';

const editingNotice = (user: User) => user.conversationSection.getByText('Editing your message');
const saveButton = (user: User) => user.page.getByRole('button', { name: 'Save' });

test('changes made in the menu reach the others', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Tea at thre');
  await bob.expectMessage('Tea at thre');

  await alice.chooseAction('Edit', 'Tea at thre');
  await expect(editingNotice(alice)).toBeVisible();
  await expect(alice.composer).toBeFocused();
  await expect(alice.composer).toHaveValue('Tea at thre');
  await alice.composer.press('e');
  await saveButton(alice).click();

  for (const user of [alice, bob]) {
    await expect(user.message('Tea at three')).toContainText('edited');
    await expect(user.message('Tea at three').getByText('edited')).toHaveAttribute('title', /\d\d:\d\d/);
    await expect(user.log.getByRole('listitem').filter({ hasText: 'Tea at' })).toHaveCount(1);
  }
  await expect(editingNotice(alice)).toBeHidden();
  await expect(alice.composer).toHaveValue('');
  expect(await bob.fetchHistory()).toEqual(['Tea at three']);
});

test('ArrowUp in an empty composer edits one’s last message', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('First');
  await alice.send('Secnd');
  await alice.send('Gone');
  await alice.delete('Gone');
  await bob.send('Third');
  await alice.expectMessage('Third');

  await alice.composer.press('ArrowUp');
  await expect(alice.composer).toHaveValue('Secnd');
  await alice.composer.fill('Second');
  await alice.composer.press('Enter');

  await bob.expectMessage('Second');
  await expect.poll(() => bob.fetchHistory()).toEqual(['First', 'Second', '', 'Third']);

  // In a composer with text, ArrowUp moves the caret.
  await alice.composer.fill('one\ntwo');
  await alice.composer.press('ArrowUp');
  await alice.composer.press('!');
  await expect(alice.composer).toHaveValue('one!\ntwo');
  await expect(editingNotice(alice)).toBeHidden();
});

test('a cancelled or empty edit sends nothing and restores the draft', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Stays as it is');
  await alice.composer.fill('Half a thought');

  await alice.chooseAction('Edit', 'Stays as it is');
  await alice.composer.fill('Something else');
  await alice.composer.press('Escape');
  await expect(alice.composer).toHaveValue('Half a thought');
  await expect(editingNotice(alice)).toBeHidden();

  await alice.chooseAction('Edit', 'Stays as it is');
  await alice.page.getByRole('button', { name: 'Cancel' }).click();
  await expect(alice.composer).toHaveValue('Half a thought');

  await alice.chooseAction('Edit', 'Stays as it is');
  await alice.composer.press('Enter');
  await expect(alice.composer).toHaveValue('Half a thought');

  await alice.chooseAction('Edit', 'Stays as it is');
  await alice.composer.fill('  ');
  await alice.composer.press('Enter');
  await expect(alice.composer).toHaveAccessibleDescription(/^Your message is empty/);
  await expect(editingNotice(alice)).toBeVisible();
  await alice.composer.press('Escape');

  await expect(alice.composer).toHaveValue('Half a thought');
  await expect(alice.message('Stays as it is')).not.toContainText('edited');
  expect(alice.frames.sentOfType('edit')).toEqual([]);
});

test('an edit waits in the composer while another conversation is open', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.send('A word');
  await alice.composer.fill('A draft');
  await alice.chooseAction('Edit', 'A word');
  await alice.composer.fill('Another word');

  await alice.openDirect('Bob');
  await expect(alice.composer).toHaveValue('');
  await expect(editingNotice(alice)).toBeHidden();
  await alice.openConversation('Lobby');

  await expect(editingNotice(alice)).toBeVisible();
  await expect(alice.composer).toHaveValue('Another word');
  await alice.composer.press('Enter');
  await alice.expectMessage('Another word');
  await expect(alice.composer).toHaveValue('A draft');
});

test('deleting a message needs a confirmation and leaves a tombstone', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Before');
  await alice.send('Too much');
  await alice.send('After');
  await bob.expectMessage('After');

  await alice.chooseAction('Delete', 'Too much');
  await alice.messageMenu.getByRole('button', { name: 'Keep it' }).click();
  await alice.chooseAction('Delete', 'Too much');
  await expect(alice.messageMenu).toContainText('Delete this message?');
  expect(alice.frames.sentOfType('delete')).toEqual([]);
  await alice.messageMenu.getByRole('button', { name: 'Delete', exact: true }).click();

  for (const user of [alice, bob]) {
    await expect(user.log).toHaveText(/Before.*Message deleted.*After/s);
    await expect(user.log).not.toContainText('Too much');
  }
  await alice.message('Message deleted').hover();
  await expect(alice.messageMenu).toBeHidden();
});

test('other users’ messages can be reacted to, but not edited', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('Hello');
  await bob.message('Hello').hover();

  await expect(bob.messageMenu.getByRole('button', { name: '👍' })).toBeVisible();
  await expect(bob.messageMenu.getByRole('button', { name: 'Edit' })).toBeHidden();
  await expect(bob.messageMenu.getByRole('button', { name: 'Delete' })).toBeHidden();
});

test('the menu stays at its message when another moves under the mouse', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.send('First');
  await bob.message('First').hover();
  const reply = bob.messageMenu.getByRole('button', { name: 'Reply' });
  await reply.hover();
  const { x, y } = (await reply.boundingBox())!;
  const menuOfFirst = bob.message('First').getByRole('group', { name: 'Message actions' });
  // The browser notices a little later what is under the mouse now.
  const isOverAnother = bob.message('First').evaluate(
    (row) =>
      new Promise<void>((resolve) =>
        document.addEventListener('pointerover', ({ target }) => {
          const other = (target as Element).closest('[data-id]');
          if (other && other !== row) resolve();
        }),
      ),
  );

  for (const text of ['Second', 'Third', 'Fourth', 'Fifth']) await alice.send(text);
  await isOverAnother;
  await expect(menuOfFirst).toBeVisible();
  await bob.page.mouse.move(x + 3, y + 3);
  await expect(menuOfFirst, 'once the mouse moves').toBeHidden();
  await expect(bob.messageMenu).toBeVisible();
});

test('selection and pressed buttons survive reactions of others', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const ming = await users.guest('小明');
  await alice.send('See https://example.org/tea');
  await ming.expectMessage('See https');
  await alice.message('See https').evaluate((row) => getSelection()?.selectAllChildren(row.querySelector('.body')!));
  const selected = () => alice.page.evaluate(() => getSelection()?.toString());
  await bob.chooseAction('🍵', 'See https');
  await expect(alice.reaction('See https', '🍵')).toBeVisible();
  expect(await selected()).toBe('See https://example.org/tea');

  // Another user reacts between the press and the release of the button.
  const reactionButton = alice.reaction('See https', '🍵');
  await reactionButton.hover();
  await alice.page.mouse.down();
  await ming.reaction('See https', '🍵').click();
  await expect(reactionButton).toHaveText('🍵 2');
  await alice.page.mouse.up();
  await expect(bob.reaction('See https', '🍵')).toHaveText('🍵 3');
  await expect(reactionButton).toHaveAttribute('aria-pressed', 'true');

  // A reaction by keyboard keeps the focus.
  await reactionButton.focus();
  await alice.page.keyboard.press('Enter');
  await expect(reactionButton).toHaveText('🍵 2');
  await expect(reactionButton).toBeFocused();
});

test('reactions are counted, name their users, and are removed by a second click', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const ming = await users.guest('小明');
  await alice.send('Who is for tea?');
  await bob.expectMessage('Who is for tea?');

  // One after the other: names are in the order in which the server got them.
  await ming.chooseAction('🍵', 'Who is for tea?');
  await expect(bob.reaction('Who is for tea?', '🍵')).toHaveText('🍵 1');
  await bob.chooseAction('🍵', 'Who is for tea?');
  await expect(alice.reaction('Who is for tea?', '🍵')).toHaveText('🍵 2');
  await alice.reaction('Who is for tea?', '🍵').click();
  for (const [user, who] of [
    [alice, '🍵 小明, Bob and you'],
    [bob, '🍵 小明, Alice and you'],
    [ming, '🍵 Bob, Alice and you'],
  ] as const) {
    const reactionButton = user.reaction('Who is for tea?', '🍵');
    await expect(reactionButton).toHaveText('🍵 3');
    await expect(reactionButton).toHaveAccessibleName(who);
    await expect(reactionButton).toHaveAttribute('aria-pressed', 'true');
  }

  await bob.reaction('Who is for tea?', '🍵').click();
  await expect(bob.reaction('Who is for tea?', '🍵')).toHaveAttribute('aria-pressed', 'false');
  await expect(alice.reaction('Who is for tea?', '🍵')).toHaveAccessibleName('🍵 小明 and you');
  await ming.chooseAction('🍵', 'Who is for tea?');
  await alice.reaction('Who is for tea?', '🍵').click();
  for (const user of [alice, bob, ming]) {
    await expect(user.message('Who is for tea?').getByRole('group', { name: 'Reactions' })).toBeHidden();
  }

  await bob.chooseAction('More emoji', 'Who is for tea?');
  await bob.messageMenu.getByRole('button', { name: 'shortcake' }).click();
  await expect(alice.reaction('Who is for tea?', '🍰')).toHaveText('🍰 1');
});

test('opening the menu moves nothing', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('First');
  await alice.send('Last');
  const positions = () =>
    alice.log.evaluate((log) => [log.scrollHeight, ...[...log.querySelectorAll('li')].map((row) => row.getBoundingClientRect().y)]);
  await alice.composer.hover();
  const before = await positions();

  for (const action of ['More emoji', 'Delete']) {
    await alice.message('Last').hover();
    expect(await positions()).toEqual(before);
    await alice.chooseAction(action, 'Last');
    expect(await positions()).toEqual(before);
    await alice.page.keyboard.press('Escape');
    await alice.composer.hover();
    await expect(alice.messageMenu).toBeHidden();
  }
});

test('messages can be edited, deleted and reacted to by keyboard', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const { keyboard } = alice.page;
  await alice.send('One');
  await alice.send('Two');
  await bob.send('Three');
  await alice.expectMessage('Three');
  const row = (text: string) => alice.log.locator('li').filter({ hasText: text });

  // Reach a message and its actions
  await alice.log.focus();
  await keyboard.press('ArrowUp');
  await expect(row('Three')).toBeFocused();
  await keyboard.press('ArrowUp');
  await expect(row('Two')).toBeFocused();
  await keyboard.press('Enter');
  await expect(alice.messageMenu.getByRole('button', { name: '👍' })).toBeFocused();
  await keyboard.press('Escape');
  await expect(row('Two')).toBeFocused();
  await expect(alice.messageMenu).toBeHidden();

  // React with an emoji of the picker
  await keyboard.press('Enter');
  await expect(alice.messageMenu.getByRole('button', { name: '👍' })).toBeFocused();
  await alice.messageMenu.getByRole('button', { name: 'More emoji' }).press('Enter');
  await expect(alice.messageMenu.getByRole('searchbox')).toBeFocused();
  await keyboard.type('clap');
  await keyboard.press('Enter');
  await expect(row('Two')).toBeFocused();
  await expect(bob.reaction('Two', '👏')).toHaveText('👏 1');
  await keyboard.press('Tab');
  await expect(alice.reaction('Two', '👏')).toBeFocused();
  await keyboard.press('Space');
  await expect(row('Two')).toBeFocused();
  await expect(bob.reaction('Two', '👏')).toBeHidden();

  // Delete, after a confirmation
  await keyboard.press('ArrowUp');
  await keyboard.press('Enter');
  await expect(alice.messageMenu.getByRole('button', { name: '👍' })).toBeFocused();
  await alice.messageMenu.getByRole('button', { name: 'Delete' }).press('Enter');
  await expect(alice.messageMenu.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(row('Message deleted')).toBeFocused();
  await bob.expectMessage('Message deleted');

  // Edit
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await alice.messageMenu.getByRole('button', { name: 'Edit' }).press('Enter');
  await expect(alice.composer).toBeFocused();
  await keyboard.type('!');
  await keyboard.press('Enter');
  await bob.expectMessage('Two!');
  await expect(alice.composer).toBeFocused();

  // Return to the composer
  await alice.log.focus();
  await keyboard.press('ArrowUp');
  await keyboard.press('Escape');
  await keyboard.press('Escape');
  await expect(alice.composer).toBeFocused();
});

test('focus that moves on before the menu opens stays there', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('One');
  await alice.message('One').hover();
  await expect(alice.messageMenu).toBeVisible();
  await alice.log.focus();
  await alice.page.keyboard.press('ArrowUp');
  await expect(alice.message('One')).toBeFocused();

  // Enter opens the menu, and the focus reaches Edit before the next frame is painted.
  await alice.message('One').evaluate(async (row) => {
    row.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve));
    row.querySelector<HTMLElement>('[data-action="edit"]')?.focus();
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
  await expect(alice.messageMenu.getByRole('button', { name: 'Edit' })).toBeFocused();
});

test('the text of an edit survives the deletion of its message', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('A first version');
  const otherTab = await users.openTab(alice);
  await otherTab.expectMessage('A first version');
  await alice.composer.fill('A draft');
  await alice.chooseAction('Edit', 'A first version');
  await alice.composer.fill('A much better version');

  await otherTab.delete('A first version');

  await alice.expectMessage('Message deleted');
  await expect(editingNotice(alice)).toBeHidden();
  await expect(alice.composer).toHaveValue('A much better version\n\nA draft');
  await expect(alice.composer).toHaveAccessibleDescription('The message has been deleted.');
});

test('an edit that comes too late returns its text', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  await alice.send('A first version');
  const otherTab = await users.openTab(alice);
  await otherTab.expectMessage('A first version');
  for (const tab of [alice, otherTab]) tab.pageErrors.allow(CONNECTION_ERRORS);

  await server.kill();
  await expect(alice.page.getByText('Connection lost.')).toBeVisible();
  await otherTab.delete('A first version');
  await expect(otherTab.message('Message deleted')).toContainText('waiting for the connection');
  await alice.page.context().setOffline(true);
  await alice.edit('A first version', 'A much better version');
  await server.restart();
  // Both tabs reconnect and send at the same time.
  await alice.page.context().setOffline(false);

  // Either command may arrive first. The deletion wins; if the edit was refused, its text is in the composer.
  await expect(alice.message('Message deleted')).not.toContainText('waiting', { timeout: 20_000 });
  await expect.poll(() => alice.fetchHistory()).toEqual(['']);
  if (alice.frames.receivedOfType('error').length > 0) {
    await expect(alice.composer).toHaveValue('A much better version');
  }
});

test('offline changes show at once, and reach the others after reconnecting', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  for (const user of [alice, bob]) user.pageErrors.allow(CONNECTION_ERRORS);
  for (const text of ['To be changed', 'To be deleted', 'To be liked']) await alice.send(text);
  await bob.expectMessage('To be liked');

  await server.kill();
  await expect(alice.page.getByText('Connection lost.')).toBeVisible();
  await alice.edit('To be changed', 'Changed');
  await alice.delete('To be deleted');
  await alice.chooseAction('👍', 'To be liked');
  await expect(alice.message('Changed')).toContainText('edited');
  await expect(alice.message('Changed')).toContainText('waiting for the connection');
  await alice.expectMessage('Message deleted');
  await expect(alice.reaction('To be liked', '👍')).toHaveText('👍 1');

  await server.restart();
  await bob.expectMessage('Changed');
  await bob.expectMessage('Message deleted');
  await expect(bob.reaction('To be liked', '👍')).toHaveText('👍 1');
  await expect(alice.message('Changed')).not.toContainText('waiting');
  await expect.poll(() => bob.fetchHistory()).toEqual(['Changed', '', 'To be liked']);
});

test('a failed change is shown and can be retried or discarded', async ({ users }) => {
  const alice = await users.openBrowser('Alice');
  let isFull = false;
  await alice.page.routeWebSocket('**/ws', (route) => {
    const upstream = route.connectToServer();
    route.onMessage((text) => {
      const frame = JSON.parse(String(text)) as Frame;
      if (isFull && frame.type === 'edit') {
        route.send(JSON.stringify({ type: 'error', id: frame.id, code: 'storage_unavailable', message: 'full' }));
      } else {
        upstream.send(text);
      }
    });
  });
  await alice.signIn();
  await alice.send('Before');
  isFull = true;
  await alice.chooseAction('Edit', 'Before');
  await alice.composer.fill('After');
  await alice.composer.press('Enter');

  await expect(alice.message('Before')).toContainText('Not changed. The server can’t save anything at the moment.');
  await alice.message('Before').getByRole('button', { name: 'Discard' }).click();
  await expect(alice.message('Before')).not.toContainText('Not changed');

  await alice.chooseAction('Edit', 'Before');
  await alice.composer.fill('After');
  await alice.composer.press('Enter');
  await expect(alice.message('Before')).toContainText('Not changed.');
  isFull = false;
  await alice.message('Before').getByRole('button', { name: 'Try again' }).click();
  await expect(alice.message('After')).toContainText('edited');
  await expect.poll(() => alice.fetchHistory()).toEqual(['After']);
});

test('a reload shows the same messages', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  for (const text of ['Old', 'Wrong', 'Liked']) await alice.send(text);
  await bob.expectMessage('Liked');
  await alice.edit('Old', 'New');
  await alice.delete('Wrong');
  await bob.chooseAction('🎉', 'Liked');
  await alice.chooseAction('🎉', 'Liked');
  await alice.chooseAction('👀', 'New');
  await expect(bob.reaction('Liked', '🎉')).toHaveText('🎉 2');
  await expect(bob.reaction('New', '👀')).toHaveText('👀 1');
  await bob.composer.hover();
  await expect(bob.messageMenu).toBeHidden();
  const live = await bob.log.getByRole('list').ariaSnapshot();

  await bob.page.reload();

  await bob.expectMessage('Liked');
  expect(await bob.log.getByRole('list').ariaSnapshot()).toBe(live);
});

test('edits and deletions are shown in Chinese', async ({ users }) => {
  const ming = await users.guest('小明');
  const alice = await users.guest('Alice');
  await ming.send('你好');
  await ming.send('写错了');
  // A message that comes moves the ones above it.
  await alice.expectMessage('写错了');
  await alice.chooseAction('🍵', '你好');
  await ming.chooseAction('🍵', '你好');
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
  await menu.getByRole('searchbox', { name: '搜索表情' }).fill('coffee');
  await expect(menu.getByRole('button', { name: '热饮' })).toHaveText('☕');
});

test('a tap on a message opens its menu on a phone', async ({ users }) => {
  const alice = await users.guest('Alice', PHONE);
  const bob = await users.guest('Bob');
  await alice.send('Typed on a phnoe');
  await bob.chooseAction('👍', 'Typed on a phnoe');
  await expect(alice.reaction('Typed on a phnoe', '👍')).toHaveText('👍 1');

  await alice.page.mouse.move(0, 0);
  const touch = (text: string) => alice.message(text).getByText(text, { exact: true }).tap();
  await touch('Typed on a phnoe');
  await expect(alice.messageMenu).toContainText('👍 Bob');
  for (const button of await alice.messageMenu.getByRole('button').all()) {
    const box = await button.boundingBox();
    expect.soft(Math.round(Math.min(box!.width, box!.height)), `size of ${button}`).toBeGreaterThanOrEqual(44);
  }
  await alice.messageMenu.getByRole('button', { name: '👀' }).tap();
  await expect(alice.messageMenu).toBeHidden();
  await expect(bob.reaction('Typed on a phnoe', '👀')).toHaveText('👀 1');

  // A tap outside the menu closes it.
  await touch('Typed on a phnoe');
  await alice.page.touchscreen.tap(200, 90);
  await expect(alice.messageMenu).toBeHidden();

  await touch('Typed on a phnoe');
  await alice.messageMenu.getByRole('button', { name: 'Edit' }).tap();
  await expect(alice.composer).toBeFocused();
  await alice.composer.fill('Typed on a phone');
  await saveButton(alice).tap();
  await bob.expectMessage('Typed on a phone');

  await alice.message('Typed on a phone').locator('.body').tap({ position: { x: 5, y: 5 } });
  await alice.messageMenu.getByRole('button', { name: 'Delete' }).tap();
  await alice.messageMenu.getByRole('button', { name: 'Delete', exact: true }).tap();
  await bob.expectMessage('Message deleted');
});
