// Batches in shared memory between a real daemon's bridge and a real Python: nothing lost, repeated, reordered or changed,
// by whichever way they come; and nothing left behind, whoever dies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchMemoryOptions } from '../../../src/bridge/index.ts';
import { loadMemoryMap } from '../../../src/shared-memory/index.ts';
import { readStartTicks } from '../../../src/core/index.ts';
import { readThroughKills } from '../../support/bridge/kill-rounds.ts';
import { buildCountingBatch } from '../../support/bridge/wire-batches.ts';
import { createBridgeHome, startConsumer, startServerProcess } from '../../support/bridge/wire-consumer.ts';
import { LineProcess } from '../../support/line-process.ts';
import { createPrintedRandom } from '../../support/random.ts';
import { until } from '../../support/until.ts';

type Entry = readonly [first: number, rows: number, sha256: string];
interface Ledger {
  readonly entries: readonly Entry[];
  readonly allocated: number;
  readonly transport: string;
  readonly reason: string | null;
}

function expectedEntries(batches: number, rowsOf: (i: number) => number): Entry[] {
  let first = 0;
  return Array.from({ length: batches }, (_, i) => {
    const rows = rowsOf(i);
    const index = buildCountingBatch(first, rows).getChild('index')!.toArray() as Int32Array;
    first += rows;
    return [first - rows, rows, createHash('sha256').update(index).digest('hex')] as const;
  });
}

