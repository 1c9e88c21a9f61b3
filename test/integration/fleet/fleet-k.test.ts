// k over a fleet, end to end: real publishers through a real NATS server into a lake, which DuckDB is asked what it shows.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryKind } from '../../../src/core/index.ts';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import { collectFleet, openPublisher } from '../../../src/fleet/index.ts';
import type { CollectReport } from '../../../src/fleet/index.ts';
import { createLiveAnonymizer } from '../../../src/prepare/index.ts';
import { askLake, createFolder } from '../../support/fleet/fleet-hosts.ts';
import { snapshots } from '../../support/memory-rows.ts';
import { startNats } from '../../support/nats-server.ts';

const GIB = 2 ** 20;
const ROWS = 20;
const SWAP_USED_KIB = 12_345;

interface Host {
  readonly name: string;
  readonly totalGib: number;
  readonly swapGib?: number;
}

/** So many hosts, of almost the same size each. */
const alike = (count: number, totalGib: number, swapGib = 4): Host[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `m${totalGib}s${swapGib}n${i}`,
    totalGib: totalGib - i * 0.01,
    swapGib,
  }));

function rowsOf({ totalGib, swapGib = 4 }: Host): MemorySnapshot[] {
  return snapshots(ROWS, (row) => ({
    mem_total_kib: Math.round(totalGib * GIB),
    mem_available_kib: 1_000_000 + row,
    swap_total_kib: swapGib * GIB,
    swap_free_kib: swapGib * GIB - SWAP_USED_KIB,
  }));
}

/** Sends the rows of a host and waits until the server has them. */
async function publish(folder: string, servers: string, host: Host, isAnonymized = true): Promise<void> {
  const anonymizer = createLiveAnonymizer();
  await using publisher = await openPublisher({
    access: { servers },
    folder: join(folder, `outbox-${host.name}`),
    host: host.name,
    kinds: {
      memory: {
        kind: isAnonymized ? anonymizer.kindOf('memory') : memoryKind,
        apply: (rows) => (isAnonymized ? anonymizer.apply('memory', rows) : [...rows]),
        async *follow(_, signal) {
          yield rowsOf(host);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      },
    },
    isAnonymized,
    batchMs: 10,
  });
  while (publisher.status.sentRows < ROWS) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Shown {
  readonly sizes: string;
  readonly hosts: number;
}

/** What hosts show, and how many show the same. */
async function shownIn(lake: string): Promise<Shown[]> {
  return (await askLake(`
    select concat_ws(' ', mem_total_kib / ${GIB}, swap_total_kib / ${GIB}) as sizes,
           count(distinct host)::int as hosts, min(swap_total_kib - swap_free_kib)::int as used
    from read_parquet('${lake}/memory/**/*.parquet', hive_partitioning = true, union_by_name = true)
    group by sizes order by hosts, sizes`)) as unknown as Shown[];
}

async function collectAll(
  hosts: readonly Host[],
  k: number | undefined,
  isAnonymized = true,
): Promise<{ report: CollectReport; shown: Shown[] }> {
  await using folder = await createFolder();
  await using server = await startNats();
  const lake = join(folder.path, 'lake');
  const collect = () =>
    collectFleet({
      access: { servers: server.url },
      lake,
      signal: AbortSignal.timeout(100_000),
      once: true,
      ...(k !== undefined && { k }),
    });
  await collect();
  await Promise.all(hosts.map((host) => publish(folder.path, server.url, host, isAnonymized)));
  const report = await collect();
  expect(report).toMatchObject({ hosts: hosts.length, rows: hosts.length * ROWS, refused: 0 });
  return { report, shown: await shownIn(lake) };
}

describe('collectFleet()', () => {
  it('shows no size that fewer than k hosts share, and what is used as it was', async () => {
    const hosts = [...alike(6, 16), ...alike(3, 24), ...alike(3, 32), ...alike(5, 64, 8)];
    const { report, shown } = await collectAll(hosts, undefined);
    const used = SWAP_USED_KIB;
    // 24 GiB become 32 beside those that have them; the others are alike as they are.
    expect(shown).toEqual([
      { sizes: '64.0 8.0', hosts: 5, used },
      { sizes: '16.0 4.0', hosts: 6, used },
      { sizes: '32.0 4.0', hosts: 6, used },
    ]);
    expect(report.k).toEqual({ wanted: 5, reached: 5 });
  }, 60_000);

  it('hides a host that is alone among those of the smallest group', async () => {
    const { report, shown } = await collectAll([...alike(6, 16), ...alike(3, 32), ...alike(1, 900)], 3);
    expect(shown.map(({ sizes, hosts }) => [sizes, hosts])).toEqual([
      ['1024.0 4.0', 4],
      ['16.0 4.0', 6],
    ]);
    expect(report.k).toEqual({ wanted: 3, reached: 4 });
  }, 60_000);

  it('says that it cannot reach k with fewer hosts, and shows one size for all', async () => {
    const { report, shown } = await collectAll([...alike(2, 16), ...alike(1, 48)], 5);
    expect(shown.map(({ sizes, hosts }) => [sizes, hosts])).toEqual([['64.0 4.0', 3]]);
    expect(report.k).toEqual({ wanted: 5, reached: 3 });
  }, 60_000);

  it('leaves the sizes of hosts that send them plain, and all of them with a k of 1', async () => {
    const hosts = [...alike(1, 16), ...alike(1, 40)];
    expect((await collectAll(hosts, 5, false)).shown.map(({ sizes }) => sizes)).toEqual([
      '16.0 4.0',
      '40.0 4.0',
    ]);
    expect((await collectAll(hosts, 1)).shown.map(({ sizes }) => sizes)).toEqual(['16.0 4.0', '48.0 4.0']);
  }, 60_000);
});
