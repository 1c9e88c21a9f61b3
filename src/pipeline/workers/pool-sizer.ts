// How many workers a transform should have, from what its batches show. One more when batches wait for a worker, kept
// only if rows per second rose with it; one less when the others could do the work. Pure: time comes from the caller.

/** One batch that was done. */
export interface BatchOutcome {
  readonly rows: number;
  readonly busyMs: number;
  /** The worker that did it. */
  readonly threadId: number;
  /** Another batch waited for a worker when it was done. */
  readonly hasWaiting: boolean;
}

/** The size of one pool. */
export interface PoolSizer {
  readonly workers: number;
  observe(outcome: BatchOutcome, nowMs: number): void;
}

/** A window lasts at least so long, and so many batches a worker. */
const WINDOW_MS = 200;
const WINDOW_BATCHES = 6;
/** A new worker that did no batch within this time is not waited for; on a busy machine one needs seconds to start. */
const SETTLE_MS = 15_000;
/** Share of batches that others waited behind, from which the workers are the bottleneck. */
const DEMAND = 0.5;
/** Rows per second have to rise by this share with one more worker. */
const WORTH = 0.1;
/** Workers that would be idle beside the one that is given up. */
const SPARE = 0.2;
const FIRST_REST = 8;
const LONGEST_REST = 64;

interface Window {
  startMs: number;
  batches: number;
  waiting: number;
  rows: number;
  busyMs: number;
}

const openWindow = (startMs: number): Window => ({ startMs, batches: 0, waiting: 0, rows: 0, busyMs: 0 });

/** Builds a sizer that starts with one worker. */
export function buildPoolSizer(maxWorkers: number): PoolSizer {
  return new StepSizer(maxWorkers);
}

class StepSizer implements PoolSizer {
  workers = 1;
  readonly #maxWorkers: number;
  #window: Window | null = null;
  /** Workers seen since the last change; what a worker does before the others are there says nothing. */
  readonly #seen = new Set<number>();
  #settleUntilMs = -Infinity;
  /** Rows per second before the last worker was added, while it is on trial. */
  #rateBefore: number | null = null;
  /** Windows until another worker is tried again. */
  #rest = 0;
  #nextRest = FIRST_REST;

  constructor(maxWorkers: number) {
    this.#maxWorkers = maxWorkers;
  }

  observe({ rows, busyMs, threadId, hasWaiting }: BatchOutcome, nowMs: number): void {
    this.#seen.add(threadId);
    const isSettling = this.#seen.size < this.workers && nowMs < this.#settleUntilMs;
    if (this.#window === null || isSettling) {
      this.#window = openWindow(nowMs);
      return;
    }
    const window = this.#window;
    window.batches++;
    window.rows += rows;
    window.busyMs += busyMs;
    if (hasWaiting) window.waiting++;
    const elapsedMs = nowMs - window.startMs;
    if (elapsedMs < WINDOW_MS || window.batches < WINDOW_BATCHES * this.workers) return;
    this.#judge(window, elapsedMs, nowMs);
    this.#window = openWindow(nowMs);
  }

  #judge({ batches, waiting, rows, busyMs }: Window, elapsedMs: number, nowMs: number): void {
    const rate = rows / elapsedMs;
    const isWanted = waiting / batches >= DEMAND;
    if (this.#rateBefore !== null) return this.#endTrial(rate, nowMs);
    this.#rest = Math.max(0, this.#rest - 1);
    if (isWanted && this.workers < this.#maxWorkers && this.#rest === 0) {
      this.#rateBefore = rate;
      this.#change(1, nowMs);
    } else if (!isWanted && busyMs / elapsedMs + SPARE < this.workers - 1) this.#change(-1, nowMs);
  }

  #endTrial(rate: number, nowMs: number): void {
    const isWorth = rate >= this.#rateBefore! * (1 + WORTH);
    this.#rateBefore = null;
    if (isWorth) this.#nextRest = FIRST_REST;
    else {
      this.#rest = this.#nextRest;
      this.#nextRest = Math.min(LONGEST_REST, this.#nextRest * 2);
      this.#change(-1, nowMs);
    }
  }

  #change(by: number, nowMs: number): void {
    this.workers += by;
    this.#seen.clear();
    this.#settleUntilMs = nowMs + SETTLE_MS;
  }
}
