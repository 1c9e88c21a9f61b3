// Rows written so far → rate and time left.
import type { WriteTablesRequest } from './file-contract.ts';

/** Time between two reports. */
const REPORT_MS = 100;

/** Tells a caller how far an export is. */
export class ProgressMeter {
  readonly #onProgress: WriteTablesRequest['onProgress'];
  readonly #totalRows: number | null;
  readonly #startMs = performance.now();
  #rows = 0;
  #resumedRows = 0;
  #toldMs = -Infinity;

  constructor({ tables, onProgress }: Pick<WriteTablesRequest, 'tables' | 'onProgress'>) {
    const estimates = tables.map(({ rowEstimate }) => rowEstimate);
    const isKnown = estimates.every((rows) => rows !== undefined);
    this.#totalRows = isKnown ? estimates.reduce((sum, rows) => sum + rows, 0) : null;
    this.#onProgress = onProgress;
  }

  /** Counts rows that an earlier run wrote: they are done, and say nothing about the rate. */
  resume(rows: number): void {
    this.#rows += rows;
    this.#resumedRows += rows;
  }

  add(table: string, rows: number): void {
    this.#rows += rows;
    const nowMs = performance.now();
    if (!this.#onProgress || nowMs - this.#toldMs < REPORT_MS) return;
    this.#toldMs = nowMs;
    const rowsPerSecond = ((this.#rows - this.#resumedRows) / Math.max(1, nowMs - this.#startMs)) * 1000;
    const total = this.#totalRows;
    const etaSeconds = total === null ? null : Math.max(0, total - this.#rows) / rowsPerSecond;
    this.#onProgress({ table, rows: this.#rows, totalRows: total, rowsPerSecond, etaSeconds });
  }
}
