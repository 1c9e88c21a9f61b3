// Looking at shared memory for some microseconds before sleeping. Waking an idle core takes longer than a row
// of a small model, so a short look is cheaper than a sleep when the other side is about to write; when it is
// not, the look burns a core. This learns which of the two it is.
import { availableParallelism } from 'node:os';

/** A bounded look that stops looking where it does not pay. */
export interface BriefLook {
  /** Whether to look on this occasion; each call is one occasion. */
  isDue(): boolean;
  /** Looks until `isThere()` or the bound; returns whether it was there, and learns from it. */
  until(isThere: () => boolean): boolean;
}

/** Longest look. Measured: an answer takes 10 µs when both sides are awake, about 110 µs by way of two sleeps. */
const BOUND_US = 40;

/**
 * Occasions passed over after looks in vain: doubled each time up to this, none after a success. So looks in
 * vain cost 40 µs in 17 occasions, and a run of quick requests is noticed within 17.
 */
const MAX_PASSED_OVER = 16;

/** Options of {@link createBriefLook}. */
export interface BriefLookOptions {
  /** Cores this process may use; on a single one a look would keep the other side from writing. @default availableParallelism() */
  readonly cores?: number;
  /** Milliseconds on any monotonic clock. @default performance.now */
  readonly now?: () => number;
}

/** Builds a look that has learnt nothing yet. */
export function createBriefLook(options: BriefLookOptions = {}): BriefLook {
  const { cores = availableParallelism(), now = () => performance.now() } = options;
  let penalty = 0;
  let toPassOver = 0;
  return {
    isDue: () => {
      if (cores === 1) return false;
      if (toPassOver === 0) return true;
      toPassOver--;
      return false;
    },
    until: (isThere) => {
      const deadline = now() + BOUND_US / 1000;
      let found = isThere();
      while (!found && now() < deadline) {
        Atomics.pause();
        found = isThere();
      }
      penalty = found ? 0 : Math.min(MAX_PASSED_OVER, Math.max(1, penalty * 2));
      toPassOver = penalty;
      return found;
    },
  };
}
