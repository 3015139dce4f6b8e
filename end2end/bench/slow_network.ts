import type { CDPSession, Page } from '@playwright/test';

/** How much slower the processor is made, as in DevTools' and Lighthouse's setting for a middling phone. */
export const SLOW = 4;

/** A line to the server: what Chromium adds before each answer, in milliseconds, and how fast it lets bytes through. */
export interface Line {
  name: string;
  latency: number;
  /** Bytes a second. */
  down: number;
  up: number;
}

const MEGABIT = 1_000_000 / 8;

/** As DevTools has it: a round trip of 150 ms counts 3.75 times, for what a new connection costs; 90 % of the rate. */
export const FAST_3G: Line = { name: 'Fast 3G', latency: 562.5, down: 1.6 * 0.9 * MEGABIT, up: 0.75 * 0.9 * MEGABIT };
/** As Lighthouse describes the same line: 150 ms for a round trip, and the full rate. */
export const LIGHTHOUSE: Line = { name: '150 ms, 1.6 Mbit/s', latency: 150, down: 1.6 * MEGABIT, up: 0.75 * MEGABIT };
/** No limit but this machine's own. */
export const NO_LIMIT: Line = { name: 'no limit', latency: 0, down: -1, up: -1 };

/** Slows a page's line and its processor down, from the next thing that it does. */
export async function slowDown(page: Page, line: Line, processor: number): Promise<CDPSession> {
  const browser = await page.context().newCDPSession(page);
  await browser.send('Network.enable');
  await browser.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: line.latency,
    downloadThroughput: line.down,
    uploadThroughput: line.up,
  });
  await browser.send('Emulation.setCPUThrottlingRate', { rate: processor });
  return browser;
}
