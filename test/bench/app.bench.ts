// `app.idle`: what `serve` takes at 1 Hz with the bundled model, summed over its processes, once it is settled: a
// look every second from the second to the third minute, CPU over that minute. Beside it, at the same time, Debian's
// node_exporter, asked once a second: the same samples, kept by nobody. Netdata publishes 1 to 5 % of a core and 100
// to 200 MB for an empty agent (learn.netdata.cloud, resource utilization). Pages of the Node executable are shared
// with this bench, which counts in PSS: RSS is what a host that runs no other Node gives up.
// `app.metrics`: what a scrape of `/metrics` takes, beside node_exporter and prom-client's bare registry.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOwnMemoryReader } from '../../src/app/serve/own-memory.ts';
import type { OwnMemory } from '../../src/app/serve/own-memory.ts';
import type { HostStatus } from '../../src/app/host/status-types.ts';
import { createTestHome, poll, startDaemon } from '../support/daemon.ts';
import type { Daemon } from '../support/daemon.ts';
import { median } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { memoryParts, readMemoryMap } from './memory-map.ts';
import type { MemoryMap } from './memory-map.ts';
import { listTree, sumUsage } from './optimize/process-usage.ts';

const SETTLE_MS = 120_000;
const LOOKS = 60;
const GOAL_MB = 120;
const NODE_EXPORTER = process.env['PROMETHEUS_NODE_EXPORTER'] ?? '/usr/bin/prometheus-node-exporter';
const NO_EXPORTER = 'none: apt-get install prometheus-node-exporter';

const megabytes = (kib: number): number => (kib * 1024) / 1e6;

/** A reader that looks at every call. */
function readerOf(pid: number): () => OwnMemory {
  let calls = 0;
  return createOwnMemoryReader({ pid, nowMs: () => ++calls * 60_000 });
}

/** Starts and stops one, so that the modules of the one that is measured are compiled, as at every start but the first. */
async function compileOnce(args: readonly string[]): Promise<void> {
  await using home = await createTestHome();
  await using daemon = await startDaemon(home, args);
  await untilModelDecides(daemon);
  await daemon.stop();
}

const readStatus = async (daemon: Daemon): Promise<HostStatus> =>
  (await daemon.client.request('status')).result as HostStatus;

const untilModelDecides = (daemon: Daemon): Promise<HostStatus> =>
  poll(
    () => readStatus(daemon),
    ({ decisions }) => decisions.bySource.model > 0,
  );

/** Something that is scraped. */
interface Scraped extends Disposable {
  readonly pid: number;
  readonly url: string;
}

