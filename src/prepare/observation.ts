// What a label needs of one snapshot, and what two of them say about the time between: the one definition of an
// outcome, for training sets and for a running host alike.
import { clip } from './clip.ts';
import type { HorizonOutcome, LabelThresholds } from './labels.ts';
import { RestartingCounter } from './restarting-counter.ts';
import type { SnapshotValues } from './snapshot-columns.ts';

/** One snapshot as labels see it. NaN where the host lacks the value; sums never fall but at a reboot. */
export interface Observation {
  readonly timeMs: number;
  readonly stallSomeUs: number;
  readonly stallFullUs: number;
  readonly swapIn: number;
  readonly refaultAnon: number;
  readonly refaultFile: number;
  /** Kills on the whole host, those of full cgroups among them. */
  readonly oomKills: number;
  /** Kills in a step in which tasks had to reclaim for the host itself; reclaim of a cgroup is not in pgscan_direct. */
  readonly reclaimKills: number;
  /** Kills in the memory cgroup of this process. */
  readonly cgroupKills: number;
  readonly ownRefaultAnon: number;
  readonly ownRefaultFile: number;
  readonly usedKib: number;
  readonly availablePercent: number;
}

/** An observation of nothing yet. */
export function blankObservation(): Observation {
  const unknown = Number.NaN;
  return {
    timeMs: unknown,
    stallSomeUs: unknown,
    stallFullUs: unknown,
    swapIn: unknown,
    refaultAnon: unknown,
    refaultFile: unknown,
    oomKills: unknown,
    reclaimKills: unknown,
    cgroupKills: unknown,
    ownRefaultAnon: unknown,
    ownRefaultFile: unknown,
    usedKib: unknown,
    availablePercent: unknown,
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Turns snapshots in time order into observations. */
export class Observer {
  readonly #cgroupKills = new RestartingCounter();
  readonly #ownRefaultAnon = new RestartingCounter();
  readonly #ownRefaultFile = new RestartingCounter();
  #oomKills = Number.NaN;
  #scannedDirectly = Number.NaN;
  #reclaimKills = 0;

  /**
   * Observes the next snapshot.
   * @param target is written over: one object a row would be a third of the time that labels take
   */
  observe(s: SnapshotValues, target: Observation = blankObservation()): Observation {
    const seen: Writable<Observation> = target;
    const oomKills = numberOf(s.oom_kill);
    this.#countReclaimKills(oomKills, numberOf(s.pgscan_direct));
    seen.timeMs = Math.round(s.timestamp);
    seen.stallSomeUs = numberOf(s.psi_memory_some_us);
    seen.stallFullUs = numberOf(s.psi_memory_full_us);
    seen.swapIn = numberOf(s.pswpin);
    seen.refaultAnon = numberOf(s.workingset_refault_anon);
    seen.refaultFile = numberOf(s.workingset_refault_file);
    seen.oomKills = oomKills;
    seen.reclaimKills = this.#reclaimKills;
    seen.cgroupKills = this.#cgroupKills.addOrHold(s.cgroup_oom_kill);
    seen.ownRefaultAnon = this.#ownRefaultAnon.add(s.own_refault_anon);
    seen.ownRefaultFile = this.#ownRefaultFile.add(s.own_refault_file);
    seen.usedKib = s.mem_total_kib - s.mem_available_kib;
    seen.availablePercent = clip((100 * s.mem_available_kib) / s.mem_total_kib, 0, 100);
    return target;
  }

  #countReclaimKills(oomKills: number, scannedDirectly: number): void {
    // False for NaN, and so for the first row.
    if (scannedDirectly > this.#scannedDirectly && oomKills > this.#oomKills) {
      this.#reclaimKills += oomKills - this.#oomKills;
    }
    this.#oomKills = oomKills;
    this.#scannedDirectly = scannedDirectly;
  }
}

/** True when no horizon may reach over this step: a pause, a clock that stepped back, or a reboot. */
export function isHorizonBreak(before: Observation, after: Observation, maxGapMs: number): boolean {
  const elapsedMs = after.timeMs - before.timeMs;
  return elapsedMs < 0 || elapsedMs > maxGapMs || isReboot(before, after);
}

/** True when a counter of the host fell. */
function isReboot(before: Observation, after: Observation): boolean {
  return (
    after.stallSomeUs < before.stallSomeUs ||
    after.stallFullUs < before.stallFullUs ||
    after.swapIn < before.swapIn ||
    after.refaultAnon < before.refaultAnon ||
    after.refaultFile < before.refaultFile ||
    after.oomKills < before.oomKills
  );
}

/**
 * What happened between two observations without a break between them.
 * @param minAvailablePercent lowest after `from`, up to and with `to`
 */
export function outcomeBetween(
  from: Observation,
  to: Observation,
  minAvailablePercent: number,
  thresholds: LabelThresholds,
): HorizonOutcome {
  const elapsedMs = to.timeMs - from.timeMs;
  const usedPages = Math.max(1, from.usedKib / 4);
  return {
    // Stall time can be written down late, and a clock that was set can have shortened the time it is divided by.
    stallSome: clip((to.stallSomeUs - from.stallSomeUs) / (elapsedMs * 1000), 0, 1),
    stallFull: clip((to.stallFullUs - from.stallFullUs) / (elapsedMs * 1000), 0, 1),
    comebackPercentPerMinute: ((100 * pagesThatCameBack(from, to)) / usedPages) * (60_000 / elapsedMs),
    minAvailablePercent,
    oomKills: killsThatCount(from, to, Math.min(from.availablePercent, minAvailablePercent), thresholds),
  };
}

function pagesThatCameBack(from: Observation, to: Observation): number {
  // A page swapped in also counts as an anonymous refault: the larger of the two, not their sum.
  const anon = maxKnown(to.swapIn - from.swapIn, to.refaultAnon - from.refaultAnon);
  const file = to.refaultFile - from.refaultFile;
  return sumKnown(
    Math.max(0, anon - (to.ownRefaultAnon - from.ownRefaultAnon)),
    Math.max(0, file - (to.ownRefaultFile - from.ownRefaultFile)),
  );
}

/**
 * /proc/vmstat counts kills of full cgroups too. A kill is the host's own when available memory was low around it,
 * the lower the less else there is to show: samples can miss the bottom, and then reclaim for the host in the same
 * step is the evidence.
 */
function killsThatCount(
  from: Observation,
  to: Observation,
  lowestPercent: number,
  thresholds: LabelThresholds,
): number {
  const { availablePercentAggressive: low, oomReclaimAvailablePercent: lowWithReclaim } = thresholds;
  const inCgroup = to.cgroupKills - from.cgroupKills;
  if (lowestPercent <= low) return sumKnown(inCgroup, to.oomKills - from.oomKills);
  return inCgroup + (lowestPercent <= lowWithReclaim ? to.reclaimKills - from.reclaimKills : 0);
}

const numberOf = (value: number | null): number => value ?? Number.NaN;

function maxKnown(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.max(a, b);
}

function sumKnown(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : a + b;
}
