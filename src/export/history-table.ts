// One table of an export as plans: partitions of the history → sample grid → the columns users see. It can be opened
// again and again and gives the same rows each time. Nothing is run here but what looks at times and counts.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { buildAdrView, toArrowSchema, loadPolars } from '../core/index.ts';
import type { HistoryPartition, PartitionReader, RecordKind, ViewColumn, Polars } from '../core/index.ts';
import { buildToDocument } from './document-frame.ts';
import type { AnonymizationPlan } from '../prepare/index.ts';
import { sourceChangedError } from './errors.ts';
import type { ExportTable } from './export-options.ts';
import type { ExportedTable, TablePart } from './file-contract.ts';

/** A half-open range of time. */
export interface ExportRange {
  /** Unset is the oldest row. */
  readonly fromMs?: number;
  readonly toMs: number;
}

/** What a table is made of. */
export interface HistoryTableParts {
  readonly source: PartitionReader;
  readonly table: ExportTable;
  readonly range: ExportRange;
  /** The kind of its rows, anonymised where they are. */
  readonly native: RecordKind;
  /** Null writes what was collected. */
  readonly anonymous: AnonymousRows | null;
  readonly columns: 'all' | 'document' | readonly string[];
  readonly sampleIntervalMs: number;
  /** Timestamp of the first row when the export was planned; null when there was none. */
  readonly firstMs: number | null;
  readonly rowEstimate?: number | undefined;
}

/** How rows are anonymised. */
export interface AnonymousRows {
  readonly plan: AnonymizationPlan;
  /** Samples that were read to plan it. */
  readonly samples: number;
}

/** Builds the table. It must have one of the named columns. */
export function buildHistoryTable(parts: HistoryTableParts): ExportedTable {
  const { table, native, columns, rowEstimate } = parts;
  const view = buildAdrView(table, native);
  const shown = selectColumns(view.columns, view.documentColumns, columns);
  const schema = toArrowSchema({ ...view.kind, fields: shown.map(({ field }) => field) });
  return {
    name: table,
    schema,
    rowEstimate,
    parts: (partRows, signal) => readParts(parts, shown, partRows, signal),
    explain: (error) => parts.anonymous?.plan.explain(error) ?? error,
  };
}

/** Timestamp of the first row of a range; null when there is none. */
export async function readFirstTime(
  source: PartitionReader,
  table: ExportTable,
  range: ExportRange,
): Promise<number | null> {
  for (const partition of await source.partitions(table, range)) {
    const first = await readFirst(await partition.open());
    if (first !== null) return first;
  }
  return null;
}

/** Columns of a view in the order asked for. */
function selectColumns(
  all: readonly ViewColumn[],
  documentColumns: number,
  wanted: HistoryTableParts['columns'],
): readonly ViewColumn[] {
  if (wanted === 'all') return all;
  if (wanted === 'document') return all.slice(0, documentColumns);
  return wanted.flatMap((name) => all.filter(({ field }) => field.name === name));
}

/** The samples of a table that an export looks at. */
export async function samplePartitions(
  parts: Pick<HistoryTableParts, 'source' | 'table' | 'range' | 'sampleIntervalMs'>,
): Promise<HistoryPartition[]> {
  const partitions = await parts.source.partitions(parts.table, parts.range);
  const grid = createGrid(parts);
  if (!grid) return partitions;
  // Opened one after the other: what is kept of one depends on those before.
  return partitions.map((partition) => ({
    ...partition,
    open: async () => (await grid.apply(await partition.open())).frame,
  }));
}

/** Events are no samples: leaving some out would lose them for good. */
const createGrid = ({
  table,
  sampleIntervalMs,
}: Pick<HistoryTableParts, 'table' | 'sampleIntervalMs'>): SampleGrid | null =>
  sampleIntervalMs > 0 && table !== 'optimization' ? new SampleGrid(sampleIntervalMs) : null;

