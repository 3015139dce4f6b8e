import type { CDPSession, Page } from '@playwright/test';

/** What a page notes of itself, from its very beginning. Times are milliseconds since it was asked for. */
interface Notes {
  /** When the join form could first be typed in, and the composer. */
  door?: number;
  composer?: number;
  /** When the program had started. */
  program?: number;
  /** How long each task was that held up the page for more than 50 ms, and when it began. */
  longTasks: { start: number; duration: number }[];
  memory?: WebAssembly.Memory;
}

declare global {
  interface Window {
    notes: Notes;
  }
}

/** To be called before the page is opened. */
export async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const notes: Notes = (window.notes = { longTasks: [] });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) notes.longTasks.push({ start: startTime, duration });
    }).observe({ type: 'longtask', buffered: true });
    // A field that is in the document and laid out can be typed in.
    const look = () => {
      if (!notes.door && document.querySelector<HTMLElement>('#nickname')?.offsetHeight) notes.door = performance.now();
      if (!notes.composer && document.querySelector<HTMLElement>('.conversation textarea')?.offsetHeight) {
        notes.composer = performance.now();
      }
      if (!notes.composer) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    const compile = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...input: Parameters<typeof compile>) => {
      const program = await compile(...input);
      notes.memory = program.instance.exports.memory as WebAssembly.Memory;
      // The page starts the program in the microtasks that follow.
      setTimeout(() => (notes.program = performance.now()));
      return program;
    };
  });
}

/** When the page has first painted something of its content. */
export async function firstPaint(page: Page): Promise<number> {
  const painted = await page.waitForFunction(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  );
  return (await painted.jsonValue()) as number;
}

/** When the page has noted this. */
export async function noted(page: Page, what: 'door' | 'composer' | 'program'): Promise<number> {
  const time = await page.waitForFunction((what) => window.notes[what], what);
  return (await time.jsonValue()) as number;
}

/** Presses Enter in the composer after writing `text`, in the page itself; when it stands in the log, acknowledged. */
export async function say(page: Page, text: string): Promise<number> {
  return page.evaluate(async (text) => {
    const field = document.querySelector<HTMLTextAreaElement>('.conversation textarea')!;
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    const isThere = () => {
      const rows = [...document.querySelectorAll('.message')];
      return rows.some((row) => row.textContent?.includes(text) && row.getAttribute('data-pending') === 'false');
    };
    while (!isThere()) await new Promise(requestAnimationFrame);
    return performance.now();
  }, text);
}

/** What the main thread has done since the page began, in seconds; what is held, in bytes; how much stands in it. */
export interface Load {
  busy: number;
  heap: number;
  program: number;
  nodes: number;
}

/** The load of the page at this moment. */
export async function load(page: Page, browser: CDPSession, collect = false): Promise<Load> {
  await browser.send('Performance.enable');
  if (collect) await browser.send('HeapProfiler.collectGarbage');
  const { metrics } = await browser.send('Performance.getMetrics');
  const metric = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? NaN;
  const program = await page.evaluate(() => window.notes.memory?.buffer.byteLength ?? 0);
  return { busy: metric('TaskDuration'), heap: metric('JSHeapUsedSize'), program, nodes: metric('Nodes') };
}
