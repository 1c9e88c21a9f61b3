import { describe, expect, it, vi } from 'vitest';
import type { OptimizationEvent } from '../../../src/core/index.ts';
import { createOptimizer } from '../../../src/optimize/index.ts';
import type {
  Actuator,
  Decision,
  HostReaders,
  Optimizer,
  OptimizerOptions,
} from '../../../src/optimize/index.ts';
import { FakeMemory } from '../../support/optimize/fake-memory.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import {
  alwaysWhether,
  buildInput,
  buildPrediction,
  buildPredictor,
  buildReaders,
  buildStat,
} from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const START = 0x1000_0000;

interface Options extends Partial<Omit<OptimizerOptions, 'readers'>> {
  readonly readers?: Partial<HostReaders>;
  readonly actuator?: Partial<Actuator>;
  /** Of the host's memory, in percent. */
  readonly availablePercent?: number;
}

interface Bench {
  readonly clock: ManualClock;
  readonly memory: FakeMemory;
  readonly optimizer: Optimizer;
  readonly events: OptimizationEvent[];
  /** One tick on a fresh snapshot; runs to the end of the action. */
  readonly tick: () => Promise<Decision>;
  /** Seconds in which the targets are watched and nothing is decided. */
  readonly watch: (seconds: number) => Promise<void>;
}

/** An optimizer over a host in memory that is short of memory, and one process with a file of 64 MiB. */
async function build({ readers, actuator, availablePercent = 3, ...options }: Options = {}): Promise<Bench> {
  const clock = createManualClock();
  const memory = new FakeMemory([{ start: START, mib: 64, inode: 7 }]);
  const events: OptimizationEvent[] = [];
  const optimizer = await createOptimizer({
    predictor: null,
    whether: alwaysWhether('Critical'),
    howMuch: { budgetBytes: () => 8 * MIB },
    actuators: [memory.actuator(actuator)],
    readers: buildReaders(readers, memory),
    targets: { pids: [42] },
    act: true,
    windowMs: 1000,
    minIntervalMs: 3000,
    clock,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  const input = () =>
    buildInput({
      timestamp: clock.nowMs(),
      mem_free_kib: 1000,
      mem_available_kib: (availablePercent / 100) * 8 * MIB,
    });
  const watch = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      await optimizer.observe(input().snapshot);
      await clock.advance(1000);
    }
  };
  return { clock, memory, optimizer, events, tick: () => optimizer.tick(input()), watch };
}

/** The same after the file was seen to be quiet. */
async function buildReady(options: Options = {}): Promise<Bench> {
  const bench = await build(options);
  await bench.watch(8);
  return bench;
}

const rulesOf = ({ refusals }: Decision): string[] => refusals.map(({ rule }) => rule);

