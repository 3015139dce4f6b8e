import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { BrowserContextOptions } from '@playwright/test';

import { type Keepsake, PHONE } from '../fixtures/people.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

const FOLDER = fileURLToPath(new URL('../../docs/pictures', import.meta.url));

const SIZES: Record<string, BrowserContextOptions> = {
  desktop: { viewport: { width: 1200, height: 780 } },
  phone: { ...PHONE, deviceScaleFactor: 2 },
};
const LANGUAGES = { en: 'en', zh: 'zh-Hans' };
const THEMES = ['light', 'dark'] as const;

/** Every combination of language, theme and size, with the options of a browser that has it. */
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

test('pictures for the README', async ({ house, people }) => {
  test.setTimeout(180_000);
  await mkdir(FOLDER, { recursive: true });

  const look = async (view: (typeof views)[number], path: string, storageState?: Keepsake): Promise<Person> => {
    const person = await people.visitor('阿玲', { ...view.options, storageState });
    const cookies = view.cookies.map(([name, value]) => ({ name, value, url: house.address }));
    await person.page.context().addCookies(cookies);
    await person.page.goto(path);
    return person;
  };
  const photograph = async (person: Person, name: string) => {
    await person.page.screenshot({ path: `${FOLDER}/${name}.png`, animations: 'disabled', caret: 'hide' });
  };

  const ming = await people.guest('小明');
  const zoe = await people.guest('Zoë');
  const ling = await people.guest('阿玲');

  await ming.say('大家好！新的茶馆开张了 🎉');
  await ming.say('网页开着就行，断网也不会丢消息。');
  await zoe.say('Just typed a name and I was in. Does it keep what I missed when my train goes through a tunnel?');
  await ling.say('It does: everything, once and in order.');
  await zoe.say('Lovely. 🍵');
  await ming.say('周六下午三点喝茶，谁来？ Tea on Saturday at three, who is coming?');
  await ling.say('我来！ I’ll bring the cakes.');
  await ling.talkTo('小明');
  await ling.say('要带什么吗？');
  await ming.open('阿玲');
  await ming.say('人来就好 😄');
  await ling.sees('人来就好');
  await ling.open('Lobby');
  await zoe.talkTo('阿玲');
  await zoe.say('Could you save me a seat by the window?');
  await zoe.open('Lobby');
  await expect(ling.conversation('Zoë', 1)).toBeVisible();
  await ling.sees('the cakes');
  // She stays, so that the same three are here on every picture.
  const keepsake = await ling.page.context().storageState();

  for (const view of views) {
    const person = await look(view, '/');
    await expect(person.page.getByRole('textbox')).toBeVisible();
    await photograph(person, `join-${view.name}`);
    await person.page.context().close();
  }

  for (const view of views) {
    const person = await look(view, '/talk/lobby', keepsake);
    await expect(person.page.getByText('the cakes')).toBeVisible();
    // Until a sign of typing has come, which is sent every few seconds at most.
    await expect(async () => {
      await zoe.composer.press('o');
      await expect(person.page.getByText(/^Zoë.*(typing|正在输入)/)).toBeVisible({ timeout: 500 });
    }).toPass();
    await photograph(person, `chat-${view.name}`);
    await person.page.context().close();
  }
});
