// How fast a run is and when it will be done.
import type { MemoryBudget, PipelineProgress, StageStats } from '../contract.ts';

/** Over about this time the rate is taken. */
const RATE_WINDOW_MS = 5000;

/** What a meter looks at. */
export interface Measured {
  readonly budget: MemoryBudget;
  /** Rows that the source still has; null where nobody knows. */
  sizeHint(): number | null;
  /** What the sink is at behind the last row; null before and after. */
  finishing(): string | null;
  /** Source, transforms, sink. */
  stats(): readonly StageStats[];
}

/** Follows the rows of a run. */
export class RunMeter {
  readonly #measured: Measured;
  readonly #startMs = performance.now();
  readonly #startRows: number;
  #lastMs = this.#startMs;
  #lastRows: number;
  #rate: number | null = null;

  /** @param rows read before a resumed run began */
  constructor(measured: Measured, rows: number) {
    this.#measured = measured;
    this.#startRows = rows;
    this.#lastRows = rows;
  }

  /** How the run does now. */
  read(): PipelineProgress {
    const stages = this.#measured.stats();
    const rowsIn = stages[0]!.rows;
    const restRows = this.#measured.sizeHint();
    const rate = this.#updateRate(rowsIn);
    const finishing = this.#measured.finishing();
    const isOpen = restRows === null || rate <= 0 || finishing !== null;
    return {
      ...this.#whole(stages),
      totalRows: restRows === null ? null : rowsIn + restRows,
      rowsPerSecond: rate,
      etaSeconds: isOpen ? null : restRows / rate,
      finishing,
    };
  }

  /** How it did, over all. */
  readFinal(): PipelineProgress {
    const stages = this.#measured.stats();
    const rowsIn = stages[0]!.rows;
    const seconds = (performance.now() - this.#startMs) / 1000;
    return {
      ...this.#whole(stages),
      totalRows: rowsIn,
      rowsPerSecond: seconds > 0 ? (rowsIn - this.#startRows) / seconds : 0,
      etaSeconds: 0,
      finishing: null,
    };
  }

  #whole(stages: readonly StageStats[]): Pick<PipelineProgress, 'rowsIn' | 'rowsOut' | 'budget' | 'stages'> {
    const { limitBytes, usedBytes, peakBytes } = this.#measured.budget;
    return {
      rowsIn: stages[0]!.rows,
      rowsOut: stages.at(-1)!.rows,
      budget: { limitBytes, usedBytes, peakBytes },
      stages,
    };
  }

  #updateRate(rows: number): number {
    const nowMs = performance.now();
    const passedMs = nowMs - this.#lastMs;
    if (passedMs <= 0) return this.#rate ?? 0;
    const latest = ((rows - this.#lastRows) * 1000) / passedMs;
    const weight = 1 - Math.exp(-passedMs / RATE_WINDOW_MS);
    this.#rate = this.#rate === null ? latest : this.#rate + (latest - this.#rate) * weight;
    this.#lastMs = nowMs;
    this.#lastRows = rows;
    return this.#rate;
  }
}
