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

/** Longest look. Measured: a woken core answers after 35 µs, a sleep and its wake-up cost about 50 µs more. */
const BOUND_US = 40;

/** Occasions passed over after looks in vain: doubled each time up to this, none after a success. */
const MAX_PASSED_OVER = 64;

/** Options of {@link createBriefLook}; by default what this machine can use. */
export interface BriefLookOptions {
  /** @default 40, or 0 where a single core would keep the other side from writing */
  readonly boundUs?: number;
  /** Milliseconds on any monotonic clock. @default performance.now */
  readonly now?: () => number;
}

/** Builds a look that has learnt nothing yet. */
export function createBriefLook(options: BriefLookOptions = {}): BriefLook {
  const { boundUs = availableParallelism() > 1 ? BOUND_US : 0, now = () => performance.now() } = options;
  let penalty = 0;
  let toPassOver = 0;
  return {
    isDue: () => {
      if (boundUs === 0) return false;
      if (toPassOver === 0) return true;
      toPassOver--;
      return false;
    },
    until: (isThere) => {
      const deadline = now() + boundUs / 1000;
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
