// The live page of a real daemon in a real browser: built once, opened as a person opens it.
import type { Home } from '../../../src/core/index.ts';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { launch } from 'puppeteer-core';
import type { Browser, Page } from 'puppeteer-core';
import { findFreePort } from '../free-port.ts';
import { startDaemon } from '../daemon.ts';
import type { Daemon } from '../daemon.ts';
import { findBrowser } from '../stream/find-browser.ts';
import { until } from '../until.ts';

const root = join(import.meta.dirname, '../../..');
const WAIT_MS = 60_000;

/** Bundles the browser's half, as the build does. @param folder where to, when not into dist */
export function bundlePage(folder?: string): void {
  const script = join(root, 'scripts', 'bundle-page.mjs');
  execFileSync(process.execPath, folder === undefined ? [script] : [script, folder]);
}

/** A daemon with its page. */
export interface PageDaemon extends AsyncDisposable {
  /** With the token. */
  readonly address: string;
  readonly origin: string;
  /** The process at the moment; another one after `restart()`. */
  readonly daemon: Daemon;
  /** Ends it, and starts it again at the same address when the function in between has ended. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
}

/** Starts `serve --page` at a free port: 2 samples a second, all processes looked at every second. */
export async function startPageDaemon(
  home: Home,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<PageDaemon> {
  const origin = `http://127.0.0.1:${await findFreePort()}`;
  const words = ['--hz', '2', '--process-interval', '1', '--page', origin.slice(7), ...args];
  const isUp = (): Promise<boolean> => fetch(origin).then(Boolean, () => false);
  const start = async (): Promise<Daemon> => {
    const started = await startDaemon(home, words, env);
    await until(isUp, 'the page is served');
    return started;
  };
  let daemon = await start();
  const token = readFileSync(join(home.run, 'page-token'), 'utf8').trim();
  return {
    origin,
    address: `${origin}/?token=${token}`,
    get daemon() {
      return daemon;
    },
    async restart(meanwhile) {
      await daemon.stop();
      await meanwhile?.();
      daemon = await start();
    },
    [Symbol.asyncDispose]: async () => daemon[Symbol.asyncDispose](),
  };
}

/** Starts a browser. */
export const startBrowser = (): Promise<Browser> =>
  launch({
    executablePath: findBrowser(),
    args: ['--no-sandbox', '--disable-gpu'],
    protocolTimeout: 120_000,
  });

/** How a tab looks. */
export interface TabOptions {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
}

/** A tab of the page, and what went wrong in it. */
export interface PageTab extends AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, and what the content security policy refused. */
  readonly failures: string[];
  /** Goes to a view by its hash and waits until it stands. */
  goTo(hash: string, selector: string): Promise<void>;
  /** Waits until what is shown contains the text. */
  see(text: string, selector?: string): Promise<void>;
  text(selector: string): Promise<string>;
}

/** Opens the page and waits for its first sample. */
export async function openTab(browser: Browser, address: string, options: TabOptions = {}): Promise<PageTab> {
  const { width = 1440, theme = 'light' } = options;
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(String(error)));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) failures.push(message.text());
  });
  page.setDefaultTimeout(WAIT_MS);
  const isPhone = width < 600;
  await page.setViewport({ width, height: isPhone ? 844 : 900, isMobile: isPhone, hasTouch: isPhone });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
  await page.goto(address, { waitUntil: 'domcontentloaded' });
  await page.waitForSelector('.pulse-live');
  const see = async (text: string, selector = 'body'): Promise<void> => {
    await page.waitForFunction(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].some((at) => at.textContent.includes(${JSON.stringify(text)}))`,
    );
  };
  return {
    page,
    failures,
    see,
    async goTo(hash, selector) {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.waitForSelector(selector);
    },
    text: (selector) => page.$eval(selector, (found) => found.textContent ?? ''),
    [Symbol.asyncDispose]: () => page.close(),
  };
}

/** What axe-core finds that keeps people out, one line each. */
export async function findBarriers(page: Page): Promise<string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  const { violations } = (await page.evaluate('axe.run(document)')) as {
    violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
