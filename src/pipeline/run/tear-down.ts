// The end of a run that failed: everything is closed or aborted, and whatever hangs is waited for no longer than the
// caller can wait. What takes longer goes on behind the caller's back.
import { setTimeout as sleep } from 'node:timers/promises';

/** One thing to end. */
export interface Ending {
  /** Resolves when no call of it is under way. */
  readonly settled: () => Promise<unknown>;
  readonly end: () => Promise<unknown> | undefined;
}

/** How long to wait. */
export interface Patience {
  /** For a call that is under way, before the thing is ended all the same. */
  readonly settleMs: number;
  /** In all. */
  readonly limitMs: number;
}

/** An abort is heard within 50 ms. */
export const abortPatience: Patience = { settleMs: 10, limitMs: 25 };
/** An error may wait for a table to be rolled back. */
export const errorPatience: Patience = { settleMs: 1000, limitMs: 5000 };

/**
 * Ends all things at once, then does what comes last. Errors of endings are left out: what ended the run is told.
 */
export async function tearDown(
  endings: readonly Ending[],
  { settleMs, limitMs }: Patience,
  last: () => Promise<unknown>,
): Promise<void> {
  const ended = Promise.allSettled(
    endings.map(async ({ settled, end }) => {
      await within(settled(), settleMs);
      await end();
    }),
  );
  await within(
    ended.then(last).catch(() => undefined),
    limitMs,
  );
}

async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([promise, late]);
  timer.abort();
}
