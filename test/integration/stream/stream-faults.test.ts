// What goes wrong with streams: subscribers that stop, connections that are cut, servers that are killed.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDataStream, serveStream } from '../../../src/stream/index.ts';
import type { StreamConsumerOptions, StreamConsumerReport } from '../../support/stream/stream-consumer.ts';
import { createTestHub, memoryRow } from '../../support/stream/stream-hub.ts';
import type { StreamServerOptions } from '../../support/stream/stream-server.ts';
import { createPrintedRandom } from '../../support/random.ts';

const random = createPrintedRandom('moments of cut connections');

let directory: string;
let cleanup: AsyncDisposableStack;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rvf-'));
  cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
});
afterEach(() => cleanup.disposeAsync());

const support = join(import.meta.dirname, '../../support/stream');

interface Started {
  readonly child: ChildProcess;
  /** The next line it prints. */
  next(): Promise<string>;
}

function start(script: string, options: object): Started {
  const child = spawn(process.execPath, [join(support, script), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanup.defer(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    next: async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended without an answer`);
      return value;
    },
  };
}

const consumer = (options: StreamConsumerOptions): Started => start('stream-consumer.ts', options);

const STOP_MS = 4000;
const ROWS = 40;
const EVERY_MS = 10;

it('serveStream() lets a subscriber that stops reading delay nobody, and tells it exactly what it lost', async () => {
  const spills = join(directory, 'tmp');
  await mkdir(spills);
  vi.stubEnv('TMPDIR', spills);
  cleanup.defer(() => void vi.unstubAllEnvs());
  const { hub, publish } = createTestHub({ memoryRows: 2000, maxWaiting: 1000 });
  const until = 24_000;
  const plan = [
    ['ws://127.0.0.1:0', 'drop-oldest'],
    ['ws://127.0.0.1:0', 'spill'],
    ['tcp://127.0.0.1:0', 'drop-oldest'],
    [`ipc://${directory}/s.sock`, 'block'],
    [`pipe:${directory}/s.pipe`, 'drop-oldest'],
  ] as const;
  const stopped: Started[] = [];
  for (const [endpoint, overflow] of plan) {
    const request = { tables: ['memory'], overflow } as const;
    const handle = cleanup.use(await serveStream({ hub, endpoint, request }));
    stopped.push(consumer({ endpoint: handle.endpoint, format: 'jsonlines', overflow, until }));
  }
  const free = cleanup.use(await serveStream({ hub, endpoint: 'ws://127.0.0.1:0' }));
  const healthy = consumer({ endpoint: free.endpoint, format: 'msgpack', overflow: 'drop-oldest', until });
  for (const started of [...stopped, healthy]) expect(await started.next()).toBe('hello');

  const before = process.memoryUsage().rss;
  for (const { child } of stopped) child.kill('SIGSTOP');
  let published = 0;
  let slowestMs = 0;
  let dearestMs = 0;
  const publishSome = (): void => {
    const startMs = performance.now();
    const cpu = process.threadCpuUsage();
    publish(
      'memory',
      Array.from({ length: ROWS }, () => memoryRow(++published)),
    );
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
    const { user, system } = process.threadCpuUsage(cpu);
    dearestMs = Math.max(dearestMs, (user + system) / 1000);
  };
  const publishing = setInterval(publishSome, EVERY_MS);
  cleanup.defer(() => clearInterval(publishing));
  await sleep(STOP_MS);
  expect(await readdir(spills)).toHaveLength(1);
  const grownMib = (process.memoryUsage().rss - before) / 2 ** 20;
  const lagging = hub.stats().subscribers;
  clearInterval(publishing);
  for (const { child } of stopped) child.kill('SIGCONT');
  for (let left = until - published; left > 0; left -= ROWS) {
    publishSome();
    await sleep(1);
  }
  const reports = await Promise.all(
    [...stopped, healthy].map(async (started) => JSON.parse(await started.next()) as StreamConsumerReport),
  );
  expect(lagging).toBe(6);
  // Far below a tick of the collector in work; on the clock no longer than a busy machine takes to come back to it.
  expect(dearestMs).toBeLessThan(200);
  expect(slowestMs).toBeLessThan(STOP_MS / 2);
  expect(grownMib).toBeLessThan(200);
  expect(reports.map(({ isComplete }) => isComplete)).toEqual(plan.map(() => true).concat(true));
  expect(reports.map(({ records, dropped }) => records + dropped)).toEqual(reports.map(() => until));
  expect(reports.slice(0, 5).map(({ dropped }) => dropped > 0)).toEqual([true, false, true, false, true]);
  while ((await readdir(spills)).length > 0) await sleep(10);
});

/** A proxy that can cut every connection. */
async function createProxy(target: () => number): Promise<{ port: number; cut(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(target(), '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  cleanup.defer(() => {
    cut();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, cut };
}

it.each(['ws', 'tcp'])(
  'openDataStream() over %s loses nothing and reads nothing twice while connections are cut and servers killed',
  async (scheme) => {
    let port = 0;
    const proxy = await createProxy(() => port);
    const serve = async (): Promise<ChildProcess> => {
      const options: StreamServerOptions = {
        endpoints: [`${scheme}://127.0.0.1:0`],
        format: 'msgpack',
        rows: 3,
        historyFile: join(directory, 'history'),
        memoryRows: 20,
      };
      const started = start('stream-server.ts', options);
      const [endpoint] = JSON.parse(await started.next()) as string[];
      port = Number(/:(\d+)$/.exec(endpoint!)![1]);
      return started.child;
    };
    let server = await serve();
    const numbers: number[] = [];
    const gaps: unknown[] = [];
    const stream = cleanup.use(openDataStream(`${scheme}://127.0.0.1:${proxy.port}`));
    const isDone = new AbortController();
    const reading = (async () => {
      const events = stream.subscribeAll({ tables: ['memory'], overflow: 'block', signal: isDone.signal });
      for await (const event of events) {
        if (event.type === 'record') numbers.push(Number(event.row['total_mb']));
        else if (event.type === 'gap') gaps.push(event);
      }
    })();
    while (numbers.length < 20) await sleep(10);
    for (let round = 0; round < 6; round++) {
      await sleep(50 + random() * 150);
      proxy.cut();
      if (round % 3 !== 2) continue;
      server.kill('SIGKILL');
      server = await serve();
    }
    const soFar = numbers.length;
    while (numbers.length < soFar + 100) await sleep(10);
    isDone.abort();
    await reading;
    expect(gaps).toEqual([]);
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
  },
);

it.each(['ws://127.0.0.1:0', 'tcp://127.0.0.1:0', 'pipe:s.pipe'])(
  'subscribeAll() at %s is not through, and says so, when its server closes before all was taken',
  async (address) => {
    // More than sockets, pipes and credit hold.
    const count = 40_000;
    const { hub, publish } = createTestHub({ memoryRows: count });
    const endpoint = address.replace('pipe:', `pipe:${directory}/`);
    const handle = await serveStream({ hub, endpoint, format: 'jsonlines' });
    const stream = cleanup.use(openDataStream(handle.endpoint, { reconnect: false }));
    const events = stream.subscribeAll()[Symbol.asyncIterator]();
    await events.next();
    publish(
      'memory',
      Array.from({ length: count }, (_, i) => memoryRow(i)),
    );
    await handle.close();
    let read = 0;
    const reading = (async (): Promise<void> => {
      while (!(await events.next()).done) read++;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
    expect(read).toBeLessThan(count);
  },
);

it('openDataStream() does not take it for an end when the server of a pipe is killed', async () => {
  const endpoint = `pipe:${directory}/killed.pipe`;
  const options: StreamServerOptions = {
    endpoints: [endpoint],
    format: 'jsonlines',
    rows: 1,
    historyFile: join(directory, 'history'),
    memoryRows: 1000,
  };
  const server = start('stream-server.ts', options);
  await server.next();
  const stream = cleanup.use(openDataStream(endpoint, { reconnect: false }));
  const events = stream.subscribeMemory()[Symbol.asyncIterator]();
  await events.next();
  server.child.kill('SIGKILL');
  const reading = (async (): Promise<void> => {
    while (!(await events.next()).done);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
});

it('serveStream() closes although a subscriber has stopped reading', { timeout: 20_000 }, async () => {
  const endpoints = ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0', `pipe:${directory}/s.pipe`];
  const closed = endpoints.map(async (endpoint) => {
    const { hub, publish } = createTestHub();
    const handle = await serveStream({ hub, endpoint, format: 'jsonlines' });
    const stream = cleanup.use(openDataStream(handle.endpoint, { format: 'jsonlines', reconnect: false }));
    const events = stream.subscribeAll()[Symbol.asyncIterator]();
    await events.next();
    // More than sockets, pipes and credit hold.
    publish(
      'memory',
      Array.from({ length: 8000 }, (_, i) => memoryRow(i)),
    );
    await sleep(200);
    return handle.close();
  });
  await Promise.race([Promise.all(closed), sleep(8000).then(() => Promise.reject(new Error('still open')))]);
});
