// The optimizer on real children of this test, and on nothing else. Where the host does not permit
// process_madvise the same tests assert the typed refusal. They mostly wait, each for a child of its own: several run at once.
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { OptimizationEvent } from '../../../src/core/index.ts';
import {
  createGcActuator,
  createHostReaders,
  createMadviseActuator,
  createOptimizer,
} from '../../../src/optimize/index.ts';
import type {
  Actuator,
  Decision,
  HostReaders,
  OptimizerOptions,
  Outcome,
} from '../../../src/optimize/index.ts';
import { buildReclaimBackend } from '../../../src/optimize/reclaim-backend.ts';
import { makeMemoryCgroup } from '../../support/optimize/memory-cgroup.ts';
import { makeDiskFolder, startMemoryChild } from '../../support/optimize/memory-child.ts';
import type { MemoryChild, MemoryChildSizes } from '../../support/optimize/memory-child.ts';
import { alwaysWhether, readSnapshot } from '../../support/optimize/optimize-host.ts';

const MIB = 2 ** 20;
const MIN_QUIET_MS = 1500;
const readers = createHostReaders();
const withoutSwap: HostReaders = {
  ...readers,
  readBackend: () => Promise.resolve(buildReclaimBackend([], false)),
};

// Everything at once: these tests are about what is taken and what became of it, not about how much.
const everything = { budgetBytes: ({ currentBytes }: { currentBytes: number }): number => currentBytes };

const diskFolder = await makeDiskFolder();
if (diskFolder !== null) await rm(diskFolder, { recursive: true });

const cgroupProbe = makeMemoryCgroup(64);
await cgroupProbe?.[Symbol.asyncDispose]();

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

/** What the kernel was asked for: pages of probes, and each action with what was cached before it. */
interface Asked {
  probePages: number;
  readonly actions: { readonly atMs: number; readonly cachedPages: number }[];
}

/** The real actuator, and a note of what it was asked for. */
function watchActuator(child: MemoryChild, asked: Asked): Actuator {
  const real = createMadviseActuator({ readers });
  return {
    ...real,
    act: async (plan, signal) => {
      if (plan.regions.every(({ place }) => place === undefined)) asked.probePages += plan.regions.length;
      else asked.actions.push({ atMs: performance.now(), cachedPages: await child.countCachedPages() });
      return real.act(plan, signal);
    },
  };
}

interface Trial {
  readonly decisions: readonly Decision[];
  readonly outcomes: readonly Outcome[];
  readonly events: readonly OptimizationEvent[];
  readonly asked: Asked;
  readonly startedMs: number;
  readonly rssDropKib: number;
  /** Pages of the child's files that were cached before, and after. */
  readonly cached: readonly [number, number];
}

interface TrialOptions extends Partial<OptimizerOptions> {
  /** How long it runs at most. @default 20 */
  readonly seconds?: number;
  /** Of the host's memory, in percent, as the snapshots say. @default 3 */
  readonly availablePercent?: number;
  /** Ends the trial. @default after the first action or, without permission, the first refusal */
  readonly isOver?: (decision: Decision, decisions: readonly Decision[]) => boolean;
}

/** Ticks over a child until it is over, and the window of the last action too. */
async function runOn(child: MemoryChild, options: TrialOptions = {}): Promise<Trial> {
  const { seconds = 20, availablePercent = 3, isOver = ({ mode }) => mode === 'act', ...rest } = options;
  const asked: Asked = { probePages: 0, actions: [] };
  const events: OptimizationEvent[] = [];
  await using optimizer = await createOptimizer({
    predictor: null,
    whether: alwaysWhether('Critical'),
    howMuch: everything,
    readers: withoutSwap,
    targets: { pids: [child.pid] },
    windowMs: 400,
    minIntervalMs: 600,
    minQuietMs: MIN_QUIET_MS,
    act: true,
    actuators: [watchActuator(child, asked)],
    onEvent: (event) => void events.push(event),
    ...rest,
  });
  const [rssBeforeKib, cachedBefore] = [await rssKibOf(child.pid), await child.countCachedPages()];
  const decisions: Decision[] = [];
  const startedMs = performance.now();
  while (performance.now() - startedMs < seconds * 1000) {
    const real = await readSnapshot();
    const snapshot = {
      ...real,
      mem_available_kib: Math.round((availablePercent / 100) * real.mem_total_kib),
    };
    const decision = await optimizer.tick({ snapshot, features: new Float32Array(0), featureNames: [] });
    decisions.push(decision);
    if (isOver(decision, decisions) || !isPermitted) break;
    await sleep(200);
  }
  await optimizer.drain();
  const rssDropKib = rssBeforeKib - (await rssKibOf(child.pid));
  const outcomes = await Promise.all(decisions.flatMap(({ outcome }) => outcome ?? []));
  const cachedAfter = await child.countCachedPages().catch(() => 0);
  return { decisions, outcomes, events, asked, startedMs, rssDropKib, cached: [cachedBefore, cachedAfter] };
}

