/** Browsers that keep nothing for a page: private windows, full disks, what somebody has switched off. */
import type { User } from '../fixtures/user.ts';
import { holdWasm } from '../fixtures/boot.ts';
import { expect, test } from '../fixtures/test.ts';

const NOT_KEPT = 'This browser blocks storage for this page.';

type Kind = { kind: string; breaks: () => void; isTold: boolean };

/** In the page, before anything else runs there. */
const KINDS: readonly Kind[] = [
  {
    kind: 'sessionStorage takes nothing',
    breaks: () => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    },
    isTold: true,
  },
  {
    kind: 'sessionStorage is forbidden',
    breaks: () =>
      Object.defineProperty(window, 'sessionStorage', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      }),
    isTold: true,
  },
  {
    kind: 'sessionStorage is not there',
    breaks: () => Object.defineProperty(window, 'sessionStorage', { get: () => null }),
    isTold: true,
  },
  {
    kind: 'sessionStorage can’t be read',
    breaks: () => {
      for (const name of ['getItem', 'removeItem', 'clear'] as const) {
        Storage.prototype[name] = () => {
          throw new DOMException('broken', 'UnknownError');
        };
      }
    },
    isTold: true,
  },
  {
    kind: 'localStorage is forbidden',
    breaks: () =>
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      }),
    isTold: false,
  },
  {
    kind: 'localStorage is not there',
    breaks: () => Object.defineProperty(window, 'localStorage', { get: () => null }),
    isTold: false,
  },
  {
    kind: 'IndexedDB is forbidden',
    breaks: () =>
      Object.defineProperty(window, 'indexedDB', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      }),
    isTold: true,
  },
  {
    kind: 'IndexedDB is not there',
    breaks: () => Object.defineProperty(window, 'indexedDB', { get: () => undefined }),
    isTold: true,
  },
  {
    kind: 'IndexedDB does not open',
    breaks: () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('forbidden', 'SecurityError');
      };
    },
    isTold: true,
  },
  {
    kind: 'IndexedDB never answers',
    breaks: () => {
      IDBFactory.prototype.open = () => Object.create(IDBOpenDBRequest.prototype, {
        onsuccess: { writable: true },
        onerror: { writable: true },
        onupgradeneeded: { writable: true },
      });
    },
    isTold: true,
  },
  {
    kind: 'IndexedDB has no room',
    breaks: () => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    },
    isTold: true,
  },
  {
    kind: 'IndexedDB can’t be told to commit',
    breaks: () => {
      IDBTransaction.prototype.commit = () => {
        throw new DOMException('no', 'InvalidStateError');
      };
    },
    isTold: false,
  },
  {
    kind: 'there are no locks',
    breaks: () => Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined }),
    isTold: false,
  },
  {
    kind: 'nothing is kept anywhere',
    breaks: () => {
      for (const name of ['sessionStorage', 'localStorage', 'indexedDB']) {
        Object.defineProperty(window, name, {
          get: () => {
            throw new DOMException('forbidden', 'SecurityError');
          },
        });
      }
    },
    isTold: true,
  },
];

const told = (user: User) => user.page.getByText(NOT_KEPT);

for (const { kind, breaks, isTold } of KINDS) {
  test(`where ${kind}, sending works before and after WebAssembly loads, with one warning`, async ({ users }) => {
    const bob = await users.guest('Bob');
    const alice = await users.openBrowser('Alice');
    await alice.page.addInitScript(breaks);
    const releaseWasm = await holdWasm(alice.page);
    await alice.page.goto('/', { waitUntil: 'commit' });
    await alice.nicknameField.fill('Alice');
    await alice.nicknameField.press('Enter');
    await expect(alice.page).toHaveURL('/talk/lobby');
    await alice.composer.fill('early');
    await alice.composer.press('Enter');
    await bob.expectMessage('early');
    await alice.expectMessage('early');
    await expect(alice.composer).toHaveValue('');
    await alice.composer.fill('half a thought');

    releaseWasm();
    await alice.expectSignedIn();
    await expect(alice.composer).toHaveValue('half a thought');
    await alice.composer.press('Enter');
    await bob.expectMessage('half a thought');
    await alice.edit('half a thought', 'a whole one');
    await bob.expectMessage('a whole one');
    expect(await bob.fetchHistory()).toEqual(['early', 'a whole one']);
    await expect(told(alice)).toHaveCount(isTold ? 1 : 0);
    if (!isTold) return;

    await alice.page.getByRole('button', { name: 'Got it' }).click();
    await expect(told(alice)).toBeHidden();
    await alice.send('and on');
    await bob.expectMessage('and on');
    await expect(told(alice)).toBeHidden();
  });
}

test('without storage and without WebAssembly the page warns before anything is lost', async ({ users }) => {
  const ming = await users.openBrowser('小明', { locale: 'zh-CN' });
  ming.pageErrors.allow(/ERR_FAILED|Failed to fetch/);
  await ming.page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await ming.page.route('**/*.wasm', (route) => route.abort());
  await ming.page.goto('/');
  await ming.page.getByRole('textbox', { name: '昵称' }).fill('小明');
  await ming.page.getByRole('button', { name: '进入' }).click();
  await expect(ming.page.getByRole('status').filter({ hasText: '浏览器禁止本页保存数据' })).toHaveCount(1);
  const composer = ming.page.getByRole('textbox', { name: '消息', exact: true });
  await composer.fill('你好');
  await composer.press('Enter');
  await expect(ming.page.getByRole('log').getByText('你好')).toBeVisible();
  await expect.poll(() => ming.fetchHistory('lobby')).toEqual(['你好']);
  // The two notes stand below one another.
  const notes = ming.page.locator('.banner:visible');
  await expect(notes).toHaveCount(2);
  const [first, second] = await Promise.all((await notes.all()).map((note) => note.boundingBox()));
  expect(second!.y).toBeGreaterThanOrEqual(first!.y + first!.height);
});

test('a full session storage causes a warning and no interruption', async ({ users }) => {
  const bob = await users.guest('Bob');
  const alice = await users.guest('Alice');
  await alice.page.evaluate(() => {
    for (let size = 1 << 22; size >= 1; size >>= 1) {
      try {
        for (;;) sessionStorage.setItem(`filler ${sessionStorage.length}`, 'x'.repeat(size));
      } catch {
        // No room for that much; perhaps for half of it.
      }
    }
  });
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.composer.fill('early');
  await alice.composer.press('Enter');
  await bob.expectMessage('early');
  await expect(told(alice)).toHaveCount(1);
  releaseWasm();
  await alice.expectSignedIn();
  await expect(told(alice)).toHaveCount(1);
  await alice.send('late');
  await bob.expectMessage('late');
  expect(await bob.fetchHistory()).toEqual(['early', 'late']);
});

test('working storage causes no warning', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Hello');
  await alice.composer.fill('half a thought');
  await expect(told(alice)).toBeHidden();
});
