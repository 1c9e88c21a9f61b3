// From a label to a plan: for each allowed target the safeguards, how much, who acts and which regions.
// It changes nothing on the host.
import { messageOf } from '../core/index.ts';
import type { Label } from '../core/index.ts';
import type { Actuator, TargetPlan } from './actuator.ts';
import type { Refusal } from './decision.ts';
import type { HostReaders } from './host-readers.ts';
import type { HowMuchLaw } from './how-much.ts';
import type { RegionSelector } from './region-selector.ts';
import { findRefusal, regionSafeguards, targetSafeguards } from './safeguards.ts';
import type { StallMeter, TargetCounters } from './stall-meter.ts';
import { describeTarget, targetKey } from './target.ts';
import type { Target } from './target.ts';
import type { ResolvedTarget, TargetResolver } from './target-resolver.ts';
import type { Watchdog } from './watchdog.ts';

/** What could be done now. */
export interface Plan {
  readonly targets: readonly TargetPlan[];
  readonly refusals: readonly Refusal[];
}

/** Plans. */
export interface Planner {
  /** Notes each target's stall counters; cheap, a read a target. */
  sample(): Promise<void>;
  /**
   * Plans for a label.
   * @param maxBytes most bytes of the whole plan
   * @param remember false explains only: intervals do not start
   */
  plan(label: Label, maxBytes: number, remember: boolean): Promise<Plan>;
  /** Notes that regions were handed over, or would be in a dry run, so that others come next. */
  notePlanned(plan: Plan): void;
  /** Notes that a plan is really carried out, so that pages which come back count as stall. */
  noteActed(plan: Plan): void;
}

/** Options of {@link createPlanner}. */
export interface PlannerOptions {
  readonly resolver: TargetResolver;
  readonly readers: Pick<HostReaders, 'pageSizeBytes' | 'readCgroup' | 'readFilePages'>;
  readonly howMuch: HowMuchLaw;
  readonly which: RegionSelector;
  readonly actuators: readonly Actuator[];
  readonly stall: StallMeter;
  readonly watchdog: Watchdog;
  readonly minIntervalMs: number;
  readonly nowMs: () => number;
}

interface LastPlan {
  readonly atMs: number;
  /** What was refused after the target's memory was read, which is not read again before the interval ends. */
  readonly refusal: Refusal | null;
}

/** Builds the planner. */
export function createPlanner(options: PlannerOptions): Planner {
  const { resolver, stall, minIntervalMs, nowMs } = options;
  const last = new Map<string, LastPlan>();

  const observe = async (found: readonly ResolvedTarget[]): Promise<Map<string, number>> => {
    const bytesByKey = new Map<string, number>();
    for (const entry of found) {
      const key = targetKey(entry.target);
      const { bytes, counters } = await measureTarget(options.readers, entry);
      bytesByKey.set(key, bytes);
      stall.observeTarget(key, nowMs(), counters);
    }
    return bytesByKey;
  };

  const remembered = (key: string): LastPlan | undefined => {
    for (const [name, entry] of last) if (nowMs() - entry.atMs > 10 * minIntervalMs) last.delete(name);
    return last.get(key);
  };

  return {
    async sample() {
      const { targets } = await resolver.resolve();
      await observe(targets);
    },
    async plan(label, maxBytes, remember) {
      const { targets, refusals } = await resolver.resolve();
      const bytesByKey = await observe(targets);
      const plan: { targets: TargetPlan[]; refusals: Refusal[] } = { targets: [], refusals: [...refusals] };
      let roomBytes = maxBytes;
      for (const { target } of targets) {
        const key = targetKey(target);
        const before = remembered(key);
        const currentBytes = bytesByKey.get(key) ?? 0;
        const made = await planTarget(options, { target, label, currentBytes, roomBytes, last: before });
        if ('rule' in made.answer) plan.refusals.push(made.answer);
        else {
          plan.targets.push(made.answer);
          roomBytes -= made.answer.bytes;
        }
        if (remember && made.wasRead) {
          last.set(key, { atMs: nowMs(), refusal: 'rule' in made.answer ? made.answer : null });
        }
      }
      return plan;
    },
    notePlanned(plan) {
      for (const { target, regions } of plan.targets) {
        if (target.kind === 'process') options.which.noteAdvised(target, regions);
      }
    },
    noteActed(plan) {
      for (const { target, bytesByKind } of plan.targets) {
        const fileBytes = (bytesByKind['clean-file'] ?? 0) + (bytesByKind['dirty-file'] ?? 0);
        stall.noteAdvised(targetKey(target), fileBytes / options.readers.pageSizeBytes);
      }
    },
  };
}

