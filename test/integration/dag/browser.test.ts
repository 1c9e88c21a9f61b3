// The browser build in headless Chromium: one file, small, with the results of Node.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { launch } from 'puppeteer-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as dag from '../../../src/dag/browser.ts';
import { runBrowserScenario } from '../../support/dag/browser-scenario.ts';
import { bundleForBrowsers } from '../../support/dag/bundle-browser.ts';
import { findBrowser } from '../../support/stream/find-browser.ts';

let folder: string;
let bundle: string;
let site: Server;
const requested = new Set<string>();

const page = `<!doctype html><title>dag</title><script type="module">
  import * as dag from '/browser.min.js';
  const scenario = ${runBrowserScenario.toString()};
  window.result = { names: Object.keys(dag).sort(), values: JSON.stringify(scenario(dag)) };
</script>`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-browser-'));
  bundle = readFileSync(await bundleForBrowsers(folder), 'utf8');
  site = createServer((request, response) => {
    requested.add(request.url!);
    const isBundle = request.url === '/browser.min.js';
    response.setHeader('content-type', isBundle ? 'text/javascript' : 'text/html');
    response.end(isBundle ? bundle : page);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
});
afterAll(() => {
  site?.closeAllConnections();
  site?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('browser.min.js is one file of at most 58 KB when it is compressed', () => {
  expect(gzipSync(bundle, { level: 9 }).byteLength).toBeLessThanOrEqual(58_000);
});

it('browser.min.js gives in Chromium what the sources give in Node', async () => {
  const browser = await launch({ executablePath: findBrowser(), args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const tab = await browser.newPage();
    const failures: string[] = [];
    tab.on('pageerror', (error) => failures.push(String(error)));
    await tab.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    expect(failures).toEqual([]);
    expect([...requested].filter((url) => url !== '/favicon.ico')).toEqual(['/', '/browser.min.js']);
    const { names, values } = (await tab.evaluate('window.result')) as { names: string[]; values: string };
    expect(names).toEqual(Object.keys(dag).sort());
    const here = JSON.parse(JSON.stringify(runBrowserScenario(dag))) as Record<string, unknown>;
    expectAlike(JSON.parse(values), here);
    // And they are results of something.
    expect(here).toMatchObject({ counts: [8, 7], alarms: [96, 193, 290, 387] });
    expect(here['refused']).toMatch(/^Cannot add edge "7 → 0": it closes the cycle /);
    expect(here['patterns']).toMatchObject([{ key: 'pattern-55' }, {}, {}, {}, {}]);
    expect(here['sameFromBytes']).toBe(here['sameFromJson']);
  } finally {
    await browser.close();
  }
});

/** The same, but for the last bit of what Math.exp() and the like give: another release of V8 may round it otherwise. */
function expectAlike(values: unknown, wanted: unknown, where = 'result'): void {
  if (typeof wanted === 'number' && typeof values === 'number') {
    expect(Math.abs(values - wanted), where).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(wanted)));
  } else if (typeof wanted === 'object' && wanted !== null) {
    expect(Object.keys(values as object), where).toEqual(Object.keys(wanted));
    for (const [key, value] of Object.entries(wanted))
      expectAlike((values as Record<string, unknown>)[key], value, `${where}.${key}`);
  } else {
    expect(values, where).toEqual(wanted);
  }
}
