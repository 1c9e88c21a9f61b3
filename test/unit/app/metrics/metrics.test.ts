// The page of metrics: names, types, help and values, what is absent, which format, who may read it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseFormat } from '../../../../src/app/metrics/accept-format.ts';
import { parseMetricsAddress } from '../../../../src/app/metrics/metrics-address.ts';
import { createMetricsPage, metrics } from '../../../../src/app/metrics/metrics-page.ts';
import type { MetricsPage, PageFormat } from '../../../../src/app/metrics/metrics-page.ts';
import type { MetricsSource } from '../../../../src/app/metrics/metric.ts';
import { httpRefusalOf } from '../../../../src/app/metrics/request-guard.ts';
import { snapshot } from '../../../support/memory-rows.ts';
import { emptySource, fullSource } from '../../../support/app/metrics-source.ts';

let page: MetricsPage;
beforeAll(async () => {
  page = await createMetricsPage();
  page.observe({ source: 'model', latency: { whetherUs: 90, decisionUs: 120 } as never });
  page.observe({ source: 'rule', latency: { whetherUs: 3, decisionUs: 2_000_000 } as never });
});

const render = async (source: MetricsSource, format: PageFormat): Promise<string> =>
  (await page.render(source, format)).text;
/** The samples of a page, without comments. */
const samplesOf = (text: string): string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('render()', () => {
  it.each(['openmetrics', 'text'] as const)('writes the golden page as %s', async (format) => {
    const path = join(import.meta.dirname, '../../../golden/metrics', `${format}.txt`);
    await expect(await render(fullSource(), format)).toMatchFileSnapshot(path);
  });

  it('says the same in both formats, whichever was asked for before', async () => {
    const [first, open, second] = [
      await render(fullSource(), 'text'),
      await render(fullSource(), 'openmetrics'),
      await render(fullSource(), 'text'),
    ];
    expect(second).toBe(first);
    expect(samplesOf(open).toSorted()).toEqual(samplesOf(first).toSorted());
    expect(open.endsWith('# EOF\n')).toBe(true);
  });

  it('leaves out what the host lacks instead of writing 0, also after it had it', async () => {
    await render(fullSource(), 'text');
    const samples = samplesOf(await render(emptySource(), 'text'));
    for (const name of [
      'ruvector_memory_available_bytes',
      'ruvector_pressure_some_seconds_total',
      'ruvector_oom_kills_total',
      'ruvector_label{',
      'ruvector_model_info',
      'ruvector_model_created_timestamp_seconds',
      'ruvector_samples_skipped_total',
      'process_open_fds',
    ]) {
      expect(samples.filter((line) => line.startsWith(name))).toEqual([]);
    }
    expect(samples).toContain('ruvector_samples_total 0');
  });

  it.each([null, Number.NaN, Number.POSITIVE_INFINITY, -1])(
    'leaves a counter out when it is %s',
    async (value) => {
      const source = fullSource({ snapshot: snapshot({ pgmajfault: value, psi_memory_some_us: value }) });
      const samples = samplesOf(await render(source, 'text'));
      expect(samples.filter((line) => line.startsWith('ruvector_major_faults_total'))).toEqual([]);
      expect(samples.filter((line) => line.includes('some_seconds_total{resource="memory"}'))).toEqual([]);
    },
  );

  it('names each series once: two sinks of a kind are one', async () => {
    const samples = samplesOf(await render(fullSource(), 'text'));
    const names = samples.map((line) => line.slice(0, line.lastIndexOf(' ')));
    expect(new Set(names).size).toBe(names.length);
    expect(samples).toContain('ruvector_event_deliveries_total{sink="command",result="delivered"} 3');
  });
});

