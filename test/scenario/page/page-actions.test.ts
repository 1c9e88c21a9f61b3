// What the live page may do, in Chromium on a real daemon with --page-actions: each action is asked for, called off, done and
// logged; two models side by side; models whose names and facts mean harm.
import { cpSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import { createClient } from '../../../src/client/index.ts';
import type { Home } from '../../../src/core/index.ts';
import { createTestHome } from '../../support/daemon.ts';
import { buildUpload } from '../../support/models/held-out.ts';
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
/** The name of an estimator, and of a folder among the models: markup, a turned direction, a second line. */
const HOSTILE = '<img src=x onerror=alert(1)>\u202Eledom\n2';
const SHOWN = '<img src=x onerror=alert(1)>⟨U+202E⟩ledom⏎2';

let home: Home & AsyncDisposable;
let served: PageDaemon;
let browser: Browser;
/** References of the one that is live, and of another. */
let models: string[];

/** What whoever trains may write into a manifest. */
const hostileFacts = {
  trainer: { estimator: HOSTILE, parameters: { [HOSTILE]: HOSTILE } },
  metrics: {
    macroF1: 0.5,
    baseline: { [HOSTILE]: { macroF1: 0.4 } },
    comparison: { sentence: HOSTILE, better: null },
  },
};

/** Two models that answer by different thresholds; the first one is live. */
async function addModels(): Promise<string[]> {
  await using host = await openHost(home, buildConfig({ baseline: false }));
  const references: string[] = [];
  for (const limits of [
    { 1: 60, 3: 10 },
    { 1: 40, 3: 20 },
  ]) {
    const available = Array.from({ length: 200 }, (_, at) => (at * 7) % 100);
    const labels = available.map((share) => (share <= 15 ? 3 : share <= 50 ? 1 : 0));
    const startMs = Date.now() - HOUR_MS;
    const isFirst = references.length === 0;
    const { manifest, ...upload } = buildUpload(host.spec, limits, { available, labels, startMs });
    const { name, version } = await host.deploy({
      ...upload,
      manifest: isFirst ? manifest : { ...manifest, ...hostileFacts },
      activate: isFirst,
    });
    references.push(`${name}@${version}`);
  }
  return references;
}

/** What a hand may leave in the folder of the models: a name that no model may have, a manifest that is damaged. */
function plantHostile(): void {
  const [name = ''] = models[0]!.split('@');
  cpSync(join(home.models, name), join(home.models, HOSTILE), { recursive: true });
}

beforeAll(async () => {
  bundlePage();
  home = await createTestHome();
  const fromMs = Math.floor(Date.now() / 1000) * 1000 - 3 * HOUR_MS;
  await writeLongHistory(home.history, { hours: 3, processes: 0, fromMs });
  models = await addModels();
  plantHostile();
  const args = [
    '--page-actions',
    '--act',
    '--name',
    'nobody-has-this-name',
    '--hz',
    '1',
    '--retain-days',
    '0',
  ];
  [served, browser] = await Promise.all([startPageDaemon(home, args), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await served?.[Symbol.asyncDispose]();
  await home?.[Symbol.asyncDispose]();
  if (home) rmSync(home.root, { recursive: true, force: true });
});

const linesOf = (action: string): string[] =>
  served.daemon
    .log()
    .split('\n')
    .filter((line) => line.includes(`page: ${action} `));

interface ShownStatus {
  readonly live: { readonly live: string | null };
  readonly acting: boolean;
  readonly csrf: string | null;
}
/** Asked from within the page, as its scripts do. */
const readStatus = (page: Page): Promise<ShownStatus> =>
  page.evaluate(`fetch('/api/status').then((answer) => answer.json())`) as Promise<ShownStatus>;

/** Presses a button of this text, the first one within an element that contains `near`. */
async function press(page: Page, text: string, near = ''): Promise<void> {
  const find = `[...document.querySelectorAll('button')].find((button) =>
    button.checkVisibility() && button.textContent.startsWith(${JSON.stringify(text)}) &&
    (button.closest('tr, dialog, section') ?? document.body).textContent.includes(${JSON.stringify(near)}))`;
  await page.waitForFunction(`${find} !== undefined`);
  await page.evaluate(`${find}.click()`);
}

/** Asks for an action, calls it off, asks again and confirms. */
async function confirm(tab: PageTab, action: string, title: string, near = ''): Promise<void> {
  const { page } = tab;
  const before = linesOf(action).length;
  for (const answer of ['Cancel', title]) {
    await press(page, title, near);
    await page.waitForSelector('dialog[open]');
    await tab.see(`${title}?`, 'dialog[open] h2');
    expect(await findBarriers(page), `the question of ${action}`).toEqual([]);
    expect(linesOf(action), `${action} before it was confirmed`).toHaveLength(before);
    await page.evaluate(`[...document.querySelectorAll('dialog[open] button')]
      .find(({ textContent }) => textContent === ${JSON.stringify(answer)}).click()`);
    await page.waitForFunction('!document.querySelector("dialog[open]")');
  }
  await until(() => linesOf(action).length > before, `${action} was logged`);
}

describe('serve --page-actions', () => {
  it('shows names of models, estimators and rules as the text they are', async () => {
    await using tab = await openTab(browser, served.address);
    await tab.goTo('#/models', '.models');
    await tab.see(SHOWN, '.models bdi.name');
    await tab.see('Cannot', '.models .problem');
    await tab.see(SHOWN, '.models small');
    await press(tab.page, 'Report', 'test.Thresholds');
    await tab.goTo(`#/models?run=${encodeURIComponent(models[1]!)}`, '.rv-report .rv-cards');
    await tab.see('<img src=x', '.rv-report .rv-verdict');
    expect(await tab.page.$$('main img')).toEqual([]);
    const overhang = await tab.page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overhang).toBeLessThanOrEqual(0);
    expect(await findBarriers(tab.page)).toEqual([]);
    expect(tab.failures).toEqual([]);
  });

  it('lets two models answer the same rows: confusion, calibration, and when they disagreed', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    await tab.goTo('#/models', '.models');
    for (const reference of models) {
      await page.waitForSelector(`input[aria-label="Compare ${reference}"]`);
      await page.click(`input[aria-label="Compare ${reference}"]`);
    }
    await page.waitForSelector('.side .rv-matrix');
    const sides = await page.$$eval('.side', (found) =>
      found.map((side) => ({
        name: side.getAttribute('aria-label'),
        counts: [...side.querySelectorAll('.rv-matrix td')].reduce(
          (sum, { textContent }) => sum + Number(textContent?.replaceAll(',', '')),
          0,
        ),
        pictures: side.querySelectorAll('svg[role="img"]').length,
      })),
    );
    expect(sides.map(({ name }) => name)).toEqual(models);
    expect(sides.map(({ pictures }) => pictures)).toEqual([1, 1]);
    expect(sides[0]!.counts).toBe(sides[1]!.counts);
    await tab.see(`Both on the same ${sides[0]!.counts.toLocaleString('en')} rows`);
    await tab.see('They say different things on', '.note');
    await page.focus('[aria-label^="Share of rows on which they disagree"]');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.moment');
    expect(tab.failures).toEqual([]);
  });

  it('activates and rolls back, behind a question', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    await tab.goTo('#/models', '.models');
    await confirm(tab, 'activate', 'Activate', SHOWN);
    await until(async () => (await readStatus(page)).live.live === models[1], 'the other model was live');
    await confirm(tab, 'rollback', 'Roll back');
    await until(
      async () => (await readStatus(page)).live.live === models[0],
      'the first model was live again',
    );
    for (const action of ['activate', 'rollback'])
      await until(
        () => linesOf(action).some((line) => line.endsWith(': done')),
        `${action} was logged as done`,
      );
    await tab.see(models[0]!.slice(0, 20), '.note bdi');
  });

  it('pauses and resumes, behind a question', async () => {
    await using tab = await openTab(browser, served.address);
    await confirm(tab, 'pause', 'Pause');
    await until(async () => !(await readStatus(tab.page)).acting, 'it acted no more');
    await confirm(tab, 'resume', 'Resume');
    await until(async () => (await readStatus(tab.page)).acting, 'it acted again');
  });

  it('exports, behind a question, and shows what became of it', async () => {
    await using tab = await openTab(browser, served.address);
    await tab.goTo('#/data', '.facts');
    await confirm(tab, 'export', 'Export');
    await tab.see('done in', '.state-ok');
    await tab.see(join(home.root, 'exports'), 'td bdi.name');
    await tab.see('without names', 'td');
  });

  it('trains, behind a question, and shows the new model with its report', async () => {
    await using tab = await openTab(browser, served.address);
    await tab.goTo('#/models', '.models');
    await confirm(tab, 'train', 'Train');
    await until(() => linesOf('train').some((line) => /: (?:done|failed)/.test(line)), 'the training ended');
    expect(linesOf('train').at(-1)).toMatch(/: done$/);
    await tab.see('sklearn', '.models small');
    await press(tab.page, 'Report', 'sklearn');
    await tab.see('Feature importance', '.rv-report h2');
    await tab.see('Calibration', '.rv-report h2');
    expect(await findBarriers(tab.page)).toEqual([]);
    expect(tab.failures).toEqual([]);
  });

  it('says what went wrong where it was asked for, and does nothing by halves', async () => {
    await using tab = await openTab(browser, served.address);
    const { page } = tab;
    await tab.goTo('#/models', '.models');
    const [name = '', version = ''] = models[1]!.split('@');
    rmSync(join(home.models, name, version, 'model.onnx'));
    await press(page, 'Activate', SHOWN);
    await page.waitForSelector('dialog[open]');
    await page.click('dialog[open] .confirm');
    await tab.see('ERR_MODEL_', 'dialog[open] .problem');
    await page.keyboard.press('Escape');
    await page.waitForFunction('!document.querySelector("dialog[open]")');
    expect((await readStatus(page)).live.live).not.toBe(models[1]);
  });

  it('refuses who brings the cookie and no token against forgery', async () => {
    await using tab = await openTab(browser, served.address);
    const before = linesOf('pause').length;
    for (const headers of ['{}', `{ 'x-csrf': 'guessed' }`, `{ 'content-type': 'text/plain' }`]) {
      const status = await tab.page.evaluate(
        `fetch('/api/actions/pause', { method: 'POST', headers: ${headers}, body: '{}' }).then(({ status }) => status)`,
      );
      expect(status).toBe(403);
    }
    expect(linesOf('pause')).toHaveLength(before);
    expect((await readStatus(tab.page)).acting).toBe(true);
  });
});

