import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { BrowserContextOptions } from '@playwright/test';

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
  test.setTimeout(180_000);
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

  const ming = await users.guest('小明');
  const zoe = await users.guest('Zoë');
  const ling = await users.guest('阿玲');

  await ming.send('大家好！新的茶馆开张了 🎉');
  await ming.send('网页开着就行，断网也不会丢消息。');
  await zoe.send('Just typed a name and I was in. Does it keep what I missed when my train goes through a tunnel?');
  await ling.send('It does: everything, once and in order.');
  await zoe.send('Lovely. 🍵');
  await ming.send('周六下午三点喝茶，谁来？ Tea on Saturday at three, who is coming?');
  await ling.send('我来！ I’ll bring the cakes.');
  await ling.openDirect('小明');
  await ling.send('要带什么吗？');
  await ming.openConversation('阿玲');
  await ming.send('人来就好 😄');
  await ling.expectMessage('人来就好');
  await ling.openConversation('Lobby');
  await zoe.openDirect('阿玲');
  await zoe.send('Could you save me a seat by the window?');
  await zoe.openConversation('Lobby');
  await expect(ling.conversationLink('Zoë', 1)).toBeVisible();
  await ling.expectMessage('the cakes');
  // Her first page stays open, so that the same three users are online in every picture.
  const storageState = await ling.page.context().storageState();

  for (const view of views) {
    const user = await openView(view, '/');
    await expect(user.page.getByRole('textbox')).toBeVisible();
    await takePicture(user, `join-${view.name}`);
    await user.page.context().close();
  }

  for (const view of views) {
    const user = await openView(view, '/talk/lobby', storageState);
    await expect(user.page.getByText('the cakes')).toBeVisible();
    // Types until the typing indicator is shown; typing events are sent only every few seconds.
    await expect(async () => {
      await zoe.composer.press('o');
      await expect(user.page.getByText(/^Zoë.*(typing|正在输入)/)).toBeVisible({ timeout: 500 });
    }).toPass();
    await takePicture(user, `chat-${view.name}`);
    await user.page.context().close();
  }
});
