// What must survive: killed clients and servers, slow readers, hostile bytes.
import * as fc from 'fast-check';
import { Dealer, Router } from 'zeromq';
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectBridge, readBridgeFile } from '../../../src/bridge/index.ts';
import { openClientBatches } from '../../../src/bridge/client-batches.ts';
import { decodeMessage } from '../../../src/bridge/decode-message.ts';
import { encodeMessage } from '../../../src/bridge/encode-message.ts';
import { encodeRecordBatch } from '../../../src/bridge/encode-record-batch.ts';
import { MessageType, PROTOCOL_VERSION } from '../../../src/bridge/message.ts';
import type { BatchOptions } from '../../../src/bridge/client-batches.ts';
import type { OutgoingMessage } from '../../../src/bridge/message.ts';
import { encodeSchema } from '../../../src/core/index.ts';
import { buildCountingBatch, columnsSchema } from '../../support/bridge/wire-batches.ts';
import { createBridgeHome, startConsumer, startServerProcess } from '../../support/bridge/wire-consumer.ts';
import { until } from '../../support/until.ts';

it('createBridgeServer() gets slots, source and lease back each time when a Python client is killed mid-stream 20 times', async () => {
  await using home = await createBridgeHome();
  const { server, source } = home.own;
  for (let i = 0; i < 20; i++) {
    await using consumer = startConsumer('hold', home.path, { read: i % 5, params: { rows: 20_000 } });
    await consumer.next();
    expect(server.stats()).toMatchObject({ openStreams: 1, clients: 1 });
    await consumer.kill('SIGKILL');
    await until(() => server.stats().openStreams === 0 && server.stats().clients === 0);
    expect(server.stats()).toMatchObject({ slotsInUse: 0, bytesInUse: 0 });
    await until(() => source.returned === i + 1);
  }
  await using reader = startConsumer('ledger', home.path, { batches: 10, rows: 10 });
  expect((await reader.next<{ entries: unknown[] }>()).entries).toHaveLength(10);
}, 120_000);

it('createBridgeServer() takes the lease of a client that was stopped for longer, which hears so when it goes on', async () => {
  await using home = await createBridgeHome('tcp', 600);
  const { server } = home.own;
  await using consumer = startConsumer('read_until_error', home.path, { rows: 20_000 });
  await consumer.next();
  consumer.process.kill('SIGSTOP');
  await until(() => server.stats().openStreams === 0);
  expect(server.stats().slotsInUse).toBe(0);
  consumer.process.kill('SIGCONT');
  expect(await consumer.next()).toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
});

