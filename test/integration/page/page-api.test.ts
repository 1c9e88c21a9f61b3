// What the live page is told by a real host: the present, the past, models, health; and what it may do.
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../src/app/doctor/check.ts';
import type { ProcessRecord } from '../../../src/core/index.ts';
import { processKind } from '../../../src/core/index.ts';
import type { MomentAnswer, RangeAnswer } from '../../../src/page/index.ts';
import { frameOf, openTestPage } from '../../support/page/open-page.ts';
import type { TestPage } from '../../support/page/open-page.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { until } from '../../support/until.ts';

/** Two hours that ended three hours ago, with a pause of ten minutes. */
const pastMs = Math.floor(Date.now() / 1000) * 1000 - 5 * 3_600_000;
const HOSTILE = '<b onmouseover=alert(1)>\u202Etxt.exe\n"\'&\u0007</b>';

let page: TestPage;
let csrf: string;
const post = (action: string, body: object = {}, headers: Record<string, string> = { 'x-csrf': csrf }) =>
  page.ask(`/api/actions/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${page.token}`, ...headers },
    body: JSON.stringify(body),
  });

function processAt(timestamp: number, pid: number, name: string, rss_kib: number): ProcessRecord {
  const nothing = Object.fromEntries(processKind.fields.map((field) => [field.name, null]));
  return { ...nothing, timestamp, pid, name, rss_kib } as unknown as ProcessRecord;
}

beforeAll(async () => {
  page = await openTestPage({ actions: true });
  const rows = pressuredSnapshots(7200)
    .map((row, i) => ({ ...row, timestamp: pastMs + i * 1000 }))
    .filter((_, i) => i < 3600 || i >= 4200);
  page.host.history.append('memory', rows);
  const scans = [600, 610, 620].flatMap((second) => [
    processAt(pastMs + second * 1000, 1, 'small', 10),
    processAt(pastMs + second * 1000, 2, HOSTILE, 5000 + second),
  ]);
  page.host.history.append('process', scans);
  await page.host.history.seal();
  ({ csrf } = await page.api<{ csrf: string }>('/api/status'));
});
afterAll(() => page[Symbol.asyncDispose]());

describe('GET /api/status', () => {
  it('says what the host is, has and may', async () => {
    expect(await page.api('/api/status')).toMatchObject({
      pid: process.pid,
      hz: 20,
      home: page.host.home.root,
      live: { live: page.host.models.liveVersion, isBaseline: true },
      history: { firstMs: pastMs, rows: { process: expect.any(Number) } },
      actions: true,
      acting: false,
      mayAct: false,
      csrf: expect.stringMatching(/^[\w-]{32}$/),
      fields: expect.arrayContaining([{ name: 'mem_used_kib', unit: 'KiB', kind: 'gauge' }]),
    });
  });
});

