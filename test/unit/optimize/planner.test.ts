import { describe, expect, it, vi } from 'vitest';
import type { Label } from '../../../src/core/index.ts';
import { createStallLaw } from '../../../src/optimize/index.ts';
import type { Actuator, Goal, HostReaders, MemoryCgroup, TargetSpec } from '../../../src/optimize/index.ts';
import { createPlanner } from '../../../src/optimize/planner.ts';
import type { Plan, Planner } from '../../../src/optimize/planner.ts';
import { createStallMeter } from '../../../src/optimize/stall-meter.ts';
import { createTargetResolver } from '../../../src/optimize/target-resolver.ts';
import { createWatchdog } from '../../../src/optimize/watchdog.ts';
import { FakeMemory, PAGE_BYTES } from '../../support/optimize/fake-memory.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import {
  buildGroup,
  buildReaders,
  buildSnapshot,
  buildStat,
  zramBackend,
} from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const START = 0x1000_0000;

interface Options {
  readonly goal?: Goal;
  readonly targets?: TargetSpec;
  readonly memory?: FakeMemory;
  readonly readers?: Partial<HostReaders>;
  readonly actuator?: Partial<Actuator>;
  readonly actuators?: readonly Actuator[];
  readonly minIntervalMs?: number;
}

/** A planner over a host in memory, and the seconds that go by. */
class Bench {
  readonly clock: ManualClock = createManualClock();
  readonly memory: FakeMemory;
  readonly planner: Planner;
  /** Of the host's memory, in percent. */
  availablePercent = 50;
  isActing = true;

  private constructor(memory: FakeMemory, build: (clock: ManualClock) => Planner) {
    this.memory = memory;
    this.planner = build(this.clock);
  }

  static async create(options: Options = {}): Promise<Bench> {
    const { goal = 'relieve', targets = { pids: [42] }, minIntervalMs = 3000 } = options;
    const memory = options.memory ?? new FakeMemory([{ start: START, mib: 64, inode: 7 }]);
    const readers = buildReaders(
      { readStat: (pid) => Promise.resolve(buildStat(pid)), ...options.readers },
      memory,
    );
    const actuators = options.actuators ?? [memory.actuator(options.actuator)];
    const resolver = await createTargetResolver({ spec: targets, readers, nowMs: () => 0 });
    return new Bench(memory, (clock) =>
      createPlanner({
        goal,
        resolver,
        readers,
        howMuch: createStallLaw(),
        stallBudget: 0.001,
        actuators,
        stall: createStallMeter(),
        watchdog: createWatchdog({ clock }),
        minIntervalMs,
        minQuietMs: null,
        nowMs: () => clock.monotonicMs(),
        signal: new AbortController().signal,
      }),
    );
  }

  /** Watches once a second. */
  async watch(seconds: number, use: () => void = () => undefined): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.clock.advance(1000);
      use();
      const mem_available_kib = (this.availablePercent / 100) * 8 * MIB;
      await this.planner.watch(
        buildSnapshot({ mem_available_kib, psi_memory_full_us: i * 1e6 }),
        this.isActing,
      );
    }
  }

  plan(
    label: Label = 'NoActionNeeded',
    fields: { maxBytes?: number; mustWait?: boolean } = {},
  ): Promise<Plan> {
    return this.planner.plan({
      label,
      maxBytes: 1024 * MIB,
      mustWait: true,
      isActing: this.isActing,
      ...fields,
    });
  }

  /** Plans and pages out. */
  async act(): Promise<Plan> {
    const plan = await this.plan();
    for (const { regions } of plan.targets)
      for (const { start, lengthBytes } of regions) this.memory.pageOut(start, lengthBytes);
    this.planner.noteDone(plan.targets, true);
    return plan;
  }
}

const rulesOf = ({ refusals }: Plan): string[] => refusals.map(({ rule }) => rule);
const fullGroup = (path: string): MemoryCgroup => buildGroup({ path, usageBytes: 990 * MIB });

