// What has to survive: the privacy ledger, the sequences, what waits and what came; also two daemons on one home and kill -9.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listLedger } from '../../../src/steer/sync/ledger.ts';
import { listWaiting } from '../../../src/steer/sync/outbox.ts';
import { openHostKeys, openPatternSync, readPeers, removePeer } from '../../../src/steer/sync/index.ts';
import { createPrintedRandom } from '../../support/random.ts';
import {
  DAY_MS,
  DirectTransport,
  START_MS,
  createHost,
  pin,
  pinEachOther,
  voteOn,
} from '../../support/steer/sync-fixtures.ts';
import type { TestHost } from '../../support/steer/sync-fixtures.ts';
import { until } from '../../support/until.ts';

const refuses = (code: string): unknown => expect.objectContaining({ code: `ERR_STEER_SYNC_${code}` });
const votes = (count: number) => Array.from({ length: count }, (_, i) => voteOn(`t${i}`, 'no_hashjoin'));
const spentBy = ({ sync }: TestHost): number[] => listLedger(sync.database).map(({ epsilon }) => epsilon);

async function pair(
  options: Parameters<typeof createHost>[0] = {},
): Promise<[TestHost, TestHost, DirectTransport]> {
  const [a, b] = [await createHost(options), await createHost()];
  await pinEachOther(a, b);
  return [a, b, new DirectTransport(a, b)];
}

describe('PatternSync.runOnce()', () => {
  it('stops at the budget of the day, and goes on the next day with what waited', async () => {
    const [a, b, transport] = await pair({ privacy: { epsilonPerVote: 0.3, epsilonPerDay: 1 } });
    await using _ = a;
    await using __ = b;
    const first = await a.sync.runOnce(votes(5), [transport]);
    expect(first).toMatchObject({ released: 3, heldByBudget: 2, delivered: 1 });
    expect(first.budgetError).toMatchObject({ code: 'ERR_STEER_SYNC_BUDGET' });
    expect(await a.sync.runOnce(votes(5), [transport])).toMatchObject({ released: 0, heldByBudget: 2 });
    expect(spentBy(a)).toEqual([0.9]);
    a.nowMs += DAY_MS / 2 + 1;
    expect(await a.sync.runOnce(votes(5), [transport])).toMatchObject({ released: 2, heldByBudget: 0 });
    expect(spentBy(a)).toEqual([0.6, 0.9]);
  });

  it('opens no budget twice when the clock is set back', async () => {
    const [a, b, transport] = await pair({ privacy: { epsilonPerVote: 1, epsilonPerDay: 2 }, resendMs: 0 });
    await using _ = a;
    await using __ = b;
    expect(await a.sync.runOnce(votes(2), [transport])).toMatchObject({ released: 2 });
    for (const days of [1, 3, 400]) {
      a.nowMs = START_MS - days * DAY_MS;
      expect(await a.sync.runOnce(votes(2), [transport])).toMatchObject({ released: 0, heldByBudget: 2 });
    }
    expect(spentBy(a)).toEqual([2]);
  });

  it('sends the same noise to every peer and spends it once', async () => {
    const [a, b, direct] = await pair({ privacy: { epsilonPerVote: 0.05 } });
    await using _ = a;
    await using __ = b;
    await using c = await createHost();
    await pin(a, c, 'c');
    await pin(c, a, 'a');
    await a.sync.runOnce(votes(4), [direct, new DirectTransport(c)]);
    const query = {
      templates: ['t0', 't1', 't2', 't3'],
      arms: ['default', 'no_hashjoin'],
      defaultArm: 'default',
    };
    const supportAt = (host: TestHost) =>
      host.sync.candidates(query).map(({ key, support }) => [key, support]);
    expect(spentBy(a)).toEqual([0.2]);
    expect(supportAt(b)).toEqual(supportAt(c));
  });

  it('spends nothing without a peer, and lets nothing leave that is too young or left today', async () => {
    await using alone = await createHost();
    expect(await alone.sync.runOnce(votes(3), [])).toMatchObject({ released: 0, heldByBudget: 0 });
    expect(spentBy(alone)).toEqual([]);
    const [a, b, transport] = await pair();
    await using _ = a;
    await using __ = b;
    const young = voteOn('young', 'no_hashjoin', START_MS - 299_000);
    expect(await a.sync.runOnce([young, ...votes(1)], [transport])).toMatchObject({ released: 1 });
    a.nowMs += 1000;
    expect(await a.sync.runOnce([young, ...votes(1)], [transport])).toMatchObject({ released: 1 });
    expect(await a.sync.runOnce([young, ...votes(1)], [transport])).toMatchObject({ released: 0 });
  });

  it('sends no more than the batch limit at a time, and those that wait longest first', async () => {
    const [a, b, transport] = await pair({ privacy: 'off', batchLimit: 3, resendMs: 0 });
    await using _ = a;
    await using __ = b;
    const seen = new Set<string>();
    for (let round = 0; round < 3; round++) {
      expect(await a.sync.runOnce(votes(8), [transport])).toMatchObject({ released: 3, delivered: 1 });
      a.nowMs += 60_000;
      const query = {
        templates: votes(8).map((_vote, i) => `t${i}`),
        arms: ['default', 'no_hashjoin'],
        defaultArm: 'default',
        limit: 100,
      };
      for (const { key } of b.sync.candidates(query)) seen.add(key);
    }
    expect(seen.size).toBe(8);
  });

  it('keeps what it could not hand over, and hands over the same bytes later, also after a restart', async () => {
    const [a, b, transport] = await pair();
    await using b_ = b;
    transport.isAway = true;
    const away = await a.sync.runOnce(votes(2), [transport]);
    expect(away).toMatchObject({ released: 2, delivered: 0, waiting: 1 });
    expect(away.failures).toEqual([expect.stringContaining('switched off')]);
    const [before] = listWaiting(a.sync.database, b_.sync.keys.card.fingerprint);
    a.sync[Symbol.dispose]();
    await using again = await createHost({ folder: a.folder });
    transport.isAway = false;
    expect(await again.sync.runOnce([], [transport])).toMatchObject({
      released: 0,
      delivered: 1,
      waiting: 0,
    });
    expect(transport.carried).toEqual([before!.bundle]);
    expect(spentBy(again)).toEqual([2]);
    await rm(a.folder, { recursive: true, force: true });
  });
});

