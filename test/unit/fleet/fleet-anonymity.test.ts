// k over a fleet: whatever hosts there are, nobody stands in a group of fewer than k where that can be had.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, memoryKind, rowsOf } from '../../../src/core/index.ts';
import { chooseLevels, generaliseSizes, readSizes } from '../../../src/fleet/collect/fleet-anonymity.ts';
import type { HostSizes } from '../../../src/fleet/collect/fleet-anonymity.ts';
import { coarseSize } from '../../../src/prepare/index.ts';
import { snapshot } from '../../support/memory-rows.ts';

const GIB = 2 ** 20;
const host = (gib: number, swap: number | null = null): HostSizes => [gib * GIB, swap, null];
const fleet = (...sizes: readonly HostSizes[]): Map<string, HostSizes> =>
  new Map(sizes.map((each, i) => [`h${i}`, each]));

/** What a host of a level shows, as an onlooker sees it. */
function shownBy(sizes: HostSizes, level: number, shared: HostSizes): string {
  if (level === 2) return shared.join(' ');
  return sizes.map((size) => (size === null ? null : coarseSize(size, level as 0 | 1))).join(' ');
}

describe('chooseLevels()', () => {
  it('leaves sizes that k hosts share, makes powers of two of others, and one size of the rest', () => {
    const hosts = fleet(...Array.from({ length: 3 }, () => host(16)), host(12), host(12), host(8), host(64));
    const { levelOf, reachedK, shared } = chooseLevels(hosts, 3);
    expect([...hosts.keys()].map((name) => levelOf.get(name))).toEqual([0, 0, 0, 2, 2, 2, 2]);
    expect({ reachedK, shared }).toEqual({ reachedK: 3, shared: [64 * GIB, null, null] });
    const mixed = fleet(host(12), host(16), host(12));
    expect([...chooseLevels(mixed, 3).levelOf.values()]).toEqual([1, 1, 1]);
  });

  it('says what it reached when there are too few hosts', () => {
    expect(chooseLevels(fleet(host(8), host(16)), 5)).toMatchObject({ reachedK: 2 });
    expect(chooseLevels(new Map(), 5)).toMatchObject({ reachedK: 0 });
  });

  it('puts nobody into a group of fewer than k, of any fleet of at least k hosts', () => {
    const sizes = fc.tuple(
      fc.constantFrom(4, 6, 8, 12, 16, 24, 32, 512),
      fc.constantFrom(null, 0, 2 * GIB, 3 * GIB),
    );
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 5, maxLength: 40 }),
        fc.integer({ min: 2, max: 5 }),
        (all, k) => {
          const hosts = fleet(...all.map(([gib, swap]) => host(gib, swap)));
          const { levelOf, shared, reachedK } = chooseLevels(hosts, k);
          const groups = Map.groupBy(hosts.keys(), (name) => {
            const level = levelOf.get(name)!;
            return `${level}: ${shownBy(hosts.get(name)!, level, shared)}`;
          });
          for (const group of groups.values()) expect(group.length).toBeGreaterThanOrEqual(k);
          expect(reachedK).toBeGreaterThanOrEqual(k);
        },
      ),
    );
  });
});

describe('generaliseSizes()', () => {
  it('moves what is free of swap with its size, so that what is used stays', () => {
    const rows = [1, 2].map((second) =>
      snapshot({
        timestamp: second * 1000,
        mem_total_kib: 12 * GIB,
        swap_total_kib: 3 * GIB,
        swap_free_kib: 2 * GIB,
      }),
    );
    const batch = buildRecordBatch(memoryKind, rows);
    const sizes = readSizes(batch);
    const [first] = rowsOf(memoryKind, generaliseSizes(batch, 1, { sizes, shared: sizes }));
    expect(first).toMatchObject({
      mem_total_kib: 16 * GIB,
      swap_total_kib: 4 * GIB,
      swap_free_kib: 3 * GIB,
      cgroup_limit_bytes: null,
      mem_available_kib: rows[0]!.mem_available_kib,
    });
  });

  it('shows the sizes of the whole fleet in rows whose own are not those the level was chosen for', () => {
    const rows = [8, 16].map((gib, i) => snapshot({ timestamp: i, mem_total_kib: gib * GIB }));
    const batch = buildRecordBatch(memoryKind, rows);
    const shared: HostSizes = [64 * GIB, 0, null];
    const shown = rowsOf(memoryKind, generaliseSizes(batch, 0, { sizes: readSizes(batch), shared }));
    expect(shown.map((row) => row['mem_total_kib'])).toEqual([64 * GIB, 16 * GIB]);
  });
});
