// Streams over real sockets and pipes: every transport, several subscribers, wrong requests, ends.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataStream, serveStream, streamFormats } from '../../../src/stream/index.ts';
import type { DataStream, StreamEvent, StreamHandle } from '../../../src/stream/index.ts';
import { createTestHub, describe as text, memoryRow, processRow } from '../../support/stream/stream-hub.ts';

let directory: string;
let cleanup: AsyncDisposableStack;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rvs-'));
  cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
});
afterEach(() => cleanup.disposeAsync());

const endpoints = {
  websocket: () => 'ws://127.0.0.1:0',
  'zeromq over tcp': () => 'tcp://127.0.0.1:0',
  'zeromq over ipc': () => `ipc://${directory}/s.sock`,
  pipe: () => `pipe:${directory}/s.pipe`,
};
const transports = Object.keys(endpoints) as (keyof typeof endpoints)[];
const sockets = transports.filter((name) => name !== 'pipe');

type Hub = ReturnType<typeof createTestHub>;

async function serve(
  hub: Hub['hub'],
  transport: keyof typeof endpoints,
  options: Partial<Parameters<typeof serveStream>[0]> = {},
): Promise<StreamHandle> {
  return cleanup.use(await serveStream({ hub, endpoint: endpoints[transport](), ...options }));
}

function open(endpoint: string, options: Parameters<typeof openDataStream>[1] = {}): DataStream {
  return cleanup.use(openDataStream(endpoint, options));
}

/** Reads events until `isDone`; `whenHello` runs once subscribed. */
/** Serves where another server was: the port may be somebody's for a moment. */
async function serveAgain(
  hub: Parameters<typeof serveStream>[0]['hub'],
  endpoint: string,
): Promise<StreamHandle> {
  for (let tries = 0; ; tries++) {
    try {
      return await serveStream({ hub, endpoint });
    } catch (error) {
      if (tries === 50 || !String(error).includes('EADDRINUSE')) throw error;
      await sleep(100);
    }
  }
}

async function readUntil(
  events: AsyncIterable<StreamEvent>,
  isDone: (events: readonly StreamEvent[]) => boolean,
  whenHello: () => void = () => {},
): Promise<StreamEvent[]> {
  const seen: StreamEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length === 1) whenHello();
    if (isDone(seen)) break;
  }
  return seen;
}

const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => memoryRow(from + i));

describe.each(transports)('%s', (transport) => {
  it.each(streamFormats)('serveStream() carries every row to the client in %s', async (format) => {
    const { hub, publish } = createTestHub();
    const handle = await serve(hub, transport, { format });
    const stream = open(handle.endpoint, { format });
    const seen = await readUntil(
      stream.subscribeAll({ tables: ['memory'] }),
      (events) => events.length === 1001,
      () => publish('memory', rows(1, 1000)),
    );
    expect(seen.slice(1).map(text)).toEqual(rows(1, 1000).map((_, i) => `m${i + 1}`));
    expect(seen.slice(1).map((event) => event.type === 'record' && event.row['total_mb'])).toEqual(
      rows(1, 1000).map((row) => row['total_mb']),
    );
    expect(handle.stats()).toMatchObject({ subscribers: 1, records: 1000, dropped: 0 });
  });

  it('serveStream() lets a subscriber take what is left when it closes', async () => {
    const { hub, publish } = createTestHub();
    const handle = await serve(hub, transport);
    const stream = open(handle.endpoint, { reconnect: false, format: 'jsonlines' });
    const seen = await readUntil(
      stream.subscribeAll({ tables: ['memory'] }),
      () => false,
      () => {
        publish('memory', rows(1, 3000));
        void handle.close();
      },
    );
    expect(seen).toHaveLength(3001);
  });
});

