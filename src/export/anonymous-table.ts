// One anonymised table of an export: history → sample grid → anonymiser → the columns users see, batch by batch.
// Nothing is written here.
import type * as arrow from 'apache-arrow';
import { buildAdrView, buildBatch, recordKinds, takeRows, timesOf, toArrowSchema } from '../core/index.ts';
import type { BatchTransform, HistoryReader, RecordKind } from '../core/index.ts';
import type { AnonymizationPlan } from '../prepare/index.ts';
import { buildBatchTable } from './batch-table.ts';
import { sourceChangedError } from './errors.ts';
import type { ExportTable } from './export-options.ts';
import type { ExportedTable } from './file-contract.ts';
import { assertFirstTime, selectColumns } from './history-table.ts';
import type { ExportRange } from './history-table.ts';

/** Reads the samples of a table that an export looks at. */
export type ReadSamples = (signal?: AbortSignal) => AsyncIterable<arrow.RecordBatch>;

/** A reader of one table's samples in a range that stays what it is while rows are appended. */
export function buildSampleReader(
  source: HistoryReader,
  table: ExportTable,
  range: ExportRange,
  sampleIntervalMs: number,
): ReadSamples {
  // Events are no samples: leaving some out would lose them for good.
  const intervalMs = table === 'optimization' ? 0 : sampleIntervalMs;
  return (signal) => {
    const grid = intervalMs > 0 ? new SampleGrid(recordKinds[table]!, intervalMs) : null;
    return readSamples(source.query(table, range), grid, signal);
  };
}

async function* readSamples(
  batches: AsyncIterable<arrow.RecordBatch>,
  grid: BatchTransform | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<arrow.RecordBatch> {
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const kept = grid ? grid.apply(batch) : batch;
    if (kept.numRows > 0) yield kept;
  }
}

/**
 * Keeps the first timestamp at or after each grid point, and every row that carries it: a process
 * sample is a whole scan with one timestamp.
 */
class SampleGrid implements BatchTransform {
  readonly kind: RecordKind;
  readonly #intervalMs: number;
  #point: number | null = null;
  #keptMs = Number.NaN;

  constructor(kind: RecordKind, intervalMs: number) {
    this.kind = kind;
    this.#intervalMs = intervalMs;
  }

  /** The rows of the next batch that stay. */
  apply(batch: arrow.RecordBatch): arrow.RecordBatch {
    return takeRows(batch, this.#rowsOn(batch));
  }

  #rowsOn(batch: arrow.RecordBatch): Uint32Array {
    const times = timesOf(batch);
    const rows = new Uint32Array(times.length);
    let kept = 0;
    for (let i = 0; i < times.length; i++) {
      if (this.#keeps(times[i]!)) rows[kept++] = i;
    }
    return rows.subarray(0, kept);
  }

  #keeps(timeMs: number): boolean {
    if (timeMs === this.#keptMs) return true;
    const point = Math.floor(timeMs / this.#intervalMs);
    if (point === this.#point) return false;
    this.#point = point;
    this.#keptMs = timeMs;
    return true;
  }
}

/** What a table is made of. */
export interface AnonymousTableParts {
  readonly table: ExportTable;
  readonly columns: 'all' | 'document' | readonly string[];
  readonly read: ReadSamples;
  readonly plan: AnonymizationPlan;
  /** Samples counted when the export was planned. */
  readonly samples: number;
  /** Timestamp of the first row when the export was planned; null when there was none. */
  readonly firstMs: number | null;
}

/** Builds the table. It must have one of the named columns. */
export function buildAnonymousTable(parts: AnonymousTableParts): ExportedTable {
  const { table, plan, columns } = parts;
  const view = buildAdrView(table, plan.kind);
  const shown = selectColumns(view.columns, view.documentColumns, columns);
  const schema = toArrowSchema({ ...view.kind, fields: shown.map(({ field }) => field) });
  const places = shown.map((column) => view.columns.indexOf(column));
  const convert = (batch: arrow.RecordBatch): arrow.RecordBatch => {
    const { data, numRows } = view.toBatch(plan.apply(batch));
    return buildBatch(
      schema,
      numRows,
      places.map((column) => data.children[column]!),
    );
  };
  const open = (signal: AbortSignal) => openRows(parts, convert, signal);
  return buildBatchTable({ name: table, schema, rowEstimate: plan.rowCount, open });
}

async function* openRows(
  { table, read, samples: plannedSamples, firstMs }: AnonymousTableParts,
  convert: (batch: arrow.RecordBatch) => arrow.RecordBatch,
  signal: AbortSignal,
): AsyncGenerator<arrow.RecordBatch> {
  let samples = 0;
  for await (const batch of read(signal)) {
    // Retention takes the oldest rows first: then others come in their place, without a word.
    if (samples === 0) assertFirstTime(table, firstMs, timesOf(batch)[0]!);
    samples += batch.numRows;
    yield convert(batch);
  }
  if (samples !== plannedSamples) {
    throw sourceChangedError(table, `${plannedSamples} samples`, `${samples}`);
  }
}