async function runOnce(sizes: MemoryChildSizes, options: TrialOptions = {}): Promise<Trial> {
  await using child = await startMemoryChild(sizes);
  // Awaited, so that the child lives until then.
  return await runOn(child, options);
}

const rssKibOf = async (pid: number): Promise<number> => ((await readers.readStat(pid))?.rssPages ?? 0) * 4;
const lastOf = ({ decisions }: Trial): Decision => decisions.at(-1)!;
const isRefused =
  (rule: string) =>
  ({ refusals }: Decision): boolean =>
    refusals.some((refusal) => refusal.rule === rule);

function expectNotPermitted({ decisions }: Trial): void {
  expect(decisions[0]!.mode).toBe('none');
  expect(decisions[0]!.refusals.map(({ rule }) => rule)).toEqual(['permission']);
  expect(decisions[0]!.refusals[0]!.reason).toMatch(/^Cannot /);
}

describe.runIf(diskFolder !== null)('createOptimizer() on a mapped file', { concurrent: true }, () => {
  it('takes it only after it was quiet, and says what it freed as mincore does', async () => {
    const trial = await runOnce({ cleanMib: 64 });
    if (!isPermitted) return expectNotPermitted(trial);
    const [{ atMs, cachedPages }] = trial.asked.actions as [Asked['actions'][number]];
    expect(atMs - trial.startedMs).toBeGreaterThanOrEqual(MIN_QUIET_MS);
    expect(lastOf(trial).plan[0]!.evidence).toMatchObject({ who: 'host', reason: /was not used for/ });
    const truthKib = (cachedPages - trial.cached[1]) * 4;
    const [{ freedKib, takenKib, error }] = trial.outcomes as [Outcome];
    expect(error).toBeNull();
    expect(truthKib).toBeGreaterThan(7 * 1024);
    expect(Math.abs(freedKib! - truthKib)).toBeLessThanOrEqual(0.01 * truthKib);
    expect(freedKib!).toBeLessThanOrEqual(takenKib);
    expect(takenKib * 1024).toBeLessThanOrEqual(lastOf(trial).action!.advisedBytes);
    expect(trial.events).toMatchObject([{ mode: 'act', success: true, freed_kib: freedKib, scarce: 'host' }]);
  });

  it('gives nearly all of a cold one back, step by step, and the sum is the truth', async () => {
    let freed = 0;
    const trial = await runOnce(
      { cleanMib: 64 },
      {
        seconds: 30,
        isOver: ({ action }) => (freed += action?.advisedBytes ?? 0) >= 60 * MIB,
      },
    );
    if (!isPermitted) return expectNotPermitted(trial);
    const freedKib = trial.outcomes.reduce((sum, outcome) => sum + outcome.freedKib!, 0);
    const truthKib = (trial.cached[0] - trial.cached[1]) * 4;
    expect(truthKib).toBeGreaterThanOrEqual(0.7 * 64 * 1024);
    // Probes are out too, two a region, and no action counts them.
    expect(truthKib - freedKib).toBeLessThanOrEqual(64 * 2 * 4 + 0.01 * truthKib);
    expect(freedKib).toBeLessThanOrEqual(truthKib);
    const steps = trial.decisions.flatMap(({ action }) => (action === null ? [] : [action.advisedBytes]));
    expect(steps[0]).toBeLessThanOrEqual(9 * MIB);
    expect(Math.max(...steps)).toBeGreaterThan(steps[0]!);
  });

  it('leaves one that is read all the time alone but for its probes', async () => {
    await using child = await startMemoryChild({ cleanMib: 64 });
    await child.startBusy();
    const trial = await runOn(child, { seconds: 8 });
    expect(await child.stopBusy()).toBeGreaterThan(0);
    if (!isPermitted) return expectNotPermitted(trial);
    expect(trial.asked.actions).toEqual([]);
    expect(trial.events).toEqual([]);
    // Two in each of the first 32 regions of the file; a few more in what else it maps.
    expect(trial.asked.probePages).toBeGreaterThan(0);
    expect(trial.asked.probePages).toBeLessThanOrEqual(2 * 40);
    expect(lastOf(trial).refusals).toMatchObject([{ rule: 'frees-nothing', reason: /in use all over/ }]);
    expect(trial.cached[1]).toBe(trial.cached[0]);
  });

  it('changes nothing in a dry run and says what it would watch', async () => {
    const trial = await runOnce({ cleanMib: 32 }, { act: false, isOver: ({ mode }) => mode === 'dry_run' });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(lastOf(trial)).toMatchObject({ mode: 'dry_run', action: null });
    expect(lastOf(trial).plan[0]!.watchBytes).toBeGreaterThanOrEqual(30 * MIB);
    expect(trial.asked).toEqual({ probePages: 0, actions: [] });
    expect(trial.rssDropKib).toBeLessThan(1024);
    expect(trial.events).toMatchObject([{ mode: 'dry_run', success: false, error: null, freed_kib: null }]);
  });

  it('keeps to the budget', async () => {
    const trial = await runOnce({ cleanMib: 64 }, { howMuch: { budgetBytes: () => 3 * MIB } });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(lastOf(trial).plan[0]!.bytes).toBeLessThanOrEqual(3 * MIB);
    expect(trial.outcomes[0]!.takenKib).toBeLessThanOrEqual(3 * 1024);
  });

  it('reports a target that ends in the middle of the plan as data', async () => {
    await using child = await startMemoryChild({ cleanMib: 32 });
    const real = createMadviseActuator({ readers });
    const actuator: Actuator = {
      ...real,
      act: async (plan, signal) => {
        if (plan.regions.some(({ place }) => place !== undefined)) await child.kill();
        return real.act(plan, signal);
      },
    };
    const trial = await runOn(child, { actuators: [actuator] });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(lastOf(trial).action!.error!.code).toBe('ERR_OPTIMIZE_PROCESS_GONE');
    expect(trial.outcomes[0]!.freedKib).toBeNull();
    expect(trial.events[0]).toMatchObject({ success: false, freed_kib: null, processes_trimmed: 0 });
  });

  it('leaves dirty pages alone', async () => {
    const left = await runOnce({ dirtyMib: 32 }, { isOver: isRefused('frees-nothing') });
    if (!isPermitted) return expectNotPermitted(left);
    const { reason } = lastOf(left).refusals[0]!;
    // A kernel that has written them back in the meantime calls them clean.
    expect(reason).toMatch(/dirty file pages|not yet quiet|not watched yet/);
  });
});

