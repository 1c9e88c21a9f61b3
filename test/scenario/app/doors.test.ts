// A real `serve` whose every listening endpoint is attacked for a while: nothing of it may end the process, hold
// its sampling up, reach a subscriber that was there all the time, or stay behind. The seed is printed;
// RUVECTOR_FUZZ_SEED repeats it, RUVECTOR_FUZZ_SECONDS makes it longer.
import type { Home } from '../../../src/core/index.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import type { StreamInfo } from '../../../src/app/streams/stream-service.ts';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { openDataStream } from '../../../src/stream/index.ts';
import type { StreamEvent } from '../../../src/stream/index.ts';
import { createTestHome, poll, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { chooseSeed, findDoors, fuzzDoors } from '../../support/app/doors/fuzz-doors.ts';
import { python } from '../../support/python.ts';

const SECONDS = Number(process.env['RUVECTOR_FUZZ_SECONDS'] ?? 12);
/** What one attack may have left for the moment, and what malloc keeps of hundreds of connections. */
const MARGIN_CONNECTIONS = 8;
const MARGIN_MIB = 128;
const HOLE_MS = 2500;
const timeout = (SECONDS + 120) * 1000;

/** Sockets and pipes only: files of other processes are held too, as many as there are processes. */
function countConnections(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return /^(socket|pipe):/.test(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

const describeProcess = (pid: number): { connections: number; rssMib: number } => ({
  connections: countConnections(pid),
  rssMib: Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024,
});

const statusOf = async ({ client }: Daemon): Promise<HostStatus> =>
  (await client.request('status')).result as HostStatus;

/** A subscriber that never connects twice: what it gets is what one connection carried. */
class Watcher {
  readonly numbers: number[] = [];
  readonly times: number[] = [];
  readonly others: StreamEvent[] = [];
  failure: unknown = null;
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  constructor(endpoint: string) {
    this.#done = this.#read(endpoint).catch((error: unknown) => {
      this.failure = error;
    });
  }

  async #read(endpoint: string): Promise<void> {
    await using stream = openDataStream(endpoint, { reconnect: false, signal: this.#ending.signal });
    for await (const event of stream.subscribeAll({ tables: ['memory'] })) {
      if (event.type === 'record') {
        this.numbers.push(event.sequence);
        this.times.push(Number(event.row['timestamp']));
      } else this.others.push(event);
    }
  }

  /** Waits for so many records more, or for the end. */
  async next(count: number): Promise<void> {
    const wanted = this.numbers.length + count;
    await poll(
      async () => this.numbers.length,
      (length) => length >= wanted || this.failure !== null,
    );
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#done;
  }
}

async function attackWithLibraries(ws: string, tcp: string, seed: number): Promise<number> {
  const script = join(import.meta.dirname, '../../support/app/doors/attack_doors.py');
  const child = spawn(python, [script, ws, tcp, String(SECONDS), String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return Number(text);
}

/** Every number once, no gap, and no pause that this machine did not make everybody take. */
function expectWhole({ numbers, times, others, failure }: Watcher, lagMs: number): void {
  expect(failure).toBeNull();
  expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
  expect(others.map(({ type }) => type)).toEqual(['hello']);
  const holeMs = Math.max(...times.slice(1).map((time, i) => time - times[i]!));
  expect(holeMs).toBeLessThan(HOLE_MS + 2 * lagMs);
}

async function expectCleanEnd(daemon: Daemon): Promise<void> {
  const { code, stderr } = await daemon.stop();
  expect(code).toBe(0);
  // Nothing but lines of its log: an uncaught error prints a stack.
  const others = stderr.split('\n').filter((line) => line !== '' && !/^\d{4}-\d\d-\d\dT[\d:.]+Z /.test(line));
  expect(others).toEqual([]);
  expect(stderr).not.toMatch(/uncaught|unhandled/i);
}

async function startServing(home: Home): Promise<Daemon> {
  const streams = ['ws://127.0.0.1:0', 'ws://127.0.0.1:0?token=secret', 'tcp://127.0.0.1:0'];
  const local = [`ipc://${home.root}/s.sock`, `pipe:${home.root}/s.pipe`];
  const args = [...streams, ...local].flatMap((stream) => ['--stream', stream]);
  return startDaemon(home, ['--hz', '5', '--process-interval', '1', ...args]);
}

it('serve survives resets, garbage and damaged frames at every door', { timeout }, async () => {
  const seed = chooseSeed();
  console.log(`RUVECTOR_FUZZ_SEED=${seed}`);
  await using home = await createTestHome();
  await using daemon = await startServing(home);
  const doors = await poll(
    () => findDoors(home.root),
    ({ length }) => length === 7,
  );
  const [ws, , tcp] = doors.slice(2).map(({ endpoint }) => endpoint);
  const watchers = [ws!, tcp!].map((endpoint) => new Watcher(endpoint));
  await Promise.all(watchers.map((watcher) => watcher.next(1)));
  await poll(
    () => statusOf(daemon),
    ({ decisions }) => decisions.decisions > 0,
  );
  const before = describeProcess(daemon.child.pid!);
  const lag = monitorEventLoopDelay();
  lag.enable();
  const [report, byLibraries] = await Promise.all([
    fuzzDoors({ doors, seed, durationMs: SECONDS * 1000 }),
    attackWithLibraries(ws!, tcp!, seed),
  ]);

  // The same process answers, and sampling goes on.
  await Promise.all(watchers.map((watcher) => watcher.next(5)));
  const status = await poll(
    () => statusOf(daemon),
    ({ bridge }) => bridge.clients === 1 && bridge.activeRequests === 0 && bridge.openStreams === 0,
  );
  lag.disable();
  expect(status.pid).toBe(daemon.child.pid);
  for (const count of [byLibraries, ...Object.values(report)]) expect(count).toBeGreaterThan(0);
  expect(Math.min(status.bridge.malformed, status.bridge.refused, status.bridge.failed)).toBeGreaterThan(0);
  for (const watcher of watchers) expectWhole(watcher, lag.max / 1e6);

  const after = await poll(
    async () => describeProcess(daemon.child.pid!),
    ({ connections, rssMib }) =>
      connections <= before.connections + MARGIN_CONNECTIONS && rssMib <= before.rssMib + MARGIN_MIB,
  );
  const streams = (await daemon.client.request('stream.list', {})).result as StreamInfo[];
  console.log({ report, byLibraries, before, after, missed: status.missed, bridge: status.bridge });
  for (const { transport, refused, failed } of streams)
    if (transport === 'websocket') expect(Math.min(refused, failed)).toBeGreaterThan(0);
  await poll(
    async () => (await daemon.client.request('stream.list', {})).result as StreamInfo[],
    (all) => all.reduce((sum, { subscribers }) => sum + subscribers, 0) <= watchers.length + 1,
  );
  await Promise.all(watchers.map((watcher) => watcher.end()));
  await expectCleanEnd(daemon);
});