describe.each(sockets)('%s', (transport) => {
  it('serveStream() gives several subscribers their own tables, filters, intervals and formats', async () => {
    const { hub, publish } = createTestHub();
    const handle = await serve(hub, transport);
    const subscriptions = [
      { format: 'jsonlines', request: { tables: ['memory'] }, wanted: 100 },
      { format: 'msgpack', request: { tables: ['process'] }, wanted: 10 },
      {
        format: 'protobuf',
        request: { filters: [{ column: 'used_percent', op: '>', value: 89 }], tables: ['memory'] },
        wanted: 10,
      },
      { format: 'arrow', request: { tables: ['memory'], intervalMs: 20 }, wanted: 5 },
      { format: 'msgpack', request: {}, wanted: 110 },
    ] as const;
    const reading = subscriptions.map(({ format, request, wanted }) =>
      readUntil(
        open(handle.endpoint, { format }).subscribeAll(request as never),
        (events) => events.length > wanted,
      ),
    );
    while (hub.stats().subscribers < subscriptions.length) await sleep(5);
    publish('memory', rows(0, 99));
    publish(
      'process',
      Array.from({ length: 10 }, (_, i) => processRow(i, 5)),
    );
    for (const [i, seen] of (await Promise.all(reading)).entries()) {
      expect(seen.filter(({ type }) => type === 'record')).toHaveLength(subscriptions[i]!.wanted);
    }
  });

  it('subscribeAll() throws what the server says of a wrong request, at once', async () => {
    const { hub } = createTestHub();
    const handle = await serve(hub, transport);
    const wrong = open(handle.endpoint).subscribeMemory({ filters: [{ column: 'size', op: '>', value: 1 }] });
    await expect(Array.fromAsync(wrong)).rejects.toMatchObject({
      code: 'ERR_WIRE_STREAM_REQUEST',
      message: expect.stringContaining('used_percent'),
    });
  });

  it('serveStream() refuses who has no token, and the subscriber too many', async () => {
    const { hub } = createTestHub();
    const handle = await serve(hub, transport, { token: 'secret', maxSubscribers: 1 });
    await expect(Array.fromAsync(open(handle.endpoint).subscribeAll())).rejects.toMatchObject({
      code: 'ERR_WIRE_AUTH',
    });
    const first = open(handle.endpoint, { token: 'secret' }).subscribeAll()[Symbol.asyncIterator]();
    await first.next();
    const second = open(handle.endpoint, { token: 'secret' }).subscribeAll();
    await expect(Array.fromAsync(second)).rejects.toMatchObject({ code: 'ERR_WIRE_STREAM_FULL' });
  });

  it('openDataStream() continues after the last record when its server comes back', async () => {
    const { hub, publish } = createTestHub({ memoryRows: 50 });
    const endpoint = transport.includes('ipc') ? endpoints[transport]() : undefined;
    const first = await serveStream({ hub, endpoint: endpoint ?? endpoints[transport]() });
    const stream = open(first.endpoint);
    const seen: StreamEvent[] = [];
    const reading = (async () => {
      for await (const event of stream.subscribeAll({ tables: ['memory'], overflow: 'block' })) {
        seen.push(event);
        if (seen.filter(({ type }) => type === 'record').length === 2000) return;
      }
    })();
    while (seen.length === 0) await sleep(5);
    publish('memory', rows(1, 500));
    while (seen.length < 20) await sleep(5);
    await first.close();
    publish('memory', rows(501, 1500));
    cleanup.use(await serveAgain(hub, first.endpoint));
    publish('memory', rows(1501, 2000));
    await reading;
    const records = seen.filter(({ type }) => type === 'record').map(text);
    expect(records).toEqual(rows(1, 2000).map((_, i) => `m${i + 1}`));
  });
});

it.each(transports)(
  'openDataStream() over %s ends when its server ended it and does not come back in reconnectTimeoutMs',
  async (transport) => {
    const { hub } = createTestHub();
    const handle = await serve(hub, transport);
    const stream = open(handle.endpoint, { reconnectTimeoutMs: 100, format: 'jsonlines' });
    const events = await readUntil(
      stream.subscribeAll(),
      () => false,
      () => void handle.close(),
    );
    expect(events.map(({ type }) => type)).toEqual(['hello']);
  },
);

