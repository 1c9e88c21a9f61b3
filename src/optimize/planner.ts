// From who is short to a plan: for each allowed target the safeguards, how much, who acts and which
// regions. Between plans it watches: counters, the targets' cgroups, and which of their memory is in use.
import { labels, messageOf } from '../core/index.ts';
import type { Label, MemorySnapshot } from '../core/index.ts';
import type { Actuator, TargetPlan } from './actuator.ts';
import type { Refusal } from './decision.ts';
import { HOLDS, JUDGE_AFTER, careFor, trialRuleFor } from './goal-settings.ts';
import type { Goal } from './goal.ts';
import type { HostReaders } from './host-readers.ts';
import type { HowMuchLaw } from './how-much.ts';
import { stallOf } from './how-much.ts';
import { compressionOf, explainRegions, explainWhole } from './plan-evidence.ts';
import type { EvidenceContext } from './plan-evidence.ts';
import type { ReclaimBackend } from './reclaim-backend.ts';
import { createRegionMemory } from './region-memory.ts';
import { findRefusal, regionSafeguards, targetSafeguards } from './safeguards.ts';
import { createCgroupStallMeter, findCgroupShortage, findHostShortage } from './shortage.ts';
import type { Shortage } from './shortage.ts';
import type { StallMeter } from './stall-meter.ts';
import { FIRST_REST_MS, createTargetState, measureTarget } from './target-state.ts';
import type { TargetState } from './target-state.ts';
import { describeTarget, targetKey } from './target.ts';
import type { ProcessTarget, Target } from './target.ts';
import type { ResolvedTarget, TargetResolver } from './target-resolver.ts';
import { TargetSensor } from './target-sensor.ts';
import type { Watchdog } from './watchdog.ts';

/** What could be done now. */
export interface Plan {
  readonly targets: readonly TargetPlan[];
  readonly refusals: readonly Refusal[];
  /** Everybody who is short and whom a target's memory could help. */
  readonly shortages: readonly Shortage[];
}

/** What a plan is asked for. */
export interface PlanRequest {
  readonly label: Label;
  /** Most bytes of the whole plan. */
  readonly maxBytes: number;
  /** False explains: the plan is shown although a target's interval has not passed yet. */
  readonly mustWait: boolean;
  /** False plans for a dry run, in which nothing is watched either. */
  readonly isActing: boolean;
}

/** Plans. */
export interface Planner {
  /** Watches targets: reads counters and pagemap, and, while acting on somebody's behalf, places probes. */
  watch(snapshot: MemorySnapshot, isActing: boolean): Promise<void>;
  /** Whether anybody was short, when it was last looked, whom a target could help. */
  hasShortage(): boolean;
  /** Plans. It changes nothing on the host and remembers nothing. */
  plan(request: PlanRequest): Promise<Plan>;
  /** Notes that a plan was carried out (or would be, in a dry run): its intervals start. */
  noteDone(plan: readonly TargetPlan[], isActed: boolean): void;
  /** Pages that were taken and came back, since the start. */
  returned(): { filePages: number; anonPages: number };
  /** Memory that is free now because of what was taken, KiB: less what keeping it compressed takes. */
  savedKib(): number;
  /** The processes that may be acted on. */
  pids(): Promise<number[]>;
  close(): void;
}

/** Options of {@link createPlanner}. */
export interface PlannerOptions {
  readonly goal: Goal;
  readonly resolver: TargetResolver;
  readonly readers: HostReaders;
  readonly howMuch: HowMuchLaw;
  readonly stallBudget: number;
  readonly actuators: readonly Actuator[];
  readonly stall: StallMeter;
  readonly watchdog: Watchdog;
  readonly minIntervalMs: number;
  /** How long a region must be quiet; null is by how badly memory is short. */
  readonly minQuietMs: number | null;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

/** Longest time a target that suffered is left alone. */
const LONGEST_REST_MS = 480_000;
/** Pages brought back in one look: 20 ms of work from zram. */
const MAX_PAGES_BROUGHT_BACK = 4096;
/** Memory of targets nobody is short for is still looked after so often, so that what comes back is known. */
const REST_SCAN_MS = 5000;

/** Builds the planner. */
export function createPlanner(options: PlannerOptions): Planner {
  const watcher = new TargetWatcher(options);
  return {
    watch: (snapshot, isActing) => watcher.watch(snapshot, isActing),
    hasShortage: () => watcher.hasShortage(),
    plan: (request) => watcher.plan(request),
    noteDone: (plan, isActed) => watcher.noteDone(plan, isActed),
    returned: () => watcher.returned(),
    savedKib: () => watcher.savedKib(),
    pids: async () => {
      const { targets } = await options.resolver.resolve();
      return targets.flatMap(({ target }) => (target.kind === 'process' ? [target.pid] : []));
    },
    close: () => watcher.close(),
  };
}

class TargetWatcher {
  readonly #options: PlannerOptions;
  readonly #states = new Map<string, TargetState>();
  readonly #memory;
  readonly #cgroupStall = createCgroupStallMeter();
  readonly #gone = { filePages: 0, anonPages: 0 };
  #host: Shortage | null = null;
  #hostText = 'the host was not looked at yet';
  #backend: ReclaimBackend | null = null;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#memory = createRegionMemory(HOLDS[options.goal]);
  }