describe('createOptimizer().tick()', () => {
  it('reads no memory of a target when no action is needed and nobody is short', async () => {
    const readMappings = vi.fn(() => Promise.resolve([]));
    const { memory, tick } = await build({
      whether: alwaysWhether('NoActionNeeded'),
      availablePercent: 90,
      readers: { readMappings },
    });
    expect(await tick()).toMatchObject({
      mode: 'none',
      refusals: [],
      plan: [],
      action: null,
      budgetBytes: 0,
    });
    expect(readMappings).not.toHaveBeenCalled();
    expect(memory.probes).toBe(0);
  });

  it('does nothing on a host with 90 % available, whatever the label says for five minutes', async () => {
    const { clock, memory, tick } = await build({ availablePercent: 90 });
    for (let i = 0; i < 300; i++) {
      expect(rulesOf(await tick())).toEqual(['no-shortage']);
      await clock.advance(1000);
    }
    expect([memory.probes, memory.actions]).toEqual([0, []]);
    expect(memory.residentBytes).toBe(64 * MIB);
  });

  it('acts for who is short although the label sees no reason', async () => {
    const { memory, tick } = await buildReady({ whether: alwaysWhether('NoActionNeeded') });
    expect(await tick()).toMatchObject({
      mode: 'act',
      label: 'NoActionNeeded',
      shortages: [{ who: 'host' }],
    });
    expect(memory.actions).toHaveLength(1);
  });

  it('acts, then hands the event over at the end of the window', async () => {
    const { clock, events, optimizer, tick } = await buildReady();
    const decision = await tick();
    const { bytes } = decision.plan[0]!;
    expect(decision).toMatchObject({ mode: 'act', goal: 'relieve', budgetBytes: 8 * MIB });
    expect(decision.plan).toMatchObject([
      { pid: 42, bytesByKind: { 'clean-file': bytes }, evidence: { who: 'host' } },
    ]);
    expect(bytes).toBeGreaterThan(7 * MIB);
    expect(events).toEqual([]);
    await clock.advance(1000);
    await optimizer.drain();
    expect(events).toMatchObject([
      {
        mode: 'act',
        trigger: 'rule',
        goal: 'relieve',
        scarce: 'host',
        success: true,
        freed_kib: bytes / 1024,
      },
    ]);
    expect(events[0]!.advised_kib).toBeGreaterThanOrEqual(events[0]!.freed_kib!);
    expect(optimizer.stats()).toMatchObject({
      decisions: 1,
      actions: 1,
      lastOutcome: { freedKib: bytes / 1024 },
      outcomes: { actions: 1, unknown: 0, freedKib: bytes / 1024, returnedKib: 0 },
    });
  });

  it('says how much came back within the window and what that cost', async () => {
    let majorFaults = 0;
    const readStat = (pid: number) => Promise.resolve(pid === 42 ? buildStat(42, { majorFaults }) : null);
    const { clock, events, memory, optimizer, tick } = await buildReady({ readers: { readStat } });
    await tick();
    memory.use(START, 64 * MIB);
    majorFaults = 500;
    await clock.advance(1000);
    await optimizer.drain();
    expect(events).toMatchObject([{ success: true, freed_kib: 0, target_major_faults: 500 }]);
    expect(events[0]!.returned_kib).toBe(events[0]!.taken_kib);
    expect(events[0]!.target_stall_us).toBeGreaterThan(500 * 180);
  });

  it('never claims what was not handed over: pages that went while the actuator failed are not freed', async () => {
    const vanishing: Actuator['act'] = ({ regions }) => {
      for (const { start, lengthBytes, place } of regions)
        if (place !== undefined) bench.memory.pageOut(start, lengthBytes);
      return Promise.resolve({
        advisedBytes: 0,
        rssDropBytes: 0,
        durationUs: 1,
        error: { code: 'ERR_OPTIMIZE_SYSCALL', message: 'refused' },
      });
    };
    let isProbing = true;
    const act: Actuator['act'] = (plan, signal) =>
      isProbing ? bench.memory.actuator().act(plan, signal) : vanishing(plan, signal);
    const bench: Bench = await build({ actuator: { act } });
    await bench.watch(8);
    isProbing = false;
    await bench.tick();
    await bench.clock.advance(1000);
    await bench.optimizer.drain();
    expect(bench.events).toMatchObject([{ success: false, advised_kib: 0 }]);
    expect(bench.events[0]!.freed_kib ?? 0).toBe(0);
    expect(bench.optimizer.stats().outcomes.freedKib).toBe(0);
  });

  it('does nothing in a dry run but plan, and keeps the intervals of an action', async () => {
    const { events, memory, tick } = await buildReady({ act: false });
    expect(await tick()).toMatchObject({ mode: 'dry_run', plan: [{ bytes: 0, watchBytes: 64 * MIB }] });
    expect(rulesOf(await tick())).toEqual(['interval']);
    expect([memory.probes, memory.actions]).toEqual([0, []]);
    expect(events).toMatchObject([{ mode: 'dry_run', success: false, error: null, advised_kib: null }]);
  });

  it('asks at every plan whether it may act', async () => {
    let mayAct = false;
    const { clock, memory, tick, watch } = await buildReady({ act: () => mayAct });
    await tick();
    mayAct = true;
    await clock.advance(1000);
    await watch(8);
    expect((await tick()).mode).toBe('act');
    expect(memory.actions).toHaveLength(1);
  });

  it('waits for the window of the last action, then for the interval of the target', async () => {
    const { clock, memory, tick } = await buildReady();
    await tick();
    expect(rulesOf(await tick())).toEqual(['outcome-window']);
    await clock.advance(1000);
    expect(rulesOf(await tick())).toEqual(['interval']);
    await clock.advance(2000);
    expect((await tick()).mode).toBe('act');
    expect(memory.actions).toHaveLength(2);
  });

  it('stops at the byte limit until its window has passed', async () => {
    const { clock, tick } = await buildReady({ maxBytesPerWindow: 12 * MIB, byteWindowMs: 60_000 });
    let bytes = 0;
    for (let i = 0; i < 5; i++) {
      for (const plan of (await tick()).plan) bytes += plan.bytes;
      await clock.advance(3000);
    }
    expect(bytes).toBe(12 * MIB);
    expect(rulesOf(await tick())).toEqual(['byte-limit']);
    await clock.advance(60_000);
    expect((await tick()).mode).toBe('act');
  });

  it('refuses to act on a stale snapshot', async () => {
    const { clock, optimizer, memory } = await buildReady();
    const decision = await optimizer.tick(buildInput({ timestamp: clock.nowMs() - 3001 }));
    expect(rulesOf(decision)).toEqual(['stale-input']);
    expect(memory.actions).toEqual([]);
  });

  it('lets one of many ticks at once act', async () => {
    const { memory, tick } = await buildReady();
    const decisions = await Promise.all(Array.from({ length: 20 }, tick));
    expect(memory.actions).toHaveLength(1);
    expect(decisions.filter(({ mode }) => mode === 'act')).toHaveLength(1);
  });

  it('reads the mappings of a target every ten seconds, not once a tick', async () => {
    const readMappings = vi.fn(() => Promise.resolve([]));
    const { clock, tick } = await build({ readers: { readMappings } });
    for (let i = 0; i < 10; i++) expect(rulesOf(await tick())).toEqual(['frees-nothing']);
    expect(readMappings).toHaveBeenCalledTimes(1);
    await clock.advance(10_000);
    await tick();
    expect(readMappings).toHaveBeenCalledTimes(2);
  });

  it('does not act while the stall of the target is unknown', async () => {
    const { clock, tick } = await build({ howMuch: undefined as never });
    expect(await tick()).toMatchObject({ refusals: [{ rule: 'stall-backoff', reason: /two samples/ }] });
    await clock.advance(1000);
    expect(rulesOf(await tick())).not.toContain('stall-backoff');
  });

  it('says which processes it may not touch and why', async () => {
    const { tick } = await build({ actuator: { canAct: () => Promise.resolve('the kernel refuses') } });
    expect((await tick()).refusals).toEqual([
      { rule: 'permission', target: 'process 42 (worker)', reason: 'the kernel refuses' },
    ]);
  });

  it('goes to no-op after repeated failures and stays there for the cool-down', async () => {
    let isBroken = false;
    const act: Actuator['act'] = (plan, signal) =>
      isBroken ? Promise.reject(new Error('broken')) : bench.memory.actuator().act(plan, signal);
    const bench: Bench = await build({ actuator: { act }, watchdog: { coolDownMs: 20_000 } });
    const { clock, events, optimizer, tick } = bench;
    await bench.watch(12);
    isBroken = true;
    for (let i = 0; i < 3; i++) {
      expect((await tick()).action!.error).toEqual({ code: 'ERR_OPTIMIZE_ACTUATOR', message: 'broken' });
      await clock.advance(3000);
    }
    expect(rulesOf(await tick())).toEqual(['watchdog']);
    await optimizer.drain();
    expect(events.every(({ success, error }) => !success && error === 'broken')).toBe(true);
    expect(optimizer.stats()).toMatchObject({ actions: 3, actionFailures: 3 });
    await clock.advance(20_000);
    expect((await tick()).mode).toBe('act');
  });

  it('attributes nothing when the target ends within the window', async () => {
    let isAlive = true;
    const readStat = () => Promise.resolve(isAlive ? buildStat(42) : null);
    const { clock, events, memory, optimizer, tick } = await buildReady({ readers: { readStat } });
    await tick();
    isAlive = false;
    memory.end();
    await clock.advance(1000);
    await optimizer.drain();
    expect(events).toMatchObject([
      { success: false, freed_kib: null, error: /worker\) ended within the window/ },
    ]);
    expect(optimizer.stats().outcomes).toMatchObject({ actions: 1, unknown: 1, freedKib: 0 });
  });

  it('decides by the rule and counts it when the model fails', async () => {
    const predictor = buildPredictor(() => Promise.reject(new Error('boom')));
    const { optimizer, tick } = await build({ predictor, whether: undefined as never, availablePercent: 50 });
    expect(await tick()).toMatchObject({ source: 'rule', fallback: 'model-error', label: 'NoActionNeeded' });
    Object.assign(predictor, { predict: () => Promise.resolve(buildPrediction('NoActionNeeded')) });
    expect(await tick()).toMatchObject({ source: 'model', fallback: null, modelVersion: 'm@1' });
    expect(optimizer.stats()).toMatchObject({
      decisions: 2,
      failures: 1,
      fallbacks: 1,
      fallbacksByCause: { 'model-error': 1 },
      bySource: { model: 1, rule: 1 },
    });
  });

  it('survives a receiver of events that throws', async () => {
    const { clock, optimizer, tick } = await buildReady({
      onEvent: () => {
        throw new Error('disk full');
      },
    });
    await tick();
    await clock.advance(1000);
    await optimizer.drain();
    expect(optimizer.stats().eventFailures).toBe(1);
  });

  it('counts the pages that our own actions made fault, for the labels to take out', async () => {
    const { clock, memory, optimizer, tick, watch } = await buildReady();
    await tick();
    const before = optimizer.stats().ownRefaults.filePages;
    memory.use(START, 64 * MIB);
    await clock.advance(1000);
    await watch(1);
    expect(optimizer.stats().ownRefaults.filePages - before).toBeGreaterThan(2000);
    expect(optimizer.ownRefaults()).toEqual(optimizer.stats().ownRefaults);
  });

  it('is refused after close, which ends open windows and says so in their events', async () => {
    const { events, optimizer, tick } = await buildReady();
    await tick();
    await optimizer.close();
    expect(events).toMatchObject([{ success: false, error: 'closed before the window ended' }]);
    await expect(tick()).rejects.toMatchObject({ code: 'ERR_OPTIMIZE_CLOSED' });
  });
});