describe('createPlanner().plan() to relieve', () => {
  it('refuses while nobody is short, whatever the label and the PSI of the host, and touches nothing', async () => {
    const bench = await Bench.create();
    await bench.watch(10);
    const plan = await bench.plan('Critical');
    expect(plan).toMatchObject({ targets: [], shortages: [] });
    expect(plan.refusals).toEqual([
      {
        rule: 'no-shortage',
        target: 'process 42 (worker)',
        reason: expect.stringMatching(/has 50 % .* available/),
      },
    ]);
    expect(bench.planner.hasShortage()).toBe(false);
    expect(bench.memory.probes).toBe(0);
  });

  it("refuses while only somebody else's cgroup is short", async () => {
    const readMemoryCgroups = (pid: number) =>
      Promise.resolve([pid === 43 ? fullGroup('/cg/other') : buildGroup()]);
    const bench = await Bench.create({ readers: { readMemoryCgroups } });
    await bench.watch(10);
    expect(rulesOf(await bench.plan('Critical'))).toEqual(['no-shortage']);
    expect(bench.memory.probes).toBe(0);
  });

  it('acts on the one whose cgroup is short, and not on the one beside it', async () => {
    const readMemoryCgroups = (pid: number) => Promise.resolve(pid === 43 ? [fullGroup('/cg/app')] : []);
    const bench = await Bench.create({ readers: { readMemoryCgroups }, targets: { pids: [42, 43] } });
    await bench.watch(10);
    const plan = await bench.plan();
    expect(
      plan.targets.map(({ target, evidence }) => [target.kind === 'process' && target.pid, evidence.who]),
    ).toEqual([[43, '/cg/app']]);
    expect(plan.refusals).toMatchObject([{ rule: 'no-shortage', target: 'process 42 (worker)' }]);
    expect(plan.shortages.map(({ who }) => who)).toEqual(['/cg/app']);
  });

  it("counts an ancestor's limit", async () => {
    const groups = [buildGroup({ path: '/cg/a/b' }), fullGroup('/cg/a')];
    const bench = await Bench.create({ readers: { readMemoryCgroups: () => Promise.resolve(groups) } });
    await bench.watch(10);
    const { targets } = await bench.plan();
    expect(targets[0]!.evidence).toMatchObject({
      who: '/cg/a',
      label: 'Critical',
      reason: expect.stringMatching(
        /cgroup \/cg\/a, which its pages count against, is short: 1\.0 % of its limit/,
      ),
    });
  });

  it('says who is short, for how long it was quiet, what it would free and what it may cost', async () => {
    const bench = await Bench.create();
    bench.availablePercent = 9;
    await bench.watch(12);
    const { targets, shortages } = await bench.plan();
    const [{ bytes, evidence, regions, budgetBytes }] = targets as [(typeof targets)[number]];
    expect(shortages).toMatchObject([{ who: 'host', label: 'ShouldOptimizeAggressive' }]);
    expect(bytes).toBeLessThanOrEqual(8 * MIB);
    expect(bytes).toBeGreaterThan(7 * MIB);
    expect(budgetBytes).toBeGreaterThanOrEqual(bytes);
    expect(regions.every(({ quietMs }) => quietMs >= 6000)).toBe(true);
    expect(evidence).toMatchObject({
      who: 'host',
      label: 'ShouldOptimizeAggressive',
      freesBytes: bytes,
      mayCostUs: Math.round((bytes / PAGE_BYTES) * 180),
      reason: expect.stringMatching(
        /^the host is short: 9\.0 % of memory available; \d\.\d MiB of it was not used for/,
      ),
    });
  });

  it('counts what anonymous memory takes compressed', async () => {
    const bench = await Bench.create({
      memory: new FakeMemory([{ start: START, mib: 64 }]),
      readers: { readBackend: () => Promise.resolve(zramBackend(100 * MIB, 25 * MIB)) },
    });
    bench.availablePercent = 3;
    await bench.watch(12);
    const { bytes, evidence } = (await bench.plan()).targets[0]!;
    expect(evidence.freesBytes).toBe(Math.round(0.75 * bytes));
    expect(evidence.mayCostUs).toBe(Math.round((bytes / PAGE_BYTES) * 4.8));
  });

  it('waits longer for quiet the less short memory is', async () => {
    const secondsUntilPlanned = async (percent: number): Promise<number> => {
      const bench = await Bench.create();
      bench.availablePercent = percent;
      for (let second = 1; second < 20; second++) {
        await bench.watch(1);
        if ((await bench.plan()).targets.length > 0) return second - 1;
      }
      return Infinity;
    };
    expect(await secondsUntilPlanned(3)).toBe(4);
    expect(await secondsUntilPlanned(9)).toBe(6);
    expect(await secondsUntilPlanned(19)).toBe(10);
  });

  it('takes no more than is missing', async () => {
    // 21 of 100 MiB would be left: 19.5 are, so 2.5 are missing.
    const group = buildGroup({ limitBytes: 100 * MIB, usageBytes: 80.5 * MIB });
    const bench = await Bench.create({ readers: { readMemoryCgroups: () => Promise.resolve([group]) } });
    await bench.watch(14);
    const { targets } = await bench.plan();
    expect(targets[0]!.budgetBytes).toBe(2.5 * MIB);
    expect(targets[0]!.bytes).toBeLessThanOrEqual(2.5 * MIB);
    expect(targets[0]!.bytes).toBeGreaterThan(2 * MIB);
  });

  it('shares the most bytes of a plan out among its targets', async () => {
    const bench = await Bench.create({ targets: { pids: [42, 43] } });
    bench.availablePercent = 3;
    await bench.watch(8);
    const { targets } = await bench.plan('Critical', { maxBytes: 5 * MIB });
    expect(targets.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(5 * MIB);
  });

  it('stops when the shortage is over', async () => {
    const bench = await Bench.create();
    bench.availablePercent = 3;
    await bench.watch(6);
    expect((await bench.plan()).targets).toHaveLength(1);
    bench.availablePercent = 30;
    await bench.watch(1);
    expect(rulesOf(await bench.plan('Critical'))).toEqual(['no-shortage']);
  });

  it('says that what is in use is in use, and frees nothing', async () => {
    const bench = await Bench.create();
    bench.availablePercent = 3;
    await bench.watch(20, () => bench.memory.use(START, 64 * MIB));
    const plan = await bench.plan();
    expect(plan.refusals).toMatchObject([{ rule: 'frees-nothing', reason: /in use all over/ }]);
    expect(bench.memory.probes).toBe(64);
  });

  it('says that nothing was named', async () => {
    const bench = await Bench.create({ targets: {} });
    await bench.watch(1);
    expect(rulesOf(await bench.plan())).toEqual(['no-target']);
  });
});

describe('createPlanner().plan() to save', () => {
  it('acts although nobody is short', async () => {
    const bench = await Bench.create({ goal: 'save' });
    await bench.watch(10);
    const { targets, shortages } = await bench.plan();
    expect(shortages).toEqual([]);
    expect(targets[0]!.evidence).toMatchObject({ who: 'save', reason: /^nobody is short: saving; / });
    expect(targets[0]!.bytes).toBeGreaterThan(7 * MIB);
  });

  it('backs off when the target waits for its memory for whatever reason', async () => {
    let majorFaults = 0;
    const readStat = (pid: number) => Promise.resolve(buildStat(pid, { majorFaults }));
    const bench = await Bench.create({ goal: 'save', readers: { readStat } });
    await bench.watch(10, () => (majorFaults += 10));
    expect((await bench.plan()).refusals).toMatchObject([
      { rule: 'stall-backoff', reason: /0\.18 % \(major faults/ },
    ]);
  });
});

describe('createPlanner().plan() in a dry run', () => {
  async function createDry(): Promise<Bench> {
    const bench = await Bench.create();
    bench.isActing = false;
    bench.availablePercent = 3;
    await bench.watch(8);
    return bench;
  }

  it('touches nothing, and plans to watch what it would', async () => {
    const bench = await createDry();
    const { targets } = await bench.plan();
    expect(targets).toMatchObject([{ bytes: 0, regions: [], watchBytes: 64 * MIB }]);
    expect(targets[0]!.evidence.reason).toContain(
      'would be watched first, and what stays quiet for 4 s taken',
    );
    expect(bench.memory.probes).toBe(0);
    expect(bench.memory.residentBytes).toBe(64 * MIB);
  });

  it('keeps its interval, which does not hide the plan from who asks for an explanation', async () => {
    const bench = await createDry();
    bench.planner.noteDone((await bench.plan()).targets, false);
    expect(rulesOf(await bench.plan())).toEqual(['interval']);
    expect((await bench.plan('Critical', { mustWait: false })).targets).toHaveLength(1);
    await bench.watch(3);
    expect((await bench.plan()).targets).toHaveLength(1);
  });

  it('its interval does not keep a real action waiting', async () => {
    const bench = await createDry();
    bench.planner.noteDone((await bench.plan()).targets, false);
    bench.isActing = true;
    expect(rulesOf(await bench.plan())).not.toContain('interval');
  });
});

describe('createPlanner() after an action', () => {
  it('waits for the interval, and a plan alone changes nothing', async () => {
    const bench = await Bench.create();
    bench.availablePercent = 3;
    await bench.watch(6);
    const first = await bench.plan();
    expect(await bench.plan()).toEqual(first);
    await bench.act();
    expect(rulesOf(await bench.plan())).toEqual(['interval']);
    await bench.watch(3);
    expect((await bench.plan()).targets).toHaveLength(1);
  });

  it('takes larger steps while nothing comes back', async () => {
    const bench = await Bench.create({
      memory: new FakeMemory([{ start: START, mib: 256, inode: 7 }]),
      readers: { readStat: (pid) => Promise.resolve(buildStat(pid, { rssPages: 65_536 })) },
    });
    bench.availablePercent = 3;
    await bench.watch(12);
    const steps: number[] = [];
    for (let i = 0; i < 3; i++) {
      steps.push(Math.round((await bench.act()).targets[0]!.bytes / MIB));
      await bench.watch(4);
    }
    expect(steps).toEqual([8, 32, 128]);
  });

  /** A target that wants back what is taken from it, and what happens then. */
  async function createSuffering() {
    let majorFaults = 0;
    const bringBack = vi.fn(() => Promise.resolve(0));
    const bench = await Bench.create({
      readers: { readStat: (pid) => Promise.resolve(buildStat(pid, { majorFaults })) },
      actuator: { bringBack },
    });
    bench.availablePercent = 3;
    /** Acts as soon as it may, and the target faults an eighth of each region in again. */
    const hurt = async (): Promise<void> => {
      let plan = await bench.act();
      for (let i = 0; i < 40 && plan.targets.length === 0; i++) {
        await bench.watch(1);
        plan = await bench.act();
      }
      expect(plan.targets).toHaveLength(1);
      await bench.watch(1, () => {
        for (const { start } of plan.targets[0]!.regions) bench.memory.use(start, MIB / 8);
        majorFaults += 256;
      });
    };
    /** Seconds for which it is left alone. */
    const rest = async (): Promise<number> => {
      let seconds = 0;
      while (rulesOf(await bench.plan()).includes('left-alone')) {
        await bench.watch(1);
        seconds++;
      }
      return seconds;
    };
    await bench.watch(6);
    return { bench, bringBack, hurt, rest };
  }

  it('leaves a target alone that suffered, for twice as long each time', async () => {
    const { bench, hurt, rest } = await createSuffering();
    await hurt();
    const { refusals } = await bench.plan();
    expect(refusals).toMatchObject([{ rule: 'left-alone', reason: /more than 0\.1 % of the time; .* 30 s/ }]);
    expect(await rest()).toBe(30);
    await hurt();
    expect(await rest()).toBe(60);
    await hurt();
    expect(await rest()).toBe(120);
  });

  it('places no probes in a target that is left alone', async () => {
    const { bench, hurt } = await createSuffering();
    await hurt();
    const before = bench.memory.probes;
    await bench.watch(20);
    expect(bench.memory.probes).toBe(before);
  });

  it('brings back the rest of what it wants again', async () => {
    const { bench, bringBack, hurt } = await createSuffering();
    await hurt();
    expect(bringBack).toHaveBeenCalled();
    const [target, pages] = bringBack.mock.calls[0] as unknown as [
      unknown,
      { file: number[]; anonymous: number[] },
    ];
    expect(target).toMatchObject({ pid: 42 });
    expect(pages.file.length).toBeGreaterThan(0);
    expect(pages.file.every((address) => bench.memory.at(address) === 0)).toBe(true);
  });

  it('keeps the count of what came back when a target ends', async () => {
    let isAlive = true;
    const readStat = (pid: number) => Promise.resolve(isAlive ? buildStat(pid) : null);
    const bench = await Bench.create({ readers: { readStat } });
    bench.availablePercent = 3;
    await bench.watch(6);
    await bench.act();
    await bench.watch(1, () => bench.memory.use(START, 4 * MIB));
    const returned = bench.planner.returned();
    expect(returned.filePages).toBeGreaterThan(0);
    isAlive = false;
    await bench.watch(1);
    expect(bench.planner.returned()).toEqual(returned);
    expect(rulesOf(await bench.plan())).toEqual(['identity']);
  });

  it('goes on counting what comes back when it may act no more, and touches nothing', async () => {
    const bench = await Bench.create();
    bench.availablePercent = 3;
    await bench.watch(6);
    await bench.act();
    const before = bench.planner.returned().filePages;
    bench.isActing = false;
    const { probes } = bench.memory;
    await bench.watch(6, () => bench.memory.use(START, 4 * MIB));
    expect(bench.planner.returned().filePages).toBeGreaterThan(before);
    expect(bench.memory.probes).toBe(probes);
  });

  it('takes no probe for placed that the actuator could not place', async () => {
    const bench = await Bench.create({ actuator: { act: () => Promise.reject(new Error('broken')) } });
    bench.availablePercent = 3;
    await bench.watch(10);
    expect((await bench.plan()).targets).toEqual([]);
  });

  it('closes every pagemap it opened', async () => {
    const close = vi.fn();
    const memory = new FakeMemory([{ start: START, mib: 4, inode: 7 }]);
    const openPagemap = () => ({ ...memory.openPagemap(), close });
    const bench = await Bench.create({ memory, readers: { openPagemap } });
    bench.availablePercent = 3;
    await bench.watch(2);
    bench.planner.close();
    expect(close).toHaveBeenCalledTimes(1);
  });
});

describe('createPlanner().savedKib()', () => {
  async function createSaved(isFile: boolean): Promise<{ bench: Bench; takenKib: number; start: number }> {
    const bench = await Bench.create({
      memory: new FakeMemory([{ start: START, mib: 64, ...(isFile ? { inode: 7 } : {}) }]),
      readers: { readBackend: () => Promise.resolve(zramBackend(100 * MIB, 25 * MIB)) },
    });
    bench.availablePercent = 3;
    await bench.watch(6);
    expect(bench.planner.savedKib()).toBe(0);
    const [{ bytes, regions }] = (await bench.act()).targets as [Plan['targets'][number]];
    await bench.watch(1);
    return { bench, takenKib: bytes / 1024, start: regions[0]!.place.start };
  }

  it('counts what is out, less what it takes compressed, and not what came back', async () => {
    const file = await createSaved(true);
    expect(file.bench.planner.savedKib()).toBeGreaterThanOrEqual(file.takenKib);
    expect(file.bench.planner.savedKib()).toBeLessThanOrEqual(file.takenKib + 16 * 4 * 2);
    await file.bench.watch(1, () => file.bench.memory.use(START, 64 * MIB));
    expect(file.bench.planner.savedKib()).toBe(0);
    const anonymous = await createSaved(false);
    expect(anonymous.bench.planner.savedKib() / anonymous.takenKib).toBeCloseTo(0.75, 1);
  });

  it('does not count pages of a file that are cached again, or that the process gave back itself', async () => {
    const file = await createSaved(true);
    const fileKib = file.bench.planner.savedKib();
    await file.bench.watch(6, () => file.bench.memory.readAhead(file.start, MIB));
    expect(fileKib - file.bench.planner.savedKib()).toBeGreaterThanOrEqual(1000);
    const anonymous = await createSaved(false);
    const anonKib = anonymous.bench.planner.savedKib();
    await anonymous.bench.watch(1, () => anonymous.bench.memory.discard(anonymous.start, MIB));
    expect(anonKib - anonymous.bench.planner.savedKib()).toBeGreaterThanOrEqual(0.75 * 1000);
  });
});

describe('createPlanner().plan() of a cgroup', () => {
  const reclaim: Actuator = {
    name: 'cgroup_reclaim',
    kinds: ['cgroup'],
    canAct: () => Promise.resolve(null),
    act: () => Promise.reject(new Error('never called')),
  };
  const createOn = (groups: readonly MemoryCgroup[], currentBytes = 100 * MIB): Promise<Bench> =>
    Bench.create({
      targets: { cgroups: ['/cg/a'] },
      actuators: [reclaim],
      readers: {
        readCgroupFolder: () => Promise.resolve([...groups]),
        readCgroup: () => Promise.resolve({ currentBytes, psiSomeUs: 0 }),
      },
    });

  it('asks the kernel for what its own limit needs', async () => {
    const bench = await createOn([
      buildGroup({ path: '/cg/a', limitBytes: 100 * MIB, usageBytes: 96 * MIB }),
    ]);
    await bench.watch(3);
    const { targets } = await bench.plan();
    expect(targets).toMatchObject([
      {
        actuator: 'cgroup_reclaim',
        bytes: 18 * MIB,
        regions: [],
        evidence: { who: '/cg/a', freesBytes: 18 * MIB },
      },
    ]);
  });

  it('refuses while its own limit is far away', async () => {
    const bench = await createOn([buildGroup({ path: '/cg/a' })]);
    await bench.watch(3);
    expect(rulesOf(await bench.plan('Critical'))).toEqual(['no-shortage']);
  });
});
