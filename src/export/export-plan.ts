// Planning an export: fixes the range, reads each table once to anonymise it, and keeps what an
// interrupted run needs to go on: its range and the anonymiser's key and plan. Writes nothing.
import type * as arrow from 'apache-arrow';
import { buildAdrView, recordKinds } from '../core/index.ts';
import type { RecordKind } from '../core/index.ts';
import { createAnonymizer } from '../prepare/index.ts';
import type { AnonymizationPlan, Anonymizer, PrivacyReport } from '../prepare/index.ts';
import { buildTransform, planBatches } from './anonymize-batches.ts';
import type { ResolvedExport } from './export-config.ts';
import type { ExportTable } from './export-options.ts';
import { exportOptionsError } from './errors.ts';
import type { TableSource } from './file-contract.ts';
import { buildSampleReader, buildTableSource, readFirstTime } from './table-source.ts';
import type { ExportRange, ExportSource, ReadSamples } from './table-source.ts';

/** Tables ready to be written. */
export interface ExportPlan {
  readonly tables: readonly TableSource[];
  /** True when no table has a row. */
  readonly isEmpty: boolean;
  /** Everything a later run needs to write the same rows again, as text. Holds the anonymiser's key. */
  readonly secretState: string;
  /** Wipes the anonymiser's key. Call when the rows are written, or will not be. */
  destroyKey(): void;
  /** How each table is protected, as of now; null when the export is not anonymised. */
  privacy(): Readonly<Record<string, PrivacyReport>> | null;
}

/** What planning works with. */
export interface PlanContext {
  readonly source: ExportSource;
  readonly resolved: ResolvedExport;
  readonly signal?: AbortSignal | undefined;
  /** Called while tables are read. */
  readonly onPlanned: (table: ExportTable, samples: number) => void;
}

interface TableState {
  readonly fromMs: number | null;
  readonly toMs: number;
  /** Timestamp of the first row: retention may have removed rows between two runs. */
  readonly firstMs: number | null;
  /** Samples in the range; null where they were not counted. */
  readonly samples: number | null;
}

interface PlannedTable {
  readonly table: ExportTable;
  readonly state: TableState;
  readonly plan: AnonymizationPlan | null;
}

/**
 * Plans an export of a range from scratch.
 * @throws ExportOptionsError for columns that no table has, and what the anonymiser throws
 */
export async function planExport(context: PlanContext, range: ExportRange): Promise<ExportPlan> {
  const { resolved } = context;
  const anonymizer = resolved.anonymize
    ? createAnonymizer({ k: resolved.k, timePrecisionMs: resolved.timePrecisionMs })
    : null;
  const planned: PlannedTable[] = [];
  for (const table of resolved.tables) planned.push(await planTable(context, table, range, anonymizer));
  return await assemble(context, planned);
}

/**
 * Takes up the plan of an interrupted run.
 * @returns null when the history does not hold the same rows any more
 */
export async function resumePlan(context: PlanContext, secretState: string): Promise<ExportPlan | null> {
  const states = JSON.parse(secretState) as Partial<Record<ExportTable, TableState>>;
  const planned: PlannedTable[] = [];
  for (const table of context.resolved.tables) {
    const state = states[table];
    if (!state) return null;
    const firstMs = await readFirstTime(context.source, table, rangeOf(state));
    if (firstMs !== state.firstMs) return null;
    // What an anonymiser planned is not kept: such an export begins anew.
    if (context.resolved.anonymize) return null;
    planned.push({ table, state, plan: null });
  }
  return await assemble(context, planned);
}

async function planTable(
  context: PlanContext,
  table: ExportTable,
  range: ExportRange,
  anonymizer: Anonymizer | null,
): Promise<PlannedTable> {
  const pinned = pinEnd(context.source, table, range);
  const firstMs = await readFirstTime(context.source, table, pinned);
  const state = { fromMs: pinned.fromMs ?? null, toMs: pinned.toMs, firstMs, samples: null };
  // An empty table is planned too: its columns are those of the released table.
  if (!anonymizer) return { table, state, plan: null };
  const reader = countingReader(context, table, pinned);
  const plan = await planBatches(anonymizer, recordKinds[table]!, reader.read, context.signal);
  return { table, state: { ...state, samples: reader.samples() }, plan };
}