describe('PatternSync.accept()', () => {
  it('refuses a bundle twice, also after a restart, and every earlier one', async () => {
    const [a, b, transport] = await pair({ resendMs: 0 });
    await using _ = a;
    await a.sync.runOnce(votes(1), [transport]);
    a.nowMs += 60_000;
    await a.sync.runOnce(votes(1), [transport]);
    const [first, second] = transport.carried;
    for (const bundle of [first!, second!])
      await expect(b.sync.accept(bundle)).rejects.toThrow(refuses('REPLAY'));
    b.sync[Symbol.dispose]();
    const again = await openPatternSync({ folder: b.folder, nowMs: () => START_MS });
    for (const bundle of [first!, second!])
      await expect(again.accept(bundle)).rejects.toThrow(refuses('REPLAY'));
    again[Symbol.dispose]();
    await rm(b.folder, { recursive: true, force: true });
  });

  it('goes on after the clock of the sender was set back', async () => {
    const [a, b, transport] = await pair({ resendMs: 0, privacy: 'off' });
    await using _ = a;
    await using __ = b;
    await a.sync.runOnce(votes(1), [transport]);
    a.nowMs -= 3 * DAY_MS;
    await a.sync.runOnce(votes(1), [transport]);
    expect((await b.sync.runOnce([], [])).taken).toBe(2);
  });

  it('refuses with CLOCK what is from the future or a week old, and takes it once the clock is right', async () => {
    const [a, b, transport] = await pair();
    await using _ = a;
    await using __ = b;
    transport.isAway = true;
    await a.sync.runOnce(votes(1), [transport]);
    const [waiting] = listWaiting(a.sync.database, b.sync.keys.card.fingerprint);
    const { bundle } = waiting!;
    for (const off of [-3_600_000, 8 * DAY_MS]) {
      b.nowMs = START_MS + off;
      await expect(b.sync.accept(bundle)).rejects.toThrow(refuses('CLOCK'));
    }
    b.nowMs = START_MS + 60_000;
    expect(await b.sync.accept(bundle)).toBe(1);
  });

  it('refuses senders that are not pinned, or no longer', async () => {
    const [a, b, transport] = await pair({ resendMs: 0 });
    await using _ = a;
    await using __ = b;
    await removePeer(b.sync.peersFile, 'a');
    transport.isAway = true;
    await a.sync.runOnce(votes(1), [transport]);
    transport.isAway = false;
    // Not lost: it waits until it is pinned.
    expect(await a.sync.runOnce([], [transport])).toMatchObject({ delivered: 0, waiting: 1 });
    await pin(b, a, 'a');
    expect(await a.sync.runOnce([], [transport])).toMatchObject({ delivered: 1, waiting: 0 });
  });
});

