/** Browsers without working storage: private windows, full disks, blocked site data. */
import { holdWasm } from '../fixtures/boot.ts';
import { expect, test } from '../fixtures/test.ts';
import type { User } from '../fixtures/user.ts';

const STORAGE_WARNING = 'This browser blocks storage for this page.';

interface BrokenStorage {
  description: string;
  /** Breaks the storage. Runs in the page, before its own scripts. */
  breakStorage: () => void;
  /** Whether the page warns the user. */
  isWarned: boolean;
}

const BROKEN_STORAGES: readonly BrokenStorage[] = [
  {
    description: 'sessionStorage is full',
    breakStorage: () => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    },
    isWarned: true,
  },
  {
    description: 'sessionStorage is forbidden',
    breakStorage: () =>
      Object.defineProperty(window, 'sessionStorage', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      }),
    isWarned: true,
  },
  {
    description: 'sessionStorage is missing',
    breakStorage: () => Object.defineProperty(window, 'sessionStorage', { get: () => null }),
    isWarned: true,
  },
  {
    description: 'sessionStorage can’t be read',
    breakStorage: () => {
      for (const name of ['getItem', 'removeItem', 'clear'] as const) {
        Storage.prototype[name] = () => {
          throw new DOMException('broken', 'UnknownError');
        };
      }
    },
    isWarned: true,
  },
  {
    description: 'localStorage is forbidden',
    breakStorage: () =>
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      }),
    isWarned: false,
  },
  {
    description: 'localStorage is missing',
    breakStorage: () => Object.defineProperty(window, 'localStorage', { get: () => null }),
    isWarned: false,
  },
  {
    description: 'IndexedDB is forbidden',
    breakStorage: () =>
      Object.defineProperty(window, 'indexedDB', {
        get: () => {
          throw new DOMException('forbidden', 'SecurityError');
        },
      }),
    isWarned: true,
  },
  {
    description: 'IndexedDB is missing',
    breakStorage: () => Object.defineProperty(window, 'indexedDB', { get: () => undefined }),
    isWarned: true,
  },
  {
    description: 'IndexedDB does not open',
    breakStorage: () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('forbidden', 'SecurityError');
      };
    },
    isWarned: true,
  },
  {
    description: 'IndexedDB never answers',
    breakStorage: () => {
      IDBFactory.prototype.open = () => Object.create(IDBOpenDBRequest.prototype, {
        onsuccess: { writable: true },
        onerror: { writable: true },
        onupgradeneeded: { writable: true },
      });
    },
    isWarned: true,
  },
  {
    description: 'IndexedDB is full',
    breakStorage: () => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
    },
    isWarned: true,
  },
  {
    description: 'IndexedDB cannot commit explicitly',
    breakStorage: () => {
      IDBTransaction.prototype.commit = () => {
        throw new DOMException('no', 'InvalidStateError');
      };
    },
    isWarned: false,
  },
  {
    description: 'Web Locks are missing',
    breakStorage: () => Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined }),
    isWarned: false,
  },
  {
    description: 'all storage is forbidden',
    breakStorage: () => {
      for (const name of ['sessionStorage', 'localStorage', 'indexedDB']) {
        Object.defineProperty(window, name, {
          get: () => {
            throw new DOMException('forbidden', 'SecurityError');
          },
        });
      }
    },
    isWarned: true,
  },
];

const storageWarning = (user: User) => user.page.getByText(STORAGE_WARNING);

for (const { description, breakStorage, isWarned } of BROKEN_STORAGES) {
  test(`where ${description}, sending works before and after WebAssembly loads, with one warning`, async ({ users }) => {
    const bob = await users.guest('Bob');
    const alice = await users.openBrowser('Alice');
    await alice.page.addInitScript(breakStorage);
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
    await expect(storageWarning(alice)).toHaveCount(isWarned ? 1 : 0);
    if (!isWarned) return;

    await alice.page.getByRole('button', { name: 'Got it' }).click();
    await expect(storageWarning(alice)).toBeHidden();
    await alice.send('and on');
    await bob.expectMessage('and on');
    await expect(storageWarning(alice)).toBeHidden();
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
  // The two banners do not overlap.
  const banners = ming.page.locator('.banner:visible');
  await expect(banners).toHaveCount(2);
  const [first, second] = await Promise.all((await banners.all()).map((banner) => banner.boundingBox()));
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
        // Not enough room for this size; tries half of it.
      }
    }
  });
  const releaseWasm = await holdWasm(alice.page);
  await alice.page.reload({ waitUntil: 'domcontentloaded' });
  await alice.composer.fill('early');
  await alice.composer.press('Enter');
  await bob.expectMessage('early');
  await expect(storageWarning(alice)).toHaveCount(1);
  releaseWasm();
  await alice.expectSignedIn();
  await expect(storageWarning(alice)).toHaveCount(1);
  await alice.send('late');
  await bob.expectMessage('late');
  expect(await bob.fetchHistory()).toEqual(['early', 'late']);
});

test('working storage causes no warning', async ({ users }) => {
  const alice = await users.guest('Alice');
  await alice.send('Hello');
  await alice.composer.fill('half a thought');
  await expect(storageWarning(alice)).toBeHidden();
});
