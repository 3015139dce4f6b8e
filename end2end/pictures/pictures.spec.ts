import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { BrowserContextOptions } from '@playwright/test';

import { registerUser } from '../fixtures/registered_users.ts';
import { addMember, createRoom } from '../fixtures/rooms.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';
import { PHONE, type StorageState } from '../fixtures/users.ts';

const FOLDER = fileURLToPath(new URL('../../docs/pictures', import.meta.url));

const SIZES: Record<string, BrowserContextOptions> = {
  desktop: { viewport: { width: 1200, height: 780 } },
  phone: { ...PHONE, deviceScaleFactor: 2 },
};
const LANGUAGES = { en: 'en', zh: 'zh-Hans' };
const THEMES = ['light', 'dark'] as const;

/** Every combination of language, theme and size, with its cookies and browser options. */
const views = Object.entries(SIZES).flatMap(([size, screen]) =>
  Object.entries(LANGUAGES).flatMap(([language, tag]) =>
    THEMES.map((theme) => ({
      name: `${language}-${theme}-${size}`,
      cookies: [
        ['teahouse_language', tag],
        ['teahouse_theme', theme],
      ],
      options: screen,
    })),
  ),
);

test('pictures for the README', async ({ server, users }) => {
  test.setTimeout(400_000);
  await mkdir(FOLDER, { recursive: true });

  const openView = async (view: (typeof views)[number], path: string, storageState?: StorageState): Promise<User> => {
    const user = await users.openBrowser('阿玲', { ...view.options, storageState });
    const cookies = view.cookies.map(([name, value]) => ({ name, value, url: server.url }));
    await user.page.context().addCookies(cookies);
    await user.page.goto(path);
    return user;
  };
  const takePicture = async (user: User, name: string) => {
    await user.page.screenshot({ path: `${FOLDER}/${name}.png`, animations: 'disabled', caret: 'hide' });
  };

  const ming = await registerUser(users, '小明');
  const zoe = await registerUser(users, 'Zoë');
  const ling = await registerUser(users, '阿玲');
  const write = async (user: User, text: string, shown: string) => {
    await user.composer.fill(text);
    await user.composer.press('Enter');
    await user.expectMessage(shown);
  };

  /** Opens the direct with a registered user who is online. */
  const openDirect = async (user: User, nickname: string) => {
    await user.onlineList.getByRole('button', { name: nickname }).click();
    await expect(user.page.locator('#conversation-name')).toContainText(nickname);
  };

  // Rooms
  await createRoom(ming, '读书会', { topic: 'A book a month · 每月一本' });
  await createRoom(zoe, 'Kitchen', { topic: 'Menus, orders, who bakes what' });
  await createRoom(zoe, 'Ideas', { topic: 'Half-baked is fine' });
  await createRoom(ming, 'Garden', { topic: 'Watering plan and seedlings' });
  const room = await createRoom(ming, 'Opening day', { topic: 'Everything for the first Saturday', private: true });
  await addMember(ming, 'Zoë');
  await addMember(ming, '阿玲');
  await ling.openConversation('Opening day');
  await zoe.openConversation('Opening day');
  await write(ming, 'The plan for Saturday:\n\n| Time | What | Who |\n|---|---|---|\n| 09:00 | Tables and chairs | 小明 |\n| 11:00 | Cakes | 阿玲 |\n| 15:00 | Doors open | all |', 'Doors open');
  await ming.chooseAction('Pin', 'Doors open');
  await write(zoe, 'I set the lights to follow the sun:\n\n```rust\nfn brightness(hour: u32) -> u32 {\n    // Never brighter than the tea is warm.\n    if hour < 18 { 80 } else { 40 }\n}\n```', 'brightness');
  await ling.chooseAction('Reply', 'brightness');
  await ling.send('40 太暗了，看不清茶单。60？');
  await zoe.chooseAction('Reply', '太暗了');
  await zoe.send('60 it is. @阿玲 you have the better eyes!');
  await write(ling, '> 15:00 Doors open\n\n**14:30** would be better: my parents want to help with the *last* chairs.', 'my parents');
  await ming.chooseAction('🎉', 'my parents');
  await zoe.chooseAction('❤️', 'my parents');
  await ming.send('好，14:30 开门。 @阿玲 谢谢你爸妈！');

  // The Lobby
  for (const user of [ming, zoe, ling]) await user.openConversation('Lobby');
  await ming.send('大家好！新的茶馆开张了 🎉');
  await ming.send('网页开着就行，断网也不会丢消息。');
  await zoe.send('Just typed a name and I was in. Does it keep what I missed when my train goes through a tunnel?');
  await ling.chooseAction('Reply', 'Just typed a name');
  await ling.send('It does: everything, once and in order.');
  await zoe.chooseAction('🍵', 'everything, once');
  await ming.chooseAction('🍵', 'everything, once');
  await ming.send('周六下午三点喝茶，谁来？ Tea on Saturday at three, who is coming?');
  await ling.send('我来！ I’ll bring the cakes.');
  await openDirect(ling, '小明');
  await ling.send('要带什么吗？');
  await openDirect(ming, '阿玲');
  await ming.send('人来就好 😄');
  await ling.expectMessage('人来就好');
  await ling.openConversation('Lobby');
  await openDirect(zoe, '阿玲');
  await zoe.send('Could you save me a seat by the window?');
  await zoe.openConversation('Lobby');
  await expect(ling.conversationList.getByRole('link', { name: 'Zoë' })).toContainText('1');
  await ling.expectMessage('the cakes');
  // Her first page stays open, so that the same three users are online in every picture.
  const storageState = await ling.page.context().storageState();

  /** Takes a picture of a page in every view. */
  const takePictures = async (name: string, path: string, prepare: (user: User) => Promise<void>, state?: StorageState) => {
    for (const view of views) {
      const user = await openView(view, path, state);
      await prepare(user);
      await takePicture(user, `${name}-${view.name}`);
      await user.page.context().close();
    }
  };

  await takePictures('join', '/', async (user) => expect(user.page.getByRole('textbox')).toBeVisible());
  await takePictures(
    'chat',
    '/talk/lobby',
    async (user) => {
      await expect(user.page.locator('.quoted')).toContainText('Just typed');
      // Types until the typing indicator is shown; typing events are sent only every few seconds.
      await expect(async () => {
        await zoe.composer.press('o');
        await expect(user.page.getByText(/^Zoë.*(typing|正在输入)/)).toBeVisible({ timeout: 500 });
      }).toPass();
    },
    storageState,
  );
  await takePictures(
    'room',
    `/talk/${room}`,
    async (user) => {
      await expect(user.page.locator('pre .hl-keyword, pre span[class]').first()).toBeVisible();
      await expect(user.page.locator('.quoted').first()).toContainText('the lights');
    },
    storageState,
  );
  await takePictures(
    'thread',
    `/talk/${room}`,
    async (user) => {
      await user.page.locator('[data-action=open-thread]').first().click();
      await expect(user.page.locator('.thread-panel .quoted').first()).toContainText('the lights');
      // Otherwise the menu of the message under the pointer shows.
      await user.page.mouse.move(0, 0);
      await expect(user.page.locator('.message-actions')).toHaveCount(0);
    },
    storageState,
  );
  await takePictures(
    'members',
    `/talk/${room}`,
    async (user) => {
      await expect(user.page.locator('.quoted').first()).toContainText('the lights');
      await user.page.locator('#room-members').click();
      await expect(user.page.locator('.room-panel').getByText('Zoë')).toBeVisible();
    },
    storageState,
  );
  await takePictures(
    'directory',
    '/rooms',
    async (user) => expect(user.page.getByRole('link', { name: 'Kitchen' })).toBeVisible(),
    storageState,
  );
  await takePictures(
    'mentions',
    '/mentions',
    async (user) => expect(user.page.locator('.told-message').first()).toBeVisible(),
    storageState,
  );
});
