// `npm run soak -- fleet`: hundreds of simulated hosts at 1 Hz against one real nats-server and one real collector, for
// the figures of docs/scale.md: bytes a second and host, what the server needs, what the lake grows by. Each host is a
// real publisher with an outbox and a connection of its own; rows are those of the real capture, with other values in
// each host, and processes like a scan's. RUVECTOR_SOAK_HOSTS says how many (default 300).
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyRow } from '../../src/core/index.ts';
import { collectFleet, openPublisher } from '../../src/fleet/index.ts';
import type { CollectReport, PublishedKind, FleetPublisher } from '../../src/fleet/index.ts';
import { createLiveAnonymizer } from '../../src/prepare/index.ts';
import { readCapture } from '../support/collect/capture-fixture.ts';
import { readScan } from '../support/fleet/real-scan.ts';
import { startNats } from '../support/nats-server.ts';
import { createRandom } from '../support/random.ts';

const PROCESSES = 150;
const SCAN_MS = 30_000;
const capture = readCapture();
const scan = await readScan(PROCESSES);

/** Runs it; resolves with whether every row that was sent is in the lake once. */
export async function runFleet({ minutes, seed }: { minutes: number; seed: number }): Promise<boolean> {
  const count = Number(process.env['RUVECTOR_SOAK_HOSTS'] ?? 300);
  const folder = mkdtempSync(join(tmpdir(), 'rvm-soak-fleet-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await using server = await startNats();
  const stopped = new AbortController();
  const lake = join(folder, 'lake');
  const collected = collectFleet({
    access: { servers: server.url },
    lake,
    signal: stopped.signal,
    fileMs: 60_000,
  });
  const random = createRandom(seed);
  const hosts: SimulatedHost[] = [];
  for (let i = 0; i < count; i++) hosts.push(await startSimulated(folder, server.url, i, random));
  // Figures of the steady state: connecting is over, and outboxes are empty.
  await sleep(35_000);
  const [before, startedMs] = [sumOf(hosts), performance.now()];
  const cpuBefore = readCpuSeconds(server.pid);
  await sleep(minutes * 60_000);
  const seconds = (performance.now() - startedMs) / 1000;
  const after = sumOf(hosts);
  const serverCpu = (readCpuSeconds(server.pid) - cpuBefore) / seconds;
  const serverRssMib = readRssMib(server.pid);
  for (const { stop } of hosts) stop();
  await Promise.all(hosts.map(({ publisher }) => publisher.drain()));
  const sent = sumOf(hosts);
  for (const { publisher } of hosts) await publisher[Symbol.asyncDispose]();
  await sleep(2000);
  stopped.abort();
  const report = await collected;
  const rest = await collectFleet({
    access: { servers: server.url },
    lake,
    signal: AbortSignal.timeout(600_000),
    once: true,
  });
  return say({
    count,
    seconds,
    bytesPerHost: (after.bytes - before.bytes) / seconds / count,
    rowsPerHost: (after.rows - before.rows) / seconds / count,
    serverCpu,
    serverRssMib,
    sentRows: sent.rows,
    droppedRows: sent.dropped,
    lakeRows: report.rows + rest.rows,
    lakeBytes: sizeOf(lake),
    report,
  });
}

interface SimulatedHost {
  readonly publisher: FleetPublisher;
  readonly stop: () => void;
}

async function startSimulated(
  folder: string,
  servers: string,
  index: number,
  random: () => number,
): Promise<SimulatedHost> {
  const anonymizer = createLiveAnonymizer();
  const ending = new AbortController();
  const from = Math.floor(random() * capture.length);
  const memory = simulatedKind('memory', 1000, (tick) => {
    const row = capture[(from + tick) % capture.length]!;
    return [{ ...row, mem_total_kib: row.mem_total_kib + index, timestamp: Date.now() }];
  });
  const processes = simulatedKind('process', SCAN_MS, (tick) => {
    const timestamp = Date.now();
    return scan.map((row, i) => ({
      ...row,
      timestamp,
      rss_kib: row.rss_kib + ((tick * 31 + i * 7) % 97),
    }));
  });
  const publisher = await openPublisher({
    access: { servers },
    folder: join(folder, `outbox-${index}`),
    host: `sim${index}`,
    kinds: { memory, process: processes },
    isAnonymized: true,
  });
  return { publisher, stop: () => ending.abort() };

  function simulatedKind(
    name: 'memory' | 'process',
    everyMs: number,
    make: (tick: number) => AnyRow[],
  ): PublishedKind {
    return {
      kind: anonymizer.kindOf(name),
      apply: (rows) => anonymizer.apply(name, rows),
      async *follow(_, signal) {
        const ended = AbortSignal.any([signal, ending.signal]);
        await sleep(random() * everyMs, undefined, { signal: ended }).catch(() => undefined);
        for (let tick = 0; !ended.aborted; tick++) {
          yield make(tick);
          await sleep(everyMs, undefined, { signal: ended }).catch(() => undefined);
        }
        // A source that ends is followed again: this one is over.
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
  }
}

interface Sum {
  readonly rows: number;
  readonly bytes: number;
  readonly dropped: number;
}

function sumOf(hosts: readonly SimulatedHost[]): Sum {
  return hosts.reduce<Sum>(
    ({ rows, bytes, dropped }, { publisher: { status } }) => ({
      rows: rows + status.sentRows,
      bytes: bytes + status.sentBytes,
      dropped: dropped + status.dropped.rows,
    }),
    { rows: 0, bytes: 0, dropped: 0 },
  );
}

/** utime and stime, in ticks of 10 ms. */
function readCpuSeconds(pid: number): number {
  const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(words[11]) + Number(words[12])) / 100;
}

function readRssMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.parquet'),
  );
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

interface Figures {
  readonly count: number;
  readonly seconds: number;
  readonly bytesPerHost: number;
  readonly rowsPerHost: number;
  readonly serverCpu: number;
  readonly serverRssMib: number;
  readonly sentRows: number;
  readonly droppedRows: number;
  readonly lakeRows: number;
  readonly lakeBytes: number;
  readonly report: CollectReport;
}

function say(found: Figures): boolean {
  const { count, seconds, bytesPerHost, rowsPerHost, serverCpu, serverRssMib, lakeBytes, lakeRows } = found;
  const lines: [string, string, boolean][] = [
    ['hosts', `${count} for ${Math.round(seconds)} s`, true],
    ['a second and host', `${bytesPerHost.toFixed(0)} B of payload, ${rowsPerHost.toFixed(2)} rows`, true],
    ['nats-server', `${(serverCpu * 100).toFixed(1)} % of a core, ${serverRssMib.toFixed(0)} MiB`, true],
    ['lake', `${(lakeBytes / lakeRows).toFixed(1)} B a row in ${found.report.files} files and more`, true],
    ['rows given up', String(found.droppedRows), found.droppedRows === 0],
    ['rows sent, rows in the lake', `${found.sentRows}, ${lakeRows}`, found.sentRows === lakeRows],
    ['messages refused', String(found.report.refused), found.report.refused === 0],
  ];
  for (const [what, seen, holds] of lines)
    process.stdout.write(`${holds ? 'ok  ' : 'MISS'} ${what}: ${seen}\n`);
  return lines.every(([, , holds]) => holds);
}
