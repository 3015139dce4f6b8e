import type { CDPSession, Page } from '@playwright/test';

/** The metrics that a page records about itself. Times are in milliseconds since the navigation started. */
interface PageMetrics {
  /** When the sign-in form first accepted input. */
  signInForm?: number;
  /** When the composer first accepted input. */
  composer?: number;
  /** When the WebAssembly had started. */
  wasmStart?: number;
  /** The tasks that blocked the main thread for more than 50 ms. */
  longTasks: { start: number; duration: number }[];
  /** The WebAssembly's memory. */
  memory?: WebAssembly.Memory;
}

declare global {
  interface Window {
    pageMetrics: PageMetrics;
  }
}

/** Makes a page record its metrics. Must be called before the page is opened. */
export async function collectMetrics(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const metrics: PageMetrics = (window.pageMetrics = { longTasks: [] });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) metrics.longTasks.push({ start: startTime, duration });
    }).observe({ type: 'longtask', buffered: true });
    // A field accepts input as soon as it is in the document and laid out.
    const check = () => {
      if (!metrics.signInForm && document.querySelector<HTMLElement>('#nickname')?.offsetHeight) {
        metrics.signInForm = performance.now();
      }
      if (!metrics.composer && document.querySelector<HTMLElement>('.conversation textarea')?.offsetHeight) {
        metrics.composer = performance.now();
      }
      if (!metrics.composer) requestAnimationFrame(check);
    };
    requestAnimationFrame(check);
    const compile = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...input: Parameters<typeof compile>) => {
      const result = await compile(...input);
      metrics.memory = result.instance.exports.memory as WebAssembly.Memory;
      // The page starts the WebAssembly in the following microtasks.
      setTimeout(() => (metrics.wasmStart = performance.now()));
      return result;
    };
  });
}

/** Waits for the page's first contentful paint, and returns its time. */
export async function firstPaint(page: Page): Promise<number> {
  const handle = await page.waitForFunction(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  return (await handle.jsonValue()) as number;
}

/** Waits until the page has recorded this metric, and returns it. */
export async function waitForMetric(page: Page, metric: 'signInForm' | 'composer' | 'wasmStart'): Promise<number> {
  const handle = await page.waitForFunction((metric) => window.pageMetrics[metric], metric);
  return (await handle.jsonValue()) as number;
}

/**
 * Sends `text` from the composer. Returns when the message was acknowledged. Everything runs in the page, so that no
 * messages between Playwright and the browser are measured.
 */
export async function sendAndWaitForAck(page: Page, text: string): Promise<number> {
  return page.evaluate(async (text) => {
    const field = document.querySelector<HTMLTextAreaElement>('.conversation textarea')!;
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    const isAcknowledged = () => {
      const rows = [...document.querySelectorAll('.message')];
      return rows.some((row) => row.textContent?.includes(text) && row.getAttribute('data-pending') === 'false');
    };
    while (!isAcknowledged()) await new Promise(requestAnimationFrame);
    return performance.now();
  }, text);
}

/** The resources that a page uses. */
export interface Load {
  /** How long the main thread has been busy since the page was opened. */
  mainThreadSeconds: number;
  /** The size of the JavaScript heap. */
  heapBytes: number;
  /** The size of the WebAssembly memory, which never shrinks. */
  wasmMemoryBytes: number;
  /** How many DOM nodes there are. */
  nodeCount: number;
}

/** Measures the current load of a page, if wanted after a garbage collection. */
export async function measureLoad(page: Page, devtools: CDPSession, collectGarbage = false): Promise<Load> {
  await devtools.send('Performance.enable');
  if (collectGarbage) await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const metric = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN;
  const wasmMemoryBytes = await page.evaluate(() => window.pageMetrics.memory?.buffer.byteLength ?? 0);
  return { mainThreadSeconds: metric('TaskDuration'), heapBytes: metric('JSHeapUsedSize'), wasmMemoryBytes, nodeCount: metric('Nodes') };
}
