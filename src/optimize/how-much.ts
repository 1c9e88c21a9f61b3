// How much of one target in one action: a feedback law on the stall that was measured. Pure.
// TMO (Weiner et al., ASPLOS 2022): reclaim = current · r · max(0, 1 − stall / budget).
// It decides no targets and no regions; how fast steps grow is learned by mapping (region-watch.ts).
import type { Label } from '../core/index.ts';
import { DEFAULT_STALL_BUDGET } from './goal.ts';
import type { Goal } from './goal.ts';

/** Measured stall, each a share of wall time 0–1, or null when it is not known. */
export interface StallReading {
  /** Pages we took that came back × the cost of one: the stall we caused. */
  readonly causedFraction: number | null;
  /** All major faults of the target × the cost of one. */
  readonly majorFaultFraction: number | null;
  /** PSI memory `some` of the target's own cgroup. */
  readonly psiFraction: number | null;
}

/** What the law looks at for one target. */
export interface HowMuchState {
  readonly goal: Goal;
  readonly label: Label;
  /** Resident bytes of the target now. */
  readonly currentBytes: number;
  /** Bytes whoever is short would need to be relieved; null when that is not known. */
  readonly missingBytes: number | null;
  readonly stall: StallReading;
}

/** Decides how much. */
export interface HowMuchLaw {
  /** Bytes to reclaim from the target now; 0 backs off. */
  budgetBytes(state: HowMuchState): number;
}

/** Options of {@link createStallLaw}. */
export interface StallLawOptions {
  /** Stall share at which the law stops. @default 0.001 (0.1 %, TMO and oomd Senpai) */
  readonly stallBudget?: number;
  /** Largest share of a target in one action, by label. @default {@link DEFAULT_SHARES} */
  readonly shares?: Readonly<Record<Label, number>>;
  /** The same while saving. @default 0.5 */
  readonly saveShare?: number;
  /** Largest number of bytes in one action on one target. @default 512 MiB */
  readonly maxBytes?: number;
}

/** The steps are ours; every region was measured to be quiet before it counts. */
export const DEFAULT_SHARES: Readonly<Record<Label, number>> = {
  NoActionNeeded: 0,
  ShouldOptimize: 0.25,
  ShouldOptimizeAggressive: 0.5,
  Critical: 1,
};

/** The published formula, bytes. */
export function tmoReclaimBytes(
  currentBytes: number,
  ratio: number,
  stall: number,
  threshold: number,
): number {
  return currentBytes * ratio * Math.max(0, 1 - stall / threshold);
}

/**
 * The stall the law acts on. While relieving, a target may wait because memory is scarce: only what we
 * caused counts. While saving, all of its waiting counts. PSI counts only where nothing else is known,
 * because it reads 0 while single processes stall (measured: PSI 0.00 %, swap-in delay 0.62 %).
 */
export function stallOf(goal: Goal, reading: StallReading): { fraction: number | null; source: string } {
  const { causedFraction, majorFaultFraction, psiFraction } = reading;
  const caused = { fraction: causedFraction, source: 'pages that came back' };
  if (goal === 'relieve' && causedFraction !== null) return caused;
  if (majorFaultFraction !== null && majorFaultFraction >= (causedFraction ?? 0))
    return { fraction: majorFaultFraction, source: 'major faults of the target' };
  if (causedFraction !== null) return caused;
  return {
    fraction: psiFraction,
    source: psiFraction === null ? 'no stall is known yet' : 'PSI memory some of its cgroup',
  };
}

/** Builds the law. An unknown stall gives 0: it does not reclaim blind. */
export function createStallLaw(options: StallLawOptions = {}): HowMuchLaw {
  const {
    stallBudget = DEFAULT_STALL_BUDGET,
    shares = DEFAULT_SHARES,
    saveShare = 0.5,
    maxBytes = 512 * 2 ** 20,
  } = options;
  return {
    budgetBytes({ goal, label, currentBytes, missingBytes, stall }) {
      const { fraction } = stallOf(goal, stall);
      if (fraction === null || !Number.isFinite(fraction)) return 0;
      const share = goal === 'save' ? saveShare : shares[label];
      const bytes = tmoReclaimBytes(currentBytes, share, fraction, stallBudget);
      return Math.floor(Math.min(bytes, maxBytes, missingBytes ?? Infinity));
    },
  };
}
