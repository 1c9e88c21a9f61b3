import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProcessTarget } from '../../../src/optimize/index.ts';
import { parseSmaps } from '../../../src/procfs/index.ts';
import { buildReclaimBackend } from '../../../src/optimize/reclaim-backend.ts';
import { REGION_BYTES, buildRegionMap } from '../../../src/optimize/region-map.ts';
import type { RegionMap, RegionMapOptions } from '../../../src/optimize/region-map.ts';
import { createRegionMemory } from '../../../src/optimize/region-memory.ts';
import { smapsEntry } from '../../support/optimize/fake-memory.ts';
import { zramBackend } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const target: ProcessTarget = { kind: 'process', pid: 42, startTimeTicks: 500, name: 'worker', uid: 1000 };

function mapOf(text: string, options: Partial<RegionMapOptions> = {}): RegionMap {
  return buildRegionMap({
    target,
    mappings: parseSmaps(text),
    fileSystems: new Map([['08:01', 'ext4']]),
    backend: buildReclaimBackend([], false),
    ...options,
  });
}

const file = smapsEntry('10000000-10400000 r--s 00000000 08:01 7 /srv/data', {
  Rss: 4096,
  Private_Clean: 4096,
});
const heap = smapsEntry('20000000-20400000 rw-p 00000000 00:00 0 [heap]', {
  Rss: 4096,
  Private_Dirty: 4096,
  Anonymous: 4096,
});
const program = [
  smapsEntry(
    '30000000-30100000 r-xp 00000000 08:01 8 /usr/bin/worker',
    { Rss: 1024, Private_Clean: 1024 },
    'rd ex',
  ),
  smapsEntry('30100000-30200000 r--p 00100000 08:01 8 /usr/bin/worker', { Rss: 1024, Private_Clean: 1024 }),
].join('');

describe('buildRegionMap()', () => {
  it('takes clean file pages and leaves anonymous ones when there is no swap', () => {
    const { regions, left, usableBytes } = mapOf(file + heap);
    expect(regions.map(({ kind }) => kind)).toEqual(Array(4).fill('clean-file'));
    expect(usableBytes).toBe(4 * MIB);
    expect(left).toEqual({ 'anonymous memory, which frees nothing without swap': 4 * MIB });
  });

  it('takes anonymous pages too on zram', () => {
    expect(mapOf(file + heap, { backend: zramBackend() }).usableBytes).toBe(8 * MIB);
  });

  it('leaves anonymous pages alone on a disk swap, and says why', () => {
    const disk = { path: '/swapfile', type: 'file', sizeKib: 1 << 20, usedKib: 0, priority: -2 };
    const { left } = mapOf(heap, { backend: buildReclaimBackend([disk], false) });
    expect(Object.keys(left)).toEqual([
      'anonymous memory, which frees nothing on a disk swap without pressure',
    ]);
  });

  it('leaves a program and its tables alone', () => {
    const { regions, left } = mapOf(program);
    expect(regions).toEqual([]);
    expect(Object.values(left)).toEqual([2 * MIB]);
  });

  it('leaves dirty file pages, which free nothing', () => {
    const dirty = smapsEntry('10000000-10100000 rw-s 00000000 08:01 7 /srv/d', {
      Rss: 1024,
      Private_Dirty: 1024,
    });
    expect(mapOf(dirty).regions).toEqual([]);
  });

  it('counts what others map too as left alone', () => {
    const shared = smapsEntry('10000000-10100000 r--s 00000000 08:01 7 /srv/d', {
      Rss: 1024,
      Private_Clean: 256,
      Shared_Clean: 768,
    });
    expect(mapOf(shared)).toMatchObject({
      usableBytes: 256 * 1024,
      left: { 'shared with other processes': 768 * 1024 },
    });
  });

  it('knows a part of a file again wherever it is mapped, and by another process', () => {
    const at = (header: string): string =>
      smapsEntry(`${header} 08:01 7 /srv/d`, { Rss: 1024, Private_Clean: 1024 });
    const [here] = mapOf(at('10000000-10100000 r--s 00200000')).regions;
    const [there] = mapOf(at('70000000-70100000 r--s 00200000'), { target: { ...target, pid: 43 } }).regions;
    const [other] = mapOf(at('10000000-10100000 r--s 00300000')).regions;
    expect(there!.key).toBe(here!.key);
    expect(other!.key).not.toBe(here!.key);
  });

  it('does not take the anonymous range of a process for that of the next with its id', () => {
    const backend = zramBackend();
    const [first] = mapOf(heap, { backend }).regions;
    const [next] = mapOf(heap, { backend, target: { ...target, startTimeTicks: 501 } }).regions;
    expect(next!.key).not.toBe(first!.key);
  });

  it('leaves out what has nothing in memory, unless its regions are watched', () => {
    const empty = smapsEntry('10000000-10400000 r--s 00000000 08:01 7 /srv/data', { Rss: 0 });
    expect(mapOf(empty).regions).toEqual([]);
    expect(mapOf(empty, { watched: [0x10100000] }).regions).toHaveLength(4);
  });

  it('covers every mapping once, in steps of 1 MiB at multiples of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 3000 }), (at, pages) => {
        const [start, end] = [at * 4096, (at + pages) * 4096];
        const header = `${start.toString(16)}-${end.toString(16)} r--s 00000000 08:01 7 /srv/d`;
        const { regions } = mapOf(smapsEntry(header, { Rss: 4, Private_Clean: 4 }));
        let next = start;
        for (const { start: from, lengthBytes } of regions) {
          expect(from).toBe(next);
          expect(lengthBytes).toBeLessThanOrEqual(REGION_BYTES);
          next += lengthBytes;
        }
        expect(next).toBe(end);
        expect(regions.slice(1).every(({ start: from }) => from % REGION_BYTES === 0)).toBe(true);
      }),
    );
  });

  it('cuts a sparse terabyte into no more than 65,537 regions', () => {
    const sparse = smapsEntry('10000000000-20000000000 rw-p 00000000 00:00 0 ', { Rss: 64, Anonymous: 64 });
    expect(mapOf(sparse, { backend: zramBackend() }).regions.length).toBeLessThanOrEqual(65_537);
  });
});