/** A server of a notebook, of this machine: a page with a frame. */
async function serveFrame(source: string): Promise<AsyncDisposable & { port: number }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(
      `<!doctype html><title>notebook</title><iframe src="${source}" width="1000" height="700"></iframe>`,
    );
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('rv.page()', () => {
  it.each(['127.0.0.1', 'localhost'])(
    'is a frame in a notebook that is served as %s: live, with all views, kept from the token',
    async (host) => {
      await using client = createClient({ home: home.root });
      const { embedUrl } = await client.page();
      await using notebook = await serveFrame(embedUrl);
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(`http://${host}:${notebook.port}/`, { waitUntil: 'domcontentloaded' });
      const frame = await (await page.waitForSelector('iframe'))!.contentFrame();
      await frame.waitForSelector('.pulse-live');
      await frame.waitForFunction(
        `document.querySelector('[aria-label="Memory used"]').textContent.includes('GiB')`,
      );
      for (const [hash, selector] of [
        ['#/then', '.then .plot'],
        ['#/models', '.models'],
        ['#/data', '.facts'],
      ] as const) {
        await frame.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await frame.waitForSelector(selector);
      }
      expect(await frame.evaluate('location.search')).not.toContain('token');
      await context.close();
    },
  );

  it('is no frame for anybody else: neither without the token nor without being asked for', async () => {
    for (const source of [
      `${served.origin}/`,
      `${served.origin}/?embed=1`,
      `${served.origin}/?token=guessed&embed=1`,
    ]) {
      await using notebook = await serveFrame(source);
      await using tab = await openTab(browser, served.address);
      await tab.page.goto(`http://127.0.0.1:${notebook.port}/`, { waitUntil: 'load' });
      const frame = await (await tab.page.waitForSelector('iframe'))!.contentFrame();
      expect(await frame.$('.pulse')).toBeNull();
    }
  });
});
