// The end of a run that failed: everything is closed or aborted, and whatever hangs is waited for no longer than the
// caller can wait. What takes longer goes on behind the caller's back.

/** One thing to end. */
export interface Ending {
  /** Resolves when no call of it is under way. */
  readonly settled: () => Promise<unknown>;
  /** Null where there is nothing to do; its calls are then not waited for either. */
  readonly end: (() => Promise<unknown>) | null;
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
      if (!end) return;
      await within(settled().catch(() => undefined), settleMs);
      await end();
    }),
  );
  await within(ended.then(last).catch(() => undefined), limitMs);
}

async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
