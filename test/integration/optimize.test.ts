// The optimizer on real children of this test, and on nothing else. Where the host does not permit
// process_madvise the same tests assert the typed refusal.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { OptimizationEvent } from '../../src/core/index.ts';
import {
  createHostReaders,
  createMadviseActuator,
  createOptimizer,
  createRegionSelector,
} from '../../src/optimize/index.ts';
import type {
  Actuator,
  Decision,
  HostReaders,
  Optimizer,
  OptimizerOptions,
  Outcome,
} from '../../src/optimize/index.ts';
import { buildReclaimBackend } from '../../src/optimize/reclaim-backend.ts';
import { makeDiskFolder, startMemoryChild } from '../support/memory-child.ts';
import type { MemoryChildSizes } from '../support/memory-child.ts';
import { alwaysWhether, readSnapshot } from '../support/optimize-host.ts';
import { rm } from 'node:fs/promises';

const MIB = 2 ** 20;
const readers = createHostReaders();
const withoutSwap: HostReaders = {
  ...readers,
  readBackend: () => Promise.resolve(buildReclaimBackend([], false)),
};

// Everything at once: these tests are about the actuator and the outcome, not about how much.
const everything = { budgetBytes: ({ currentBytes }: { currentBytes: number }): number => currentBytes };

const diskFolder = await makeDiskFolder();
if (diskFolder !== null) await rm(diskFolder, { recursive: true });

/** True when this host lets this test page out its own children. */
const isPermitted = await (async (): Promise<boolean> => {
  await using child = await startMemoryChild({});
  const stat = await readers.readStat(child.pid);
  const target = {
    kind: 'process',
    pid: child.pid,
    startTimeTicks: stat!.startTimeTicks,
    name: 'child',
    uid: -1,
  } as const;
  return (await createMadviseActuator({ readers }).canAct(target)) === null;
})();

interface Trial {
  readonly decision: Decision;
  readonly outcome: Outcome | null;
  readonly events: readonly OptimizationEvent[];
  readonly rssBeforeKib: number;
  readonly rssAfterKib: number;
  readonly optimizer: Optimizer;
}

async function rssKibOf(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

/** One tick on a fresh child, from start to the end of the outcome window. */
async function tryOnce(sizes: MemoryChildSizes, options: Partial<OptimizerOptions> = {}): Promise<Trial> {
  await using child = await startMemoryChild(sizes);
  const events: OptimizationEvent[] = [];
  await using optimizer = await createOptimizer({
    predictor: null,
    whether: alwaysWhether('Critical'),
    howMuch: everything,
    readers: withoutSwap,
    targets: { pids: [child.pid] },
    windowMs: 400,
    act: true,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  const rssBeforeKib = await rssKibOf(child.pid);
  const decision = await optimizer.tick({
    snapshot: await readSnapshot(),
    features: new Float32Array(0),
    featureNames: [],
  });
  const rssAfterKib = await rssKibOf(child.pid);
  const outcome = await decision.outcome;
  await optimizer.drain();
  return { decision, outcome, events, rssBeforeKib, rssAfterKib, optimizer };
}

/** Repeats a measurement that other work on this host may have disturbed; what is wrong stays wrong. */
async function measureQuietly(
  measure: () => Promise<Trial>,
  isClear: (trial: Trial) => boolean,
): Promise<Trial> {
  let trial = await measure();
  for (let i = 0; i < 4 && !isClear(trial); i++) trial = await measure();
  return trial;
}

function expectNotPermitted({ decision }: Trial): void {
  expect(decision.mode).toBe('none');
  expect(decision.refusals.map(({ rule }) => rule)).toEqual(['permission']);
  expect(decision.refusals[0]!.reason).toMatch(/^Cannot /);
}

describe.runIf(diskFolder !== null)('createOptimizer().tick() on clean file pages', () => {
  test('frees them and reports the change of MemFree beside the fall of RSS', async () => {
    const freedKib = (trial: Trial): number => trial.outcome?.freedKib ?? 0;
    const trial = await measureQuietly(
      () => tryOnce({ cleanMib: 160 }),
      (seen) => !isPermitted || freedKib(seen) >= 80 * 1024,
    );
    if (!isPermitted) return expectNotPermitted(trial);
    const { decision, outcome, events } = trial;
    expect(decision.mode).toBe('act');
    expect(decision.plan[0]!.bytesByKind['clean-file']).toBeGreaterThanOrEqual(150 * MIB);
    expect(decision.action!.error).toBeNull();
    expect(decision.action!.advisedBytes).toBeGreaterThanOrEqual(150 * MIB);
    expect(decision.action!.rssDropBytes).toBeGreaterThanOrEqual(150 * MIB);
    expect(trial.rssBeforeKib - trial.rssAfterKib).toBeGreaterThanOrEqual(150 * 1024);
    expect(freedKib(trial)).toBeGreaterThanOrEqual(80 * 1024);
    expect(outcome!.error).toBeNull();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      mode: 'act',
      success: true,
      actuator: 'process_madvise',
      freed_kib: outcome!.freedKib,
      processes_trimmed: 1,
    });
    expect(events[0]!.rss_drop_kib).toBe(Math.round(decision.action!.rssDropBytes / 1024));
  });

  test('changes nothing in a dry run and says what it would do', async () => {
    const trial = await tryOnce({ cleanMib: 32 }, { act: false });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.decision.mode).toBe('dry_run');
    expect(trial.decision.action).toBeNull();
    expect(trial.decision.plan[0]!.bytes).toBeGreaterThanOrEqual(30 * MIB);
    expect(trial.rssBeforeKib - trial.rssAfterKib).toBeLessThan(1024);
    expect(trial.events).toMatchObject([{ mode: 'dry_run', success: false, error: null, freed_kib: null }]);
  });

  test('keeps to the budget', async () => {
    const trial = await tryOnce({ cleanMib: 64 }, { howMuch: { budgetBytes: () => 10 * MIB } });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.decision.action!.advisedBytes).toBeLessThanOrEqual(10 * MIB);
    expect(trial.decision.action!.advisedBytes).toBeGreaterThanOrEqual(9 * MIB);
    expect(trial.decision.action!.rssDropBytes).toBeLessThanOrEqual(11 * MIB);
  });

  test('reports a target that ends in the middle of the plan as data', async () => {
    await using child = await startMemoryChild({ cleanMib: 32 });
    const real = createMadviseActuator({ readers });
    const actuator: Actuator = {
      ...real,
      act: async (plan, signal) => {
        await child.kill();
        return real.act(plan, signal);
      },
    };
    const trial = await tryOnce({}, { targets: { pids: [child.pid] }, actuators: [actuator] });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.decision.action!.error!.code).toBe('ERR_OPTIMIZE_PROCESS_GONE');
    expect(trial.outcome!.freedKib).toBeNull();
    expect(trial.events[0]).toMatchObject({ success: false, freed_kib: null, processes_trimmed: 0 });
  });
});

