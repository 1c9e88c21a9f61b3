// The live page in Chromium, on a real daemon of a host under real pressure.
import { setTimeout as sleep } from 'node:timers/promises';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Home } from '../../../src/core/index.ts';
import { createTestHome } from '../../support/daemon.ts';
import { holdMemory, thrash } from '../../support/page/memory-user.ts';
import {
  bundlePage,
  findBarriers,
  openTab,
  startBrowser,
  startPageDaemon,
} from '../../support/page/browse-page.ts';
import type { PageDaemon } from '../../support/page/browse-page.ts';
import { until } from '../../support/until.ts';

/** What a name may do at worst: markup, a mark that turns the direction of text, a second line. */
const HOSTILE = '<i>a\u202Eb\n</i>';
const SHOWN = '<i>a⟨U+202E⟩b⏎</i>';
const VIEWS = [
  ['#/now', '.tiles'],
  ['#/then', '.then .plot'],
  ['#/models', '.models'],
  ['#/data', '.facts'],
  ['#/health', '.checks'],
] as const;

let home: Home & AsyncDisposable;
let folder: string;
let served: PageDaemon;
let browser: Browser;
let holder: AsyncDisposable & { pid: number };
let pressure: AsyncDisposable;

beforeAll(async () => {
  bundlePage();
  home = await createTestHome();
  folder = await mkdtemp(join(tmpdir(), 'rvm-page-'));
  [holder, pressure] = await Promise.all([holdMemory(1200, HOSTILE), thrash(folder)]);
  served = await startPageDaemon(home);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await pressure?.[Symbol.asyncDispose]();
  await holder?.[Symbol.asyncDispose]();
  await served?.[Symbol.asyncDispose]();
  await home?.[Symbol.asyncDispose]();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

it('serve --page shows memory, pressure and who holds the memory, second by second', async () => {
  await using tab = await openTab(browser, served.address);
  const { page } = tab;
  await tab.see('GiB', '[aria-label="Memory used"]');
  // The thrashing process really waits for memory.
  await page.waitForFunction(
    `parseFloat(document.querySelector('[aria-label="Memory pressure"] b').textContent) > 0`,
  );
  await tab.see(String(holder.pid), '.with-bars');
  const drawn = (): Promise<string> =>
    page.$eval('.plot canvas', (canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
  const before = await drawn();
  await page.waitForFunction(
    `document.querySelector('.plot canvas').toDataURL() !== ${JSON.stringify(before)}`,
  );
  expect(tab.failures).toEqual([]);
  expect(new URL(page.url()).search).toBe('');
});

it('serve --page shows a hostile name of a process as text, on one line and in one direction', async () => {
  await using tab = await openTab(browser, served.address);
  await tab.see(SHOWN, '.with-bars bdi.name');
  await tab.see('⟨U+202E⟩', '.legend');
  expect(await tab.page.$$('main i:not([class])')).toEqual([]);
  const height = await tab.page.$$eval('.with-bars tbody tr', (rows) => rows.map((row) => row.clientHeight));
  expect(Math.max(...height) - Math.min(...height)).toBeLessThan(5);
});

it('serve --page lets nobody stand before a barrier that axe-core knows', async () => {
  for (const theme of ['light', 'dark'] as const) {
    for (const width of [1440, 390]) {
      await using tab = await openTab(browser, served.address, { theme, width });
      for (const [hash, selector] of VIEWS) {
        await tab.goTo(hash, selector);
        expect(await findBarriers(tab.page), `${hash} ${theme} ${width}`).toEqual([]);
        const overhang = await tab.page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(overhang, `${hash} is wider than ${width}`).toBeLessThanOrEqual(0);
      }
      expect(tab.failures).toEqual([]);
    }
  }
});

it('serve --page is used by the keyboard alone', async () => {
  await using tab = await openTab(browser, served.address);
  const { page } = tab;
  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key as 'Tab');
  };
  const focused = (): Promise<string> =>
    page.evaluate(
      'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent',
    ) as Promise<string>;
  await press('Tab');
  expect(await focused()).toContain('Skip');
  await press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('content');
  await tab.see(String(holder.pid), '.with-bars');
  // From the content: the choice of the span, the link to the history, the first chart.
  await press('Tab', 'Tab', 'Tab');
  expect(await focused()).toContain('Memory. From');
  await press('End', 'ArrowLeft');
  await tab.see('used', 'output');
  await press('Enter');
  await page.waitForSelector('.moment');
  expect(await page.evaluate('location.hash')).toMatch(/^#\/then\?from=\d+&to=\d+&at=\d+$/);
  await page.waitForFunction('document.activeElement.matches(".moment")');
  await tab.see(String(holder.pid), '.moment');
  await press('Escape');
  await page.waitForFunction('!document.querySelector(".moment")');
  expect(tab.failures).toEqual([]);
});

it('serve --page zooms by dragging, shows who held the memory at a click, and has that as code', async () => {
  await using tab = await openTab(browser, served.address);
  const { page } = tab;
  await browser.defaultBrowserContext().setPermission(served.origin, {
    permission: { name: 'clipboard-write' },
    state: 'granted',
  });
  await tab.goTo('#/then', '.then .card .plot');
  const plot = (await (await page.$('.then .card .plot .u-over'))!.boundingBox())!;
  const range = await tab.text('.range');
  await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 40);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width * 0.95, plot.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(`document.querySelector('.range').textContent !== ${JSON.stringify(range)}`);
  await page.mouse.click(plot.x + plot.width * 0.9, plot.y + 40);
  await page.waitForSelector('.moment .with-bars');
  await tab.see(SHOWN, '.moment bdi.name');
  await tab.see('await rv.', '.snippet code');
  await page.click('.snippet button');
  await tab.see('Copied', '.snippet button');
  expect(tab.failures).toEqual([]);
});

it('serve --page is open in two tabs that do not disturb each other', async () => {
  await using first = await openTab(browser, served.address);
  const second = await openTab(browser, `${served.origin}/`);
  const pointsOf = (tab: typeof first): Promise<string> => tab.text('.legend b');
  await second[Symbol.asyncDispose]();
  const before = await pointsOf(first);
  await first.page.waitForFunction(
    `document.querySelector('.legend b').textContent !== ${JSON.stringify(before)}`,
  );
  expect(first.failures).toEqual([]);
});

const countSamples = async (): Promise<number> => {
  const { result } = await served.daemon.client.request('status');
  return (result as { samples: number }).samples;
};

/** Holes in the first chart's table of which the history knows values: [from, to], ms since epoch. */
const findUnfilled = (page: Page): Promise<(readonly [number, number])[]> =>
  page.evaluate(`(async () => {
    const times = [...document.querySelectorAll('figure:first-of-type tbody time')].map((each) => Date.parse(each.dateTime));
    const steps = times.slice(1).map((time, at) => times[at] - time);
    const usual = steps.toSorted((a, b) => a - b)[steps.length >> 1];
    const holes = steps.flatMap((step, at) => (step > 3 * usual ? [[times[at + 1] + 1000, times[at] - 1000]] : []));
    const areKnown = await Promise.all(holes.map(async ([from, to]) => {
      const answer = await fetch('/api/range?pixels=1000&fields=mem_used_kib&from=' + from + '&to=' + to);
      return (await answer.json()).fields.mem_used_kib.mean.some((value) => value !== null);
    }));
    return holes.filter((_, at) => areKnown[at]);
  })()`) as Promise<(readonly [number, number])[]>;

it('serve --page notices a lost network and fills what was missed from the history', async () => {
  await using tab = await openTab(browser, served.address);
  const { page } = tab;
  await page.setOfflineMode(true);
  await page.waitForSelector('.banner[role="alert"]');
  const samples = await countSamples();
  await until(async () => (await countSamples()) > samples + 10, 'samples were missed');
  await page.setOfflineMode(false);
  await page.waitForSelector('.pulse-live');
  await tab.see('Connected again', '[role="status"]');
  await page.$eval('figure summary', (summary) => (summary as unknown as { click(): void }).click());
  await page.waitForFunction('document.querySelectorAll("figure tbody time").length > 10');
  // On a busy host the history learns of the newest samples some seconds later, and the page with it.
  await until(async () => (await findUnfilled(page)).length === 0, 'what was missed is shown');
  expect(tab.failures).toEqual([]);
});

it('serve --page says that the daemon is gone, comes back with it and shows the gap', async () => {
  await using tab = await openTab(browser, served.address);
  const { page } = tab;
  await served.restart(async () => {
    await page.waitForSelector('.banner[role="alert"]');
    await tab.see('Not connected', '.pulse');
    const atMs = Date.now() - 10_000;
    await tab.goTo(`#/then?from=${atMs - 60_000}&to=${atMs}&at=${atMs - 5000}`, 'main > .problem');
    await tab.see('does not answer', '.moment .problem');
    // Shorter pauses are no gap (src/page/gaps.ts).
    await sleep(7000);
  });
  await page.waitForSelector('.pulse-live');
  await page.waitForFunction('!document.querySelector(".banner")');
  await tab.see(`process ${served.daemon.child.pid}`, '.foot');
  await tab.see('restarted', '[role="status"]');
  // What failed meanwhile is asked for again.
  await page.waitForSelector('.then .card .plot');
  await page.waitForSelector('.moment .facts');
  await page.waitForFunction('!document.querySelector(".problem")');
  await tab.goTo('#/then', '.kind-gap');
  expect(tab.failures).toEqual([]);
});