async function* readParts(
  parts: HistoryTableParts,
  shown: readonly ViewColumn[],
  partRows: number,
  signal: AbortSignal,
): AsyncGenerator<TablePart> {
  const { source, table, range, firstMs, anonymous } = parts;
  const grid = createGrid(parts);
  const partitions = await source.partitions(table, range);
  const toDocument = await buildToDocument(shown);
  const wantedRows = anonymous ? Math.min(partRows, ANONYMOUS_VALUES / shown.length) : partRows;
  let [samples, released] = [0, 0];
  for (const group of groupPartitions(partitions, wantedRows, shown.length)) {
    signal.throwIfAborted();
    const frame = await openGroup(group, signal);
    const rows = await countRows(frame);
    if (rows === 0) continue;
    // Retention takes the oldest rows first: then others come in their place, without a word.
    if (samples === 0) assertFirstTime(table, firstMs, (await readFirst(frame))!);
    const kept = grid ? await grid.apply(frame) : { frame, rows };
    samples += kept.rows;
    if (!anonymous) {
      yield { rows: kept.rows, frame: toDocument(kept.frame) };
      continue;
    }
    // How many of a part are released is known only of all of them.
    const share = Math.min(1, samples / anonymous.samples);
    const before = released;
    released = Math.floor(anonymous.plan.rowCount * share);
    yield { rows: released - before, frame: toDocument(anonymous.plan.applyFrame(kept.frame)) };
  }
  if (anonymous && samples !== anonymous.samples) {
    throw sourceChangedError(table, `${anonymous.samples} samples`, `${samples}`);
  }
}

/** Values that are anonymised at once: joins hold some of them. */
const ANONYMOUS_VALUES = 2 ** 24;

/** Columns of all scans of one plan: planning and running it takes memory for each of them. */
const MAX_PLAN_COLUMNS = 4096;

/** Partitions of one plan. One that has to be sorted takes its memory alone. */
function groupPartitions(
  partitions: readonly HistoryPartition[],
  partRows: number,
  columns: number,
): HistoryPartition[][] {
  const maxPartitions = Math.max(1, Math.floor(MAX_PLAN_COLUMNS / columns));
  const groups: HistoryPartition[][] = [];
  let rows = Infinity;
  for (const partition of partitions) {
    const isFull = rows + partition.maxRows > partRows || (groups.at(-1)?.length ?? 0) >= maxPartitions;
    if (isFull || partition.isSorted) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)!.push(partition);
    rows = partition.isSorted ? Infinity : rows + partition.maxRows;
  }
  return groups;
}

async function openGroup(group: readonly HistoryPartition[], signal: AbortSignal): Promise<LazyDataFrame> {
  const polars = loadPolars();
  const frames: LazyDataFrame[] = [];
  for (const partition of group) {
    signal.throwIfAborted();
    frames.push(await partition.open());
  }
  return frames.length === 1 ? frames[0]! : polars.concat(frames);
}

async function countRows(frame: LazyDataFrame): Promise<number> {
  const polars = loadPolars();
  const found = await frame.select(polars.len().alias('rows')).collect();
  return Number(found.getColumn('rows').get(0));
}

/** Time of the first row; null without one. */
async function readFirst(frame: LazyDataFrame): Promise<number | null> {
  const polars = loadPolars();
  const found = await frame.limit(1).select(timeOf(polars).cast(polars.Float64).alias('first')).collect();
  return found.height === 0 ? null : (found.getColumn('first').get(0) as number);
}

const timeOf = (polars: Polars): Expr => polars.col('timestamp').cast(polars.Int64);

/**
 * Keeps the first timestamp at or after each grid point, and every row that carries it: a process
 * sample is a whole scan with one timestamp. Frames come in the order of their times and share none.
 */
class SampleGrid {
  readonly #intervalMs: number;
  #point: number | null = null;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** The rows of the next frame that stay, and how many they are. */
  async apply(frame: LazyDataFrame): Promise<TablePart> {
    const polars = loadPolars();
    const counts = await frame
      .groupBy(timeOf(polars).alias('time'))
      .agg(polars.len().alias('rows'))
      .collect();
    const times = (counts.getColumn('time').toArray() as (number | bigint)[]).map(Number);
    const rows = (counts.getColumn('rows').toArray() as (number | bigint)[]).map(Number);
    const kept: number[] = [];
    let keptRows = 0;
    const order = times.map((_, at) => at).sort((a, b) => times[a]! - times[b]!);
    for (const at of order) {
      const point = Math.floor(times[at]! / this.#intervalMs);
      if (point === this.#point) continue;
      this.#point = point;
      kept.push(times[at]!);
      keptRows += rows[at]!;
    }
    const wanted = polars.lit(polars.Series('kept', kept, polars.Float64).cast(polars.Int64));
    return { rows: keptRows, frame: frame.filter(timeOf(polars).isIn(wanted)) };
  }
}

function assertFirstTime(table: ExportTable, plannedMs: number | null, foundMs: number): void {
  if (foundMs === plannedMs) return;
  const planned = plannedMs === null ? 'no row' : `a first row of ${new Date(plannedMs).toISOString()}`;
  throw sourceChangedError(table, planned, `one of ${new Date(foundMs).toISOString()}`);
}
