import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostReaders, ProcessTarget } from '../../../src/optimize/index.ts';
import { createRegionMemory } from '../../../src/optimize/region-memory.ts';
import type { RegionMemory } from '../../../src/optimize/region-memory.ts';
import { TargetSensor } from '../../../src/optimize/target-sensor.ts';
import type { Care, RegionPlan, RegionProbes } from '../../../src/optimize/region-plan.ts';
import { FakeMemory, PAGE_BYTES } from '../../support/optimize/fake-memory.ts';
import type { FakeMapping } from '../../support/optimize/fake-memory.ts';
import { buildReaders, zramBackend } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const START = 0x1000_0000;
const PAGES = MIB / PAGE_BYTES;
const target: ProcessTarget = { kind: 'process', pid: 42, startTimeTicks: 500, name: 'worker', uid: 1000 };
const care: Care = { minQuietMs: 4000, maxReturnRate: 0.01, usesRhythm: false };
const file = (mib: number, fields: Partial<FakeMapping> = {}): FakeMapping => ({
  start: START,
  mib,
  inode: 7,
  ...fields,
});

/** A sensor over a process's memory, and what a planner would do with it. */
class Watcher {
  readonly sensor: TargetSensor;
  nowMs = 0;
  readonly memory: FakeMemory;

  constructor(
    memory: FakeMemory,
    known: RegionMemory = createRegionMemory(),
    overrides: Partial<HostReaders> = {},
  ) {
    this.memory = memory;
    const readers = buildReaders({ readBackend: () => Promise.resolve(zramBackend()), ...overrides }, memory);
    this.sensor = new TargetSensor({ readers, target, memory: known });
  }

  /** One look, a second after the last, after the process used what it uses. */
  async look(use: () => void = () => undefined): Promise<RegionProbes[]> {
    this.nowMs += 1000;
    use();
    await this.sensor.refresh(this.nowMs);
    this.sensor.scan(this.nowMs);
    const probes = this.sensor.nextProbes(this.nowMs);
    for (const address of probes.flatMap(({ addresses }) => addresses))
      this.memory.pageOut(address, PAGE_BYTES);
    this.sensor.notePlaced(probes, this.nowMs);
    return probes;
  }

  async lookFor(seconds: number, use?: () => void): Promise<void> {
    for (let i = 0; i < seconds; i++) await this.look(use);
  }

  select(budgetBytes = Infinity): Promise<RegionPlan> {
    return this.sensor.select(budgetBytes, care, this.nowMs);
  }

  /** A step is good up to 5 % that came back, and bad from 20 % on. */
  judge(): void {
    this.sensor.judge(this.nowMs, { goodShare: 0.05, badShare: 0.2, growth: 2 });
  }

  /** Selects and pages out. */
  async take(budgetBytes = Infinity): Promise<RegionPlan> {
    const plan = await this.select(budgetBytes);
    for (const { start, lengthBytes } of plan.regions) this.memory.pageOut(start, lengthBytes);
    this.sensor.noteTaken(plan.regions, this.nowMs);
    return plan;
  }
}

const startsOf = (items: readonly { place: { start: number } }[]): number[] =>
  items.map(({ place }) => (place.start - START) / MIB);

