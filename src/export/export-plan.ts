// Planning an export: fixes the range, reads each table once to anonymise it. Writes nothing.
import { buildAdrView, findNearest, recordKinds } from '../core/index.ts';
import type { HistoryReader, PartitionReader, RecordKind } from '../core/index.ts';
import { createAnonymizer } from '../prepare/index.ts';
import type { AnonymizationPlan, Anonymizer, PrivacyReport } from '../prepare/index.ts';
import { exportOptionsError } from './errors.ts';
import type { ResolvedExport } from './export-config.ts';
import type { ExportTable } from './export-options.ts';
import type { ExportedTable } from './file-contract.ts';
import { buildHistoryTable, readFirstTime, samplePartitions } from './history-table.ts';
import type { ExportRange } from './history-table.ts';

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

/** Tables ready to be written. */
export interface ExportPlan {
  readonly tables: readonly ExportedTable[];
  /** True when no table has a row. */
  readonly isEmpty: boolean;
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

/** What of a table is wanted. */
export interface TableRequest {
  readonly source: ExportSource;
  readonly table: ExportTable;
  readonly range: ExportRange;
  readonly columns: 'all' | 'document' | readonly string[];
  readonly sampleIntervalMs: number;
  /** Null writes what was collected. */
  readonly anonymizer: Anonymizer | null;
  readonly signal?: AbortSignal | undefined;
  readonly onPlanned?: ((samples: number) => void) | undefined;
}

/** A table, planned. */
export interface PlannedTable {
  readonly table: ExportTable;
  /** Its columns before some are selected. */
  readonly native: RecordKind;
  /** How it is anonymised; null where it is not. */
  readonly plan: AnonymizationPlan | null;
  readonly isEmpty: boolean;
  /** What is to be written. It must have one of the named columns. */
  readonly build: () => ExportedTable;
}

/**
 * Plans an export of a range.
 * @throws ExportOptionsError for columns that no table has, and what the anonymiser throws
 */
export async function planExport(context: PlanContext, range: ExportRange): Promise<ExportPlan> {
  const { resolved, source, signal } = context;
  const { columns, sampleIntervalMs } = resolved;
  const anonymizer = resolved.anonymize
    ? createAnonymizer({ k: resolved.k, timePrecisionMs: resolved.timePrecisionMs })
    : null;
  const planned: PlannedTable[] = [];
  for (const table of resolved.tables) {
    const onPlanned = (samples: number): void => context.onPlanned(table, samples);
    const request = { source, table, range, columns, sampleIntervalMs, anonymizer, signal, onPlanned };
    planned.push(await planTable(request));
  }
  assertColumns(resolved, planned);
  return {
    tables: planned.map((one) => one.build()),
    destroyKey: () => planned.forEach(({ plan }) => plan?.destroyKey()),
    privacy: () => (anonymizer ? describePrivacy(planned) : null),
    isEmpty: planned.every(({ isEmpty }) => isEmpty),
  };
}

/** Plans one table. @throws what the anonymiser throws */
export async function planTable(request: TableRequest): Promise<PlannedTable> {
  const { source, table, columns, sampleIntervalMs, anonymizer, signal, onPlanned } = request;
  const range = pinEnd(source, table, request.range);
  const firstMs = await readFirstTime(source, table, range);
  const history = { source, table, range, columns, sampleIntervalMs, firstMs };
  const [native, isEmpty] = [recordKinds[table]!, firstMs === null];
  if (!anonymizer) {
    const rowEstimate = estimateRows(source, table, range, firstMs, sampleIntervalMs);
    const build = () => buildHistoryTable({ ...history, native, rowEstimate, anonymous: null });
    return { table, native, plan: null, isEmpty, build };
  }
  // An empty table is planned too: its columns are those of the released table.
  let samples = 0;
  const onRows = (rows: number): void => {
    samples = rows;
    onPlanned?.(rows);
  };
  const partitions = await samplePartitions(history);
  const plan = await anonymizer.planPartitions(native, partitions, { signal, onRows });
  const released = { native: plan.kind, rowEstimate: plan.rowCount, anonymous: { plan, samples } };
  return {
    table,
    native: plan.kind,
    plan,
    isEmpty,
    build: () => buildHistoryTable({ ...history, ...released }),
  };
}

function describePrivacy(planned: readonly PlannedTable[]): Record<string, PrivacyReport> {
  return Object.fromEntries(planned.flatMap(({ table, plan }) => (plan ? [[table, plan.report]] : [])));
}

/** Rows appended while the export runs come after the last one there is now. */
function pinEnd(source: ExportSource, table: ExportTable, range: ExportRange): ExportRange {
  const lastMs = source.stats?.().kinds[table]?.lastMs ?? null;
  return lastMs === null ? range : { ...range, toMs: Math.min(range.toMs, lastMs + 1) };
}

/** The share of the table's time, for progress; exact when all of it is wanted. */
function estimateRows(
  source: ExportSource,
  table: ExportTable,
  { fromMs, toMs }: ExportRange,
  firstMs: number | null,
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
function assertColumns({ columns, anonymize }: ResolvedExport, planned: readonly PlannedTable[]): void {
  if (columns === 'all' || columns === 'document') return;
  const tables = planned.map(({ table, native }) => ({
    table,
    names: buildAdrView(table, native).kind.fields.map((field) => field.name),
  }));
  const known = [...new Set(tables.flatMap(({ names }) => names))];
  const unknown = columns.filter((name) => !known.includes(name));
  // Where no name is known, what each table would keep says nothing more.
  const without =
    unknown.length === columns.length
      ? []
      : tables.filter(({ names }) => !names.some((name) => columns.includes(name)));
  const problems = [
    ...unknown.map((name) => {
      const nearest = findNearest(name, known);
      const wanted = nearest === null ? `wanted some of ${known.join(', ')}` : `did you mean "${nearest}"?`;
      return `column "${name}" is in no table, ${wanted}`;
    }),
    ...without.map(
      ({ table, names }) => `table ${table} keeps no column, wanted some of ${names.join(', ')}`,
    ),
  ];
  if (problems.length === 0) return;
  throw exportOptionsError(anonymize ? 'these columns anonymised' : 'these columns', problems);
}