describe('metrics', () => {
  it('createMetricsPage() has names by convention, help, and no labels without bounds', () => {
    for (const { name, type, help, labels = [] } of metrics) {
      expect(name).toMatch(/^(ruvector|process|nodejs)_[a-z_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help.length).toBeGreaterThan(10);
      expect(labels.filter((label) => /pid|target|path|endpoint|error|message|reason/.test(label))).toEqual(
        [],
      );
    }
  });

  it('docs/metrics.md describes every metric and nothing else', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8');
    const documented = [...text.matchAll(/^\| `([a-z_]+)`/gm)].map(([, name]) => name!);
    const memory = metrics
      .filter(({ name }) => /^ruvector_memory_.*_bytes$/.test(name))
      .map(({ name }) => name);
    const histograms = ['ruvector_decision_duration_seconds', 'ruvector_inference_duration_seconds'];
    const others = metrics.map(({ name }) => name).filter((name) => !memory.includes(name));
    expect(documented.toSorted()).toEqual([...others, ...histograms].toSorted());
    for (const name of memory)
      expect(text).toContain(name.replace('ruvector_memory_', '').replace('_bytes', ''));
  });
});

describe('chooseFormat()', () => {
  const prometheus =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  it.each([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
    [prometheus, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text;version=2.0.0', 'text'],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3',
      'openmetrics',
    ],
    ['application/openmetrics-text;q=0.2, text/plain', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    [';;,q=,;q=x', 'text'],
  ])('answers %j as %s', (accept, format) => {
    expect(chooseFormat(accept)).toBe(format);
  });
});

describe('httpRefusalOf()', () => {
  const ask = (
    changes: { method?: string; url?: string; headers?: Record<string, string> },
    remote = false,
  ) =>
    httpRefusalOf({ method: 'GET', url: '/metrics', headers: { host: '127.0.0.1:9464' }, ...changes }, remote)
      ?.status;

  it.each(['127.0.0.1', 'localhost:9464', 'LOCALHOST', '[::1]:9464', '127.9.9.9:1'])(
    'answers Host %s',
    (host) => {
      expect(ask({ headers: { host } })).toBeUndefined();
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '192.168.1.2:9464',
    '',
    'a b',
    '[::2]',
  ])('refuses Host %s: DNS rebinding sends the name of the page', (host) => {
    expect(ask({ headers: { host } })).toBe(403);
    expect(ask({ headers: { host } }, true)).toBeUndefined();
  });

  it('refuses a request without Host, other web pages, other paths and other methods', () => {
    expect(ask({ headers: {} })).toBe(403);
    expect(ask({ headers: { host: 'localhost', 'sec-fetch-site': 'cross-site' } })).toBe(403);
    for (const url of ['/', '/metrics/', '/metrics2', '//metrics', '/Metrics', '*'])
      expect(ask({ url })).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) expect(ask({ method })).toBe(405);
    expect(ask({ url: '/metrics?x=1', method: 'HEAD' })).toBeUndefined();
  });
});

describe('parseMetricsAddress()', () => {
  it.each([
    ['127.0.0.1:9464', '127.0.0.1', 9464],
    ['localhost:0', 'localhost', 0],
    ['[::1]:9464', '::1', 9464],
    ['9464', '127.0.0.1', 9464],
  ])('reads %s', (text, host, port) => {
    expect(parseMetricsAddress(text)).toEqual({ host, port, remoteReason: null });
  });

  it.each(['', '127.0.0.1', ':9464', '127.0.0.1:65536', 'http://127.0.0.1:1', '::1:9464', '127.0.0.1:-1'])(
    'refuses %j',
    (text) => {
      expect(() => parseMetricsAddress(text)).toThrow(/--metrics is .*wanted host:port/);
    },
  );

  it.each(['0.0.0.0:9464', '[::]:9464', '192.168.1.2:9464', 'example.org:9464', '[::ffff:1.2.3.4]:1'])(
    'refuses %s without a reason, and takes it with one',
    (text) => {
      expect(() => parseMetricsAddress(text)).toThrow(/--metrics-remote/);
      expect(() => parseMetricsAddress(text, '  ')).toThrow(/--metrics-remote/);
      expect(parseMetricsAddress(text, 'behind a TLS proxy')).toMatchObject({
        remoteReason: 'behind a TLS proxy',
      });
    },
  );
});
