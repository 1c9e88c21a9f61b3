// The bridge between hosts: who gets in, in TypeScript and in Python, what they get, and what a revoked key ends.
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dealer } from 'zeromq';
import { connectBridge, connectRemoteDaemon, createBridgeServer } from '../../../src/bridge/index.ts';
import { decodeMessage } from '../../../src/bridge/decode-message.ts';
import { encodeMessage } from '../../../src/bridge/encode-message.ts';
import { MessageType } from '../../../src/bridge/message.ts';
import { allowClient, buildProof, createKeyPair, keyPath } from '../../../src/keys/index.ts';
import { curveClientOptions } from '../../../src/sockets/curve.ts';
import { createRemoteBridge, readAll } from '../../support/bridge/remote-bridge.ts';
import type { RemoteBridge } from '../../support/bridge/remote-bridge.ts';
import { buildCountingFeed } from '../../support/bridge/wire-batches.ts';
import { startConsumer } from '../../support/bridge/wire-consumer.ts';
import { until } from '../../support/until.ts';

const codeOf = (code: string): object => expect.objectContaining({ code });

describe('connectRemoteDaemon()', () => {
  let bridge: RemoteBridge;
  beforeAll(async () => {
    bridge = await createRemoteBridge({ rekeyMessages: 5 });
    await bridge.makeKey('laptop');
  });
  afterAll(() => bridge[Symbol.asyncDispose]());

  it('asks, hands over attachments and reads sealed batches with an allowed key, over many keys of bulk', async () => {
    const key = keyPath(bridge.folder, 'laptop');
    await using client = await connectRemoteDaemon({ endpoint: bridge.endpoint, key });
    const attachments = [Buffer.alloc(3 * 2 ** 20, 7)];
    const reply = await client.request('echo', { a: 1 }, { attachments });
    expect(reply.result).toEqual({ a: 1 });
    expect(Buffer.compare(reply.attachments[0]!, attachments[0]!)).toBe(0);
    const readings = [
      readAll(client, { batches: 200, rows: 5000 }),
      readAll(client, { batches: 40, rows: 50_000 }),
    ];
    expect(await Promise.all(readings)).toEqual([
      { rows: 1_000_000, error: null },
      { rows: 2_000_000, error: null },
    ]);
    const { tampered, replayed, refused, malformed, sharedMemory } = bridge.own.server.stats();
    expect({ tampered, replayed, refused, malformed }).toEqual({
      tampered: 0,
      replayed: 0,
      refused: 0,
      malformed: 0,
    });
    expect(sharedMemory.transport).toBe('sealed');
  });

  it('refuses a key that is not allowed, a daemon with another key, and no key, each at once and by name', async () => {
    const before = bridge.own.server.stats().unknownKeys;
    const stranger = await bridge.makeKey('stranger', false);
    await expect(bridge.connect(stranger)).rejects.toMatchObject({
      code: 'ERR_WIRE_AUTH',
      message: expect.stringContaining(`keys allow NAME ${stranger.publicKey}`),
    });
    expect(bridge.own.server.stats().unknownKeys).toBe(before + 1);
    const known = await bridge.makeKey('misled');
    await expect(bridge.connect({ ...known, daemonKey: createKeyPair().publicKey })).rejects.toMatchObject({
      code: 'ERR_WIRE_AUTH',
      message: expect.stringContaining('does not have key'),
    });
    const { endpoint } = bridge;
    await expect(connectRemoteDaemon({ endpoint })).rejects.toMatchObject({ code: 'ERR_KEYS_KEY' });
    await expect(connectBridge({ controlEndpoint: endpoint, token: 'x' })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_WIRE_(DISCONNECTED|TIMEOUT)$/),
    });
    await expect(connectRemoteDaemon({ endpoint: 'tcp://', key: 'x' })).rejects.toMatchObject({
      code: 'ERR_WIRE_ENDPOINT',
    });
    await expect(
      connectRemoteDaemon({ endpoint, key: keyPath(bridge.folder, 'daemon') }),
    ).rejects.toMatchObject({ code: 'ERR_KEYS_FILE' });
  });

  it('refuses a key file that others may read, and one that is none', async () => {
    const key = keyPath(bridge.folder, 'open');
    await bridge.makeKey('open');
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect((await stat(join(bridge.folder, 'clients.json'))).mode & 0o777).toBe(0o600);
    await chmod(key, 0o644);
    const { endpoint } = bridge;
    await expect(connectRemoteDaemon({ endpoint, key })).rejects.toMatchObject({
      code: 'ERR_KEYS_FILE',
      message: expect.stringContaining('chmod 600'),
    });
    await writeFile(key, '{"publicKey": 1}', { mode: 0o600 });
    await chmod(key, 0o600);
    await expect(connectRemoteDaemon({ endpoint, key })).rejects.toMatchObject({ code: 'ERR_KEYS_FILE' });
  });

  it('answers a HELLO that claims the key of another client, or proves none, with ERR_WIRE_AUTH', async () => {
    const [own, other] = [await bridge.makeKey('own'), await bridge.makeKey('other')];
    const daemonKey = bridge.daemon.publicKey;
    const proof = buildProof(own, daemonKey, own.publicKey, daemonKey);
    const before = bridge.own.server.stats().refused;
    const claims = [{ key: other.publicKey, proof }, { key: own.publicKey }, { token: 'a-token-for-tests' }];
    for (const claim of claims) {
      const dealer = new Dealer({ ...curveClientOptions({ ...own, daemonKey }), linger: 0 });
      dealer.connect(bridge.endpoint);
      const payload = { protocol: 1, client: 'c', ...claim };
      await dealer.send(encodeMessage({ type: MessageType.HELLO, correlation: 1, payload }));
      expect(decodeMessage(await dealer.receive())).toMatchObject({
        type: MessageType.ERROR,
        payload: { code: 'ERR_WIRE_AUTH' },
      });
      dealer.close();
    }
    expect(bridge.own.server.stats().refused).toBe(before + claims.length);
  });

  it('ends requests, readings and further calls of a key that is revoked while it is used', async () => {
    const key = await bridge.makeKey('leaver');
    const stays = await bridge.connect(await bridge.makeKey('stayer'));
    await using client = await bridge.connect(key);
    const waiting = client.request('wait', { ms: 600_000 });
    waiting.catch(() => {});
    const reading = readAll(client, { rows: 100 });
    await until(() => bridge.own.server.stats().openStreams === 1);
    await bridge.revoke('leaver');
    await expect(waiting).rejects.toMatchObject({
      code: 'ERR_WIRE_AUTH',
      message: expect.stringContaining('revoked'),
    });
    expect((await reading).error).toEqual(codeOf('ERR_WIRE_AUTH'));
    await expect(client.request('echo')).rejects.toMatchObject({ code: 'ERR_WIRE_AUTH' });
    await expect(bridge.connect(key)).rejects.toMatchObject({ code: 'ERR_WIRE_AUTH' });
    await until(() => bridge.own.server.stats().openStreams === 0);
    expect(await stays.request('echo', 1)).toMatchObject({ result: 1 });
    await stays.close();
    await allowClient(bridge.folder, 'leaver', key.publicKey);
    await using again = await bridge.connect(key);
    expect(await again.request('echo', 2)).toMatchObject({ result: 2 });
  });

  it('lets nobody in while the list of clients cannot be read', async () => {
    const key = await bridge.makeKey('reader');
    const path = join(bridge.folder, 'clients.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, -20));
    await expect(bridge.connect(key)).rejects.toMatchObject({ code: 'ERR_WIRE_AUTH' });
    await writeFile(path, text);
    await using client = await bridge.connect(key);
    expect(await client.request('echo', 3)).toMatchObject({ result: 3 });
  });
});

