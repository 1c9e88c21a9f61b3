// Offers over a real object store from which bytes are missing, and over servers that keep nothing: a host says what is
// wrong and goes on, nobody waits for ever, and what is offered again is whole.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { sha256Of } from '../../../src/core/index.ts';
import { offerModel, takeOffers } from '../../../src/fleet/index.ts';
import type { OfferOutcome, OfferedFiles, OfferedModels } from '../../../src/fleet/index.ts';
import { createFolder } from '../../support/fleet/fleet-hosts.ts';
import { startNats, startNatsWith } from '../../support/nats-server.ts';
import { until } from '../../support/until.ts';

const STORE = 'OBJ_ruvector-models';
const model = Buffer.alloc(600_000, 'model');

interface Offered {
  hosts?: number;
  settleMs?: number;
  canaryShare?: number;
  canaryMs?: number;
}

const offer = (servers: string, more: Offered = {}): Promise<OfferOutcome> =>
  offerModel({
    access: { servers, timeoutMs: 500 },
    name: 'memopt',
    version: '7',
    files: { 'model.onnx': model },
    canaryShare: 1,
    settleMs: 60_000,
    signal: AbortSignal.timeout(90_000),
    ...more,
  });

/** A host that keeps what it takes, which is live from then on. */
async function startTaker(servers: string, folder: string, models: Partial<OfferedModels> = {}) {
  const taken: OfferedFiles[] = [];
  const said: string[] = [];
  const taker = await takeOffers({
    access: { servers, timeoutMs: 500 },
    host: 'h1',
    stateFile: join(folder, 'offers.json'),
    models: {
      take: async (_, files) => ({ version: String(taken.push(files)), isLive: true, reason: 'as asked' }),
      leave: async () => 'it was withdrawn',
      findLive: async () => null,
      ...models,
    },
    retryMs: { least: 50, most: 200 },
    onLog: (text) => said.push(text),
  });
  return { taken, said, [Symbol.asyncDispose]: () => taker[Symbol.asyncDispose]() };
}

async function withStore(url: string, act: (manager: JetStreamManager) => Promise<unknown>): Promise<void> {
  const connection = await connect({ servers: url });
  try {
    await act(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

describe('takeOffers()', () => {
  it.each<[string, (manager: JetStreamManager) => Promise<unknown>]>([
    [
      'whose last bytes are gone',
      async (manager) => {
        const { state } = await manager.streams.info(STORE);
        return manager.streams.deleteMessage(STORE, state.last_seq - 1);
      },
    ],
    ['whose bytes in the middle are gone', (manager) => manager.streams.deleteMessage(STORE, 2)],
    [
      'of which nothing but its name is left',
      (manager) => manager.streams.purge(STORE, { filter: '$O.ruvector-models.C.>' }),
    ],
    ['that is gone', (manager) => manager.streams.purge(STORE)],
  ])('refuses a file %s, and takes it when it was offered again', async (_, damage) => {
    await using folder = await createFolder();
    await using server = await startNats();
    expect(await offer(server.url, { settleMs: 1 })).toMatchObject({ stage: 'all', reports: [] });
    await withStore(server.url, damage);
    await using host = await startTaker(server.url, folder.path);
    await until(() => host.said.length > 0, 'the host said what is wrong');
    expect(host.said[0]).toMatch(
      /memopt: refused: ERR_FLEET_OFFER: .*its model\.onnx is not in.*offer it again/,
    );
    expect(host.taken).toEqual([]);
    const outcome = await offer(server.url, { hosts: 1 });
    expect(outcome.reports).toMatchObject([{ host: 'h1', state: 'live' }]);
    expect(host.taken.map((files) => model.equals(files['model.onnx']!))).toEqual([true]);
  });

  it('says that nothing was offered yet, and what a server lacks that keeps nothing', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    await using bare = await startNatsWith(
      'accounts { A { users = [{ user: a, password: b }] }, B { jetstream: enabled, users = [{ user: c, password: d }] } }',
    );
    const url = bare.url.replace('//', '//a:b@');
    await using early = await startTaker(server.url, folder.path);
    await using lost = await startTaker(url, folder.path);
    await until(() => early.said.length > 0 && lost.said.length > 0, 'both said something');
    expect(early.said).toEqual(['offers of models: none was offered yet']);
    const withoutJetStream = /ERR_FLEET_STREAM: .*or none for this account; start it with -js/;
    expect(lost.said[0]).toMatch(withoutJetStream);
    await expect(offer(url)).rejects.toMatchObject({ code: 'ERR_FLEET_STREAM' });
    const outcome = await offer(server.url, { hosts: 1 });
    expect(outcome.reports).toMatchObject([{ host: 'h1', state: 'live' }]);
  });

  it.each([
    ['and goes back from it', '3', ['3'], 'rolled-back'],
    ['and says that it never was', null, [], 'candidate'],
  ])('finds what was live when it was killed before it wrote that down, %s', async (_, live, left, state) => {
    await using folder = await createFolder();
    await using later = await createFolder();
    await using server = await startNats();
    const { promise, resolve } = Promise.withResolvers<{
      version: string;
      isLive: boolean;
      reason: string;
    }>();
    await using killed = await startTaker(server.url, folder.path, { take: () => promise });
    const outcome = await offer(server.url, { canaryShare: 0.9999999, canaryMs: 1000 });
    expect(outcome).toMatchObject({ stage: 'withdrawn', reason: 'no canary answered' });
    await copyFile(join(folder.path, 'offers.json'), join(later.path, 'offers.json'));
    const asked: string[] = [];
    const leftVersions: string[] = [];
    await using again = await startTaker(server.url, later.path, {
      findLive: async (name, sha256) => {
        asked.push(`${name} ${sha256}`);
        return live;
      },
      leave: async (_name, version) => {
        leftVersions.push(version);
        return 'it was withdrawn';
      },
    });
    await until(() => again.said.length > 0, 'the host said what became of it');
    expect(again.said[0]).toMatch(`offered model memopt: ${state}: it was withdrawn`);
    expect(asked).toEqual([`memopt ${sha256Of(model)}`]);
    expect(leftVersions).toEqual(left);
    expect([again.taken, killed.taken]).toEqual([[], []]);
    resolve({ version: '3', isLive: true, reason: 'too late' });
  });
});