describe('openHostKeys()', () => {
  it('makes keys of mode 0600 once, also for daemons that start together', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ruvector-keys-'));
    const path = join(folder, 'sync', 'keys.json');
    const all = await Promise.all(Array.from({ length: 4 }, () => openHostKeys(path)));
    expect(new Set(all.map(({ card }) => card.fingerprint)).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o644);
    await expect(openHostKeys(path)).rejects.toThrow(refuses('KEYS'));
    await chmod(path, 0o600);
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -40));
    await expect(openHostKeys(path)).rejects.toThrow(refuses('KEYS'));
    await rm(folder, { recursive: true, force: true });
  });
});

describe('openPatternSync()', () => {
  it('keeps its file to its owner, and refuses one that is damaged, of a later version, or no list of peers', async () => {
    await using host = await createHost();
    const file = join(host.folder, 'sync.db');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    host.sync.database.run('PRAGMA user_version = 2');
    await expect(openPatternSync({ folder: host.folder })).rejects.toThrow(refuses('STATE'));
    host.sync[Symbol.dispose]();
    await writeFile(file, 'no database'.repeat(1000));
    await expect(openPatternSync({ folder: host.folder })).rejects.toThrow(refuses('STATE'));
    await writeFile(join(host.folder, 'peers.json'), '{');
    await expect(readPeers(join(host.folder, 'peers.json'))).rejects.toThrow(refuses('STATE'));
  });
});

describe('spend()', () => {
  it('never passes the budget when several daemons of one home release at once, and none is lost to kill -9', async () => {
    const [a, b] = await pair({ privacy: { epsilonPerVote: 0.1, epsilonPerDay: 3 } });
    await using _ = b;
    const random = createPrintedRandom('kill -9 of daemons on one ledger');
    const script = join(import.meta.dirname, '../../support/steer/release-loop.ts');
    const start = () => spawn(process.execPath, [script, a.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const children = Array.from({ length: 3 }, start);
    const released = { lines: 0 };
    for (const child of children)
      child.stdout.on('data', (data: Buffer) => (released.lines += data.toString().split('\n').length - 1));
    const killAt = 1 + Math.floor(random() * 10);
    await until(() => released.lines >= killAt, 'some votes were released');
    children[0]!.kill('SIGKILL');
    await Promise.all(
      children
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map((child) => once(child, 'exit')),
    );
    // Every bundle that any of them could have sent has its spend, each of one vote.
    const waiting = listWaiting(a.sync.database, b.sync.keys.card.fingerprint);
    const [day] = listLedger(a.sync.database);
    expect(day!.epsilon).toBe(3);
    expect(day).toMatchObject({ patterns: 30, releases: 30 });
    expect(waiting).toHaveLength(30);
    expect(new Set(waiting.map(({ sequence }) => sequence)).size).toBe(30);
    a.sync[Symbol.dispose]();
    await rm(a.folder, { recursive: true, force: true });
  });
});
