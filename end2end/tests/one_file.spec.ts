import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { expect, test } from '../fixtures/test.ts';
import { EXECUTABLE } from '../fixtures/test_server.ts';
import { User } from '../fixtures/user.ts';

test('the program serves the whole page by itself', async ({ browser }) => {
  const folder = await mkdtemp(join(tmpdir(), 'teahouse-alone-'));
  const executableCopy = join(folder, 'teahouse');
  await copyFile(EXECUTABLE, executableCopy);
  const { TEAHOUSE_SITE: _, ...env } = process.env;
  const server = spawn(executableCopy, ['serve', '--listen', '127.0.0.1:0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const baseURL = await new Promise<string>((resolve) => {
      createInterface({ input: server.stdout }).on('line', (line) => {
        if (line.startsWith('listening on ')) resolve(line.slice('listening on '.length));
      });
    });
    const page = await browser.newPage({ baseURL });
    const loaded = new Map<string, string | undefined>();
    page.on('response', (response) =>
      loaded.set(new URL(response.url()).pathname, response.headers()['content-encoding']),
    );
    const reader = new User(page, 'Reader');
    await reader.signIn();
    await reader.send('nothing lies beside the program');
    await page.close();
    const bundles = [...loaded].filter(([path]) => path.endsWith('.wasm') || path.endsWith('.js'));
    expect(bundles.map(([, encoding]) => encoding)).toEqual(bundles.map(() => 'br'));
    expect(bundles.length).toBeGreaterThanOrEqual(2);
  } finally {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