describe('GET /api/range', () => {
  const ask = (query: string): Promise<RangeAnswer> => page.api(`/api/range?${query}`);

  it('answers the past and what came just now in one picture', async () => {
    const now = Date.now();
    const answer = await ask(
      `from=${pastMs}&to=${now}&pixels=700&fields=mem_available_kib,psi_memory_some_percent`,
    );
    const { min, mean } = answer.fields['mem_available_kib']!;
    expect(answer.stepMs).toBe(30_000);
    expect(min).toHaveLength(answer.times.length);
    expect(answer.times.every((at) => at % answer.stepMs === 0)).toBe(true);
    // The pause of ten minutes, and the hours before this start, are no zeros.
    const pauseAt = answer.times.findIndex((at) => at >= pastMs + 3700_000);
    expect(mean.slice(pauseAt, pauseAt + 10)).toEqual(Array.from({ length: 10 }, () => null));
    const after = await ask(
      `from=${now - 60_000}&to=${Date.now() + 1000}&pixels=60&fields=mem_available_kib`,
    );
    expect(
      after.fields['mem_available_kib']!.mean.at(-2) ?? after.fields['mem_available_kib']!.mean.at(-3),
    ).toEqual(expect.any(Number));
  });

  it.each([
    ['from=1&to=2&fields=nothing', 'no field is called "nothing" (known: mem_total_kib, '],
    ['from=2&to=1&fields=cached_kib', '"to" is not after "from"'],
    ['from=x&to=1&fields=cached_kib', '"from" is no number'],
    ['to=1&fields=cached_kib', '"from" is missing'],
    ['from=0&to=1e300&fields=cached_kib', '"to" is no time'],
    ['from=0&to=9e14&fields=cached_kib', 'longer than 20 years'],
    ['from=0&to=1', '"fields" is missing'],
    ['from=0&to=1&fields=cached_kib&pixels=1e9', '"pixels" is more than 4096'],
    ['from=0&to=1&fields=cached_kib&pixels=-1', '"pixels" is no whole number above 0'],
    [`from=0&to=1&fields=${Array.from({ length: 17 }, () => 'cached_kib').join()}`, 'more than 16'],
    ["from=0&to=1&fields=cached_kib' OR 1=1 --", 'no field is called'],
  ])('refuses %s', async (query, text) => {
    const { status, text: body } = await page.ask(`/api/range?${query.replaceAll(' ', '%20')}`, {
      headers: { authorization: `Bearer ${page.token}` },
    });
    expect(status).toBe(400);
    const { error } = JSON.parse(body) as { error: { code: string; message: string } };
    expect(error.code).toBe('ERR_PAGE_REQUEST');
    expect(error.message).toContain(text);
  });
});

describe('GET /api/moment', () => {
  it('tells who held the memory then, what the live model says of it, and how to read it in a notebook', async () => {
    const at = pastMs + 613_000;
    const moment = await page.api<MomentAnswer & { decision: Record<string, unknown> }>(
      `/api/moment?at=${at}`,
    );
    expect(moment).toMatchObject({
      memoryAtMs: at,
      memory: { mem_total_kib: 16_000_000, psi_memory_some_percent: expect.any(Number) },
      processesAtMs: pastMs + 610_000,
      decision: { isRecomputed: true, modelVersion: page.host.models.liveVersion },
    });
    expect(moment.processes.map(({ pid, name, rssBytes }) => [pid, name, rssBytes])).toEqual([
      [2, HOSTILE, (5000 + 610) * 1024],
      [1, 'small', 10 * 1024],
    ]);
    expect(Object.keys(moment.decision['features'] as object)).toEqual([...page.host.spec.names]);
    const iso = new Date(at - 60_000).toISOString();
    for (const line of Object.values(moment.snippet)) expect(line).toContain(iso);
  });

  it('tells the decision that was made, where this run made it', async () => {
    await until(() => page.host.optimizer.stats().lastDecision !== null, 'something was decided');
    const { timestamp } = page.host.latest!.snapshot;
    await until(
      () => (page.host.optimizer.stats().lastDecision?.timestamp ?? 0) > timestamp,
      'it was decided',
    );
    const { decision } = await page.api<{ decision: Record<string, unknown> }>(`/api/moment?at=${timestamp}`);
    expect(decision).toMatchObject({ isRecomputed: false, reason: expect.any(String) });
  });

  it('says nothing of moments that nobody saw', async () => {
    expect(await page.api(`/api/moment?at=${pastMs - 86_400_000}`)).toMatchObject({
      memory: null,
      processes: [],
      decision: null,
    });
  });
});

describe('GET /api/marks', () => {
  it('has the pauses of a range with their lengths', async () => {
    const marks = await page.api<{ kind: string }[]>(`/api/marks?from=${pastMs}&to=${pastMs + 7_200_000}`);
    expect(marks.filter(({ kind }) => kind === 'gap')).toEqual([
      {
        id: `gap-${pastMs + 3_599_000}`,
        atMs: pastMs + 3_599_000,
        untilMs: pastMs + 4_200_000,
        kind: 'gap',
        text: 'no samples for 601 s',
        detail: { ms: 601_000 },
      },
    ]);
  });
});

