import type { CDPSession, Page } from '@playwright/test';

/** The CPU slowdown that DevTools and Lighthouse use for a mid-range phone. */
export const CPU_SLOWDOWN = 4;

/** A network that Chromium emulates. */
export interface NetworkProfile {
  name: string;
  /** The delay before each response, in milliseconds. */
  latency: number;
  /** Download rate in bytes per second; -1 for no limit. */
  down: number;
  /** Upload rate in bytes per second; -1 for no limit. */
  up: number;
}

const MEGABIT = 1_000_000 / 8;

/** DevTools' preset: a round trip of 150 ms times 3.75, for the cost of new connections, and 90 % of the rates. */
export const FAST_3G: NetworkProfile = { name: 'Fast 3G', latency: 562.5, down: 1.6 * 0.9 * MEGABIT, up: 0.75 * 0.9 * MEGABIT };
/** The same network as Lighthouse describes it: a round trip of 150 ms and the full rates. */
export const LIGHTHOUSE_3G: NetworkProfile = { name: '150 ms, 1.6 Mbit/s', latency: 150, down: 1.6 * MEGABIT, up: 0.75 * MEGABIT };
/** No emulation: only this machine limits the network. */
export const UNLIMITED: NetworkProfile = { name: 'no limit', latency: 0, down: -1, up: -1 };

/** Emulates a slow network and a slow CPU for a page, from its next request on. */
export async function emulateSlowDevice(page: Page, network: NetworkProfile, cpuSlowdown: number): Promise<CDPSession> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: network.latency,
    downloadThroughput: network.down,
    uploadThroughput: network.up,
  });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: cpuSlowdown });
  return devtools;
}