describe.concurrent('createOptimizer() where nothing is to be done', () => {
  it('does nothing at all on a host that has enough: no action, no probe', async () => {
    const trial = await runOnce({ cleanMib: 32, anonMib: 16 }, { seconds: 5, availablePercent: 88 });
    expect(trial.asked).toEqual({ probePages: 0, actions: [] });
    expect(trial.events).toEqual([]);
    expect(trial.decisions.every(isRefused('no-shortage'))).toBe(true);
    expect(Math.abs(trial.rssDropKib)).toBeLessThan(1024);
  });

  it('refuses anonymous memory without swap and touches none of it', async () => {
    const trial = await runOnce({ anonMib: 64 }, { isOver: isRefused('frees-nothing') });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(lastOf(trial).refusals[0]!.reason).toMatch(
      /\d+ MiB anonymous memory, which frees nothing without swap/,
    );
    expect(trial.asked.actions).toEqual([]);
    expect(trial.rssDropKib).toBeLessThan(1024);
  });

  it('refuses anonymous memory over a disk swap', async () => {
    const disk = { path: '/swapfile', type: 'file', sizeKib: 1 << 20, usedKib: 0, priority: -2 };
    const overDisk = { ...readers, readBackend: () => Promise.resolve(buildReclaimBackend([disk], false)) };
    const trial = await runOnce({ anonMib: 32 }, { readers: overDisk, isOver: isRefused('frees-nothing') });
    if (!isPermitted) return expectNotPermitted(trial);
    expect(lastOf(trial).refusals[0]!.reason).toContain('disk swap');
  });
});