describe('createOptimizer() with the goal save', () => {
  it('acts on a host that has enough, and says that it saves', async () => {
    const { clock, events, optimizer, tick } = await buildReady({ goal: 'save', availablePercent: 90 });
    expect(await tick()).toMatchObject({ mode: 'act', goal: 'save', shortages: [] });
    await clock.advance(1000);
    await optimizer.drain();
    expect(events).toMatchObject([{ goal: 'save', scarce: 'save' }]);
  });
});

describe('createOptimizer().explain()', () => {
  it('tells what would be done and does, counts and remembers nothing', async () => {
    const { clock, memory, events, optimizer, tick } = await buildReady();
    const low = { mem_available_kib: 0.03 * 8 * MIB };
    for (let i = 0; i < 2; i++) {
      const {
        decision,
        features,
        safeguards: rules,
        backend,
      } = await optimizer.explain(buildInput({ timestamp: clock.nowMs(), ...low }));
      expect(decision).toMatchObject({
        mode: 'dry_run',
        action: null,
        plan: [{ pid: 42, budgetBytes: 8 * MIB }],
      });
      expect(features).toEqual([
        { name: 'a', value: 1 },
        { name: 'b', value: 2 },
      ]);
      expect(rules.map(({ reason }) => reason)).toEqual([null, null, null, null]);
      expect(backend).toContain('no swap is active');
    }
    await settle();
    expect([memory.actions, events]).toEqual([[], []]);
    expect(optimizer.stats().decisions).toBe(0);
    expect((await tick()).mode).toBe('act');
  });

  it('shows the plan of a dry run after the dry run itself has planned it', async () => {
    const { clock, optimizer, tick } = await buildReady({ act: false });
    await tick();
    expect(rulesOf(await tick())).toEqual(['interval']);
    const low = { timestamp: clock.nowMs(), mem_available_kib: 0.03 * 8 * MIB };
    const { decision } = await optimizer.explain(buildInput(low));
    expect(decision.plan).toMatchObject([{ pid: 42, watchBytes: 64 * MIB }]);
    expect(decision.refusals).toEqual([]);
  });

  it('says why nothing would be done on a host that has enough', async () => {
    const { clock, optimizer } = await build({ whether: alwaysWhether('NoActionNeeded') });
    const { decision } = await optimizer.explain(buildInput({ timestamp: clock.nowMs() }));
    expect(decision).toMatchObject({ mode: 'none', refusals: [{ rule: 'no-shortage' }] });
  });
});

