import { describe, expect, test, vi } from 'vitest';
import type { OptimizationEvent } from '../../../src/core/index.ts';
import { createOptimizer, safeguards } from '../../../src/optimize/index.ts';
import type { Actuator, Optimizer, OptimizerOptions } from '../../../src/optimize/index.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import {
  alwaysWhether,
  buildInput,
  buildPrediction,
  buildPredictor,
  buildReaders,
  buildStat,
} from '../../support/optimize-host.ts';

const MIB = 2 ** 20;

interface Bench {
  readonly clock: ManualClock;
  readonly optimizer: Optimizer;
  readonly acted: number[];
  readonly events: OptimizationEvent[];
  /** One tick on a fresh snapshot; runs to the end of the action. */
  readonly tick: () => ReturnType<Optimizer['tick']>;
}

/** An optimizer over a host in memory, with an actuator that only takes notes. */
async function build(options: Partial<OptimizerOptions> = {}): Promise<Bench> {
  const clock = createManualClock();
  const acted: number[] = [];
  const events: OptimizationEvent[] = [];
  const actuator: Actuator = {
    name: 'process_madvise',
    kinds: ['process'],
    canAct: () => Promise.resolve(null),
    act: ({ bytes }) => {
      acted.push(bytes);
      return Promise.resolve({ advisedBytes: bytes, rssDropBytes: bytes, durationUs: 10 });
    },
  };
  const optimizer = await createOptimizer({
    predictor: null,
    whether: alwaysWhether('Critical'),
    howMuch: { budgetBytes: () => 8 * MIB },
    actuators: [actuator],
    readers: buildReaders(),
    targets: { pids: [42] },
    act: true,
    windowMs: 1000,
    minIntervalMs: 3000,
    clock,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  const tick = () => optimizer.tick(buildInput({ timestamp: clock.nowMs(), mem_free_kib: 1000 }));
  return { clock, optimizer, acted, events, tick };
}

const rulesOf = ({ refusals }: Awaited<ReturnType<Optimizer['tick']>>): string[] =>
  refusals.map(({ rule }) => rule);

describe('createOptimizer().tick()', () => {
  test('reads no target when no action is needed', async () => {
    const readMappings = vi.fn(() => Promise.resolve([]));
    const { tick } = await build({
      whether: alwaysWhether('NoActionNeeded'),
      readers: buildReaders({ readMappings }),
    });
    expect(await tick()).toMatchObject({
      mode: 'none',
      refusals: [],
      plan: [],
      action: null,
      budgetBytes: 0,
    });
    expect(readMappings).not.toHaveBeenCalled();
  });

  test('acts, then hands the event over at the end of the window', async () => {
    const { clock, events, optimizer, tick } = await build();
    const decision = await tick();
    expect(decision).toMatchObject({ mode: 'act', budgetBytes: 8 * MIB, action: { advisedBytes: 8 * MIB } });
    expect(decision.plan).toMatchObject([{ pid: 42, regions: 8, bytesByKind: { 'clean-file': 8 * MIB } }]);
    expect(events).toEqual([]);
    await clock.advance(1000);
    await optimizer.drain();
    expect(events).toMatchObject([
      {
        mode: 'act',
        trigger: 'rule',
        success: true,
        freed_kib: 0,
        rss_drop_kib: 8 * 1024,
        advised_kib: 8 * 1024,
      },
    ]);
    expect(optimizer.stats()).toMatchObject({ decisions: 1, actions: 1, lastOutcome: { freedKib: 0 } });
  });

  test('does nothing in a dry run but plan, and keeps the intervals of an action', async () => {
    const { acted, events, tick } = await build({ act: false });
    expect((await tick()).mode).toBe('dry_run');
    expect(rulesOf(await tick())).toEqual(['interval']);
    expect(acted).toEqual([]);
    expect(events).toMatchObject([{ mode: 'dry_run', success: false, error: null, advised_kib: null }]);
  });

  test('asks at every plan whether it may act', async () => {
    let mayAct = false;
    const { clock, acted, tick } = await build({ act: () => mayAct });
    await tick();
    mayAct = true;
    await clock.advance(3000);
    expect((await tick()).mode).toBe('act');
    expect(acted).toHaveLength(1);
  });

  test('waits for the window of the last action, then for the interval of the target', async () => {
    const { clock, acted, tick } = await build();
    await tick();
    expect(rulesOf(await tick())).toEqual(['outcome-window']);
    await clock.advance(1000);
    expect(rulesOf(await tick())).toEqual(['interval']);
    await clock.advance(2000);
    expect((await tick()).mode).toBe('act');
    expect(acted).toHaveLength(2);
  });

  test('stops at the byte limit until its window has passed', async () => {
    const { clock, acted, tick } = await build({ maxBytesPerWindow: 12 * MIB, byteWindowMs: 60_000 });
    for (let i = 0; i < 4; i++) {
      await tick();
      await clock.advance(3000);
    }
    expect(acted).toEqual([8 * MIB, 4 * MIB]);
    expect(rulesOf(await tick())).toEqual(['byte-limit']);
    await clock.advance(60_000);
    expect((await tick()).mode).toBe('act');
  });

  test('refuses to act on a stale snapshot', async () => {
    const { clock, optimizer, acted } = await build();
    const decision = await optimizer.tick(buildInput({ timestamp: clock.nowMs() - 3001 }));
    expect(rulesOf(decision)).toEqual(['stale-input']);
    expect(acted).toEqual([]);
  });

  test('lets one of many ticks at once act', async () => {
    const { acted, tick } = await build();
    const decisions = await Promise.all(Array.from({ length: 20 }, tick));
    expect(acted).toHaveLength(1);
    expect(decisions.filter(({ mode }) => mode === 'act')).toHaveLength(1);
  });

  test('reads the memory of a target that frees nothing once an interval, not once a tick', async () => {
    const readMappings = vi.fn(() => Promise.resolve([]));
    const { clock, tick } = await build({ readers: buildReaders({ readMappings }) });
    for (let i = 0; i < 10; i++) expect(rulesOf(await tick())).toEqual(['frees-nothing']);
    expect(readMappings).toHaveBeenCalledTimes(1);
    await clock.advance(3000);
    await tick();
    expect(readMappings).toHaveBeenCalledTimes(2);
  });

  test('does not act while the stall of the target is unknown or high', async () => {
    let majorFaults = 0;
    const readers = buildReaders({ readStat: () => Promise.resolve(buildStat(42, { majorFaults })) });
    const { clock, optimizer, acted } = await build({ readers, howMuch: undefined as never });
    const tick = () => optimizer.tick(buildInput({ timestamp: clock.nowMs() }));
    expect(await tick()).toMatchObject({ refusals: [{ rule: 'stall-backoff', reason: /two samples/ }] });
    await clock.advance(1000);
    majorFaults = 1000;
    expect(await tick()).toMatchObject({
      refusals: [{ rule: 'stall-backoff', reason: /18\.00 % \(major faults/ }],
    });
    await clock.advance(30_000);
    expect((await tick()).mode).toBe('act');
    expect(acted).toHaveLength(1);
  });

  test('says which processes it may not touch and why', async () => {
    const actuator: Actuator = {
      name: 'process_madvise',
      kinds: ['process'],
      canAct: () => Promise.resolve('the kernel refuses'),
      act: () => Promise.reject(new Error('never called')),
    };
    const { tick } = await build({ actuators: [actuator] });
    expect((await tick()).refusals).toEqual([
      { rule: 'permission', target: 'process 42 (worker)', reason: 'the kernel refuses' },
    ]);
  });

  test('goes to no-op after repeated failures and stays there for the cool-down', async () => {
    const failing: Actuator = {
      name: 'process_madvise',
      kinds: ['process'],
      canAct: () => Promise.resolve(null),
      act: () => Promise.reject(new Error('broken')),
    };
    const { clock, events, optimizer, tick } = await build({
      actuators: [failing],
      watchdog: { coolDownMs: 20_000 },
    });
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

  test('attributes nothing when the target ends within the window', async () => {
    let isAlive = true;
    const readStat = () => Promise.resolve(isAlive ? buildStat(42) : null);
    const { clock, events, optimizer, tick } = await build({ readers: buildReaders({ readStat }) });
    await tick();
    isAlive = false;
    await clock.advance(1000);
    await optimizer.drain();
    expect(events).toMatchObject([
      { success: false, freed_kib: null, error: /worker\) ended within the window/ },
    ]);
  });

  test('decides by the rule and counts it when the model fails', async () => {
    const predictor = buildPredictor(() => Promise.reject(new Error('boom')));
    const { optimizer, tick } = await build({ predictor, whether: undefined as never });
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

  test('survives a receiver of events that throws', async () => {
    const { clock, optimizer, tick } = await build({
      onEvent: () => {
        throw new Error('disk full');
      },
    });
    await tick();
    await clock.advance(1000);
    await optimizer.drain();
    expect(optimizer.stats().eventFailures).toBe(1);
  });

  test('is refused after close, which ends open windows and says so in their events', async () => {
    const { events, optimizer, tick } = await build();
    await tick();
    await optimizer.close();
    expect(events).toMatchObject([{ success: false, error: 'closed before the window ended' }]);
    await expect(tick()).rejects.toMatchObject({ code: 'ERR_OPTIMIZE_CLOSED' });
  });
});

describe('createOptimizer().explain()', () => {
  test('tells what would be done and does, counts and remembers nothing', async () => {
    const { clock, acted, events, optimizer, tick } = await build();
    for (let i = 0; i < 2; i++) {
      const {
        decision,
        features,
        safeguards: rules,
        backend,
      } = await optimizer.explain(buildInput({ timestamp: clock.nowMs() }));
      expect(decision).toMatchObject({ mode: 'dry_run', action: null, plan: [{ pid: 42, bytes: 8 * MIB }] });
      expect(features).toEqual([
        { name: 'a', value: 1 },
        { name: 'b', value: 2 },
      ]);
      expect(rules.map(({ reason }) => reason)).toEqual([null, null, null, null]);
      expect(backend).toContain('no swap is active');
    }
    await settle();
    expect([acted, events]).toEqual([[], []]);
    expect(optimizer.stats().decisions).toBe(0);
    expect((await tick()).mode).toBe('act');
  });
});

describe('createOptimizer() targets', () => {
  const resolveWith = async (options: Partial<OptimizerOptions>) =>
    rulesOf(await (await build(options)).tick());

  test('refuses a pid that was recycled after it was named', async () => {
    let startTimeTicks = 500;
    const readers = buildReaders({ readStat: () => Promise.resolve(buildStat(42, { startTimeTicks })) });
    const { acted, tick } = await build({ readers });
    startTimeTicks = 501;
    expect(rulesOf(await tick())).toEqual(['identity']);
    expect(acted).toEqual([]);
  });

  test('refuses kernel threads, and names nobody but the named', async () => {
    const readStat = (pid: number) => Promise.resolve(buildStat(pid, { isKernelThread: true }));
    expect(await resolveWith({ readers: buildReaders({ readStat }) })).toEqual(['never-kernel']);
    expect(await resolveWith({ targets: { names: ['nobody'] } })).toEqual([]);
  });

  test('finds processes by name, and never process 1', async () => {
    const readStat = (pid: number) => Promise.resolve(buildStat(pid, { name: 'worker' }));
    const { tick } = await build({ targets: { names: ['worker'] }, readers: buildReaders({ readStat }) });
    expect((await tick()).plan.map(({ pid }) => pid)).toEqual([42]);
  });

  test('rejects what is not a process id', async () => {
    await expect(build({ targets: { pids: [0] } })).rejects.toMatchObject({
      code: 'ERR_OPTIMIZE_INVALID_OPTION',
    });
  });
});

test('safeguards have one name each and say what they protect', () => {
  const names = safeguards.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(safeguards.every(({ protects }) => protects.length > 0)).toBe(true);
});