interface PlanRequest {
  readonly target: Target;
  readonly label: Label;
  readonly currentBytes: number;
  readonly roomBytes: number;
  readonly last: LastPlan | undefined;
}

/** `wasRead` is true when the target's memory was looked at, which starts its interval. */
async function planTarget(
  options: PlannerOptions,
  request: PlanRequest,
): Promise<{ answer: TargetPlan | Refusal; wasRead: boolean }> {
  const { target, last } = request;
  const name = describeTarget(target);
  const sinceLastMs = last === undefined ? null : options.nowMs() - last.atMs;
  if (last?.refusal && sinceLastMs !== null && sinceLastMs < options.minIntervalMs)
    return { answer: last.refusal, wasRead: false };
  const actuator = options.actuators.find(({ kinds }) => kinds.includes(target.kind));
  if (actuator === undefined) {
    const reason = `no actuator acts on a ${target.kind}`;
    return { answer: { rule: 'permission', target: name, reason }, wasRead: false };
  }
  const stall = options.stall.read(targetKey(target));
  const wantedBytes = options.howMuch.budgetBytes({
    label: request.label,
    currentBytes: request.currentBytes,
    stall,
  });
  const budgetBytes = Math.min(wantedBytes, request.roomBytes);
  const rest = options.watchdog.restOf(actuator.name);
  const refusal = findRefusal(targetSafeguards, {
    sinceLastMs,
    minIntervalMs: options.minIntervalMs,
    disabledForMs: rest.forMs,
    disabledWhy: rest.why,
    budgetBytes,
    pageSizeBytes: options.readers.pageSizeBytes,
    stall,
  });
  if (refusal !== null) return { answer: { ...refusal, target: name }, wasRead: false };
  const reason = await actuator.canAct(target);
  if (reason !== null) return { answer: { rule: 'permission', target: name, reason }, wasRead: true };
  return { answer: await chooseRegions(options.which, target, actuator.name, budgetBytes), wasRead: true };
}

async function chooseRegions(
  which: RegionSelector,
  target: Target,
  actuator: string,
  budgetBytes: number,
): Promise<TargetPlan | Refusal> {
  if (target.kind !== 'process')
    return { target, actuator, budgetBytes, regions: [], bytes: budgetBytes, bytesByKind: {}, left: {} };
  try {
    const { regions, bytes, bytesByKind, left } = await which.select(target, budgetBytes);
    const refusal = findRefusal(regionSafeguards, { bytes, left });
    if (refusal !== null) return { ...refusal, target: describeTarget(target) };
    return { target, actuator, budgetBytes, regions, bytes, bytesByKind, left };
  } catch (error) {
    return { rule: 'permission', target: describeTarget(target), reason: messageOf(error) };
  }
}

const NO_COUNTERS: TargetCounters = { majorFaults: null, psiSomeUs: null, filePages: null };

async function measureTarget(
  readers: PlannerOptions['readers'],
  { target, stat }: ResolvedTarget,
): Promise<{ bytes: number; counters: TargetCounters }> {
  if (target.kind === 'self') return { bytes: process.memoryUsage.rss(), counters: NO_COUNTERS };
  if (target.kind === 'cgroup') {
    const memory = await readers.readCgroup(target.path);
    const counters = { ...NO_COUNTERS, psiSomeUs: memory?.psiSomeUs ?? null };
    return { bytes: memory?.currentBytes ?? 0, counters };
  }
  const majorFaults = stat?.majorFaults ?? null;
  const filePages = await readers.readFilePages(target.pid);
  const bytes = (stat?.rssPages ?? 0) * readers.pageSizeBytes;
  return { bytes, counters: { majorFaults, psiSomeUs: null, filePages } };
}
