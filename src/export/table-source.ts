// One table of an export: history → sample grid → anonymiser → the columns users see, all columnar.
// It can be opened again and again and gives the same rows each time. Nothing is written here.
import type * as arrow from 'apache-arrow';
import { buildAdrView, recordKinds, takeRows, toArrowSchema, buildBatch, timesOf } from '../core/index.ts';
import type { BatchTransform, HistoryReader, PartitionReader, RecordKind } from '../core/index.ts';
import { sourceChangedError } from './errors.ts';
import type { ExportTable } from './export-options.ts';
import type { TableSource } from './file-contract.ts';

/** A half-open range of time. */
export interface ExportRange {
  /** Unset is the oldest row. */
  readonly fromMs?: number;
  readonly toMs: number;
}

/** Where rows come from. */
export interface ExportSource extends HistoryReader, PartitionReader {
  /** What it holds: for progress, and for saying so when a range is empty. */
  stats?(): {
    readonly kinds: Readonly<
      Record<
        string,
        { readonly rows: number; readonly firstMs: number | null; readonly lastMs: number | null }
      >
    >;
  };
}

/** Reads the samples of a table that an export looks at. */
export type ReadSamples = (signal?: AbortSignal) => AsyncIterable<arrow.RecordBatch>;

/** A reader of one table's samples in a range that stays what it is while rows are appended. */
export function buildSampleReader(
  source: ExportSource,
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

/** Timestamp of the first row of a range; null when there is none. */
export async function readFirstTime(
  source: ExportSource,
  table: ExportTable,
  range: ExportRange,
): Promise<number | null> {
  for await (const batch of source.query(table, range)) {
    if (batch.numRows > 0) return timesOf(batch)[0]!;
  }
  return null;
}

/** What a table is made of. */
export interface TableParts {
  readonly table: ExportTable;
  /** The stored columns; what is shown are those of `transform` where there is one. */
  readonly native: RecordKind;
  readonly columns: 'all' | 'document' | readonly string[];
  readonly read: ReadSamples;
  /** Anonymises the rows. */
  readonly transform?: BatchTransform | null | undefined;
  /** Samples counted when the export was planned; null where they were not. */
  readonly plannedSamples: number | null;
  /** Timestamp of the first row when the export was planned; null when there was none. */
  readonly firstMs: number | null;
  readonly rowEstimate?: number | undefined;
}

/** Builds the table. It must have one of the named columns. */
export function buildTableSource(parts: TableParts): TableSource {
  const { transform } = parts;
  const view = buildAdrView(parts.table, transform?.kind ?? parts.native);
  const kept = columnIndexes(view.kind, view.documentColumns, parts.columns);
  const isWhole = kept.length === view.kind.fields.length;
  const kind: RecordKind = isWhole
    ? view.kind
    : { ...view.kind, fields: kept.map((column) => view.kind.fields[column]!) };
  const schema = toArrowSchema(kind);
  const convert = (batch: arrow.RecordBatch): arrow.RecordBatch => {
    const converted = view.toBatch(transform ? transform.apply(batch) : batch);
    return isWhole ? converted : selectColumns(converted, kept, schema);
  };
  return {
    name: parts.table,
    schema,
    rowEstimate: parts.rowEstimate,
    open: (skipRows, signal) => openRows(parts, convert, skipRows, signal),
  };
}

async function* openRows(
  { table, read, plannedSamples, firstMs }: TableParts,
  convert: (batch: arrow.RecordBatch) => arrow.RecordBatch,
  skipRows: number,
  signal: AbortSignal,
): AsyncGenerator<arrow.RecordBatch> {
  let samples = 0;
  let skip = skipRows;
  for await (const batch of read(signal)) {
    // Retention takes the oldest rows first: then others come in their place, without a word.
    if (samples === 0) assertFirst(table, firstMs, timesOf(batch)[0]!);
    samples += batch.numRows;
    const converted = convert(batch);
    if (converted.numRows > skip) yield skip > 0 ? converted.slice(skip) : converted;
    skip = Math.max(0, skip - converted.numRows);
  }
  if (plannedSamples !== null && samples !== plannedSamples) {
    throw sourceChangedError(table, `${plannedSamples} samples`, `${samples}`);
  }
}

function assertFirst(table: ExportTable, plannedMs: number | null, foundMs: number): void {
  if (foundMs === plannedMs) return;
  const planned = plannedMs === null ? 'no row' : `a first row of ${new Date(plannedMs).toISOString()}`;
  throw sourceChangedError(table, planned, `one of ${new Date(foundMs).toISOString()}`);
}

function columnIndexes(
  kind: RecordKind,
  documentColumns: number,
  columns: TableParts['columns'],
): readonly number[] {
  const all = kind.fields.map((_, column) => column);
  if (columns === 'all') return all;
  if (columns === 'document') return all.slice(0, documentColumns);
  return columns.flatMap((name) => all.filter((column) => kind.fields[column]!.name === name));
}

function selectColumns(
  batch: arrow.RecordBatch,
  columns: readonly number[],
  schema: arrow.Schema,
): arrow.RecordBatch {
  return buildBatch(
    schema,
    batch.numRows,
    columns.map((column) => batch.data.children[column]!),
  );
}