describe.runIf(cgroupProbe !== null && diskFolder !== null)('createOptimizer() and cgroups', () => {
  it('acts for the process whose cgroup is short, and not on the one outside of it', async () => {
    await using cgroup = makeMemoryCgroup(100)!;
    // The file is charged to it too; of the limit the anonymous pages alone leave less than a fifth.
    await using inside = await startMemoryChild({ anonMib: 76, cleanMib: 8, cgroup: cgroup.path });
    await using outside = await startMemoryChild({ cleanMib: 32 });
    const trial = await runOn(inside, {
      availablePercent: 80,
      whether: alwaysWhether('NoActionNeeded'),
      targets: { pids: [inside.pid, outside.pid] },
    });
    const { refusals, shortages } = lastOf(trial);
    const named = (child: MemoryChild) =>
      refusals.filter(({ target }) => target?.includes(`process ${child.pid} `));
    expect(shortages.map(({ who }) => who)).toEqual([cgroup.path]);
    expect(named(outside)).toMatchObject([{ rule: 'no-shortage' }]);
    if (!isPermitted) return expect(named(inside)).toMatchObject([{ rule: 'permission' }]);
    expect(lastOf(trial).plan).toMatchObject([{ pid: inside.pid, evidence: { who: cgroup.path } }]);
    expect(await rssKibOf(outside.pid)).toBeGreaterThan(32 * 1024);
    expect(trial.events).toMatchObject([{ scarce: cgroup.path }]);
  });
});

describe.concurrent('createOptimizer() on what it must not touch', () => {
  it('refuses a pid that was given to another process', async () => {
    await using child = await startMemoryChild({ anonMib: 1 });
    const pids = [{ pid: child.pid, startTimeTicks: 1 }];
    const trial = await runOn(child, { targets: { pids }, seconds: 1 });
    expect(trial.decisions.every(isRefused('identity'))).toBe(true);
    expect(trial.asked).toEqual({ probePages: 0, actions: [] });
    const stale = { kind: 'process', pid: child.pid, startTimeTicks: 1, name: 'old', uid: 0 } as const;
    expect(await createMadviseActuator({ readers }).canAct(stale)).not.toBeNull();
  });

  it('refuses a process that has ended', async () => {
    const ended = await startMemoryChild({});
    const stat = await readers.readStat(ended.pid);
    await ended.kill();
    const pids = [{ pid: ended.pid, startTimeTicks: stat!.startTimeTicks }, 2 ** 22 + 1];
    const trial = await runOnce({}, { targets: { pids }, seconds: 1 });
    expect(lastOf(trial).refusals.map(({ rule }) => rule)).toEqual(['identity', 'identity']);
  });

  it('refuses process 1 and our own process', async () => {
    const trial = await runOnce({}, { targets: { pids: [1, process.pid] }, seconds: 1 });
    expect(
      lastOf(trial)
        .refusals.map(({ rule }) => rule)
        .toSorted(),
    ).toEqual(['never-init', 'never-self']);
  });

  it('collects our own garbage when asked to', async () => {
    const trial = await runOnce({}, { targets: { self: true }, actuators: [createGcActuator()] });
    expect(lastOf(trial).action!.targets).toMatchObject([{ actuator: 'gc', error: null }]);
    expect(trial.events).toMatchObject([{ actuator: 'gc', success: true }]);
  });
});
