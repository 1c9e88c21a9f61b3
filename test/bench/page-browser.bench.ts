// The browser's half of the live page, in headless Chromium on a real daemon: bytes that travel, time until it is drawn,
// time to draw a zoom, share of a core while it is open. The daemon's half: page.bench.ts.
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'puppeteer-core';
import { createTestHome } from '../support/daemon.ts';
import { bundlePage, openTab, startBrowser, startPageDaemon } from '../support/page/browse-page.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const OPEN_MS = 30_000;

async function* size(): AsyncGenerator<BenchCase> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  try {
    bundlePage(folder);
    yield {
      bench: 'page.size',
      case: 'everything, gzipped',
      unit: 'bytes',
      better: 'lower',
      anchorName: 'the budget of the page',
      ours: async () => {
        const files = await readdir(folder);
        const bytes = await Promise.all(files.map((name) => readFile(join(folder, name))));
        return bytes.reduce((sum, each) => sum + gzipSync(each, { level: 9 }).byteLength, 0);
      },
      anchor: async () => 120_000,
      goal: (bytes) => bytes <= 120_000,
      runs: 1,
      warmup: false,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* first(): AsyncGenerator<BenchCase> {
  yield* withPage(async function* (browser, address) {
    yield {
      bench: 'page.first',
      case: 'from the navigation to charts that are drawn',
      unit: 'ms',
      better: 'lower',
      anchorName: 'the limit of the page',
      ours: () => readFirstDrawnMs(browser, address),
      anchor: async () => 400,
      goal: (ms) => ms <= 400,
      runs: 7,
    };
  });
}

/** In a browser that has kept nothing: on a page of its own that is new each time. */
async function readFirstDrawnMs(browser: Browser, address: string): Promise<number> {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.goto(address, { waitUntil: 'domcontentloaded' });
    // What was measured last before the charts had values: the page marks it itself, at the end of that frame.
    const ms = await page.waitForFunction(`performance.getEntriesByName('page-drawn')[0]?.startTime`, {
      polling: 20,
    });
    return (await ms.jsonValue()) as number;
  } finally {
    await context.close();
  }
}

async function* draw(): AsyncGenerator<BenchCase> {
  yield* withPage(async function* (browser, address) {
    await using tab = await openTab(browser, address);
    await sleep(20_000);
    await tab.goTo('#/then', '.then .card .plot');
    yield {
      bench: 'page.draw',
      case: 'a zoom, from the key to the drawn frame',
      unit: 'ms',
      better: 'lower',
      anchorName: 'the limit of the page',
      ours: () => readZoomMs(tab.page),
      anchor: async () => 50,
      goal: (ms) => ms <= 50,
      runs: 9,
    };
  });
}

/** Zooms in and out again by turns; what is known is drawn at once, the answer of the daemon comes later. */
async function readZoomMs(page: Page): Promise<number> {
  const took = await page.evaluate(`new Promise((resolve) => {
    const button = document.querySelector('[aria-label="' + (window.zoomed ? 'Zoom out' : 'Zoom in') + '"]');
    window.zoomed = !window.zoomed;
    const startMs = performance.now();
    button.click();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - startMs)));
  })`);
  await sleep(500);
  return took as number;
}

async function* cost(): AsyncGenerator<BenchCase> {
  yield* withPage(async function* (browser, address) {
    await using tab = await openTab(browser, address);
    await sleep(5000);
    yield {
      bench: 'page.cost',
      case: 'the browser with the page open at 1 Hz',
      unit: '% of a core',
      better: 'lower',
      anchorName: 'the limit of the page',
      ours: () => readBrowserPercent(browser, tab.page),
      anchor: async () => 5,
      goal: (percent) => percent <= 5,
      runs: 1,
      warmup: false,
    };
  });
}

/** CPU time of all processes of the browser, as the browser itself counts it. */
async function readBrowserPercent(browser: Browser, page: Page): Promise<number> {
  await page.bringToFront();
  const session = await browser.target().createCDPSession();
  const read = async (): Promise<number> => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  const before = await read();
  const startMs = performance.now();
  await sleep(OPEN_MS);
  const percent = (100_000 * ((await read()) - before)) / (performance.now() - startMs);
  await session.detach();
  return percent;
}

async function* withPage(
  cases: (browser: Browser, address: string) => AsyncGenerator<BenchCase>,
): AsyncGenerator<BenchCase> {
  bundlePage();
  await using home = await createTestHome();
  await using served = await startPageDaemon(home, ['--hz', '1', '--process-interval', '10']);
  const browser = await startBrowser();
  try {
    yield* cases(browser, served.address);
  } finally {
    await browser.close();
  }
}

export const topics: readonly BenchTopic[] = [
  { name: 'page.size', cases: size },
  { name: 'page.first', cases: first },
  { name: 'page.draw', cases: draw },
  { name: 'page.cost', cases: cost },
];
