// What the figures of a stage come to: its rate, and what its time went into. Pure.
import type { StageStats } from '../contract.ts';

/** Shares of a stage's time, which add up to 1; all 0 before it has done anything. */
export interface TimeShares {
  readonly busy: number;
  /** Waiting for rows. */
  readonly starved: number;
  /** Waiting for room behind it: the stall that back-pressure makes. */
  readonly blocked: number;
}

/** What the time of a stage went into. */
export function timeSharesOf({ busyMs, starvedMs, blockedMs }: StageStats): TimeShares {
  const wholeMs = busyMs + starvedMs + blockedMs;
  if (wholeMs <= 0) return { busy: 0, starved: 0, blocked: 0 };
  return { busy: busyMs / wholeMs, starved: starvedMs / wholeMs, blocked: blockedMs / wholeMs };
}

/** Rows a second of the time that a stage has been there, with all its workers. */
export function rowsPerSecondOf(stage: StageStats): number {
  const { rows, workers, busyMs, starvedMs, blockedMs } = stage;
  const seconds = (busyMs + starvedMs + blockedMs) / Math.max(1, workers) / 1000;
  return seconds > 0 ? rows / seconds : 0;
}
