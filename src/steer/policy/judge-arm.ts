// Whether an arm is better in a template: pairs of its runs and the default's on one statement, and what follows from them.
import { findSignTestP } from './sign-test.ts';
import { findMedian, keepRecent } from './template-record.ts';
import type { ArmRecord } from './template-record.ts';

/** What has to be shown. */
export interface ProofOptions {
  readonly minGain: number;
  readonly significance: number;
}

/** Losses without a win after which an arm is given up, and losses that outweigh the wins. */
const LOSSES_ALONE = 3;
const MOST_LOSSES = 6;
/** Pairs after which an arm that hardly ever wins is given up. */
const MOST_PAIRS = 12;
/** Pairs that a verified arm is judged by. */
const WATCHED = 16;
const FEWEST_WATCHED = 5;

/** Takes a pair in. @param logRatio log(arm / default) */
export function addPair(arm: ArmRecord, logRatio: number, { minGain }: ProofOptions): void {
  arm.pairs++;
  if (logRatio <= Math.log(1 - minGain)) arm.wins++;
  else if (logRatio > 0) arm.losses++;
  keepRecent(arm.logRatios, logRatio);
}

/** 1 − arm / default, the median over the last pairs; null without any. */
export function findGain({ logRatios }: ArmRecord): number | null {
  const median = findMedian(logRatios);
  return median === null ? null : 1 - Math.exp(median);
}

/** One-sided; pairs in which the arm is faster by less than `minGain` count for neither. Null without pairs. */
export function findProof({ wins, losses, pairs }: ArmRecord): number | null {
  return pairs === 0 ? null : findSignTestP(wins, wins + losses);
}

/** Where the arm stands after a pair or a time-out. */
export function judgeArm(arm: ArmRecord, { minGain, significance }: ProofOptions): ArmRecord['status'] {
  if (arm.status === 'rejected') return 'rejected';
  if (arm.status === 'verified') return isStillBetter(arm) ? 'verified' : 'rejected';
  const { wins, losses, pairs, stopsInRow } = arm;
  if (wins > 0 && findProof(arm)! <= significance && findGain(arm)! >= minGain) return 'verified';
  const isHopeless =
    (wins === 0 && (losses >= LOSSES_ALONE || stopsInRow > 1)) ||
    (losses >= MOST_LOSSES && wins <= losses) ||
    (pairs >= MOST_PAIRS && wins < pairs / 4);
  return isHopeless ? 'rejected' : 'candidate';
}

function isStillBetter({ logRatios, stopsInRow }: ArmRecord): boolean {
  if (stopsInRow > 1) return false;
  const recent = logRatios.slice(-WATCHED);
  if (recent.length < FEWEST_WATCHED) return true;
  return recent.reduce((sum, ratio) => sum + ratio, 0) < 0;
}