async function startPeer(command: string, args: readonly string[], urlIn: RegExp): Promise<Scraped> {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const address = await poll(
    async () => {
      if (child.exitCode !== null) throw new Error(`${command} ended: ${said}`);
      return urlIn.exec(said)?.[1];
    },
    (found) => found !== undefined,
  );
  return {
    pid: child.pid!,
    url: address!.startsWith('http') ? address! : `http://${address}/metrics`,
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

/** A free port is taken and given back: node_exporter does not say which one port 0 became. */
async function startNodeExporter(): Promise<Scraped | null> {
  if (!existsSync(NODE_EXPORTER)) return null;
  const port = 20_000 + (process.pid % 20_000);
  const args = [`--web.listen-address=127.0.0.1:${port}`];
  const peer = await startPeer(NODE_EXPORTER, args, /(TLS is disabled|Listening on)/);
  return { ...peer, url: `http://127.0.0.1:${port}/metrics`, [Symbol.dispose]: peer[Symbol.dispose] };
}

const startRegistry = (series: number): Promise<Scraped> =>
  startPeer(process.execPath, [join(import.meta.dirname, 'metrics-peer.ts'), String(series)], /(http\S+)/);

/** One scrape as Prometheus asks, on a connection that stays. */
async function scrape(url: string, agent: Agent): Promise<{ text: string; ms: number }> {
  const startedMs = performance.now();
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const [response] = (await once(get(url, { agent, headers: { accept } }), 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { text: Buffer.concat(chunks).toString(), ms: performance.now() - startedMs };
}

interface Watched {
  readonly looks: OwnMemory[];
  cpuPercent: number;
}

/** Looks at each process once a second; every `look` also scrapes what is to be scraped. */
async function watch(
  pids: readonly number[],
  onSecond: (second: number) => Promise<void>,
): Promise<Watched[]> {
  const readers = pids.map(readerOf);
  const watched: Watched[] = pids.map(() => ({ looks: [], cpuPercent: 0 }));
  const cpuOf = (pid: number): number => sumUsage(listTree(pid)).cpuMs;
  const before = pids.map(cpuOf);
  const startedMs = performance.now();
  for (let second = 0; second < LOOKS; second++) {
    readers.forEach((read, i) => watched[i]!.looks.push(read()));
    await onSecond(second);
    await sleep(startedMs + (second + 1) * 1000 - performance.now());
  }
  const elapsedMs = performance.now() - startedMs;
  pids.forEach((pid, i) => (watched[i]!.cpuPercent = (100 * (cpuOf(pid) - before[i]!)) / elapsedMs));
  return watched;
}

interface IdleFigures {
  readonly plain: Watched;
  readonly metered: Watched;
  readonly exporter: Watched | null;
  readonly map: MemoryMap;
  /** What the page of the daemon with --metrics says of its own heap, bytes. */
  readonly heap: Readonly<Record<'V8 heap of the main thread' | 'buffers it keeps alive', number>>;
}

async function measureIdle(): Promise<IdleFigures> {
  await using homes = new AsyncDisposableStack();
  const plain = homes.use(await startDaemon(homes.use(await createTestHome())));
  const metered = homes.use(
    await startDaemon(homes.use(await createTestHome()), ['--metrics', '127.0.0.1:0']),
  );
  using exporter = await startNodeExporter();
  using agent = disposableAgent();
  await untilModelDecides(plain);
  const { outlets } = await untilModelDecides(metered);
  await sleep(SETTLE_MS);
  const pids = [plain.child.pid!, metered.child.pid!, ...(exporter ? [exporter.pid] : [])];
  const watched = await watch(pids, async (second) => {
    if (exporter) await scrape(exporter.url, agent.agent);
    if (second % 15 === 0) await scrape(outlets.metrics!.url, agent.agent);
  });
  const { text } = await scrape(outlets.metrics!.url, agent.agent);
  const valueOf = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
  return {
    heap: {
      'V8 heap of the main thread': valueOf('nodejs_heap_size_total_bytes'),
      'buffers it keeps alive': valueOf('nodejs_external_memory_bytes'),
    },
    plain: watched[0]!,
    metered: watched[1]!,
    exporter: watched[2] ?? null,
    map: readMemoryMap(plain.child.pid!),
  };
}

function disposableAgent(): { readonly agent: Agent } & Disposable {
  const agent = new Agent({ keepAlive: true });
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}

const rss = ({ rssKib }: OwnMemory): number => megabytes(rssKib);
const pss = ({ pssKib }: OwnMemory): number => megabytes(pssKib ?? NaN);
const mostOf = (values: number[]): number => Math.max(...values);

const appIdle: BenchTopic = {
  name: 'app.idle',
  async *cases() {
    await compileOnce(['--metrics', '127.0.0.1:0']);
    const { plain, metered, exporter, map, heap } = await measureIdle();
    const caseOf = (
      name: string,
      unit: string,
      read: (watched: Watched) => number,
      goal: number,
      of = plain,
    ): BenchCase => ({
      bench: 'app.idle',
      case: name,
      unit,
      better: 'lower',
      anchorName: exporter ? 'node_exporter, scraped at 1 Hz' : NO_EXPORTER,
      runs: 1,
      warmup: false,
      ours: async () => read(of),
      anchor: exporter && (async () => read(exporter)),
      goal: (value) => value <= goal,
    });
    yield caseOf('RSS, median of a minute', 'MB', ({ looks }) => median(looks.map(rss)), GOAL_MB);
    yield caseOf('RSS, most of a minute', 'MB', ({ looks }) => mostOf(looks.map(rss)), GOAL_MB);
    yield caseOf('PSS, median of a minute', 'MB', ({ looks }) => median(looks.map(pss)), GOAL_MB);
    yield caseOf('CPU of a minute', '% of a core', ({ cpuPercent }) => cpuPercent, 3);
    yield caseOf('RSS with --metrics', 'MB', ({ looks }) => median(looks.map(rss)), GOAL_MB, metered);
    yield caseOf('CPU with --metrics, every 15 s', '% of a core', ({ cpuPercent }) => cpuPercent, 3, metered);
    const parts = [
      ...memoryParts.map((part): [string, number] => [`of it: ${part}`, map[part]]),
      ...Object.entries(heap).map(([part, bytes]): [string, number] => [`of the anonymous: ${part}`, bytes]),
    ];
    for (const [name, bytes] of parts) {
      yield {
        bench: 'app.idle',
        case: name,
        unit: 'MB',
        better: 'lower',
        anchorName: 'none',
        runs: 1,
        warmup: false,
        ours: async () => bytes / 1e6,
        anchor: null,
      };
    }
  },
};

const SCRAPES = 100;
const SCRAPE_GOAL_MS = 5;
const INTERVAL_MS = 15_000;

/** Scrapes back to back, and what that cost the process. */
async function scrapeMany(
  peer: Pick<Scraped, 'pid' | 'url'>,
  agent: Agent,
): Promise<{ ms: number; cpuMs: number }> {
  const cpuMs = (): number => sumUsage([peer.pid]).cpuMs;
  const before = cpuMs();
  const times: number[] = [];
  for (let i = 0; i < SCRAPES; i++) times.push((await scrape(peer.url, agent)).ms);
  return { ms: median(times), cpuMs: (cpuMs() - before) / SCRAPES };
}

const appMetrics: BenchTopic = {
  name: 'app.metrics',
  async *cases() {
    await using home = await createTestHome();
    await using daemon = await startDaemon(home, ['--metrics', '127.0.0.1:0']);
    const { outlets } = await untilModelDecides(daemon);
    using agent = disposableAgent();
    const ours = { pid: daemon.child.pid!, url: outlets.metrics!.url };
    const { text } = await scrape(ours.url, agent.agent);
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    using exporter = await startNodeExporter();
    using registry = await startRegistry(series);
    const anchors = [
      { name: 'node_exporter', peer: exporter },
      { name: `prom-client, ${series} gauges, nothing else`, peer: registry },
    ];
    for (const { name, peer } of anchors) {
      const base = {
        bench: 'app.metrics',
        better: 'lower',
        anchorName: peer ? name : NO_EXPORTER,
      } as const;
      yield {
        ...base,
        case: `a scrape of ${series} series`,
        unit: 'ms',
        ours: async () => (await scrapeMany(ours, agent.agent)).ms,
        anchor: peer && (async () => (await scrapeMany(peer, agent.agent)).ms),
        goal: (value) => value <= SCRAPE_GOAL_MS,
      };
      const share = async (of: Pick<Scraped, 'pid' | 'url'>): Promise<number> =>
        (100 * (await scrapeMany(of, agent.agent)).cpuMs) / INTERVAL_MS;
      yield {
        ...base,
        case: 'one in 15 s',
        unit: '% of a core',
        ours: () => share(ours),
        anchor: peer && (() => share(peer)),
        goal: (value) => value <= 0.1,
      };
    }
  },
};

export const topics: readonly BenchTopic[] = [appIdle, appMetrics];