describe('createRegionMemory()', () => {
  it('doubles the hold of a region that comes back quickly, from 6 s to 120 s', () => {
    const memory = createRegionMemory();
    const holds: number[] = [];
    for (let i = 0; i < 7; i++) {
      memory.noteUse('r', 0, { quietMs: 1000, wasTaken: true });
      holds.push(memory.heldUntilMs('r') / 1000);
      expect(memory.watchedFromMs('r')).toBe(memory.heldUntilMs('r'));
    }
    expect(holds).toEqual([6, 12, 24, 48, 96, 120, 120]);
  });

  it('begins anew with a region that stayed away for half a minute', () => {
    const memory = createRegionMemory();
    for (let i = 0; i < 4; i++) memory.noteUse('r', 0, { quietMs: 29_999, wasTaken: true });
    expect(memory.heldUntilMs('r')).toBeGreaterThan(7000);
    memory.noteUse('r', 1000, { quietMs: 30_000, wasTaken: true });
    expect(memory.heldUntilMs('r')).toBe(7000);
  });

  it('holds nobody it does not know', () => {
    const memory = createRegionMemory();
    expect([memory.heldUntilMs('r'), memory.watchedFromMs('r')]).toEqual([-Infinity, -Infinity]);
    expect(memory.rhythmOf('r')).toBeNull();
    expect(() => memory.noteMiss('r')).not.toThrow();
  });

  it('forgets what was used longest ago when it is full', () => {
    const memory = createRegionMemory({ capacity: 2 });
    for (const key of ['a', 'b', 'a', 'c']) memory.noteUse(key, 0, { quietMs: 1000, wasTaken: true });
    const held = ['a', 'b', 'c'].map((key) => memory.heldUntilMs(key));
    expect(held).toEqual([12_000, Number.NEGATIVE_INFINITY, 6000]);
  });

  it('holds a region that is used at regular times only until its use is over, and knows the next', () => {
    const memory = createRegionMemory();
    for (let use = 0; use < 4; use++) memory.noteUse('r', 20_000 * use, { quietMs: 15_000, wasTaken: true });
    expect(memory.heldUntilMs('r')).toBeLessThan(65_000);
    expect(memory.rhythmOf('r')).toEqual({ periodMs: 20_000, nextMs: 80_000 });
    memory.noteMiss('r');
    expect(memory.rhythmOf('r')).toBeNull();
  });

  it('does not take its own longest hold, at whose end it looked again, for a rhythm', () => {
    const memory = createRegionMemory();
    let nowMs = 0;
    // In use all the time: each look that the hold allows finds its probes back a second later.
    for (let look = 0; look < 15; look++) {
      memory.noteUse('r', nowMs, { quietMs: 1000, wasTaken: true });
      nowMs = memory.watchedFromMs('r') + 1000;
    }
    expect(memory.rhythmOf('r')).toBeNull();
    expect(nowMs).toBeGreaterThan(15 * 60_000);
  });

  it('tells what was taken and came back from a probe that did, where it is asked to', () => {
    const memory = createRegionMemory({ quickProbeMs: 2000 });
    memory.noteUse('r', 0, { quietMs: 1000, wasTaken: false });
    memory.noteUse('r', 0, { quietMs: 5000, wasTaken: true });
    expect(memory.heldUntilMs('r')).toBe(12_000);
    memory.noteUse('r', 0, { quietMs: 5000, wasTaken: false });
    expect(memory.heldUntilMs('r')).toBe(6000);
  });
});
