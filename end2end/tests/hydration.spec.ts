import type { Page } from '@playwright/test';

import { expect, test } from '../fixtures/test.ts';

/** Holds the page's WebAssembly back. Gives what lets it through. */
async function holdWebAssembly(page: Page): Promise<() => void> {
  let letThrough = () => {};
  const held = new Promise<void>((resolve) => (letThrough = resolve));
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  return letThrough;
}

/** Resolves once the page's WebAssembly has run for the first time and has taken the page over. */
async function whenAlive(page: Page): Promise<() => Promise<unknown>> {
  await page.addInitScript(() => {
    const compile = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...input: [any, any]) => {
      const program = await compile(...input);
      // The page starts the program in the microtasks that follow.
      setTimeout(() => ((window as any).isAlive = true));
      return program;
    };
  });
  return () => page.waitForFunction(() => (window as any).isAlive);
}

test('a nickname that was typed before the program has arrived is still there afterwards', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const letThrough = await holdWebAssembly(alice.page);
  const alive = await whenAlive(alice.page);
  await alice.page.goto('/', { waitUntil: 'commit' });
  await alice.nicknameField.fill('Alice');

  letThrough();
  await alive();
  await expect(alice.nicknameField).toHaveValue('Alice');
  await expect(alice.nicknameField).toBeFocused();

  await alice.nicknameField.press('Enter');
  await alice.isInside();
  await expect(alice.sidebar.getByText('Alice', { exact: true })).toBeVisible();
});

test('who enters before the program has arrived is inside when it has', async ({ people }) => {
  const alice = await people.visitor('Alice');
  const letThrough = await holdWebAssembly(alice.page);
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
    const alive = await whenAlive(visitor.page);
    await visitor.page.goto(path);
    const rendered = await visitor.page.locator('body').innerText();

    await alive();

    // What does not fit is reported in the console, which fails every test; and nothing is shown otherwise.
    expect(await visitor.page.locator('body').innerText()).toBe(rendered);
  });
}