describe('createOptimizer().tick() where nothing would be freed', () => {
  test('refuses anonymous memory without swap and touches nothing', async () => {
    const trial = await tryOnce({ anonMib: 96 });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.decision.mode).toBe('none');
    const refusal = trial.decision.refusals[0]!;
    expect(refusal.rule).toBe('frees-nothing');
    expect(refusal.reason).toMatch(/\d+ MiB anonymous memory, which frees nothing without swap/);
    expect(trial.rssBeforeKib - trial.rssAfterKib).toBeLessThan(1024);
    expect(trial.events).toEqual([]);
  });

  test('refuses anonymous memory over a disk swap', async () => {
    const disk = { path: '/swapfile', type: 'file', sizeKib: 1 << 20, usedKib: 0, priority: -2 };
    const overDisk = { ...readers, readBackend: () => Promise.resolve(buildReclaimBackend([disk], false)) };
    const trial = await tryOnce({ anonMib: 32 }, { readers: overDisk });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.decision.refusals[0]).toMatchObject({ rule: 'frees-nothing' });
    expect(trial.decision.refusals[0]!.reason).toContain('disk swap');
  });

  test.runIf(diskFolder !== null)('leaves dirty file pages alone', async () => {
    const trial = await tryOnce({ dirtyMib: 64 });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.decision.mode).toBe('none');
    expect(trial.decision.refusals[0]!.reason).toContain('dirty file pages');
  });

  test.runIf(diskFolder !== null)('reports that dirty pages fell out of RSS and freed nothing', async () => {
    const which = createRegionSelector({ readers: withoutSwap, includeDirty: true });
    const isHonest = ({ outcome, decision }: Trial): boolean =>
      Math.abs(outcome?.freedKib ?? 0) * 1024 < 0.25 * (decision.action?.rssDropBytes ?? 0);
    const trial = await measureQuietly(
      () => tryOnce({ dirtyMib: 128 }, { which }),
      (seen) => !isPermitted || isHonest(seen),
    );
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.decision.plan[0]!.bytesByKind['dirty-file']).toBeGreaterThanOrEqual(120 * MIB);
    expect(trial.decision.action!.rssDropBytes).toBeGreaterThanOrEqual(60 * MIB);
    expect(isHonest(trial)).toBe(true);
  });
});

describe('createOptimizer().tick() on what it must not touch', () => {
  test('refuses a pid that was given to another process', async () => {
    await using child = await startMemoryChild({ anonMib: 1 });
    const pids = [{ pid: child.pid, startTimeTicks: 1 }];
    const { decision } = await tryOnce({}, { targets: { pids } });
    expect(decision.mode).toBe('none');
    expect(decision.refusals).toMatchObject([{ rule: 'identity' }]);
    const stale = { kind: 'process', pid: child.pid, startTimeTicks: 1, name: 'old', uid: 0 } as const;
    expect(await createMadviseActuator({ readers }).canAct(stale)).not.toBeNull();
  });

  test('refuses a process that has ended', async () => {
    const child = await startMemoryChild({});
    const stat = await readers.readStat(child.pid);
    await child.kill();
    const pids = [{ pid: child.pid, startTimeTicks: stat!.startTimeTicks }, 2 ** 22 + 1];
    const { decision } = await tryOnce({}, { targets: { pids } });
    expect(decision.mode).toBe('none');
    expect(decision.refusals.map(({ rule }) => rule)).toEqual(['identity', 'identity']);
  });

  test('refuses process 1 and our own process', async () => {
    const { decision } = await tryOnce({}, { targets: { pids: [1, process.pid] } });
    expect(decision.refusals.map(({ rule }) => rule).toSorted()).toEqual(['never-init', 'never-self']);
  });

  test('collects our own garbage when asked to', async () => {
    const { decision, events } = await tryOnce({}, { targets: { self: true } });
    expect(decision.action!.targets).toMatchObject([{ actuator: 'gc', error: null }]);
    expect(events).toMatchObject([{ actuator: 'gc', success: true }]);
  });
});
