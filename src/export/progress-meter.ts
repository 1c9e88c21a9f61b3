// Rows written so far → rate and time left. While a plan runs it says nothing itself: what it wrote does.
import { open } from 'node:fs/promises';
import type { WriteTablesRequest } from './file-contract.ts';

/** Time between two reports. */
const REPORT_MS = 100;
/** What is looked at to learn how long a row of text is. */
const HEAD_BYTES = 65_536;
const LINE_FEED = 0x0a;

/** Tells a caller how far an export is. */
export class ProgressMeter {
  readonly #onProgress: WriteTablesRequest['onProgress'];
  readonly #totalRows: number | null;
  readonly #startMs = performance.now();
  #rows = 0;
  #toldMs = -Infinity;

  constructor({ tables, onProgress }: Pick<WriteTablesRequest, 'tables' | 'onProgress'>) {
    const estimates = tables.map(({ rowEstimate }) => rowEstimate);
    const isKnown = estimates.every((rows) => rows !== undefined);
    this.#totalRows = isKnown ? estimates.reduce((sum, rows) => sum + rows, 0) : null;
    this.#onProgress = onProgress;
  }

  /** Counts rows that are written. */
  add(table: string, rows: number): void {
    this.#rows += rows;
    this.#tell(table, this.#rows);
  }

  /** Watches a file that a plan writes. @returns what ends it */
  watch(table: string, part: GrowingPart): () => void {
    if (!this.#onProgress) return () => {};
    const timer = setInterval(() => {
      void readRows(part).then((rows) => rows > 0 && this.#tell(table, this.#rows + rows));
    }, REPORT_MS);
    return () => clearInterval(timer);
  }

  #tell(table: string, rows: number): void {
    const nowMs = performance.now();
    if (!this.#onProgress || nowMs - this.#toldMs < REPORT_MS) return;
    this.#toldMs = nowMs;
    const rowsPerSecond = (rows / Math.max(1, nowMs - this.#startMs)) * 1000;
    const total = this.#totalRows;
    const etaSeconds = total === null ? null : Math.max(0, total - rows) / rowsPerSecond;
    this.#onProgress({ table, rows, totalRows: total, rowsPerSecond, etaSeconds });
  }
}

/** A file that a plan writes. */
export interface GrowingPart {
  readonly path: string;
  /** Rows that it will have. */
  readonly rows: number;
  /** Bytes of a row in the part before; unset for a first one, whose lines are looked at where it has some. */
  readonly rowBytes?: number | undefined;
  readonly hasLines: boolean;
}

/** About how many rows are in the file by now; 0 where nobody can tell. */
async function readRows({ path, rows, rowBytes, hasLines }: GrowingPart): Promise<number> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const bytes = rowBytes ?? (hasLines ? await readRowBytes(file) : Infinity);
    return Math.min(rows, Math.floor(size / bytes));
  } catch {
    return 0; // not there yet, or done with
  }
}

async function readRowBytes(file: Awaited<ReturnType<typeof open>>): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  let lines = 0;
  for (const byte of buffer.subarray(0, bytesRead)) if (byte === LINE_FEED) lines++;
  return lines > 0 ? bytesRead / lines : Infinity;
}