describe('createOptimizer() targets', () => {
  it('refuses a pid that was recycled after it was named', async () => {
    let startTimeTicks = 500;
    const readStat = () => Promise.resolve(buildStat(42, { startTimeTicks }));
    const { memory, tick } = await buildReady({ readers: { readStat } });
    startTimeTicks = 501;
    expect(rulesOf(await tick())).toEqual(['identity']);
    expect(memory.actions).toEqual([]);
  });

  it('refuses kernel threads, and says that a name matches nobody', async () => {
    const readStat = (pid: number) => Promise.resolve(buildStat(pid, { isKernelThread: true }));
    expect(rulesOf(await (await build({ readers: { readStat } })).tick())).toEqual(['never-kernel']);
    const { tick } = await build({ targets: { names: ['workr'] } });
    expect((await tick()).refusals).toMatchObject([{ rule: 'no-target', reason: /did you mean "worker"/ }]);
  });

  it('finds processes by name, and never process 1', async () => {
    const readStat = (pid: number) => Promise.resolve(buildStat(pid, { name: 'worker' }));
    const { tick } = await buildReady({ targets: { names: ['worker'] }, readers: { readStat } });
    expect((await tick()).plan.map(({ pid }) => pid)).toEqual([42]);
  });

  it('rejects what is not a process id', async () => {
    await expect(build({ targets: { pids: [0] } })).rejects.toMatchObject({
      code: 'ERR_OPTIMIZE_INVALID_OPTION',
    });
  });
});