describe('GET /api/models', () => {
  it('has every version with its score, its baselines and where it is live', async () => {
    const [model] = await page.api<Record<string, unknown>[]>('/api/models');
    expect(model).toMatchObject({
      reference: page.host.models.liveVersion,
      aliases: ['live'],
      isAnswering: true,
      metric: 'macroF1',
      score: expect.any(Number),
      baselines: { majority: expect.any(Number) },
    });
  });

  it('says why two cannot be compared', async () => {
    const { status, text } = await page.ask('/api/models/compare?a=memopt@live&b=nobody@live', {
      headers: { authorization: `Bearer ${page.token}` },
    });
    expect([status, JSON.parse(text)]).toEqual([
      404,
      { error: { code: 'ERR_MODEL_NOT_FOUND', message: expect.any(String) } },
    ]);
  });
});

describe('GET /api/health', () => {
  it('has the checks of doctor', async () => {
    const { checks } = await page.api<{ checks: CheckResult[] }>('/api/health');
    expect(checks.find(({ name }) => name === 'Running host')).toMatchObject({
      state: 'ok',
      found: `pid ${process.pid}`,
    });
  });
});

describe('POST /api/actions', () => {
  it.each([{}, { 'x-csrf': '' }, { 'x-csrf': 'guessed' }])(
    'does nothing with the header %o',
    async (headers) => {
      const { status, text } = await post('pause', {}, headers);
      expect(status).toBe(403);
      expect(text).toContain('X-CSRF');
    },
  );

  it('does what it was asked for, tells the other tabs, and logs it', async () => {
    const ws = page.follow();
    await frameOf(ws, ({ kind }) => kind === 'status');
    page.host.setActing(true);
    await frameOf(ws, ({ kind, acting }) => kind === 'status' && acting === true);
    const { status, text } = await post('pause');
    expect([status, JSON.parse(text)]).toEqual([200, { acting: false }]);
    await frameOf(ws, ({ kind, acting }) => kind === 'status' && acting === false);
    expect(page.lines).toEqual(
      expect.arrayContaining(['page: pause {} was asked for', 'page: pause {}: done']),
    );
    ws.close();
  });

  it('begins no acting that the daemon was not served for', async () => {
    const { status, text } = await post('resume');
    expect([status, text]).toEqual([409, expect.stringContaining('ERR_APP_DRY_RUN')]);
  });

  it('tells what went wrong as the daemon tells it', async () => {
    expect(JSON.parse((await post('activate', { reference: 'memopt@nothing' })).text)).toMatchObject({
      error: { code: expect.stringMatching(/^ERR_MODEL_/) },
    });
    expect(JSON.parse((await post('activate', { wrong: 1 })).text)).toMatchObject({
      error: { code: 'ERR_APP_PARAMS' },
    });
    expect((await post('reboot')).status).toBe(404);
    const broken = await page.ask('/api/actions/train', {
      method: 'POST',
      headers: { authorization: `Bearer ${page.token}`, 'x-csrf': csrf },
      body: '[1',
    });
    expect(broken.status).toBe(400);
  });

  it('exports, and shows how far it is', async () => {
    const path = `${page.host.home.root}/out.csv`;
    await post('export', { path, format: 'csv', from_ms: pastMs, to_ms: pastMs + 60_000 });
    await until(async () => {
      const [newest] = await page.api<{ path: string; state: string }[]>('/api/exports');
      return newest?.path === path && newest.state === 'done';
    }, 'the export was done');
  });
});

describe('serve', () => {
  it('closes with open pages: it tells them, and waits for none', async () => {
    const tabs = [page.follow(), page.follow()];
    await Promise.all(tabs.map((tab) => frameOf(tab, ({ kind }) => kind === 'status')));
    tabs[1]!.pause();
    const closed = once(tabs[0]!, 'close');
    await page.closePage();
    expect((await closed)[0]).toBe(1001);
    await expect(page.ask('/')).rejects.toThrow('ECONNREFUSED');
    tabs[1]!.terminate();
  });
});
