// Bundles over real ZeroMQ sockets and a real NATS server: what is away comes later, and nothing is lost.
import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createNatsTransport, openZmqTransport, serveSync } from '../../../src/steer/sync/index.ts';
import type { SyncRound, SyncTransport } from '../../../src/steer/sync/index.ts';
import { findFreePort } from '../../support/free-port.ts';
import { startNats } from '../../support/nats-server.ts';
import { arms, createHost, pin, pinEachOther, voteOn } from '../../support/steer/sync-fixtures.ts';
import type { TestHost } from '../../support/steer/sync-fixtures.ts';

const query = { templates: ['t1', 't2', 't3'], arms, defaultArm: 'default' };
const foundAt = ({ sync }: TestHost): string[] =>
  sync
    .candidates(query)
    .map(({ template }) => template)
    .sort();
const plain = { privacy: 'off', resendMs: 0 } as const;

const listening = (host: TestHost, listen: string | null) =>
  openZmqTransport({ listen, take: (bundle) => host.sync.take(bundle), timeoutMs: 20_000 });

describe('openZmqTransport()', () => {
  it('carries votes to a host that listens, later when it is away, once each', async () => {
    await using a = await createHost(plain);
    await using b = await createHost(plain);
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    await pin(a, b, 'b', endpoint);
    await pin(b, a, 'a');
    await using calling = await listening(a, null);
    const away = await a.sync.runOnce([voteOn('t1', 'no_hashjoin')], [calling]);
    expect(away).toMatchObject({ released: 1, delivered: 0, waiting: 1 });
    expect(away.failures).toEqual([expect.stringContaining('nobody listens there')]);
    await using _ = await listening(b, endpoint);
    expect(await a.sync.runOnce([voteOn('t2', 'no_hashjoin')], [calling])).toMatchObject({
      delivered: 2,
      waiting: 0,
    });
    expect(foundAt(b)).toEqual(['t1', 't2']);
    expect((await b.sync.runOnce([], [])).taken).toBe(2);
  });

  it('goes on serving when strangers send what is no bundle', async () => {
    await using a = await createHost(plain);
    await using b = await createHost(plain);
    await using stranger = await createHost(plain);
    await using server = await listening(b, 'tcp://127.0.0.1:*');
    await pin(a, b, 'b', server.address);
    await pin(stranger, b, 'b', server.address);
    await pin(b, a, 'a');
    const noise = createConnection(Number(server.address.split(':').at(-1)), '127.0.0.1');
    noise.on('error', () => undefined).write(Buffer.alloc(100_000, 7));
    await using calling = await listening(a, null);
    const [peer] = await a.sync.peers();
    const send = (bytes: Uint8Array) => calling.send(peer!, bytes);
    expect(await send(Buffer.from('no bundle'))).toEqual({ kind: 'refused', code: 'ERR_STEER_SYNC_BUNDLE' });
    expect(await send(new Uint8Array())).toEqual({ kind: 'refused', code: 'ERR_STEER_SYNC_BUNDLE' });
    // A frame above the limit ends its connection.
    await expect(send(new Uint8Array(600_000))).rejects.toMatchObject({ code: 'ERR_STEER_SYNC_TRANSPORT' });
    await using unpinned = await listening(stranger, null);
    expect(await stranger.sync.runOnce([voteOn('t3', 'no_hashjoin')], [unpinned])).toMatchObject({
      delivered: 0,
      waiting: 1,
    });
    expect(await a.sync.runOnce([voteOn('t1', 'no_hashjoin')], [calling])).toMatchObject({ delivered: 1 });
    expect(foundAt(b)).toEqual(['t1']);
    noise.destroy();
  });
});

describe('createNatsTransport()', () => {
  it('carries votes through JetStream, also to a host that comes later, and over a restart of the server', async () => {
    await using nats = await startNats();
    await using a = await createHost(plain);
    await using b = await createHost(plain);
    await pinEachOther(a, b);
    const transportOf = ({ sync }: TestHost): SyncTransport =>
      createNatsTransport({ url: nats.url, fingerprint: sync.keys.card.fingerprint });
    await using sending = transportOf(a);
    // b has never been there: its bundles wait in the stream.
    expect(await a.sync.runOnce([voteOn('t1', 'no_hashjoin')], [sending])).toMatchObject({ delivered: 1 });
    await nats.stop();
    const away = await a.sync.runOnce([voteOn('t2', 'no_hashjoin')], [sending]);
    expect(away).toMatchObject({ released: 1, delivered: 0, waiting: 1 });
    expect(away.failures).not.toEqual([]);
    await nats.start();
    expect(await a.sync.runOnce([], [sending])).toMatchObject({ delivered: 1, waiting: 0 });
    await using receiving = transportOf(b);
    expect(await b.sync.runOnce([], [receiving])).toMatchObject({ taken: 2, refused: 0 });
    expect(foundAt(b)).toEqual(['t1', 't2']);
    expect(await b.sync.runOnce([], [receiving])).toMatchObject({ taken: 0 });
  });

  it('says where it could not connect without what is secret', async () => {
    await using host = await createHost(plain);
    const port = await findFreePort();
    await using transport = createNatsTransport({
      url: `nats://user:secret@127.0.0.1:${port}`,
      fingerprint: host.sync.keys.card.fingerprint,
    });
    const { failures } = await host.sync.runOnce([], [transport]);
    expect(failures).toEqual([expect.stringContaining(`nats://***@127.0.0.1:${port}`)]);
    expect(failures[0]).not.toContain('secret');
  });
});

describe('serveSync()', () => {
  it('backs off to an hour while a peer is away, and comes back to a minute with news', async () => {
    await using a = await createHost({ ...plain });
    await using b = await createHost(plain);
    const endpoint = `tcp://127.0.0.1:${await findFreePort()}`;
    await pin(a, b, 'b', endpoint);
    await pin(b, a, 'a');
    await using calling = await listening(a, null);
    const controller = new AbortController();
    const pauses: number[] = [];
    const rounds: SyncRound[] = [];
    let receiver: Awaited<ReturnType<typeof listening>> | undefined;
    await serveSync(a.sync, {
      transports: [calling],
      signal: controller.signal,
      draw: () => 0.5,
      readPatterns: () => Promise.resolve([voteOn('t1', 'no_hashjoin')]),
      clock: {
        sleep: (ms) => {
          a.nowMs += ms;
          b.nowMs = a.nowMs;
          return Promise.resolve();
        },
      },
      onRound: async (round, pauseMs) => {
        rounds.push(round);
        pauses.push(pauseMs);
        if (rounds.length === 8) receiver = await listening(b, endpoint);
        if (rounds.length === 16) controller.abort();
      },
    });
    await receiver![Symbol.asyncDispose]();
    const minutes = pauses.map((ms) => ms / 60_000);
    expect(minutes.slice(0, 8)).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
    expect(minutes.slice(8)).toEqual([30, 15, 7.5, 3.75, 1.875, 1, 1, 1]);
    expect(rounds[7]).toMatchObject({ delivered: 0, waiting: 8 });
    expect(rounds[8]).toMatchObject({ delivered: 9, waiting: 0 });
    expect((await b.sync.runOnce([], [])).taken).toBe(16);
  });
});
