// The bridge between hosts under attack: a man in the middle, repeats of what was recorded, half handshakes, floods and
// peers that vanish. Every refusal has a code, nothing hangs, and what was read before is whole and in order.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { curveClientOptions } from '../../../src/sockets/curve.ts';
import { Dealer } from 'zeromq';
import { encodeMessage } from '../../../src/bridge/encode-message.ts';
import { MessageType } from '../../../src/bridge/message.ts';
import { keyPath } from '../../../src/keys/index.ts';
import type { KeyFile } from '../../../src/keys/index.ts';
import { createRemoteBridge, readAll } from '../../support/bridge/remote-bridge.ts';
import type { RemoteBridge } from '../../support/bridge/remote-bridge.ts';
import {
  GREETING_BYTES,
  addressOf,
  flipBit,
  meddleMessages,
  startTcpProxy,
} from '../../support/bridge/tcp-proxy.ts';
import type { Side, TcpProxy } from '../../support/bridge/tcp-proxy.ts';
import { startConsumer } from '../../support/bridge/wire-consumer.ts';
import { createRandom } from '../../support/random.ts';
import { until } from '../../support/until.ts';

let bridge: RemoteBridge;
let key: KeyFile;
let control: TcpProxy;
let data: TcpProxy;

beforeEach(async () => {
  bridge = await createRemoteBridge({ leaseMs: 700, rekeyMessages: 4 });
  key = await bridge.makeKey('victim');
  const { endpoints } = bridge.own.server;
  const beside = (endpoint: string): string => endpoint.replace('127.0.0.1', '127.0.0.2');
  control = await startTcpProxy(beside(endpoints.control), endpoints.control);
  data = await startTcpProxy(beside(endpoints.data), endpoints.data);
});
afterEach(async () => {
  await control[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
  await bridge[Symbol.asyncDispose]();
});

const stats = (): ReturnType<RemoteBridge['own']['server']['stats']> => bridge.own.server.stats();
const isWire = { code: expect.stringMatching(/^ERR_WIRE_(TAMPERED|REPLAYED|DISCONNECTED|TIMEOUT)$/) };

describe('connectBridge() through a man in the middle', () => {
  it('reads all when he only forwards', async () => {
    await using client = await bridge.connect(key, bridge.proxied);
    expect(await readAll(client, { batches: 50, rows: 1000 })).toEqual({ rows: 50_000, error: null });
    expect(data.recorded).toHaveLength(1);
    expect(Buffer.concat(data.recorded[0]!).includes('"stream":"count"')).toBe(false);
    expect(Buffer.concat(control.recorded[0]!).includes(key.publicKey)).toBe(false);
  });

  it.each([
    ['client', 'TAMPERED', (message: Buffer) => [flipped(message)]],
    ['client', 'REPLAYED', (message: Buffer) => [message, message]],
    ['client', 'REPLAYED', () => []],
    ['server', 'TAMPERED', (message: Buffer) => [flipped(message)]],
    ['server', 'REPLAYED', (message: Buffer) => [message, message]],
    ['server', 'REPLAYED', () => []],
  ] as const)(
    'finds out when he changes, repeats or withholds one message to the %s: ERR_WIRE_%s',
    async (side, code, change) => {
      data.meddler = meddleMessages((message, n, to) =>
        to === side && n === 5 ? change(message) : [message],
      );
      await using client = await bridge.connect(key, bridge.proxied);
      const { rows, error } = await readAll(client, { rows: 1000 });
      expect(error).toMatchObject({ code: `ERR_WIRE_${code}` });
      expect(rows % 1000).toBe(0);
      if (side === 'server') {
        const { tampered, replayed } = stats();
        expect({ tampered, replayed }).toEqual(
          code === 'TAMPERED' ? { tampered: 1, replayed: 0 } : { tampered: 0, replayed: 1 },
        );
      }
      await until(() => stats().openStreams === 0 && stats().slotsInUse === 0);
      data.meddler = () => (chunk) => chunk;
      expect(await readAll(client, { batches: 9, rows: 10 })).toEqual({ rows: 90, error: null });
    },
  );

  it('finds out in Python too when he changes or repeats one message', async () => {
    const env = { WIRE_KEY: keyPath(bridge.folder, 'victim') };
    for (const [code, change] of [
      ['ERR_WIRE_TAMPERED', (message: Buffer) => [flipped(message)]],
      ['ERR_WIRE_REPLAYED', (message: Buffer) => [message, message]],
    ] as const) {
      data.meddler = meddleMessages((message, n, to) =>
        to === 'client' && n === 6 ? change(message) : [message],
      );
      await using reader = startConsumer('read_until_error', bridge.proxied, { rows: 1000 }, env);
      await reader.next();
      expect(await reader.next()).toMatchObject({ code });
    }
  });

  it('gives a typed end and a whole prefix wherever he flips a bit, of frames and of lengths', async () => {
    const random = createRandom(18);
    const places = Array.from({ length: 24 }, (_, i): [Side, number] =>
      i % 4 === 0 ? ['server', 64 + random() * 500] : ['client', 64 + random() * 40_000],
    );
    await using client = await bridge.connect(key, bridge.proxied);
    data.meddler = () => {
      const [side, position] = places.pop()!;
      return flipBit(side, Math.floor(position))();
    };
    const readings = places.map(() => readAll(client, { rows: 1000 }));
    for (const { rows, error } of await Promise.all(readings)) {
      expect(error).toMatchObject(isWire);
      expect(rows % 1000).toBe(0);
    }
    expect(places).toEqual([]);
    await until(() => stats().openStreams === 0 && stats().slotsInUse === 0);
  }, 120_000);

  it('loses and doubles nothing when he cuts connections again and again', async () => {
    await using client = await bridge.connect(key, bridge.proxied);
    for (let i = 0; i < 6; i++) {
      const reading = readAll(client, { rows: 500 });
      await until(() => data.recorded.length === i + 1 && stats().openStreams === 1);
      await sleep(10 * i);
      data.cut();
      expect((await reading).error).toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
      await until(() => stats().openStreams === 0);
    }
    expect(await readAll(client, { batches: 20, rows: 500 })).toEqual({ rows: 10_000, error: null });
  });
});

describe('createBridgeServer() when it is sent what was recorded', () => {
  it('opens no stream, neither while its session is open nor after', async () => {
    const client = await bridge.connect(key, bridge.proxied);
    expect(await readAll(client, { batches: 5, rows: 10 })).toEqual({ rows: 50, error: null });
    const recorded = Buffer.concat(data.recorded[0]!);
    const { opened } = bridge.own.source;
    using _ = replay(bridge.own.server.endpoints.data, recorded);
    await until(() => stats().replayed > 0);
    await client.close();
    await until(() => stats().clients === 0);
    const { refused } = stats();
    using _after = replay(bridge.own.server.endpoints.data, recorded);
    await until(() => stats().refused > refused);
    expect(bridge.own.source.opened).toBe(opened);
  });

  it('takes it for no handshake of CURVE', async () => {
    const client = await bridge.connect(key, bridge.proxied);
    await client.request('echo', 1);
    await client.close();
    await until(() => stats().clients === 0);
    const { failed } = stats();
    using _ = replay(bridge.endpoint, Buffer.concat(control.recorded[0]!));
    await until(() => stats().failed > failed);
    expect(stats().clients).toBe(0);
  });
});

describe('createBridgeServer() among strangers', () => {
  it('answers none of them on the endpoint of bulk, and counts them', async () => {
    const hello = {
      type: MessageType.HELLO,
      streamId: 1,
      payload: { protocol: 1, client: 'x', stream: 'count' },
    };
    const dealer = new Dealer({ linger: 0, receiveTimeout: 300 });
    dealer.connect(bridge.own.server.endpoints.data);
    for (const frames of [
      encodeMessage(hello),
      [Buffer.alloc(56)],
      [Buffer.alloc(0)],
      [Buffer.alloc(2 ** 21)],
    ])
      await dealer.send(frames);
    await until(() => stats().tampered === 4);
    await expect(dealer.receive()).rejects.toMatchObject({ code: 'EAGAIN' });
    dealer.close();
    expect(bridge.own.source.opened).toBe(0);
  });

  it('lets others in when they stop in the middle of a handshake, or come in hundreds', async () => {
    await using client = await bridge.connect(key, bridge.proxied);
    await client.request('echo', 1);
    const handshake = Buffer.concat(control.recorded[0]!);
    const sockets: Socket[] = [];
    for (const endpoint of Object.values(bridge.own.server.endpoints)) {
      for (let i = 0; i < 150; i++) {
        const socket = connect(addressOf(endpoint));
        socket.on('error', () => {});
        socket.write(handshake.subarray(0, (i * 7) % Math.min(handshake.length, 500)));
        sockets.push(socket);
      }
    }
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await using newcomer = await bridge.connect(key);
    expect(await readAll(newcomer, { batches: 20, rows: 100 })).toEqual({ rows: 2000, error: null });
    expect(await client.request('echo', 2)).toMatchObject({ result: 2 });
    for (const socket of sockets) socket.destroy();
    expect(stats().clients).toBe(2);
  });
});

it('createBridgeServer() takes clients again, and no others, when one with a key sent without end', async () => {
  const flooding = new Dealer({
    ...curveClientOptions({ ...key, daemonKey: key.daemonKey! }),
    linger: 0,
    sendHighWaterMark: 0,
    reconnectInterval: 60_000,
  });
  flooding.connect(bridge.endpoint);
  for (let i = 0; i < 50_000; i++) await flooding.send('x');
  await until(() => stats().failed === 1);
  flooding.close();
  const serves = async (): Promise<boolean> => {
    await using client = await bridge.connect(key);
    return (await client.request('echo', 'well')).result === 'well';
  };
  await until(() => serves().catch(() => false));
  const stranger = await bridge.makeKey('stranger', false);
  await expect(bridge.connect(stranger)).rejects.toMatchObject({ code: 'ERR_WIRE_AUTH' });
});

describe('connectBridge() without a word', () => {
  it.each(['control', 'data'] as const)(
    'is given up by both sides when the %s connection is silent',
    async (which) => {
      await using client = await bridge.connect(key, bridge.proxied);
      const reading = readAll(client, { rows: 1000 });
      await until(() => stats().openStreams === 1);
      (which === 'control' ? control : data).freeze();
      expect((await reading).error).toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
      await until(() => stats().openStreams === 0 && stats().slotsInUse === 0);
      if (which === 'control') await until(() => stats().clients === 0);
    },
  );
});

/** Changes a byte of a frame that is sealed: the last may be of an empty one. */
function flipped(message: Buffer): Buffer {
  const changed = Buffer.from(message);
  changed[changed.length - 10]! ^= 1;
  return changed;
}

/** Says again what was recorded, as far as ZMTP lets it: greeting, first command and the rest each wait for an answer. */
function replay(endpoint: string, bytes: Buffer): Disposable {
  const firstCommand = GREETING_BYTES + 2 + bytes[GREETING_BYTES + 1]!;
  const parts = [
    { afterBytes: GREETING_BYTES - 1, part: bytes.subarray(GREETING_BYTES, firstCommand) },
    { afterBytes: GREETING_BYTES, part: bytes.subarray(firstCommand) },
  ];
  const socket = connect(addressOf(endpoint));
  socket.on('error', () => {});
  socket.write(bytes.subarray(0, GREETING_BYTES));
  socket.on('data', () => {
    while (parts.length > 0 && socket.bytesRead > parts[0]!.afterBytes) socket.write(parts.shift()!.part);
  });
  return { [Symbol.dispose]: () => socket.destroy() };
}
