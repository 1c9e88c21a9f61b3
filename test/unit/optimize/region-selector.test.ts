import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRegionSelector } from '../../../src/optimize/index.ts';
import type { HostReaders, ProcessTarget } from '../../../src/optimize/index.ts';
import { parseSmaps } from '../../../src/optimize/mappings.ts';
import { buildReclaimBackend } from '../../../src/optimize/reclaim-backend.ts';
import { buildReaders, smapsEntry } from '../../support/optimize-host.ts';

const MIB = 2 ** 20;
const target: ProcessTarget = { kind: 'process', pid: 42, startTimeTicks: 500, name: 'worker', uid: 1000 };
const zram = { path: '/dev/zram0', type: 'partition', sizeKib: 1 << 20, usedKib: 0, priority: 100 };
const onZram = { readBackend: () => Promise.resolve(buildReclaimBackend([zram], false)) };

const file = smapsEntry('10000000-10400000 r--s 00000000 08:01 7 /srv/data', {
  Rss: 4096,
  Private_Clean: 4096,
  Referenced: 4096,
});
const heap = smapsEntry('20000000-20400000 rw-p 00000000 00:00 0 [heap]', {
  Rss: 4096,
  Private_Dirty: 4096,
  Anonymous: 4096,
  Referenced: 0,
});
const program = [
  smapsEntry(
    '30000000-30100000 r-xp 00000000 08:01 8 /usr/bin/worker',
    { Rss: 1024, Private_Clean: 1024 },
    'rd ex',
  ),
  smapsEntry('30100000-30200000 r--p 00100000 08:01 8 /usr/bin/worker', { Rss: 1024, Private_Clean: 1024 }),
].join('');

function selectorOver(text: string, overrides: Partial<HostReaders> = {}, includeDirty = false) {
  const readMappings = () => Promise.resolve(parseSmaps(text));
  return createRegionSelector({ readers: buildReaders({ readMappings, ...overrides }), includeDirty });
}

describe('createRegionSelector().select()', () => {
  test('takes clean file pages and leaves anonymous ones when there is no swap', async () => {
    const plan = await selectorOver(file + heap).select(target, 64 * MIB);
    expect(plan.bytesByKind).toEqual({ 'clean-file': 4 * MIB });
    expect(plan.left).toEqual({ 'anonymous memory, which frees nothing without swap': 4 * MIB });
  });

  test('takes anonymous pages too on zram, the less referenced first', async () => {
    const plan = await selectorOver(file + heap, onZram).select(target, 6 * MIB);
    expect(plan.bytesByKind).toEqual({ anonymous: 4 * MIB, 'clean-file': 2 * MIB });
  });

  test('leaves a program and its tables alone', async () => {
    const plan = await selectorOver(program).select(target, 64 * MIB);
    expect(plan.regions).toEqual([]);
    expect(Object.values(plan.left)).toEqual([2 * MIB]);
  });

  test('takes other regions next time, and the first ones again after all', async () => {
    const selector = selectorOver(file);
    const starts: number[][] = [];
    for (let i = 0; i < 3; i++) {
      const { regions } = await selector.select(target, 2 * MIB);
      selector.noteAdvised(target, regions);
      starts.push(regions.map(({ start }) => start));
    }
    expect(starts[0]).toEqual([0x10000000, 0x10100000]);
    expect(starts[1]).toEqual([0x10200000, 0x10300000]);
    expect(starts[2]).toEqual(starts[0]);
  });

  test('skips pages that are not in memory or that others map too', async () => {
    const present = 1n << 63n;
    const exclusive = 1n << 56n;
    const readPagemap = (_pid: number, _start: number, pages: number) =>
      Promise.resolve(
        BigUint64Array.from(
          { length: pages },
          (_, i) => [0n, present, present | exclusive, exclusive][i % 4]!,
        ),
      );
    const plan = await selectorOver(file, { readPagemap }).select(target, 64 * MIB);
    expect(plan.bytes).toBe(MIB);
    expect(plan.regions[0]).toMatchObject({ start: 0x10000000 + 2 * 4096 });
  });

  test('keeps the budget by averages where pagemap may not be read', async () => {
    const plan = await selectorOver(file, { readPagemap: () => Promise.resolve(null) }).select(
      target,
      1.5 * MIB,
    );
    expect(plan.bytes).toBeLessThanOrEqual(1.5 * MIB);
    expect(plan.bytes).toBeGreaterThan(1.4 * MIB);
  });

  test('takes dirty file pages only when told to', async () => {
    const dirty = smapsEntry('10000000-10100000 rw-s 00000000 08:01 7 /srv/d', {
      Rss: 1024,
      Private_Dirty: 1024,
    });
    expect((await selectorOver(dirty).select(target, MIB)).regions).toEqual([]);
    expect((await selectorOver(dirty, {}, true).select(target, MIB)).bytesByKind).toEqual({
      'dirty-file': MIB,
    });
  });

  test('never exceeds the budget, leaves the mapping or splits a page', async () => {
    const words = fc.array(fc.boolean(), { minLength: 64, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 0, max: 6 * MIB }), async (pattern, budget) => {
        const readPagemap = (_pid: number, _start: number, pages: number) =>
          Promise.resolve(
            BigUint64Array.from({ length: pages }, (_, i) =>
              pattern[i % 64]! ? (1n << 63n) | (1n << 56n) : 0n,
            ),
          );
        const plan = await selectorOver(file, { readPagemap }).select(target, budget);
        const inside = plan.regions.every(
          ({ start, lengthBytes }) =>
            start >= 0x10000000 &&
            start + lengthBytes <= 0x10400000 &&
            start % 4096 === 0 &&
            lengthBytes % 4096 === 0,
        );
        return inside && plan.bytes <= budget;
      }),
      { numRuns: 50 },
    );
  });
});
