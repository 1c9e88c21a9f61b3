// How a plan does: Polars tells nothing while it runs, so figures come with each part that was written.
import type { MemoryBudget, NativeStage, PipelineProgress, StageStats } from '../contract.ts';
import type { OpenTables } from './frames.ts';
import { listStages } from './polars-errors.ts';
import type { WrittenPart } from './run-native.ts';

/** What a plan is part of. */
export interface MeteredRun {
  readonly names: { readonly source: string; readonly sink: string };
  readonly budget: MemoryBudget;
}

/** Adds up the parts of one plan. */
export class PlanMeter {
  readonly #name: string;
  readonly #budget: MemoryBudget;
  readonly #totalRows: number | null;
  readonly #startMs = performance.now();
  readonly #partMs: number[] = [];
  #rows = 0;
  #share = 0;

  constructor(tables: OpenTables, stages: readonly NativeStage[], { names, budget }: MeteredRun) {
    this.#name = listStages({ source: names.source, stages, sink: names.sink });
    this.#budget = budget;
    this.#totalRows = tables.partitions.reduce<number | null>(
      (sum, { maxRows }) => (sum === null || maxRows === null ? null : sum + maxRows),
      0,
    );
  }

  note(part: WrittenPart): void {
    this.#rows += part.rows ?? 0;
    this.#share = part.parts / part.of;
    this.#partMs.push(part.busyMs);
  }

  /** Rows are those read, as far as files tell; what a filter leaves out is not seen from outside. */
  read(): PipelineProgress {
    const seconds = (performance.now() - this.#startMs) / 1000;
    const { limitBytes, usedBytes, peakBytes } = this.#budget;
    return {
      rowsIn: this.#rows,
      rowsOut: this.#rows,
      totalRows: this.#totalRows,
      rowsPerSecond: seconds > 0 ? this.#rows / seconds : 0,
      etaSeconds: this.#share > 0 ? (seconds * (1 - this.#share)) / this.#share : null,
      finishing: null,
      budget: { limitBytes, usedBytes, peakBytes },
      stages: [this.#stats()],
    };
  }

  #stats(): StageStats {
    const sorted = this.#partMs.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
    return {
      name: this.#name,
      kind: 'plan',
      batches: sorted.length,
      rows: this.#rows,
      skippedRows: 0,
      deadRows: 0,
      busyMs: sorted.reduce((sum, ms) => sum + ms, 0),
      starvedMs: 0,
      blockedMs: 0,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      queuedBatches: 0,
      queuedBytes: 0,
      memoryBytes: 0,
      workers: 1,
    };
  }
}