describe('ruvector.connect() to another host', () => {
  it.each(['aes-256-gcm', 'plain'] as const)('reads every batch once and in order, bulk %s', async (bulk) => {
    await using bridge = await createRemoteBridge({ bulk, rekeyMessages: 3 });
    const { publicKey } = await bridge.makeKey('py');
    const env = { WIRE_KEY: keyPath(bridge.folder, 'py') };
    await using reader = startConsumer('ledger', bridge.endpoint, { batches: 60, rows: 20_000 }, env);
    const { entries, transport } = await reader.next<{ entries: [number, number][]; transport: string }>();
    expect(entries.map(([first]) => first)).toEqual(Array.from({ length: 60 }, (_, i) => i * 20_000));
    expect(transport).toBe(bulk === 'plain' ? 'tcp' : 'sealed');
    await using held = startConsumer('read_until_error', bridge.endpoint, { rows: 1000 }, env);
    await held.next();
    await bridge.revoke(publicKey);
    expect(await held.next()).toMatchObject({ code: 'ERR_WIRE_AUTH' });
    expect(bridge.own.server.stats()).toMatchObject({ tampered: 0, replayed: 0 });
  });

  it('takes the token alone on a trusted network, and no other', async () => {
    const feed = buildCountingFeed();
    await using server = await createBridgeServer({
      controlEndpoint: 'tcp://127.0.0.1:0',
      dataEndpoint: 'tcp://127.0.0.1:0',
      token: 'the-word',
      remote: { keys: null, bulk: 'aes-256-gcm' },
      feeds: { count: feed },
    });
    const { control } = server.endpoints;
    await using reader = startConsumer(
      'ledger',
      control,
      { batches: 5, rows: 10 },
      { WIRE_TOKEN: 'the-word' },
    );
    expect((await reader.next<{ entries: unknown[] }>()).entries).toHaveLength(5);
    await using client = await connectRemoteDaemon({ endpoint: control, token: 'the-word' });
    expect(await readAll(client, { batches: 5, rows: 10 })).toEqual({ rows: 50, error: null });
    await expect(connectRemoteDaemon({ endpoint: control, token: 'another' })).rejects.toMatchObject({
      code: 'ERR_WIRE_AUTH',
    });
  });
});
