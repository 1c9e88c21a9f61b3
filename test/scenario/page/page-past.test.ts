// Thirty days in Chromium: zoomed and moved through, a click on a moment; clocks that are wrong, days that have 25 hours, and
// a home that has nothing yet.
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Home } from '../../../src/core/index.ts';
import { createWrongClock } from '../../support/app/wrong-clock.ts';
import { createTestHome } from '../../support/daemon.ts';
import {
  bundlePage,
  findBarriers,
  openTab,
  startBrowser,
  startPageDaemon,
} from '../../support/page/browse-page.ts';
import type { PageDaemon, PageTab } from '../../support/page/browse-page.ts';
import { writeLongHistory } from '../../support/store/long-history.ts';
import { until } from '../../support/until.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Ended while this file was loaded. */
const toMs = Math.floor(Date.now() / 1000) * 1000;
const fromMs = toMs - 30 * DAY_MS;
/** When the clocks of Berlin showed 2 o'clock twice. */
const TWICE_MS = Date.UTC(2025, 9, 26, 1);

let home: Home & AsyncDisposable;
let served: PageDaemon;
let browser: Browser;

beforeAll(async () => {
  bundlePage();
  home = await createTestHome();
  await writeLongHistory(home.history, { hours: 12, processes: 0, fromMs: TWICE_MS - 6 * HOUR_MS });
  const scannedMs = fromMs + 360 * HOUR_MS;
  // The hour in the middle has scans of processes, and a sample each second; of the days nobody looks at seconds.
  const sampleMs = 5000;
  await writeLongHistory(home.history, { hours: 360, processes: 0, fromMs, sampleMs });
  await writeLongHistory(home.history, { hours: 1, processes: 20, fromMs: scannedMs });
  await writeLongHistory(home.history, { hours: 359, processes: 0, fromMs: scannedMs + HOUR_MS, sampleMs });
  [served, browser] = await Promise.all([
    startPageDaemon(home, ['--hz', '1', '--retain-days', '0']),
    startBrowser(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await served?.[Symbol.asyncDispose]();
  await home?.[Symbol.asyncDispose]();
});

const spanOf = async (page: Page): Promise<readonly [number, number]> => {
  const hash = new URLSearchParams(new URL(page.url()).hash.split('?')[1] ?? '');
  return [Number(hash.get('from')), Number(hash.get('to'))];
};

const widthOf = ([from, to]: readonly [number, number]): number => to - from;

/** Waits until the charts show an answer of this step. */
const seeStep = (tab: PageTab, step: string): Promise<void> => tab.see(`One point is ${step}`, '.then .note');

const shown = (from: number, to: number, at?: number): string =>
  `#/then?from=${from}&to=${to}${at === undefined ? '' : `&at=${at}`}`;

describe('serve --page', () => {
  it('shows thirty days, zooms to a minute of them by the keyboard, and moves through them', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    await tab.goTo('#/then', '.then .card .plot');
    await page.evaluate(
      `[...document.querySelectorAll('.toolbar button')].find(({ textContent }) => textContent === '30 d').click()`,
    );
    await seeStep(tab, '1 h');
    await page.focus('.then .card .plot');
    // Each key halves the range; the answers come when they come.
    let lengthMs = 30 * DAY_MS;
    while (lengthMs > 60_000) {
      await page.keyboard.press('+');
      lengthMs /= 2;
    }
    // The step is a second long before the last key has had its effect.
    await until(async () => widthOf(await spanOf(page)) <= 60_000, 'the range was a minute');
    await seeStep(tab, '1 s');
    const before = await spanOf(page);
    await page.keyboard.down('Shift');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.up('Shift');
    // Two steps of a quarter, each seen when it is.
    const latest = before[0] - 0.4 * widthOf(before);
    await until(async () => (await spanOf(page))[0] < latest, 'both steps were made');
    const moved = await spanOf(page);
    expect(before[0] - moved[0]).toBeCloseTo(widthOf(before) / 2, -2);
    expect(widthOf(moved)).toBe(widthOf(before));
    expect(tab.failures).toEqual([]);
  });

  it('zooms and moves by the wheel, and never out of what there is', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    const middle = fromMs + 10 * DAY_MS;
    await tab.goTo(shown(middle, middle + DAY_MS), '.then .card .plot');
    await seeStep(tab, '2 min');
    const plot = (await (await page.$('.then .card .plot .u-over'))!.boundingBox())!;
    await page.mouse.move(plot.x + plot.width / 2, plot.y + 30);
    await page.keyboard.down('Control');
    for (let turn = 0; turn < 4; turn += 1) await page.mouse.wheel({ deltaY: -100 });
    await page.keyboard.up('Control');
    // What is left of a day after four turns; the address has it when the last one has settled.
    const left = DAY_MS * Math.exp(-2);
    await until(async () => widthOf(await spanOf(page)) < left * 1.01, 'all four turns had zoomed');
    const [from, to] = await spanOf(page);
    expect(to - from).toBeGreaterThan(left * 0.99);
    expect((from + to) / 2).toBeCloseTo(middle + DAY_MS / 2, -7);
    await page.evaluate(
      `[...document.querySelectorAll('.toolbar button')].find(({ ariaLabel }) => ariaLabel === 'Zoom out').click()`,
    );
    for (let press = 0; press < 14; press += 1) await page.click('[aria-label="Zoom out"]');
    await page.waitForFunction(`!location.hash.includes('from=${from}&')`);
    const [first, last] = await spanOf(page);
    expect(first).toBeGreaterThanOrEqual(TWICE_MS - 7 * HOUR_MS);
    expect(last).toBeLessThan(Date.now() + 60_000);
  });

  it('counts every key that comes before the last one is drawn, or while the address is written', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    const middle = fromMs + 10 * DAY_MS;
    await tab.goTo(shown(middle, middle + DAY_MS), '.then .card .plot');
    await seeStep(tab, '2 min');
    await page.evaluate(`{
      const plot = document.querySelector('.then .card .plot');
      const press = () => plot.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
      const { replaceState } = history;
      history.replaceState = (...given) => {
        history.replaceState = replaceState;
        history.replaceState(...given);
        setTimeout(press);
      };
      press();
      press();
    }`);
    await page.waitForFunction(`!location.hash.includes('from=${middle}&')`);
    await until(async () => widthOf(await spanOf(page)) <= DAY_MS / 8, 'three keys halved the range thrice');
    expect(await spanOf(page)).toEqual([middle + (DAY_MS * 7) / 16, middle + (DAY_MS * 9) / 16]);
    expect(tab.failures).toEqual([]);
  });

  it('stays as it is when answers are called off half-way, by a key that comes before they are read', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    const middle = fromMs + 10 * DAY_MS;
    await tab.goTo(shown(middle, middle + DAY_MS), '.then .card .plot');
    await seeStep(tab, '2 min');
    await page.focus('.then .card .plot');
    const network = await page.createCDPSession();
    const limit = (downloadThroughput: number): Promise<void> =>
      network.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput,
        uploadThroughput: -1,
      });
    // The next key comes when all answers to the one before have begun, and not all of them have ended.
    const parts = ['range', 'marks', 'processes'];
    await limit(20_000);
    for (let press = 0; press < 4; press += 1) {
      const begun = parts.map((part) => page.waitForResponse((each) => each.url().includes(`/api/${part}?`)));
      await page.keyboard.press('+');
      await Promise.all(begun);
    }
    await until(async () => widthOf(await spanOf(page)) <= DAY_MS / 16, 'each key halved the range');
    await limit(-1);
    await seeStep(tab, '10 s');
    expect(await page.$$('main .problem')).toEqual([]);
    expect(tab.failures).toEqual([]);
  });

  it('moves nothing of the past while it reads the whole history', async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.evaluateOnNewDocument(`
      window.tops = new Set();
      addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
        const card = document.querySelector('.then .card .plot');
        if (card) tops.add(Math.round(card.getBoundingClientRect().top));
      }).observe(document.body, { childList: true, subtree: true, attributes: true }));`);
    await page.setViewport({ width: 1440, height: 900 });
    await page.goto(`${served.address}${shown(fromMs + 10 * DAY_MS, fromMs + 11 * DAY_MS)}`);
    await page.waitForSelector('.overview .plot[aria-label*="GiB"]');
    await page.waitForSelector('.then .card .plot[aria-label*="GiB"]');
    expect(await page.evaluate('[...tops].length')).toBe(1);
    await page.close();
  });

  it('tells who held the memory at a moment two weeks ago, and what would be decided', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    const at = fromMs + 360 * HOUR_MS + 1_799_000;
    await tab.goTo(shown(at - 600_000, at + 600_000, at), '.moment .with-bars');
    await tab.see('service-', '.moment bdi.name');
    await tab.see('What would be decided', '.moment h2');
    await tab.see(new Date(at - 60_000).toISOString(), '.moment .snippet code');
    await tab.see('GiB', '.moment .facts dd');
    expect(await findBarriers(page)).toEqual([]);
    await page.goBack();
    await page.waitForFunction('!document.querySelector(".moment")');
  });

  it('shows a day of 25 hours by the clocks of the viewer, and each hour of it once', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    await page.emulateTimezone('Europe/Berlin');
    await page.evaluateOnNewDocument(`
      window.texts = [];
      const { fillText } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        window.texts.push({ text, x, y });
        return fillText.call(this, text, x, y);
      };`);
    await page.goto(`${served.origin}/${shown(TWICE_MS - 3 * HOUR_MS, TWICE_MS + 3 * HOUR_MS)}`);
    await page.reload();
    await page.waitForSelector('.then .card .plot canvas');
    await page.waitForFunction(`window.texts.filter(({ text }) => /^\\d\\d:00/.test(text)).length >= 5`);
    const texts = (await page.evaluate('window.texts')) as { text: string; x: number }[];
    const hours = texts.filter(({ text }) => /^(?:\d\d:\d\d|26 Oct)/.test(text));
    const places = new Map<number, string>();
    for (const { text, x } of hours) places.set(Math.round(x), text);
    const ordered = [...places].sort(([a], [b]) => a - b).map(([, text]) => text);
    // 23:00 to 05:00 there: seven hours and the one that comes twice, evenly.
    expect(ordered.filter((text) => text.startsWith('02:00'))).toHaveLength(2);
    const [first = 0, ...rest] = [...places.keys()].sort((a, b) => a - b);
    const steps = rest.map((x, at) => x - (rest[at - 1] ?? first));
    expect(Math.max(...steps) - Math.min(...steps)).toBeLessThan(4);
    expect(await tab.text('.foot')).toContain('Europe/Berlin');
  });

  it('shows the time of the host where the clock of the viewer is two hours off', async () => {
    for (const hours of [-2, 2]) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await page.evaluateOnNewDocument(`{
        const Right = Date;
        globalThis.Date = class extends Right {
          constructor(...given) { given.length === 0 ? super(Right.now() + ${hours * HOUR_MS}) : super(...given); }
          static now() { return Right.now() + ${hours * HOUR_MS}; }
        };
      }`);
      await page.goto(served.address);
      await page.waitForSelector('.pulse-live');
      await page.evaluate(`location.hash = '#/then'`);
      await page.waitForFunction(
        `/used: [\\d.]+ GiB/.test(document.querySelector('.then .card .plot')?.getAttribute('aria-label'))`,
      );
      const label = await page.$eval('.then .card .plot', (plot) => plot.getAttribute('aria-label'));
      expect(label).toMatch(/used: [\d.]+ GiB to [\d.]+ GiB, last [\d.]+ GiB/);
      await page.evaluate(`location.hash = '#/now'`);
      await page.waitForFunction(`document.querySelectorAll('.tiles b').length > 3`);
      await context.close();
    }
  });

  it('moves nothing for who asked for less motion', async () => {
    await using tab = await openTab(browser, served.address);
    await tab.page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
    // What began before goes on to its end.
    await tab.page.waitForFunction('document.getAnimations().length === 0');
    for (const view of ['#/now', '#/then', '#/models', '#/data', '#/health']) {
      await tab.goTo(view, 'main section, main .then');
      expect(await tab.page.evaluate('document.getAnimations().length'), view).toBe(0);
    }
  });
});