  async watch(snapshot: MemorySnapshot, isActing: boolean): Promise<void> {
    const { resolver, readers, nowMs } = this.#options;
    this.#host = findHostShortage(snapshot);
    const share = snapshot.mem_available_kib / snapshot.mem_total_kib;
    this.#hostText = `the host has ${(share * 100).toFixed(0)} % of its memory available`;
    this.#backend = await readers.readBackend();
    const { targets } = await resolver.resolve();
    this.#forget(targets);
    for (const entry of targets) {
      const state = this.#stateOf(entry.target);
      state.shortages = await this.#findShortages(entry.target);
      const isWanted = isActing && (this.#options.goal === 'save' || state.shortages.length > 0);
      if (state.sensor !== null)
        await this.#sense(entry.target as ProcessTarget, state, isWanted).catch(() => undefined);
      const { bytes, counters } = await measureTarget(readers, entry, state);
      state.bytes = bytes;
      this.#options.stall.observe(targetKey(entry.target), nowMs(), counters);
      if (isActing) await this.#spare(entry.target, state);
    }
  }

  hasShortage(): boolean {
    for (const { shortages } of this.#states.values()) if (shortages.length > 0) return true;
    return false;
  }

  async plan(request: PlanRequest): Promise<Plan> {
    const { resolver, readers } = this.#options;
    const { targets, refusals } = await resolver.resolve();
    this.#backend ??= await readers.readBackend();
    const planned: TargetPlan[] = [];
    const refused: Refusal[] = [...refusals];
    const shortages = new Map<string, Shortage>();
    let roomBytes = request.maxBytes;
    for (const { target } of targets) {
      for (const shortage of this.#stateOf(target).shortages) shortages.set(shortage.who, shortage);
      const answer = await this.#planTarget(target, request, roomBytes);
      if ('rule' in answer) refused.push(answer);
      else {
        planned.push(answer);
        roomBytes -= answer.bytes;
      }
    }
    if (targets.length === 0 && refused.length === 0) refused.push(NO_TARGET);
    return { targets: planned, refusals: refused, shortages: [...shortages.values()] };
  }

  noteDone(plan: readonly TargetPlan[], isActed: boolean): void {
    const nowMs = this.#options.nowMs();
    for (const { target, regions, evidence } of plan) {
      const state = this.#stateOf(target);
      if (!isActed) {
        state.dryRunMs = nowMs;
        continue;
      }
      state.lastMs = nowMs;
      state.judgeAtMs = nowMs + JUDGE_AFTER * this.#options.minIntervalMs;
      state.trialRule = trialRuleFor(this.#options.goal, evidence.label);
      state.sensor?.noteTaken(regions, nowMs);
    }
  }

  returned(): { filePages: number; anonPages: number } {
    const sum = { ...this.#gone };
    for (const { sensor } of this.#states.values()) {
      const returned = sensor?.read().returned;
      sum.filePages += returned?.filePages ?? 0;
      sum.anonPages += returned?.anonPages ?? 0;
    }
    return sum;
  }

  savedKib(): number {
    let pages = 0;
    for (const { sensor, cachedAgain } of this.#states.values()) {
      const out = sensor?.outPages ?? { filePages: 0, anonPages: 0 };
      pages += Math.max(0, out.filePages - cachedAgain) + out.anonPages * (1 - compressionOf(this.#backend));
    }
    return Math.round((pages * this.#options.readers.pageSizeBytes) / 1024);
  }

  close(): void {
    for (const { sensor } of this.#states.values()) sensor?.close();
  }

  #stateOf(target: Target): TargetState {
    const key = targetKey(target);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const { readers } = this.#options;
    const sensor =
      target.kind === 'process' ? new TargetSensor({ readers, target, memory: this.#memory }) : null;
    const trialRule = trialRuleFor(this.#options.goal, 'NoActionNeeded');
    const state = createTargetState(sensor, trialRule);
    this.#states.set(key, state);
    return state;
  }

  /** Closes what belongs to targets that ended; what came back to them stays counted. */
  #forget(targets: readonly ResolvedTarget[]): void {
    const keys = new Set(targets.map(({ target }) => targetKey(target)));
    for (const [key, { sensor }] of this.#states) {
      if (keys.has(key)) continue;
      const returned = sensor?.read().returned;
      this.#gone.filePages += returned?.filePages ?? 0;
      this.#gone.anonPages += returned?.anonPages ?? 0;
      sensor?.close();
      this.#states.delete(key);
    }
  }

  async #findShortages(target: Target): Promise<Shortage[]> {
    const { readers, nowMs } = this.#options;
    const found: Shortage[] = this.#host === null ? [] : [this.#host];
    const groups =
      target.kind === 'cgroup'
        ? await readers.readCgroupFolder(target.path)
        : await readers.readMemoryCgroups(target.kind === 'self' ? process.pid : target.pid);
    for (const group of groups) {
      const shortage = findCgroupShortage(group, this.#cgroupStall.observe(group, nowMs()));
      if (shortage !== null) found.push(shortage);
    }
    return found.toSorted((a, b) => labels.indexOf(b.label) - labels.indexOf(a.label));
  }

  /** Looks which memory is in use and, where it is wanted, watches more of it. */
  async #sense(target: ProcessTarget, state: TargetState, isWanted: boolean): Promise<void> {
    const { nowMs } = this.#options;
    const sensor = state.sensor!;
    if (!isWanted) {
      sensor.rest();
      if (nowMs() - state.scannedMs < REST_SCAN_MS) return;
    }
    if (isWanted) await sensor.refresh(nowMs());
    sensor.scan(nowMs());
    state.scannedMs = nowMs();
    if (nowMs() - state.cachedMs >= REST_SCAN_MS) {
      state.cachedMs = nowMs();
      state.cachedAgain = await sensor.countCachedAgain();
    }
    if (state.judgeAtMs !== null && nowMs() >= state.judgeAtMs) {
      sensor.judge(nowMs(), state.trialRule);
      state.judgeAtMs = null;
    }
    if (isWanted && this.#options.goal === 'save') {
      await this.#actuatorOf(target)?.bringBack?.(target, sensor.nextDue(nowMs()), this.#options.signal);
    }
    if (isWanted && state.restUntilMs <= nowMs()) await this.#placeProbes(target, sensor);
  }

  async #placeProbes(target: ProcessTarget, sensor: TargetSensor): Promise<void> {
    const { nowMs } = this.#options;
    const probes = sensor.nextProbes(nowMs());
    if (probes.length === 0) return;
    const page = this.#options.readers.pageSizeBytes;
    const regions = probes.flatMap(({ addresses }) =>
      addresses.map((start) => ({ start, lengthBytes: page })),
    );
    const actuator = this.#actuatorOf(target);
    if (actuator === undefined || this.#options.watchdog.restOf(actuator.name).forMs > 0) return;
    const plan = { target, budgetBytes: regions.length * page, regions };
    const { error } = await this.#options.watchdog.run(actuator, plan, this.#options.signal);
    if (error === undefined) sensor.notePlaced(probes, nowMs());
  }

  /** Leaves a target alone that suffers by what we took, and brings back what it seems to want. */
  async #spare(target: Target, state: TargetState): Promise<void> {
    const { goal, stallBudget, nowMs, stall, signal } = this.#options;
    if (state.lastMs === null || state.sensor === null) return;
    const { fraction } = stallOf(goal, stall.read(targetKey(target)));
    const pages = state.sensor.nextToBringBack(MAX_PAGES_BROUGHT_BACK);
    if (fraction === null || fraction <= stallBudget) return;
    await this.#actuatorOf(target)?.bringBack?.(target, pages, signal);
    if (state.restUntilMs > nowMs()) return;
    const isAgain = nowMs() - state.restUntilMs < 2 * state.restMs;
    state.restMs = isAgain ? Math.min(2 * state.restMs, LONGEST_REST_MS) : FIRST_REST_MS;
    state.restUntilMs = nowMs() + state.restMs;
  }

  #actuatorOf(target: Target): Actuator | undefined {
    return this.#options.actuators.find(({ kinds }) => kinds.includes(target.kind));
  }

  async #planTarget(target: Target, request: PlanRequest, roomBytes: number): Promise<TargetPlan | Refusal> {
    const { goal, nowMs, stall, watchdog, readers, minIntervalMs, stallBudget } = this.#options;
    const name = describeTarget(target);
    const state = this.#stateOf(target);
    const actuator = this.#actuatorOf(target);
    if (actuator === undefined)
      return { rule: 'permission', target: name, reason: `no actuator acts on a ${target.kind}` };
    const worst = state.shortages[0] ?? null;
    const label = moreSevere(request.label, worst?.label ?? 'NoActionNeeded');
    const reading = stall.read(targetKey(target));
    const wantedBytes = this.#options.howMuch.budgetBytes({
      goal,
      label,
      currentBytes: state.bytes,
      missingBytes: goal === 'relieve' ? (worst?.missingBytes ?? null) : null,
      stall: reading,
    });
    const budgetBytes = Math.min(wantedBytes, roomBytes);
    const rest = watchdog.restOf(actuator.name);
    const lastMs = request.isActing ? state.lastMs : state.dryRunMs;
    const refusal = findRefusal(targetSafeguards, {
      goal,
      hasShortage: worst !== null,
      hostText: this.#hostText,
      sinceLastMs: lastMs === null || !request.mustWait ? null : nowMs() - lastMs,
      minIntervalMs,
      disabledForMs: rest.forMs,
      disabledWhy: rest.why,
      restForMs: Math.max(0, state.restUntilMs - nowMs()),
      budgetBytes,
      pageSizeBytes: readers.pageSizeBytes,
      stallBudget,
      stall: reading,
    });
    if (refusal !== null) return { ...refusal, target: name };
    const reason = await actuator.canAct(target);
    if (reason !== null) return { rule: 'permission', target: name, reason };
    const base = { target, actuator: actuator.name, budgetBytes };
    if (state.sensor === null) return this.#planWhole(base, worst, label);
    return this.#planRegions(base, state, worst, label, request.isActing);
  }

  #planWhole(
    base: Pick<TargetPlan, 'target' | 'actuator' | 'budgetBytes'>,
    worst: Shortage | null,
    label: Label,
  ): TargetPlan {
    const bytes = base.budgetBytes;
    const evidence = explainWhole(bytes, this.#contextOf(worst, label));
    return { ...base, regions: [], bytes, bytesByKind: {}, watchBytes: 0, left: {}, evidence };
  }

  async #planRegions(
    base: Pick<TargetPlan, 'target' | 'actuator' | 'budgetBytes'>,
    state: TargetState,
    worst: Shortage | null,
    label: Label,
    isActing: boolean,
  ): Promise<TargetPlan | Refusal> {
    const { nowMs } = this.#options;
    const sensor = state.sensor!;
    const name = describeTarget(base.target);
    try {
      await sensor.refresh(nowMs());
    } catch (error) {
      return { rule: 'permission', target: name, reason: messageOf(error) };
    }
    const care = careFor(this.#options.goal, label, this.#options.minQuietMs);
    const chosen = await sensor.select(base.budgetBytes, care, nowMs());
    const watchBytes = isActing ? 0 : sensor.map.usableBytes;
    const refusal = findRefusal(regionSafeguards, {
      bytes: Math.max(chosen.bytes, watchBytes),
      left: chosen.left,
    });
    if (refusal !== null) return { ...refusal, target: name };
    const { regions, bytes, bytesByKind, left } = chosen;
    const evidence = explainRegions(chosen, care, this.#contextOf(worst, label));
    return { ...base, regions, bytes, bytesByKind, watchBytes, left, evidence };
  }

  #contextOf(worst: Shortage | null, label: Label): EvidenceContext {
    const { pageSizeBytes } = this.#options.readers;
    return { worst, label, backend: this.#backend, pageSizeBytes };
  }
}

const NO_TARGET: Refusal = {
  rule: 'no-target',
  target: null,
  reason: 'nothing was named that may be acted on; name processes with --pid or --name',
};

const moreSevere = (a: Label, b: Label): Label => (labels.indexOf(a) >= labels.indexOf(b) ? a : b);
