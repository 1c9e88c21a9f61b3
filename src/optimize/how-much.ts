// How much: a Senpai-style feedback law on the stall that was measured. Pure: state in, bytes out.
// TMO (Weiner et al., ASPLOS 2022): reclaim = current · r · max(0, 1 − stall / threshold).
// It decides no targets and no regions.
import type { Label } from '../core/index.ts';

/** Measured stall, each a share of wall time 0–1, or null when it is not known. */
export interface StallReading {
  /** Swap-in delay of the target (taskstats delay accounting), where a reader supplies it. */
  readonly swapInFraction: number | null;
  /** Major faults of the target × the cost of one. */
  readonly majorFaultFraction: number | null;
  /** File pages that came back to the target after it was paged out × the cost of one. */
  readonly refaultFraction: number | null;
  /** PSI memory `some`: the target's cgroup where it has its own, else the host. */
  readonly psiFraction: number | null;
}

/** What the law looks at for one target. */
export interface HowMuchState {
  readonly label: Label;
  /** Resident bytes of the target now. */
  readonly currentBytes: number;
  readonly stall: StallReading;
}

/** Decides how much. */
export interface HowMuchLaw {
  /** Bytes to reclaim from the target now; 0 backs off. */
  budgetBytes(state: HowMuchState): number;
}

/** Options of {@link createSenpaiLaw}. */
export interface SenpaiLawOptions {
  /**
   * Share of the target reclaimed an action at no stall.
   * @default 0.01, oomd Senpai's "immediate backoff" step; TMO's production value is 0.0005 every 6 s
   */
  readonly ratio?: number;
  /** Stall share at which the law stops. @default 0.001 (0.1 %, TMO and oomd Senpai) */
  readonly stallThreshold?: number;
  /** Factor on `ratio` by label. @default { NoActionNeeded: 0, ShouldOptimize: 1, ShouldOptimizeAggressive: 10, Critical: 50 } */
  readonly scales?: Readonly<Record<Label, number>>;
  /** Largest share of a target in one action, whatever the label. @default 0.5 */
  readonly maxShare?: number;
  /** Largest number of bytes in one action on one target. @default 512 MiB */
  readonly maxBytes?: number;
}

/** Factors on the ratio. The steps are ours: Critical × 0.01 reaches the cap of half the target. */
export const DEFAULT_SCALES: Readonly<Record<Label, number>> = {
  NoActionNeeded: 0,
  ShouldOptimize: 1,
  ShouldOptimizeAggressive: 10,
  Critical: 50,
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
 * The stall the law acts on. The target's own delay comes first, because PSI reads 0 while processes
 * stall (measured: PSI 0.00 %, swap-in delay 0.62 %). Pages that came back stand beside major faults,
 * because read-ahead hides re-reads from those (measured: 65,536 pages back in 140 ms, 1 major fault).
 * PSI counts only where neither is known.
 */
export function stallOf(reading: StallReading): { fraction: number | null; source: string } {
  if (reading.swapInFraction !== null)
    return { fraction: reading.swapInFraction, source: 'swap-in delay of the target' };
  const { majorFaultFraction: faults, refaultFraction: refaults } = reading;
  if (faults !== null && faults >= (refaults ?? 0))
    return { fraction: faults, source: 'major faults of the target' };
  if (faults !== null) return { fraction: refaults, source: 'pages that came back to the target' };
  return {
    fraction: reading.psiFraction,
    source: reading.psiFraction === null ? 'no stall is known yet' : 'PSI memory some',
  };
}

/** Builds the law. An unknown stall gives 0: it does not reclaim blind. */
export function createSenpaiLaw(options: SenpaiLawOptions = {}): HowMuchLaw {
  const {
    ratio = 0.01,
    stallThreshold = 0.001,
    scales = DEFAULT_SCALES,
    maxShare = 0.5,
    maxBytes = 512 * 2 ** 20,
  } = options;
  return {
    budgetBytes({ label, currentBytes, stall }) {
      const { fraction } = stallOf(stall);
      if (fraction === null || !Number.isFinite(fraction)) return 0;
      const share = Math.min(ratio * scales[label], maxShare);
      return Math.floor(Math.min(tmoReclaimBytes(currentBytes, share, fraction, stallThreshold), maxBytes));
    },
  };
}