it('openDataStream() over pipe does not wait for a writer of a pipe that was removed', async () => {
  const path = join(directory, 'left.pipe');
  await promisify(execFile)('mkfifo', [path]);
  const stream = open(`pipe:${path}`, { reconnect: false, format: 'jsonlines' });
  const first = stream.subscribeAll()[Symbol.asyncIterator]().next();
  first.catch(() => {});
  while (!isOpenHere(path)) await sleep(5);
  await rm(path);
  await expect(first).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
});

it.each(['websocket', 'zeromq over ipc'] as const)(
  'serveStream() over %s refuses an address that is taken',
  async (transport) => {
    const { hub } = createTestHub();
    const { endpoint } = await serve(hub, transport);
    await expect(serveStream({ hub, endpoint })).rejects.toMatchObject({ code: 'ERR_WIRE_ENDPOINT' });
    await expect(open(endpoint).subscribeAll()[Symbol.asyncIterator]().next()).resolves.toMatchObject({
      value: { type: 'hello' },
    });
  },
);

it.each(sockets)(
  'serveStream() ends a subscription over %s with the error of a row that cannot be encoded',
  async (transport) => {
    const { hub, publish } = createTestHub();
    const { endpoint } = await serve(hub, transport);
    const stream = open(endpoint, { reconnect: false });
    const reading = readUntil(
      stream.subscribeAll({ tables: ['memory'] }),
      () => false,
      () => publish('memory', [{ timestamp: 1n }]),
    );
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WIRE_HANDLER' });
    expect(hub.stats().subscribers).toBe(0);
  },
);

it('openDataStream() gives up a first connection after its time', async () => {
  const stream = open('ws://127.0.0.1:1', { connectTimeoutMs: 100 });
  await expect(Array.fromAsync(stream.subscribeAll())).rejects.toMatchObject({
    code: 'ERR_WIRE_DISCONNECTED',
  });
});

describe('serveStream() over websocket', () => {
  const connect = async (url: string, headers: Record<string, string> = {}) => {
    const ws = new WebSocket(url, { headers });
    cleanup.defer(() => ws.terminate());
    const messages: string[] = [];
    ws.on('message', (data: Buffer) => messages.push(data.toString()));
    return { ws, messages };
  };

  it('answers a query string, jsonlines as text', async () => {
    const { hub, publish } = createTestHub();
    const { endpoint } = await serve(hub, 'websocket');
    const { messages } = await connect(`${endpoint}/?tables=memory&filter=used_percent>98`);
    while (messages.length === 0) await sleep(5);
    publish('memory', rows(1, 200));
    while (messages.length < 2) await sleep(5);
    const lines = messages
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ event, sequence }) => [event, sequence])).toEqual([
      ['hello', undefined],
      ['record', 99],
      ['record', 199],
    ]);
  });

  it('answers a wrong query with an error message and close code 1008', async () => {
    const { endpoint } = await serve(createTestHub().hub, 'websocket');
    const { ws, messages } = await connect(`${endpoint}/?tables=disk`);
    const [code, reason] = (await once(ws, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1008, 'ERR_WIRE_STREAM_REQUEST']);
    expect(JSON.parse(messages[0]!)).toMatchObject({ event: 'error', code: 'ERR_WIRE_STREAM_REQUEST' });
  });

  it.each([
    ['a page of another site', { origin: 'https://evil.example' }, 403],
    ['a rebound name', { host: 'evil.example', origin: 'http://evil.example' }, 403],
    ['an opaque origin', { origin: 'null' }, 403],
    ['a page of this machine', { origin: 'http://localhost:8080' }, 101],
    ['a listed page', { origin: 'https://ops.example' }, 101],
  ])('decides about %s', async (_name, headers, status) => {
    const { endpoint } = await serve(createTestHub().hub, 'websocket', { origins: ['https://ops.example'] });
    const { ws } = await connect(endpoint, headers);
    const answered = await new Promise<number>((resolve) => {
      ws.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      ws.on('open', () => resolve(101));
      ws.on('error', () => {});
    });
    expect(answered).toBe(status);
  });

  it('survives frames that break the protocol and requests that are too long', async () => {
    const { hub } = createTestHub();
    const { endpoint } = await serve(hub, 'websocket');
    const { ws } = await connect(`${endpoint}/request`);
    await once(ws, 'open');
    ws.send('x'.repeat(200_000));
    const [code] = (await once(ws, 'close')) as [number];
    expect(code).toBe(1009);
    expect(hub.stats().subscribers).toBe(0);
  });
});

