// ruvector.DataStream against a real server: every transport in every format, row for row, and on after
// the connection was cut. Not the daemon's: what it publishes is tested with it.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  createStreamHub,
  publishedKinds,
  serveStream,
  streamFormats,
  streamTransports,
} from '../../../src/stream/index.ts';
import type {
  ServeStreamOptions,
  StreamFormat,
  StreamHandle,
  StreamHub,
  StreamTransport,
} from '../../../src/stream/index.ts';
import { buildStreamRows, printedRow } from '../../support/stream/stream-rows.ts';
import type { TableRow } from '../../support/stream/stream-rows.ts';
import { LineProcess } from '../../support/line-process.ts';
import { python } from '../../support/python.ts';

const rows = buildStreamRows();
const pairs = streamTransports.flatMap((transport) => streamFormats.map((format) => ({ transport, format })));

interface Rig extends AsyncDisposable {
  readonly hub: StreamHub;
  readonly handle: StreamHandle;
  readonly folder: string;
}

async function startRig(
  transport: StreamTransport,
  format: StreamFormat,
  options: Partial<ServeStreamOptions> = {},
): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-stream-'));
  const hub = createStreamHub({ kinds: publishedKinds, anonymized: false });
  const endpoint = {
    websocket: 'ws://127.0.0.1:0',
    zeromq: `ipc://${folder}/stream.sock`,
    pipe: `pipe:${folder}/stream.pipe`,
  }[transport];
  const handle = await serveStream({ hub, endpoint, format, ...options });
  return {
    hub,
    handle,
    folder,
    [Symbol.asyncDispose]: async () => {
      await handle.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface ReaderResult {
  readonly rows: readonly unknown[];
  readonly end: string;
  readonly error: readonly [string | null, string] | null;
  readonly position: { readonly sequences: Readonly<Record<string, number>> } | null;
  readonly gaps: readonly unknown[];
}

interface Reader extends AsyncDisposable {
  /** What it read, once it ended. */
  result(): Promise<ReaderResult>;
}

/** Processes that have read a stream to its end and wait for the next: each takes a second to start. */
const idle: LineProcess[] = [];

afterAll(() => Promise.all(idle.map((process) => process.kill())));

/** Starts a Python reader, in a process that no other one has, and waits until it is subscribed. */
async function startReader(endpoint: string, format: string, options: object): Promise<Reader> {
  const script = join(import.meta.dirname, '../../support/stream/stream-reader.py');
  const child = idle.pop() ?? new LineProcess(python, [script]);
  child.process.stdin.write(`${JSON.stringify([endpoint, format, options])}\n`);
  const first = await child.next<{ ready: true } | ReaderResult>();
  let result = 'ready' in first ? null : first;
  return {
    result: async () => (result ??= await child.next<ReaderResult>()),
    [Symbol.asyncDispose]: async () => {
      // One that a failed test left reading is of no use to the next.
      if (result === null) await child.kill();
      else idle.push(child);
    },
  };
}

/** Publishes in samples, as a daemon does. */
async function publish(hub: StreamHub, from = 0, to = rows.length): Promise<void> {
  for (let i = from; i < to; i++) {
    const { table, row } = rows[i]!;
    hub.publish(table, [row]);
    if (i % 100 === 0) await sleep(1);
  }
}

/** As the reader prints them: numbered within their table. */
function printed(of: readonly TableRow[]): unknown[] {
  const sequences: Record<string, number> = {};
  return of.map((item) => {
    sequences[item.table] = (sequences[item.table] ?? 0) + 1;
    return [item.table, sequences[item.table], printedRow(item)];
  });
}

/** Records of one table come in order; tables overtake each other. */
function byTable(printedRows: readonly unknown[]): unknown[] {
  const order = ['memory', 'process', 'optimization'];
  return (printedRows as [string, number, unknown][]).toSorted(
    (a, b) => order.indexOf(a[0]) - order.indexOf(b[0]) || a[1] - b[1],
  );
}

/** The first row that is not what was published; comparing all at once would print thousands. */
function firstDifference(actual: readonly unknown[], expected: readonly unknown[]): unknown {
  const at = expected.findIndex((row, i) => JSON.stringify(actual[i]) !== JSON.stringify(row));
  return at < 0 ? null : { at, actual: actual[at], expected: expected[at] };
}

describe.each(pairs)('DataStream over $transport in $format', ({ transport, format }) => {
  it('reads every row as it was published', async () => {
    await using rig = await startRig(transport, format);
    const options = { count: rows.length, overflow: transport === 'pipe' ? undefined : 'block' };
    await using reader = await startReader(rig.handle.endpoint, format, options);
    await publish(rig.hub);
    const result = await reader.result();
    expect(result).toMatchObject({ error: null, end: 'count', gaps: [] });
    expect(result.rows).toHaveLength(rows.length);
    expect(firstDifference(byTable(result.rows), byTable(printed(rows)))).toBeNull();
  });
});

const memoryRows = rows.filter(({ table }) => table === 'memory');

describe('DataStream subscribes', () => {
  it.each(streamTransports)('to one table, over %s', async (transport) => {
    await using rig = await startRig(transport, 'jsonlines');
    const options = { method: 'subscribe_optimizations', count: 20 };
    await using reader = await startReader(rig.handle.endpoint, 'jsonlines', options);
    await publish(rig.hub);
    const optimizations = rows.filter(({ table }) => table === 'optimization').slice(0, 20);
    const result = await reader.result();
    expect(firstDifference(result.rows, optimizations.map(printedRow))).toBeNull();
  });

  it.each(streamTransports)('to Arrow batches without rows, over %s', async (transport) => {
    await using rig = await startRig(transport, 'arrow');
    const options = { batches: 'memory', count: memoryRows.length };
    await using reader = await startReader(rig.handle.endpoint, 'arrow', options);
    await publish(rig.hub);
    const result = await reader.result();
    expect(result.error).toBeNull();
    const expected = memoryRows.map((item, i) => ({ sequence: i + 1, ...printedRow(item) }));
    expect(firstDifference(result.rows, expected)).toBeNull();
    expect(result.position?.sequences['memory']).toBe(memoryRows.length);
  });

  it('with filters and an interval, which the server applies', async () => {
    await using rig = await startRig('websocket', 'msgpack');
    const options = { tables: ['memory'], filters: ['used_percent<0'], timeout: 0.5 };
    await using empty = await startReader(rig.handle.endpoint, 'msgpack', options);
    const sampled = { tables: ['memory'], interval: 60, count: 40 };
    await using sparse = await startReader(rig.handle.endpoint, 'msgpack', sampled);
    await publish(rig.hub);
    expect(await empty.result()).toMatchObject({ end: 'WireTimeoutError', rows: [] });
    const [first, second] = (await sparse.result()).rows as [string, number, { timestamp: number }][];
    expect(second![2].timestamp - first![2].timestamp).toBeGreaterThanOrEqual(57_000);
  });

  it.each(streamTransports)('and hears what is wrong with its request, over %s', async (transport) => {
    await using rig = await startRig(transport, 'jsonlines');
    const options = { filters: ['nonsense>1'] };
    await using reader = await startReader(rig.handle.endpoint, 'jsonlines', options);
    expect(await reader.result()).toMatchObject({
      end: 'StreamRequestError',
      error: ['ERR_WIRE_STREAM_REQUEST', expect.any(String)],
    });
  });

  it.each(['websocket', 'zeromq'] as const)('with a token, over %s', async (transport) => {
    await using rig = await startRig(transport, 'jsonlines', { token: 'secret' });
    await using stranger = await startReader(rig.handle.endpoint, 'jsonlines', { token: 'guess' });
    expect(await stranger.result()).toMatchObject({ end: 'AuthenticationError' });
    await using friend = await startReader(rig.handle.endpoint, 'jsonlines', { token: 'secret', count: 1 });
    await publish(rig.hub, 0, 3);
    expect(await friend.result()).toMatchObject({ end: 'count' });
  });
});

describe('DataStream goes on', () => {
  it.each(pairs)('where it was when $transport in $format is served again', async ({ transport, format }) => {
    await using rig = await startRig(transport, format);
    const options = { tables: ['memory'], count: 2000 };
    await using reader = await startReader(rig.handle.endpoint, format, options);
    const half = rows.findIndex(({ row }) => row === memoryRows[1000]!.row);
    await publish(rig.hub, 0, half);
    await rig.handle.close();
    await publish(rig.hub, half);
    const { endpoint } = rig.handle;
    await using _again = await serveStream({
      hub: rig.hub,
      endpoint,
      format,
      request: { after: start(rig.hub) },
    });
    const { rows: read, gaps, error } = await reader.result();
    expect({ error, gaps }).toEqual({ error: null, gaps: [] });
    const expected = printed(memoryRows.slice(0, 2000));
    // A pipe that is served again begins where it is told to: what comes twice is left out here.
    expect(firstDifference(read, expected)).toBeNull();
  });

  it.each(['websocket', 'zeromq'] as const)('after the network cut %s, without a gap', async (transport) => {
    await using rig = await startRig(transport, 'msgpack', {
      endpoint: transport === 'websocket' ? 'ws://127.0.0.1:0' : 'tcp://127.0.0.1:0',
    });
    await using proxy = await startProxy(rig.handle.endpoint);
    const options = { tables: ['memory'], count: 2000 };
    await using reader = await startReader(proxy.endpoint, 'msgpack', options);
    for (let i = 0; i < rows.length; i += 300) {
      await publish(rig.hub, i, Math.min(i + 300, rows.length));
      if (i % 900 === 0) proxy.cut();
    }
    const { rows: read, gaps, error } = await reader.result();
    expect({ error, gaps }).toEqual({ error: null, gaps: [] });
    expect(firstDifference(read, printed(memoryRows.slice(0, 2000)))).toBeNull();
    expect(proxy.cuts()).toBeGreaterThan(2);
  });

  it('in another process, from the position it kept', async () => {
    await using rig = await startRig('websocket', 'arrow');
    await using first = await startReader(rig.handle.endpoint, 'arrow', { tables: ['memory'], count: 100 });
    await publish(rig.hub);
    const { position, rows: begun } = await first.result();
    const options = { tables: ['memory'], count: 100, after: position };
    await using second = await startReader(rig.handle.endpoint, 'arrow', options);
    const { rows: continued } = await second.result();
    expect(firstDifference([...begun, ...continued], printed(memoryRows.slice(0, 200)))).toBeNull();
  });
});

describe('DataStream endings', () => {
  it.each(streamTransports)(
    'DataStream ends in order when its stream was ended, over %s',
    async (transport) => {
      await using rig = await startRig(transport, 'jsonlines');
      await using reader = await startReader(rig.handle.endpoint, 'jsonlines', { reconnect: 0.3 });
      await publish(rig.hub, 0, 10);
      await rig.handle.close();
      expect(await reader.result()).toMatchObject({ end: 'clean', error: null });
    },
  );

  it.each(['websocket', 'zeromq'] as const)(
    'DataStream raises that its server was lost, over %s',
    async (transport) => {
      await using rig = await startRig(transport, 'jsonlines', {
        endpoint: transport === 'websocket' ? 'ws://127.0.0.1:0' : 'tcp://127.0.0.1:0',
      });
      const proxy = await startProxy(rig.handle.endpoint);
      await using reader = await startReader(proxy.endpoint, 'jsonlines', { reconnect: 0.3 });
      await publish(rig.hub, 0, 10);
      await proxy[Symbol.asyncDispose]();
      expect(await reader.result()).toMatchObject({
        end: 'ConnectionLostError',
        error: ['ERR_WIRE_DISCONNECTED', expect.any(String)],
      });
    },
  );

  it.each(['ws://127.0.0.1:1', 'tcp://127.0.0.1:1', 'pipe:/nowhere/stream.pipe'])(
    'DataStream raises that there never was a server at %s',
    async (endpoint) => {
      await using reader = await startReader(endpoint, 'jsonlines', {});
      expect(await reader.result()).toMatchObject({ end: 'NoDaemonError' });
    },
  );

  it('DataStream gives a reader that is too slow a gap with its count', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rvm-stream-'));
    const hub = createStreamHub({ kinds: publishedKinds, anonymized: false, memoryRows: 64 });
    await using handle = await serveStream({ hub, endpoint: `ipc://${folder}/s.sock`, format: 'jsonlines' });
    await using reader = await startReader(handle.endpoint, 'jsonlines', { reconnect: 0, pause: 0.002 });
    await publish(hub);
    hub.publish('memory', [memoryRows[0]!.row]);
    await handle.close();
    const { rows: read, gaps, end } = await reader.result();
    expect(end).toBe('clean');
    const dropped = (gaps as [string, number, number, number, string][]).reduce(
      (sum, gap) => sum + gap[3],
      0,
    );
    expect(dropped).toBeGreaterThan(0);
    expect(read.length + dropped).toBe(rows.length + 1);
    await rm(folder, { recursive: true, force: true });
  });
});

/** The position before the first record. */
function start(hub: StreamHub): { epoch: string; sequences: Record<string, number>; timestamps: object } {
  return { epoch: hub.epoch, sequences: { memory: 0, process: 0, optimization: 0 }, timestamps: {} };
}

interface Proxy extends AsyncDisposable {
  readonly endpoint: string;
  cut(): void;
  cuts(): number;
}

/** Forwards TCP and cuts connections in the middle. */
async function startProxy(target: string): Promise<Proxy> {
  const port = Number(/:(\d+)$/.exec(target)![1]);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    const far = keep(connect(port, '127.0.0.1'));
    keep(near).pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let cuts = 0;
  const cut = (): void => {
    cuts++;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    endpoint: target.replace(/:\d+$/, `:${(server.address() as AddressInfo).port}`),
    cut,
    cuts: () => cuts,
    [Symbol.asyncDispose]: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