const folders: string[] = [];
function makeFolder(where: string): string {
  folders.push(mkdtempSync(join(where, 'ruvector-test-')));
  return folders.at(-1)!;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const best = loadMemoryMap() ? 'shared' : 'written';

async function readLedger(
  memory: BatchMemoryOptions | null,
  job: object,
): Promise<{ ledger: Ledger; stats: { slotsFilled: number; slotsResent: number; rings: number } }> {
  await using home = await createBridgeHome('ipc', 1000, memory);
  await using consumer = startConsumer('ledger', home.path, job);
  const ledger = await consumer.next<Ledger>();
  const { server } = home.own;
  await until(() => server.stats().openStreams === 0 && server.stats().sharedMemory.rings === 0);
  expect(server.stats()).toMatchObject({ slotsInUse: 0, sharedMemory: { ringBytes: 0 } });
  return { ledger, stats: server.stats().sharedMemory };
}

describe.runIf(process.platform === 'linux')('Client.stream() through shared memory', () => {
  it('Client.stream() reads slots in place and leaves no file', async () => {
    const folder = makeFolder('/dev/shm');
    const { ledger, stats } = await readLedger({ folder }, { batches: 150, rows: 20_000 });
    expect(ledger.entries).toEqual(expectedEntries(150, () => 20_000));
    expect(ledger).toMatchObject({ allocated: 0, transport: best });
    expect(stats.slotsFilled).toBeGreaterThan(8);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('Client.stream() follows batches that grow into new files', async () => {
    const folder = makeFolder('/dev/shm');
    const { ledger } = await readLedger({ folder }, { batches: 40, rows: 2000, growth: 1.15 });
    expect(ledger.entries).toEqual(expectedEntries(40, (i) => Math.floor(2000 * 1.15 ** i)));
    expect(ledger.transport).toBe(best);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['written', 'koffi', (): BatchMemoryOptions => ({ isMapped: false })],
    ['ipc', 'shares no memory', (): null => null],
    ['ipc', 'does not exist', (): BatchMemoryOptions => ({ folder: '/dev/shm/there is none' })],
    ['ipc', 'cannot be used', (): BatchMemoryOptions => ({ folder: fileIn(makeFolder(tmpdir())) })],
    ['ipc', 'more than half', (): BatchMemoryOptions => ({ maxBytes: 2 ** 20 })],
  ] as const)('Client.stream() comes by "%s" and says why: %s', async (transport, reason, buildMemory) => {
    const { ledger } = await readLedger(buildMemory(), { batches: 60, rows: 30_000 });
    expect(ledger.entries).toEqual(expectedEntries(60, () => 30_000));
    expect(ledger.transport).toBe(transport);
    expect(ledger.reason).toMatch(new RegExp(reason, 'i'));
  });

  it.each([
    ['all', 1, 160],
    ['every third', 3, 240],
  ])('Client.stream() never touches batches that are kept: %s', async (_, every, batches) => {
    await using home = await createBridgeHome();
    const job = { every, params: { batches, rows: 20_000 } };
    await using consumer = startConsumer('keep', home.path, job);
    const { entries, transport } = await consumer.next<Ledger>();
    expect(entries).toEqual(expectedEntries(batches, () => 20_000).filter((_entry, i) => i % every === 0));
    expect(transport).toBe(best);
  });

  it('BatchStream.read_all() gives a table of its own, and slots go round meanwhile', async () => {
    await using home = await createBridgeHome();
    await using consumer = startConsumer('table', home.path, { batches: 150, rows: 20_000 });
    const { entries } = await consumer.next<Ledger>();
    expect(entries).toEqual(expectedEntries(150, () => 20_000));
    const { slotsFilled, slotsResent } = home.own.server.stats().sharedMemory;
    expect(slotsFilled).toBeGreaterThan(8);
    expect(slotsResent).toBe(0);
  });
});

describe.runIf(process.platform === 'linux')('Client.request() through shared memory', () => {
  it('Client.request() hands large attachments over in a file, or sends them where it cannot', async () => {
    const folder = makeFolder('/dev/shm');
    await using home = await createBridgeHome('ipc', 1000, { folder });
    await using consumer = startConsumer('attach', home.path, { sizes: [3, 5_000_001, 0, 64] });
    expect(await consumer.next()).toEqual({ folder, same: true });
    expect(readdirSync(folder)).toEqual([]);
  });
});

function fileIn(folder: string): string {
  writeFileSync(join(folder, 'file'), '');
  return join(folder, 'file');
}

/** A namespace of mounts of its own, where a folder is a small memory. */
const inNamespace = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
const canMount =
  process.platform === 'linux' &&
  spawnSync(inNamespace[0]!, [...inNamespace.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe.runIf(canMount)('createBridgeServer() with a memory folder of its own', () => {
  it.each([
    ['full', 3, 'MiB are needed'],
    ['that the client does not see', 200, 'the client cannot map it'],
  ])('sends everything as messages from a folder %s', async (_, mib, reason) => {
    const home = makeFolder(tmpdir());
    const folder = makeFolder(tmpdir());
    const serverScript = join(import.meta.dirname, '../../support/bridge/wire-server.ts');
    const mount = `mount -t tmpfs -o size=${mib}m none "$0" && exec "$@"`;
    const command = [...inNamespace, 'sh', '-c', mount, folder, process.execPath, serverScript];
    await using server = new LineProcess(command[0]!, [...command.slice(1), home, 'ipc', folder]);
    await server.next();
    await using consumer = startConsumer('ledger', home, { batches: 100, rows: 20_000 });
    const ledger = await consumer.next<Ledger>();
    expect(ledger.entries).toEqual(expectedEntries(100, () => 20_000));
    expect(ledger.transport).toBe('ipc');
    expect(ledger.reason).toContain(reason);
  });
});

describe.runIf(process.platform === 'linux')('kill -9 of either side', () => {
  it('Client.stream() goes on after kills of either side: every batch is the next one, and no memory is left', async () => {
    const random = createPrintedRandom('kill -9 while batches are in shared memory');
    const { left, ...result } = await readThroughKills({
      batches: 6000,
      kills: 3,
      random,
    });
    expect(result).toMatchObject({ batches: 6000, outOfStep: null });
    expect(left).toEqual([]);
  });

  it('createBridgeServer() sweeps what a killed daemon left, and nothing else', async () => {
    const home = makeFolder(tmpdir());
    const folder = makeFolder('/dev/shm');
    const name = (pid: number, ticks: number): string =>
      `ruvector-ring-${pid}-${ticks}-00000000-0000-4000-8000-000000000000`;
    const kept = [name(process.pid, readStartTicks(process.pid)!), 'ruvector-ring-of-mine', 'other'];
    // Of a process that is gone, and of one whose number another process has now.
    for (const file of [...kept, name(2 ** 22, 1), name(process.pid, 1)])
      writeFileSync(join(folder, file), '');
    await using server = startServerProcess(home, 'ipc', folder);
    await server.next();
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
  });
});