it.each(['ipc', 'tcp'] as const)(
  'Client.stream() raises a typed error at once when its server is killed mid-stream over %s',
  async (transport) => {
    const home = await mkdtemp(join(tmpdir(), 'ruvector-wire-'));
    try {
      for (let i = 0; i < 5; i++) {
        await using server = startServerProcess(home, transport);
        await server.next();
        await using consumer = startConsumer('read_until_error', home, { rows: 20_000 });
        await consumer.next();
        await sleep(20 * i);
        await server.kill('SIGKILL');
        const failure = await consumer.next<{ code: string; seconds: number }>();
        expect(failure.code).toBe('ERR_WIRE_DISCONNECTED');
        expect(failure.seconds).toBeLessThan(5);
      }
      await expect(readBridgeFile(join(home, 'run', 'bridge.json'))).rejects.toMatchObject({
        code: 'ERR_WIRE_NO_DAEMON',
      });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
);

it('connectBridge() fails requests and streams when the server is killed while they wait', async () => {
  const home = await mkdtemp(join(tmpdir(), 'ruvector-wire-'));
  try {
    await using process = startServerProcess(home);
    await process.next();
    const { endpoints, token } = await readBridgeFile(join(home, 'run', 'bridge.json'));
    await using client = await connectBridge({
      controlEndpoint: endpoints.control,
      dataEndpoint: endpoints.data,
      token,
    });
    const stream = await client.openBatches('count', { rows: 1000 });
    const reading = (async (): Promise<void> => {
      for await (const _batch of stream.batches);
    })();
    const waiting = client.request('wait', { ms: 60_000 });
    const outcomes = Promise.allSettled([reading, waiting]);
    await process.kill('SIGKILL');
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_WIRE_DISCONNECTED' } });
    }
    await expect(client.request('echo')).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

/** A daemon made by hand that has sent one batch of ten rows, and its reader. */
async function openScripted(options: BatchOptions = {}) {
  const router = new Router({ linger: 0 });
  await router.bind('tcp://127.0.0.1:*');
  const opening = openClientBatches({
    endpoint: router.lastEndpoint!,
    token: null,
    seal: null,
    clientId: 'a',
    leaseMs: 5000,
    maxMessageBytes: 2 ** 20,
    name: 'count',
    params: null,
    options,
    onClose: () => {},
  });
  const [reader] = await router.receive();
  const say = (message: Partial<OutgoingMessage>): Promise<void> =>
    router.send([reader!, ...encodeMessage({ streamId: 1, ...message } as OutgoingMessage)]);
  await say({
    type: MessageType.HELLO,
    payload: { protocol: PROTOCOL_VERSION, meta: null },
    attachments: [encodeSchema(columnsSchema)],
  });
  const batches = await opening;
  const attachments = [encodeRecordBatch(buildCountingBatch(0, 10))];
  await say({ type: MessageType.BATCH, sequence: 1, correlation: 1, attachments });
  const seen = { rows: 0 };
  const read = async (): Promise<void> => {
    for await (const batch of batches.batches) seen.rows += batch.numRows;
  };
  return { say, batches, read, seen, [Symbol.dispose]: () => router.close() };
}

it('openClientBatches() ends with the error of a daemon that says BYE right behind it, however late it is read', async () => {
  using daemon = await openScripted();
  const payload = { code: 'ERR_WIRE_DISCONNECTED', message: 'your lease ended' };
  await daemon.say({ type: MessageType.ERROR, sequence: 1, payload });
  await daemon.say({ type: MessageType.BYE, sequence: 1 });
  await sleep(200);
  await expect(daemon.read()).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
  expect(daemon.seen.rows).toBe(10);
});

it('openClientBatches() takes no BYE for the end that counts more batches than came', async () => {
  using daemon = await openScripted();
  await daemon.say({ type: MessageType.BYE, sequence: 2 });
  await expect(daemon.read()).rejects.toMatchObject({ code: 'ERR_WIRE_SEQUENCE' });
  expect(daemon.seen.rows).toBe(10);
});

it.each([null, undefined, new Error('enough')])(
  'openClientBatches() throws when its signal aborts with %s, and does not end as if it were through',
  async (reason) => {
    const stop = new AbortController();
    using daemon = await openScripted({ signal: stop.signal });
    const reading = daemon.read();
    await until(() => daemon.seen.rows > 0);
    stop.abort(reason);
    await expect(reading).rejects.toThrow(reason?.message ?? 'aborted');
  },
);

it('close() of a client ends a loop that is not through with ERR_WIRE_CLOSED', async () => {
  await using home = await createBridgeHome();
  const { endpoints, token } = await readBridgeFile(join(home.path, 'run', 'bridge.json'));
  const client = await connectBridge({
    controlEndpoint: endpoints.control,
    dataEndpoint: endpoints.data,
    token,
  });
  const { batches } = await client.openBatches('count', { rows: 1000 });
  let read = 0;
  const reading = (async (): Promise<void> => {
    for await (const _ of batches) read++;
  })();
  reading.catch(() => {});
  await until(() => read > 3);
  await client.close();
  await expect(reading).rejects.toMatchObject({ code: 'ERR_WIRE_CLOSED' });
});

it('createBridgeServer() holds no more than its window for a reader that stops reading', async () => {
  await using home = await createBridgeHome();
  const { server, source } = home.own;
  await using consumer = startConsumer('hold', home.path, { read: 1, params: { rows: 50_000, window: 4 } });
  await consumer.next();
  await sleep(300);
  expect(source.produced).toBeLessThanOrEqual(5);
  expect(server.stats().slotsInUse).toBeLessThanOrEqual(4);
  expect(server.stats().bytesInUse).toBeLessThan(3 * 2 ** 20);
});

it('createBridgeServer() ends all connections when one sends without end, and takes clients again', async () => {
  await using home = await createBridgeHome();
  const { server, token } = home.own;
  const { control, data } = server.endpoints;
  await using client = await connectBridge({ controlEndpoint: control, dataEndpoint: data, token });
  const waiting = client.request('wait', { ms: 60_000 });
  waiting.catch(() => {});
  const flooding = new Dealer({ linger: 0, sendHighWaterMark: 0, reconnectInterval: 60_000 });
  flooding.connect(control);
  const [hello] = seedMessages('not the token');
  for (let i = 0; i < 50_000; i++) await flooding.send(hello!);
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
  flooding.close();
  await until(() => server.stats().clients === 0 && server.stats().activeRequests === 0);
  expect(server.stats().failed).toBe(1);
  await until(() =>
    expectServes(server.endpoints, token).then(
      () => true,
      () => false,
    ),
  );
});

it('createBridgeServer() survives 10,000 mutated messages and teaches a stranger nothing', async () => {
  await using home = await createBridgeHome();
  const { server, token } = home.own;
  const answers: number[] = [];
  for (const endpoint of Object.values(server.endpoints)) {
    await using stranger = await startHostile(endpoint, answers);
    await stranger.send(seedMessages('not the token'), 5000);
  }
  const answered = new Set(answers.map((type) => (type === MessageType.ERROR ? 'ERROR' : `type ${type}`)));
  expect([...answered].filter((name) => name !== 'ERROR')).toEqual([]);
  expect(server.stats()).toMatchObject({ clients: 0, openStreams: 0, activeRequests: 0 });
  expect(server.stats().malformed + server.stats().refused).toBeGreaterThan(1000);
  await expectServes(server.endpoints, token);
});

it('createBridgeServer() survives 2,000 mutated messages of an authenticated client and leaves nothing open', async () => {
  await using home = await createBridgeHome();
  const { server, token } = home.own;
  const answers: number[] = [];
  for (const endpoint of Object.values(server.endpoints)) {
    await using insider = await startHostile(endpoint, answers);
    await insider.send(seedMessages(token), 1000);
  }
  await until(() => server.stats().clients === 0 && server.stats().openStreams === 0);
  expect(server.stats()).toMatchObject({ slotsInUse: 0, activeRequests: 0 });
  await expectServes(server.endpoints, token);
});

/** One message of each type, as a client that knows `token` would send it. */
function seedMessages(token: string): Uint8Array[][] {
  const hello = { protocol: PROTOCOL_VERSION, token, client: 'hostile' };
  const stream = { ...hello, stream: 'count', params: { batches: 3, rows: 10 } };
  return [
    encodeMessage({ type: MessageType.HELLO, correlation: 1, payload: hello }),
    encodeMessage({ type: MessageType.HELLO, streamId: 1, correlation: 2, payload: stream }),
    encodeMessage({ type: MessageType.REQUEST, correlation: 2, payload: { name: 'echo', params: 1 } }),
    encodeMessage({ type: MessageType.ACK, streamId: 1, sequence: 1, correlation: 5 }),
    encodeMessage({ type: MessageType.CREDIT, streamId: 1, correlation: 9 }),
    encodeMessage({ type: MessageType.CANCEL, correlation: 2 }),
    encodeMessage({ type: MessageType.BYE, streamId: 1 }),
    encodeMessage({ type: MessageType.DRAIN, streamId: 1, sequence: 3 }),
  ];
}

interface Hostile extends AsyncDisposable {
  send(seeds: readonly Uint8Array[][], count: number): Promise<void>;
}

async function startHostile(endpoint: string, answers: number[]): Promise<Hostile> {
  const socket = new Dealer({ linger: 0, sendTimeout: 0, sendHighWaterMark: 0 });
  socket.connect(endpoint);
  const listening = (async (): Promise<void> => {
    for await (const frames of socket) answers.push(decodeMessage(frames).type);
  })();
  return {
    async send(seeds, count) {
      const mutants = fc.sample(mutantOf(seeds), { numRuns: count, seed: 7 });
      for (const frames of mutants) await socket.send(frames);
      await sleep(500);
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await listening;
    },
  };
}

/** Changes bytes, cuts frames short, drops, repeats and adds frames. */
function mutantOf(seeds: readonly Uint8Array[][]): fc.Arbitrary<Uint8Array[]> {
  const change = fc.record({ frame: fc.nat(3), at: fc.nat(400), value: fc.nat(255), kind: fc.nat(9) });
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([seed, changes]) =>
      changes.reduce(
        mutate,
        seed.map((frame) => Uint8Array.from(frame)),
      ),
    );
}

function mutate(
  frames: Uint8Array[],
  { frame, at, value, kind }: { frame: number; at: number; value: number; kind: number },
): Uint8Array[] {
  const chosen = frame % Math.max(1, frames.length);
  const bytes = frames[chosen];
  if (!bytes) return [new Uint8Array([value])];
  if (kind === 0) return frames.toSpliced(chosen, 1);
  if (kind === 1) return frames.with(chosen, bytes.slice(0, at));
  if (kind === 2) return [...frames, new Uint8Array(at).fill(value)];
  if (bytes.length > 0) bytes[at % bytes.length] = value;
  return frames;
}

async function expectServes(endpoints: { control: string; data: string }, token: string): Promise<void> {
  const { control, data } = endpoints;
  await using client = await connectBridge({ controlEndpoint: control, dataEndpoint: data, token });
  expect((await client.request('echo', 'well')).result).toBe('well');
  let batches = 0;
  for await (const _batch of (await client.openBatches('count', { batches: 5, rows: 5 })).batches) batches++;
  expect(batches).toBe(5);
}