describe('serveStream() over a pipe', () => {
  it('writes what cat and jq read, for its owner only', async () => {
    const { hub, publish } = createTestHub();
    const handle = await serve(hub, 'pipe', { request: { tables: ['memory'] } });
    const path = handle.endpoint.slice('pipe:'.length);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const jq = promisify(execFile)('sh', [
      '-c',
      `cat "$1" | jq --unbuffered -c 'select(.event == "record") | .total_mb' | head -n 500`,
      'sh',
      path,
    ]);
    while (hub.stats().subscribers === 0) await sleep(5);
    publish('memory', rows(1, 500));
    const publishing = setInterval(() => publish('memory', rows(501, 501)), 20);
    const { stdout } = await jq;
    clearInterval(publishing);
    expect(stdout.trim().split('\n').map(Number)).toEqual(rows(1, 500).map((row) => row['total_mb']));
  });

  it('goes on where a reader that was killed left off', async () => {
    const { hub, publish } = createTestHub();
    const handle = await serve(hub, 'pipe', { request: { tables: ['memory'], overflow: 'block' } });
    const path = handle.endpoint.slice('pipe:'.length);
    const out = join(directory, 'out');
    let published = 0;
    const publishing = setInterval(() => publish('memory', rows(published + 1, (published += 50))), 10);
    cleanup.defer(() => clearInterval(publishing));
    const texts: string[] = [];
    for (let reader = 0; reader < 4; reader++) {
      // Reads a little, leaves the pipe full, dies in the middle of a line.
      const child = spawn('sh', ['-c', `head -c ${100_000 + reader * 777} "$1" > "$2"`, 'sh', path, out]);
      await once(child, 'close');
      texts.push(await readFile(out, 'utf8'));
      await writeFile(out, '');
      // That the reader is gone shows at the next write.
      while (isOpenHere(path)) await sleep(5);
    }
    const sequences = texts.flatMap((read) =>
      read
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { event: string; sequence: number })
        .filter(({ event }) => event === 'record')
        .map(({ sequence }) => sequence),
    );
    expect(texts.every((read) => read.startsWith('{"event":"hello"'))).toBe(true);
    expect(sequences.length).toBeGreaterThan(200);
    expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i));
  });

  it('refuses one that is served already', async () => {
    const { hub } = createTestHub();
    const first = await serve(hub, 'pipe');
    await expect(serve(hub, 'pipe')).rejects.toMatchObject({
      code: 'ERR_WIRE_ENDPOINT',
      message: expect.stringContaining('is streamed there already'),
    });
    await first.close();
    await serve(hub, 'pipe');
  });

  it('replaces no file of that name', async () => {
    await writeFile(join(directory, 's.pipe'), 'precious');
    await expect(serve(createTestHub().hub, 'pipe')).rejects.toMatchObject({ code: 'ERR_WIRE_ENDPOINT' });
    expect(await readFile(join(directory, 's.pipe'), 'utf8')).toBe('precious');
  });
});

/** Whether this process, which serves it, has a file open. */
function isOpenHere(path: string): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // closed meanwhile
    }
  });
}