it('serve --page goes on where the clock of the host is set back by an hour', async () => {
  await using clock = await createWrongClock(HOUR_MS);
  await using own = await createTestHome();
  await using daemon = await startPageDaemon(own, [], clock.env);
  await using tab = await openTab(browser, daemon.address);
  const { page } = tab;
  const last = (): Promise<number> =>
    page.evaluate(`Date.parse(document.querySelector('figure tbody time')?.dateTime)`) as Promise<number>;
  await page.$eval('figure summary', (summary) => (summary as unknown as { click(): void }).click());
  await page.waitForFunction(
    `Date.parse(document.querySelector('figure tbody time')?.dateTime) > Date.now() + ${HOUR_MS / 2}`,
  );
  clock.set(0);
  await page.waitForFunction(
    `Math.abs(Date.parse(document.querySelector('figure tbody time')?.dateTime) - Date.now()) < 60000`,
  );
  const seen = await last();
  await page.waitForFunction(`Date.parse(document.querySelector('figure tbody time')?.dateTime) > ${seen}`);
  await tab.goTo('#/then', '.then .card .plot');
  expect(tab.failures).toEqual([]);
});

it('serve --page has words for all that is not there yet', async () => {
  await using own = await createTestHome();
  await using daemon = await startPageDaemon(own, ['--no-baseline']);
  for (const width of [1440, 390]) {
    await using tab = await openTab(browser, daemon.address, { width });
    await tab.see('By the rule, no model is live', '.tile');
    await tab.goTo('#/models', '.card');
    await tab.see('No model is live; the rule decides.');
    await tab.see('No model is stored yet.');
    await tab.goTo('#/data', '.facts');
    await tab.see('Nothing was exported from here yet.');
    await tab.see('Nothing was published from here yet.');
    await tab.goTo('#/health', '.card');
    await tab.goTo(`#/then?from=${fromMs}&to=${fromMs + 1000}`, '.then');
    await tab.goTo('#/then?from=abc&to=-1&at=x', '.then');
    await tab.goTo('#/nowhere?at=%00', '.tiles');
    expect(await tab.page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(
      0,
    );
    expect(tab.failures).toEqual([]);
  }
});