describe('TargetSensor looking', () => {
  it('places two probes in each of the first 32 regions, and looks at the rest once they are quiet', async () => {
    const watcher = new Watcher(new FakeMemory([file(64)]));
    const first = await watcher.look();
    expect(first).toHaveLength(32);
    expect(first.every(({ addresses }) => new Set(addresses).size === 2)).toBe(true);
    expect(await watcher.look()).toEqual([]);
    expect(await watcher.look()).toHaveLength(32);
    expect(watcher.sensor.read().watchedRegions).toBe(64);
  });

  it('puts the probes of a region into different parts of it, and elsewhere in the next one', async () => {
    const probes = await new Watcher(new FakeMemory([file(8)])).look();
    for (const { place, addresses } of probes) {
      const [a, b] = addresses.map((address) => address - place.start);
      expect(a! < MIB / 2 && b! >= MIB / 2).toBe(true);
    }
    const offsets = new Set(probes.map(({ place, addresses }) => addresses[0]! - place.start));
    expect(offsets.size).toBeGreaterThan(4);
  });

  it('leaves a region alone whose probes come back, 6 s at first and up to 120 s', async () => {
    const watcher = new Watcher(new FakeMemory([file(1)]));
    const probedAt: number[] = [];
    for (let second = 1; second <= 440; second++) {
      const probes = await watcher.look(() => watcher.memory.use(START, MIB));
      if (probes.length > 0) probedAt.push(second);
    }
    const waits = probedAt.slice(1).map((second, i) => second - probedAt[i]!);
    // A second goes by until the return is seen.
    expect(waits).toEqual([7, 13, 25, 49, 97, 121, 121]);
    expect((await watcher.select()).regions).toEqual([]);
  });

  it('holds a mapping that is in use all over after its first 32 regions were probed', async () => {
    const watcher = new Watcher(new FakeMemory([file(100)]));
    const useAll = (): void => watcher.memory.use(START, 100 * MIB);
    let probed = 0;
    for (let i = 0; i < 30; i++) probed += (await watcher.look(useAll)).length;
    expect(probed).toBe(32);
    expect(Object.keys((await watcher.select()).left)).toEqual(['in a mapping in use all over']);
    // Held for 30, 60 and 120 s: four times 32 regions in four and a half minutes.
    for (let i = 0; i < 240; i++) probed += (await watcher.look(useAll)).length;
    expect(probed).toBeLessThanOrEqual(4 * 32);
  });

  it('holds a mapping that is used faster than it can be looked at', async () => {
    const watcher = new Watcher(new FakeMemory([file(100)]));
    let probed = 0;
    for (let i = 0; i < 30; i++) {
      watcher.nowMs += 1000;
      await watcher.sensor.refresh(watcher.nowMs);
      watcher.sensor.scan(watcher.nowMs);
      const probes = watcher.sensor.nextProbes(watcher.nowMs);
      probed += probes.length;
      // Every probe is in memory again before anybody has looked.
      watcher.sensor.notePlaced(probes, watcher.nowMs);
    }
    expect(probed).toBe(32);
  });

  it('does not take slow use, region after region, for use all over', async () => {
    const watcher = new Watcher(new FakeMemory([file(100)]));
    let second = 0;
    const useNext = (): void => watcher.memory.use(START + (second++ % 100) * MIB, MIB);
    await watcher.lookFor(200, useNext);
    expect((await watcher.select()).left).not.toHaveProperty('in a mapping in use all over');
  });

  it('finds the cold part of a file that is partly in use', async () => {
    const watcher = new Watcher(new FakeMemory([file(64)]));
    await watcher.lookFor(10, () => watcher.memory.use(START, 8 * MIB));
    const taken: number[] = [];
    for (let i = 0; i < 20; i++) {
      taken.push(...startsOf((await watcher.take()).regions));
      await watcher.lookFor(6, () => watcher.memory.use(START, 8 * MIB));
      watcher.judge();
    }
    expect(new Set(taken)).toEqual(new Set(Array.from({ length: 56 }, (_, i) => i + 8)));
    expect(watcher.memory.residentBytes).toBeLessThan(9 * MIB);
  });

  it('places none where too little is in memory, where others map it too, or where the process has ended', async () => {
    const few = new FakeMemory([file(1)]);
    few.pageOut(START, MIB);
    few.use(START, 7 * PAGE_BYTES);
    expect(await new Watcher(few).look()).toEqual([]);
    const shared = new FakeMemory([file(4)]);
    shared.share(START, 4 * MIB);
    expect(await new Watcher(shared).look()).toEqual([]);
    const ended = new FakeMemory([file(4)]);
    ended.end();
    expect(await new Watcher(ended).look()).toEqual([]);
    const unreadable = new Watcher(new FakeMemory([file(4)]), undefined, { openPagemap: () => null });
    expect(await unreadable.look()).toEqual([]);
    expect((await unreadable.select()).regions).toEqual([]);
  });

  it('forgets ages when nobody is short any more, and keeps what is away', async () => {
    const watcher = new Watcher(new FakeMemory([file(32)]));
    await watcher.lookFor(6);
    const { regions } = await watcher.take(4 * MIB);
    watcher.sensor.rest();
    expect(watcher.sensor.read()).toMatchObject({ watchedRegions: 0, awayRegions: regions.length });
    await watcher.look();
    const away = new Set(startsOf(regions));
    expect(startsOf((await watcher.select()).regions).filter((start) => !away.has(start))).toEqual([]);
  });
});

