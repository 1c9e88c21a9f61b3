// What one stage did and what its workers spent their time on. Time is added up where the state changes, not measured
// around waits: a worker is busy, or idle for want of rows, or idle for want of room.
import type { StageStats } from '../contract.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** Why the workers of a stage that are not busy are idle. */
export type IdleCause = 'starved' | 'blocked';

/** What of a stage goes into a checkpoint. */
export interface StageCounts {
  readonly batches: number;
  readonly rows: number;
  readonly skippedRows: number;
  readonly deadRows: number;
}

/** What only the stage itself knows, at a moment. */
export interface StageLevels {
  readonly queuedBatches: number;
  readonly queuedBytes: number;
  readonly memoryBytes: number;
}

/** The figures of one stage. */
export class StageMeter {
  readonly name: string;
  readonly kind: StageStats['kind'];
  batches = 0;
  rows = 0;
  skippedRows = 0;
  deadRows = 0;
  lastError: string | undefined;
  readonly #latency = new LatencyHistogram();
  readonly #ms = { busy: 0, starved: 0, blocked: 0 };
  #busy = 0;
  #workers = 1;
  #idle: IdleCause = 'starved';
  #sinceMs = performance.now();

  constructor(name: string, kind: StageStats['kind']) {
    this.name = name;
    this.kind = kind;
  }

  /** Tells what holds from now on. */
  note(busy: number, idle: IdleCause, workers = 1): void {
    this.#addTime();
    this.#busy = busy;
    this.#idle = idle;
    this.#workers = Math.max(workers, busy);
  }

  /** Counts a batch that went well. */
  countBatch(rows: number, latencyMs: number): void {
    this.batches++;
    this.rows += rows;
    this.#latency.record(latencyMs);
  }

  countsOf(): StageCounts {
    const { batches, rows, skippedRows, deadRows } = this;
    return { batches, rows, skippedRows, deadRows };
  }

  /** Goes on from the counts of a checkpoint. */
  restore(counts: StageCounts): void {
    Object.assign(this, counts);
  }

  statsOf(levels: StageLevels): StageStats {
    this.#addTime();
    return {
      name: this.name,
      kind: this.kind,
      ...this.countsOf(),
      ...(this.lastError !== undefined && { lastError: this.lastError }),
      busyMs: this.#ms.busy,
      starvedMs: this.#ms.starved,
      blockedMs: this.#ms.blocked,
      p50Ms: this.#latency.quantileMs(0.5),
      p99Ms: this.#latency.quantileMs(0.99),
      ...levels,
      workers: this.#workers,
    };
  }

  #addTime(): void {
    const nowMs = performance.now();
    const passedMs = nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
    this.#ms.busy += this.#busy * passedMs;
    this.#ms[this.#idle] += (this.#workers - this.#busy) * passedMs;
  }
}