async function assemble(context: PlanContext, planned: readonly PlannedTable[]): Promise<ExportPlan> {
  const { resolved, source } = context;
  assertColumns(resolved, planned);
  const transforms = await Promise.all(planned.map(async ({ plan }) => plan && (await buildTransform(plan))));
  const tables = planned.map(({ table, state, plan }, at) =>
    buildTableSource({
      table,
      native: recordKinds[table]!,
      columns: resolved.columns,
      read: buildSampleReader(source, table, rangeOf(state), resolved.sampleIntervalMs),
      transform: transforms[at],
      plannedSamples: state.samples,
      firstMs: state.firstMs,
      rowEstimate: plan?.rowCount ?? estimateRows(source, table, state, resolved.sampleIntervalMs),
    }),
  );
  const plans = planned.flatMap(({ table, plan }) => (plan ? [[table, plan] as const] : []));
  return {
    tables,
    destroyKey: () => plans.forEach(([, plan]) => plan.destroyKey()),
    privacy: () =>
      resolved.anonymize ? Object.fromEntries(plans.map(([table, plan]) => [table, plan.report])) : null,
    isEmpty: planned.every(({ state }) => state.firstMs === null),
    secretState: JSON.stringify(Object.fromEntries(planned.map(({ table, state }) => [table, state]))),
  };
}

function nativeOf(table: ExportTable, plan: AnonymizationPlan | null): RecordKind {
  return plan?.kind ?? recordKinds[table]!;
}

/** Rows appended while the export runs come after the last one there is now. */
function pinEnd(source: ExportSource, table: ExportTable, range: ExportRange): ExportRange {
  const lastMs = source.stats?.().kinds[table]?.lastMs ?? null;
  return lastMs === null ? range : { ...range, toMs: Math.min(range.toMs, lastMs + 1) };
}

function rangeOf({ fromMs, toMs }: TableState): ExportRange {
  return fromMs === null ? { toMs } : { fromMs, toMs };
}

/** Counts what goes by while the anonymiser reads a table. */
function countingReader(
  { source, resolved, onPlanned }: PlanContext,
  table: ExportTable,
  range: ExportRange,
): { read: ReadSamples; samples: () => number } {
  const inner = buildSampleReader(source, table, range, resolved.sampleIntervalMs);
  let samples = 0;
  async function* read(signal?: AbortSignal): AsyncGenerator<arrow.RecordBatch> {
    samples = 0;
    for await (const batch of inner(signal)) {
      samples += batch.numRows;
      onPlanned(table, samples);
      yield batch;
    }
  }
  return { read, samples: () => samples };
}

/** The share of the table's time, for progress; exact when all of it is wanted. */
function estimateRows(
  source: ExportSource,
  table: ExportTable,
  { fromMs, toMs, firstMs }: TableState,
  sampleIntervalMs: number,
): number | undefined {
  const held = source.stats?.().kinds[table];
  if (firstMs === null) return 0;
  if (!held || held.firstMs === null || held.lastMs === null || sampleIntervalMs > 0) return undefined;
  const spanMs = held.lastMs + 1 - held.firstMs;
  const wantedMs = Math.min(toMs, held.lastMs + 1) - Math.max(fromMs ?? held.firstMs, held.firstMs);
  return Math.round(held.rows * Math.min(1, Math.max(0, wantedMs / spanMs)));
}

/** Every named column must be in a table, and every table must keep one. */
function assertColumns(
  { columns, anonymize }: ResolvedExport,
  planned: readonly Pick<PlannedTable, 'table' | 'plan'>[],
): void {
  if (columns === 'all' || columns === 'document') return;
  const tables = planned.map(({ table, plan }) => ({
    table,
    names: buildAdrView(table, nativeOf(table, plan)).kind.fields.map((field) => field.name),
  }));
  const known = [...new Set(tables.flatMap(({ names }) => names))];
  const unknown = columns.filter((name) => !known.includes(name));
  const without = tables.filter(({ names }) => !names.some((name) => columns.includes(name)));
  const problems = [
    ...unknown.map((name) => `column "${name}" is in no table, wanted some of ${known.join(', ')}`),
    ...without.map(
      ({ table, names }) => `table ${table} keeps no column, wanted some of ${names.join(', ')}`,
    ),
  ];
  if (problems.length === 0) return;
  throw exportOptionsError(anonymize ? 'these columns anonymised' : 'these columns', problems);
}
