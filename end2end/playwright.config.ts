import { defineConfig } from '@playwright/test';

import { chromium } from './fixtures/chromium.ts';

export default defineConfig({
  fullyParallel: true,
  workers: 2,
  timeout: 40_000,
  expect: { timeout: 8_000 },
  forbidOnly: Boolean(process.env.CI),
  // On a busy machine a test may time out; one that passes at the second try is reported as flaky.
  retries: process.env.CI ? 1 : 0,
  reporter: [['list']],
  use: {
    locale: 'en-GB',
    colorScheme: 'light',
    actionTimeout: 8_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'tests', testDir: 'tests' },
    // Writes files that are committed, so it runs only on request: npm run pictures
    ...(process.env.TEAHOUSE_PICTURES ? [{ name: 'pictures', testDir: 'pictures' }] : []),
    // Takes minutes during which nothing else may run: npm run bench
    ...(process.env.TEAHOUSE_BENCH ? [{ name: 'bench', testDir: 'bench' }] : []),
  ],
});
