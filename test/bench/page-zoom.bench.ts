// `page.zoom`: a range of 30 days at 1 Hz as `serve --page` answers it to a page 1440 pixels wide: the slowest of five
// places, from the request to the last byte, whatever was asked before. Beside it what a panel does that reads raw rows:
// every row of the range with the same columns, by a native plan, written as CSV, which is the least that could be sent.
// `page.cost`: what an open tab that follows live adds to the daemon's share of a core at 1 Hz, the process that reads
// the history among it; and what is left of it a while after the tab was closed.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { PageLogin } from '../../src/app/serve/outlets-status.ts';
import type { HostStatus } from '../../src/app/host/status-types.ts';
import type { Home } from '../../src/core/index.ts';
import { openHistory } from '../../src/store/index.ts';
import type { History } from '../../src/store/index.ts';
import { createTestHome, poll, startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { writeLongHistory } from '../support/store/long-history.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { listTree, sumUsage } from './optimize/process-usage.ts';

const HOUR_MS = 3_600_000;
const DAYS = Number(process.env['PAGE_ZOOM_DAYS'] ?? 30);
const PIXELS = 1440;
const PLACES = 5;
const GOAL_MS = 150;
const FIELDS = [
  'mem_used_kib',
  'mem_available_kib',
  'cached_kib',
  'swap_used_kib',
  'psi_memory_some_percent',
  'psi_memory_full_percent',
  'refault_file_per_s',
  'refault_anon_per_s',
];
/** What these are made of. */
const COLUMNS = [
  'timestamp',
  'mem_total_kib',
  'mem_available_kib',
  'cached_kib',
  'swap_total_kib',
  'swap_free_kib',
  'psi_memory_some_us',
  'psi_memory_full_us',
  'workingset_refault_file',
  'workingset_refault_anon',
];
const WATCH_MS = Number(process.env['PAGE_DAEMON_SECONDS'] ?? 60) * 1000;

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Places of a width in a history; all of it where it is not longer. */
const placesOf = ({ fromMs, toMs }: Range, widthMs: number): Range[] =>
  Array.from({ length: PLACES }, () => {
    const at = fromMs + Math.random() * Math.max(0, toMs - fromMs - widthMs);
    return { fromMs: Math.round(at), toMs: Math.round(at + widthMs) };
  });

async function readLogin(daemon: Daemon): Promise<URL> {
  await poll(
    async () => ((await daemon.client.request('status')).result as HostStatus).outlets.page,
    (page) => page !== null,
  );
  return new URL(((await daemon.client.request('page')).result as PageLogin).url);
}

async function askRange(login: URL, { fromMs, toMs }: Range): Promise<void> {
  const url = new URL(`/api/range?from=${fromMs}&to=${toMs}&pixels=${PIXELS}&fields=${FIELDS.join()}`, login);
  const authorization = `Bearer ${login.searchParams.get('token')!}`;
  const response = await fetch(url, { headers: { authorization } });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`the page answers ${response.status}`);
}

async function readRaw(history: History, range: Range): Promise<void> {
  const frame = await (await history.lazyFrame('memory', range)).select(...COLUMNS).collect();
  frame.writeCSV();
}

async function measureMs(task: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await task();
  return performance.now() - startMs;
}

async function slowestOf(ranges: readonly Range[], task: (range: Range) => Promise<void>): Promise<number> {
  let slowest = 0;
  for (const range of ranges) slowest = Math.max(slowest, await measureMs(() => task(range)));
  return slowest;
}

async function* zoom(): AsyncGenerator<BenchCase> {
  await using home = await createTestHome();
  const toMs = Date.now();
  const whole = { fromMs: toMs - DAYS * 24 * HOUR_MS, toMs };
  await writeLongHistory(home.history, { hours: DAYS * 24, processes: 0, fromMs: whole.fromMs });
  await using daemon = await startDaemon(home, ['--page', '127.0.0.1:0', '--retain-days', '0']);
  const login = await readLogin(daemon);
  // The summary is made once in the life of a history.
  await askRange(login, whole);
  await using history = await openHistory(home.history, { readOnly: true });
  const widths: readonly (readonly [string, number])[] = [
    [`${DAYS} d`, DAYS * 24 * HOUR_MS],
    ['7 d', 7 * 24 * HOUR_MS],
    ['1 d', 24 * HOUR_MS],
    ['12 h', 12 * HOUR_MS],
    ['1 h', HOUR_MS],
    ['5 min', HOUR_MS / 12],
  ];
  for (const [name, widthMs] of widths) {
    yield {
      bench: 'page.zoom',
      case: `${name} of ${DAYS} d at 1 Hz, slowest of ${PLACES}`,
      unit: 'ms',
      better: 'lower',
      anchorName: 'all rows of one such range as CSV',
      ours: () => slowestOf(placesOf(whole, widthMs), (range) => askRange(login, range)),
      anchor: () => measureMs(() => readRaw(history, placesOf(whole, widthMs)[0]!)),
      goal: (ours) => ours <= GOAL_MS,
      runs: 3,
    };
  }
}

/** Percent of a core that a daemon with its children takes. */
async function readShare(daemon: Daemon): Promise<number> {
  const before = sumUsage(listTree(daemon.child.pid!)).cpuMs;
  const startMs = performance.now();
  await sleep(WATCH_MS);
  const after = sumUsage(listTree(daemon.child.pid!)).cpuMs;
  return (100 * Math.max(0, after - before)) / (performance.now() - startMs);
}

async function openTab(login: URL): Promise<WebSocket> {
  const address = new URL('/api/live', login.href.replace('http', 'ws'));
  const ws = new WebSocket(address, ['ruvector-page', `token.${login.searchParams.get('token')!}`]);
  await once(ws, 'message');
  return ws;
}

async function measureTab(home: Home): Promise<number> {
  await using daemon = await startDaemon(home, ['--page', '127.0.0.1:0']);
  const login = await readLogin(daemon);
  const closed = await readShare(daemon);
  const ws = await openTab(login);
  // What it reads once of the past is no share of a second.
  await askRange(login, { fromMs: Date.now() - HOUR_MS, toMs: Date.now() });
  const open = await readShare(daemon);
  ws.close();
  return Math.max(0, open - closed);
}

async function* daemonShare(): AsyncGenerator<BenchCase> {
  await using home = await createTestHome();
  yield {
    bench: 'page.cost',
    case: 'what a tab adds to the daemon at 1 Hz',
    unit: '% of a core',
    better: 'lower',
    anchorName: 'none: the daemon without a tab is taken off',
    ours: () => measureTab(home),
    anchor: null,
    goal: (ours) => ours <= 0.5,
    runs: 1,
    warmup: false,
  };
}

export const topics: readonly BenchTopic[] = [
  { name: 'page.zoom', cases: zoom },
  { name: 'page.cost', cases: daemonShare },
];
