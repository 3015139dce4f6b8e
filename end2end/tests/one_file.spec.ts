import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { EXECUTABLE } from '../fixtures/test_server.ts';
import { User } from '../fixtures/user.ts';
import { expect, test } from '../fixtures/test.ts';

test('the program serves the whole page by itself', async ({ browser }) => {
  const folder = await mkdtemp(join(tmpdir(), 'teahouse-alone-'));
  const alone = join(folder, 'teahouse');
  await copyFile(EXECUTABLE, alone);
  const { TEAHOUSE_SITE: _, ...env } = process.env;
  const server = spawn(alone, ['serve', '--listen', '127.0.0.1:0'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const baseURL = await new Promise<string>((ready) => {
      createInterface({ input: server.stdout }).on('line', (line) => {
        if (line.startsWith('listening on ')) ready(line.slice('listening on '.length));
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
    const packed = [...loaded].filter(([path]) => path.endsWith('.wasm') || path.endsWith('.js'));
    expect(packed.map(([, encoding]) => encoding)).toEqual(packed.map(() => 'br'));
    expect(packed.length).toBeGreaterThanOrEqual(2);
  } finally {
    server.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