describe('TargetSensor.select()', () => {
  it('takes nothing before it was quiet for long enough, and says so', async () => {
    const watcher = new Watcher(new FakeMemory([file(8)]));
    await watcher.lookFor(4);
    expect(await watcher.select()).toMatchObject({ regions: [], left: { 'not yet quiet for 4 s': 8 * MIB } });
    await watcher.look();
    const { regions, bytes } = await watcher.select();
    expect(bytes).toBe(8 * MIB - 16 * PAGE_BYTES);
    expect(regions.every(({ quietMs }) => quietMs >= 4000)).toBe(true);
  });

  it('tells age by the last use, not by the first look', async () => {
    const watcher = new Watcher(new FakeMemory([file(2)]));
    await watcher.lookFor(3);
    await watcher.look(() => watcher.memory.use(START, MIB));
    await watcher.look();
    expect(startsOf((await watcher.select()).regions)).toEqual([1]);
  });

  it('takes what was quiet for longest first', async () => {
    const other = START + 64 * MIB;
    const watcher = new Watcher(new FakeMemory([file(4), file(4, { start: other, inode: 8 })]));
    await watcher.look();
    await watcher.look(() => watcher.memory.use(START, 4 * MIB));
    await watcher.lookFor(16);
    const { regions } = await watcher.select(3 * MIB);
    expect(regions.every(({ start }) => start >= other)).toBe(true);
    const quiet = (await watcher.select()).regions.map(({ quietMs }) => quietMs);
    expect(quiet).toEqual(quiet.toSorted((a, b) => b - a));
  });

  it('begins with 8 MiB of a mapping and doubles only while little comes back', async () => {
    const watcher = new Watcher(new FakeMemory([file(256)]));
    await watcher.lookFor(12);
    const steps: number[] = [];
    for (let i = 0; i < 5; i++) {
      steps.push(Math.round((await watcher.take()).bytes / MIB));
      await watcher.lookFor(5);
      watcher.judge();
    }
    expect(steps).toEqual([8, 16, 32, 64, 128]);
  });

  it('keeps the step where some came back, and leaves the mapping alone where a fifth did', async () => {
    const stepAfter = async (share: number): Promise<{ mib: number; left: RegionPlan['left'] }> => {
      const watcher = new Watcher(new FakeMemory([file(64)]));
      await watcher.lookFor(12);
      const taken = await watcher.take();
      for (const { start } of taken.regions) watcher.memory.use(start, Math.round(share * MIB));
      await watcher.look();
      watcher.judge();
      await watcher.lookFor(5);
      const { bytes, left } = await watcher.select();
      return { mib: Math.round(bytes / MIB), left };
    };
    expect((await stepAfter(0)).mib).toBe(16);
    expect((await stepAfter(0.1)).mib).toBe(8);
    const { mib, left } = await stepAfter(0.25);
    expect(mib).toBe(0);
    expect(left).toHaveProperty('in a mapping of which too much came back');
  });

  it('takes nothing of a mapping whose quiet regions are used after all too often', async () => {
    const watcher = new Watcher(new FakeMemory([file(60)]));
    let second = 0;
    await watcher.lookFor(6);
    // Each second two regions that were quiet so far: 2 of 60 a second.
    await watcher.lookFor(14, () => {
      for (const i of [0, 1]) watcher.memory.use(START + ((2 * second + i) % 60) * MIB, MIB);
      second++;
    });
    expect(await watcher.select()).toMatchObject({ regions: [] });
    expect((await watcher.select()).left).toHaveProperty('like regions that were used after all');
  });

  it('takes the pages that left the process with a probe of their large folio, while they are cached', async () => {
    const memory = new FakeMemory([file(8)], { folioPages: PAGES });
    const watcher = new Watcher(memory);
    await watcher.look();
    expect(memory.residentBytes).toBe(0);
    expect(watcher.sensor.unmappedBytes).toBe(8 * MIB);
    await watcher.lookFor(5);
    const { bytes, regions } = await watcher.select();
    expect(bytes).toBe(8 * MIB);
    expect(regions).toHaveLength(8);
  });

  it('sees by any page of a large folio that the region is in use', async () => {
    const memory = new FakeMemory([file(1)], { folioPages: PAGES });
    const watcher = new Watcher(memory);
    await watcher.look();
    await watcher.look(() => memory.use(START + 100 * PAGE_BYTES));
    await watcher.lookFor(4);
    expect((await watcher.select()).regions).toEqual([]);
    // What was only unmapped came back without a read: it counts as the probes at most.
    expect(watcher.sensor.read().returned.filePages).toBeLessThanOrEqual(2);
  });

  it('drops what was unmapped by the process and finds it again under another address by its file', async () => {
    const known = createRegionMemory();
    const memory = new FakeMemory([file(4)]);
    const watcher = new Watcher(memory, known);
    await watcher.look();
    await watcher.look(() => memory.use(START, 4 * MIB));
    memory.unmap(START);
    memory.map(file(4, { start: START + 64 * MIB }));
    for (let i = 0; i < 5; i++) expect(await watcher.look()).toEqual([]);
    // The mappings are read again every 10 s; by then the hold of 6 s is over.
    await watcher.lookFor(4);
    expect((await watcher.look()).length + watcher.sensor.read().watchedRegions).toBeGreaterThan(0);
    expect(watcher.sensor.read().awayRegions).toBe(0);
  });

  it('remembers a region in use after its process was started anew', async () => {
    const known = createRegionMemory();
    const before = new Watcher(new FakeMemory([file(4)]), known);
    await before.look();
    await before.look(() => before.memory.use(START, 2 * MIB));
    const after = new Watcher(new FakeMemory([file(4, { start: START + 256 * MIB })]), known);
    after.nowMs = before.nowMs;
    const probed = (await after.look()).map(({ place }) => (place.start - START) / MIB - 256);
    expect(probed).toEqual([2, 3]);
  });

  it('takes nothing of a mapping that vanished, or of a process that ended', async () => {
    const gone = new Watcher(new FakeMemory([file(8)]));
    await gone.lookFor(6);
    gone.memory.unmap(START);
    expect((await gone.select()).bytes).toBe(0);
    const ended = new Watcher(new FakeMemory([file(8)]));
    await ended.lookFor(6);
    ended.memory.end();
    expect((await ended.select()).regions).toEqual([]);
    await ended.lookFor(12);
    expect(ended.sensor.read()).toMatchObject({ watchedRegions: 0, awayRegions: 0 });
  });

  it('takes anonymous memory on zram alone', async () => {
    const anonymous = { start: START, mib: 8 };
    const onZram = new Watcher(new FakeMemory([anonymous]));
    await onZram.lookFor(6);
    expect((await onZram.select()).bytesByKind).toEqual({ anonymous: 8 * MIB - 16 * PAGE_BYTES });
    const withoutSwap = new Watcher(new FakeMemory([anonymous]), undefined, {
      readBackend: () => buildReaders().readBackend(),
    });
    await withoutSwap.lookFor(6);
    expect(await withoutSwap.select()).toMatchObject({
      regions: [],
      left: { 'anonymous memory, which frees nothing without swap': 8 * MIB },
    });
  });

  it('keeps to the budget, to its mapping and to whole pages, and counts what is there', async () => {
    const use = fc.array(fc.tuple(fc.nat(15), fc.nat(255), fc.nat(64)), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(use, fc.nat(20 * MIB), async (uses, budget) => {
        const watcher = new Watcher(new FakeMemory([file(16)]));
        const remaining = [...uses];
        await watcher.lookFor(10, () => {
          const next = remaining.pop();
          if (next !== undefined)
            watcher.memory.use(START + next[0] * MIB + next[1] * PAGE_BYTES, next[2] * PAGE_BYTES);
        });
        const plan = await watcher.select(budget);
        expect(plan.bytes).toBeLessThanOrEqual(budget);
        for (const { start, lengthBytes, residentBytes, pages } of plan.regions) {
          expect((start % PAGE_BYTES) + (lengthBytes % PAGE_BYTES)).toBe(0);
          expect(start >= START && start + lengthBytes <= START + 16 * MIB).toBe(true);
          expect(pages.reduce((sum, page) => sum + page, 0) * PAGE_BYTES).toBe(residentBytes);
          pages.forEach((page, i) => {
            if (page === 1) expect(watcher.memory.at(start + i * PAGE_BYTES)).not.toBe(0);
          });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('TargetSensor after an action', () => {
  it('counts what came back, probes apart', async () => {
    const watcher = new Watcher(new FakeMemory([file(8)]));
    await watcher.lookFor(6);
    await watcher.take();
    expect(watcher.memory.residentBytes).toBe(0);
    await watcher.look(() => watcher.memory.use(START, 10 * PAGE_BYTES));
    expect(watcher.sensor.read()).toMatchObject({
      returned: { filePages: 10, anonPages: 0 },
      returnedTaken: { filePages: 10, anonPages: 0 },
    });
    const probed = new Watcher(new FakeMemory([{ start: START, mib: 1 }]));
    await probed.look();
    await probed.look(() => probed.memory.use(START, MIB));
    expect(probed.sensor.read()).toMatchObject({
      returned: { filePages: 0, anonPages: 2 },
      returnedTaken: { filePages: 0, anonPages: 0 },
    });
  });

  it('counts each return once', async () => {
    const watcher = new Watcher(new FakeMemory([file(8)]));
    await watcher.lookFor(6);
    await watcher.take();
    await watcher.lookFor(5, () => watcher.memory.use(START, 4 * PAGE_BYTES));
    expect(watcher.sensor.read().returnedTaken.filePages).toBe(4);
  });

  it('offers the rest of a region that is in use again to be brought back, once', async () => {
    const memory = new FakeMemory([{ start: START, mib: 1 }, file(1, { start: START + 64 * MIB })]);
    const watcher = new Watcher(memory);
    await watcher.lookFor(6);
    await watcher.take();
    await watcher.look(() => {
      memory.use(START, MIB / 4);
      memory.use(START + 64 * MIB, 2 * PAGE_BYTES);
    });
    // A quarter of one came back: in use. Two pages of the other are strays.
    const { anonymous, file: files } = watcher.sensor.nextToBringBack(4096);
    expect(anonymous).toHaveLength(192);
    expect(anonymous[0]).toBe(START + MIB / 4);
    expect(files).toEqual([]);
    expect(watcher.sensor.nextToBringBack(4096)).toEqual({ file: [], anonymous: [] });
  });

  it('offers no more pages than were asked for', async () => {
    const watcher = new Watcher(new FakeMemory([file(4)]));
    await watcher.lookFor(6);
    await watcher.take();
    await watcher.look(() => {
      for (let i = 0; i < 4; i++) watcher.memory.use(START + i * MIB, MIB / 4);
    });
    expect(watcher.sensor.nextToBringBack(100).file).toHaveLength(100);
  });

  it('takes strays of a region that stayed away again, but not single pages', async () => {
    const watcher = new Watcher(new FakeMemory([file(1)]));
    await watcher.lookFor(6);
    await watcher.take();
    await watcher.look(() => watcher.memory.use(START, 3 * PAGE_BYTES));
    await watcher.lookFor(8);
    expect((await watcher.select()).bytes).toBe(0);
    await watcher.look(() => watcher.memory.use(START, 8 * PAGE_BYTES));
    await watcher.lookFor(30);
    expect((await watcher.select()).bytes).toBe(8 * PAGE_BYTES);
  });

  it('does not take what the process has begun to use beside what is away', async () => {
    const memory = new FakeMemory([{ start: START, mib: 1 }]);
    memory.pageOut(START + MIB / 2, MIB / 2);
    const watcher = new Watcher(memory);
    await watcher.lookFor(6);
    await watcher.take();
    await watcher.lookFor(6, () => memory.use(START + MIB / 2, MIB / 2));
    expect((await watcher.select()).bytes).toBe(0);
  });

  it('does not count as taken what the kernel left in memory', async () => {
    const watcher = new Watcher(new FakeMemory([file(8)]));
    await watcher.lookFor(6);
    const { regions } = await watcher.select();
    watcher.sensor.noteTaken(regions, watcher.nowMs);
    await watcher.look();
    expect(watcher.sensor.read().returnedTaken.filePages).toBe(0);
  });
});

describe('TargetSensor of memory that is used at regular times', () => {
  const saving: Care = { ...care, usesRhythm: true };

  /** Two minutes of a region that is used for a second every 20 s, taken in between; the use at 80 s falls into its hold. */
  async function watchRhythm(): Promise<{ watcher: Watcher; second: () => number }> {
    const watcher = new Watcher(new FakeMemory([{ start: START, mib: 1 }]));
    for (let second = 0; second < 112; second++) {
      await watcher.look(() => second % 20 === 0 && watcher.memory.use(START, MIB));
      const plan = await watcher.sensor.select(Infinity, saving, watcher.nowMs);
      for (const { start, lengthBytes } of plan.regions) watcher.memory.pageOut(start, lengthBytes);
      watcher.sensor.noteTaken(plan.regions, watcher.nowMs);
    }
    return { watcher, second: () => watcher.nowMs / 1000 - 1 };
  }

  it('names its pages shortly before the next use, and leaves probes out', async () => {
    const { watcher, second } = await watchRhythm();
    let due = watcher.sensor.nextDue(watcher.nowMs);
    while (due.anonymous.length === 0 && second() < 140) {
      await watcher.look();
      due = watcher.sensor.nextDue(watcher.nowMs);
    }
    expect(second()).toBeGreaterThanOrEqual(117);
    expect(second()).toBeLessThanOrEqual(120);
    expect(due.anonymous).toHaveLength(PAGES - 2);
    expect((await watcher.sensor.select(Infinity, saving, watcher.nowMs)).left).toHaveProperty(
      'in use at regular times, the next is due',
    );
  });

  it('takes it for quiet like any other once the use did not come', async () => {
    const { watcher } = await watchRhythm();
    for (let i = 0; i < 12; i++) {
      await watcher.look();
      for (const address of watcher.sensor.nextDue(watcher.nowMs).anonymous) watcher.memory.use(address);
    }
    expect(watcher.memory.residentBytes).toBeGreaterThan(0.9 * MIB);
    await watcher.lookFor(20);
    expect((await watcher.sensor.select(Infinity, saving, watcher.nowMs)).bytes).toBeGreaterThan(0.9 * MIB);
  });
});
