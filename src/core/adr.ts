// The export document's own field names and units: one declaration of its columns and how each is computed from
// native ones. adr-view.ts makes tables of it. Not a storage format: native integers stay the truth.
import type { AnyRow, FieldType } from './fields.ts';
import type { MemorySnapshot, OptimizationEvent, ProcessRecord } from './records.ts';

/** MemorySnapshot of the export document. Sizes in MiB, `used_percent` 0–100. */
export interface AdrMemorySnapshot {
  timestamp: Date;
  total_mb: number;
  available_mb: number;
  /** Null where the host told no size. */
  used_percent: number | null;
  page_file_used_mb: number | null;
  processes_count: number;
}

/** ProcessRecord of the export document; `name_hash` replaces the name. */
export interface AdrProcessRecord {
  timestamp: Date;
  pid: number;
  name_hash: string;
  working_set_mb: number;
  private_bytes_mb: number | null;
  cpu_percent: number | null;
  io_read_bytes: number | null;
  io_write_bytes: number | null;
}

/** OptimizationEvent of the export document; `freed_mb` is the honest figure, null until it is known. */
export interface AdrOptimizationEvent {
  timestamp: Date;
  trigger: string;
  before_available_mb: number;
  after_available_mb: number | null;
  freed_mb: number | null;
  processes_trimmed: number;
  duration_ms: number;
  success: boolean;
}

/** Share of memory that is not available, 0–100; not finite where the total is 0. */
export function usedPercentOf(row: Pick<MemorySnapshot, 'mem_total_kib' | 'mem_available_kib'>): number {
  return computeNumber(usedPercent, [row.mem_total_kib, row.mem_available_kib]);
}

/** Tables of the export document. */
export type DocumentTable = 'memory' | 'process' | 'optimization';

/** What columns are computed with: numbers in rows and batches, expressions in plans. */
export interface Arithmetic<T> {
  number(value: number): T;
  minus(a: T, b: T): T;
  times(a: T, b: T): T;
  over(a: T, b: T): T;
}

const numbers: Arithmetic<number> = {
  number: (value) => value,
  minus: (a, b) => a - b,
  times: (a, b) => a * b,
  over: (a, b) => a / b,
};

/**
 * One value from the native values in the order of `inputs`, as doubles; none of them is null. What is not finite is
 * null. Declared once for rows, batches and plans.
 */
export type Formula = <T>(math: Arithmetic<T>, inputs: readonly T[]) => T;

/** The value of a formula. */
export const computeNumber = (formula: Formula, inputs: readonly number[]): number =>
  formula(numbers, inputs);

/** Where the values of a column come from. */
export interface DerivedValue {
  /** Native columns it is computed from; they do not appear again unless `keepsInputs`. */
  readonly inputs: readonly string[];
  /** Unset hands the one input over as it is. */
  readonly formula?: Formula | undefined;
}

/** One column of a table. */
export interface DocumentColumn extends DerivedValue {
  readonly name: string;
  readonly type: FieldType;
  readonly unit: string;
  readonly keepsInputs?: boolean;
  /** Divides by a figure of the host, which may be 0: the result is then null. */
  readonly isQuotient?: boolean;
}

/** Times a power of two, which is as exact as the division and cheaper. */
const toMib: Formula = (math, [kib]) => math.times(kib!, math.number(1 / 1024));
const usedPercent: Formula = (math, [total, available]) =>
  math.times(math.minus(math.number(1), math.over(available!, total!)), math.number(100));
/** Of a stored fraction, for which a history of an older version may hold NaN. */
const asItIs: Formula = (_math, [value]) => value!;
const same = (name: string, type: FieldType, unit: string): DocumentColumn => ({
  name,
  type,
  unit,
  inputs: [name],
});
const mib = (name: string, input: string): DocumentColumn => ({
  name,
  type: 'float64',
  unit: 'MiB',
  inputs: [input],
  formula: toMib,
});

/** The document's columns in its order; one whose inputs a kind lacks is left out. */
export const documentColumns: Readonly<Record<DocumentTable, readonly DocumentColumn[]>> = {
  memory: [
    same('timestamp', 'timestamp', 'ms since epoch'),
    mib('total_mb', 'mem_total_kib'),
    mib('available_mb', 'mem_available_kib'),
    {
      name: 'used_percent',
      type: 'float32',
      unit: 'percent',
      inputs: ['mem_total_kib', 'mem_available_kib'],
      formula: usedPercent,
      isQuotient: true,
    },
    {
      name: 'page_file_used_mb',
      type: 'float64',
      unit: 'MiB',
      inputs: ['swap_total_kib', 'swap_free_kib'],
      formula: (math, [total, free]) => math.times(math.minus(total!, free!), math.number(1 / 1024)),
      keepsInputs: true,
    },
    { name: 'processes_count', type: 'int32', unit: 'processes', inputs: ['process_count'] },
  ],
  process: [
    same('timestamp', 'timestamp', 'ms since epoch'),
    same('pid', 'int32', 'pid'),
    same('name', 'utf8', 'command name'),
    same('name_hash', 'utf8', 'keyed hash of the command name'),
    mib('working_set_mb', 'rss_kib'),
    mib('private_bytes_mb', 'private_kib'),
    { ...same('cpu_percent', 'float32', 'percent of one core'), formula: asItIs, isQuotient: true },
    same('io_read_bytes', 'int64', 'bytes'),
    same('io_write_bytes', 'int64', 'bytes'),
  ],
  optimization: [
    same('timestamp', 'timestamp', 'ms since epoch'),
    same('trigger', 'utf8', 'model, rule or manual'),
    mib('before_available_mb', 'before_available_kib'),
    mib('after_available_mb', 'after_available_kib'),
    mib('freed_mb', 'freed_kib'),
    same('processes_trimmed', 'int32', 'processes'),
    {
      name: 'duration_ms',
      type: 'float64',
      unit: 'ms',
      inputs: ['duration_us'],
      formula: (math, [us]) => math.over(us!, math.number(1000)),
    },
    same('success', 'bool', 'the action ran and its outcome was seen'),
  ],
};

/** The value of a column in one native row; null where an input is null or the result is not finite. */
export function valueOf({ inputs, formula }: DerivedValue, row: AnyRow): AnyRow[string] {
  const values = inputs.map((name) => row[name] ?? null);
  if (!formula) return values[0]!;
  if (values.includes(null)) return null;
  const computed = computeNumber(formula, values.map(Number));
  return Number.isFinite(computed) ? computed : null;
}

/** Converts a snapshot to the export document's fields. */
export function toAdrMemorySnapshot(row: MemorySnapshot): AdrMemorySnapshot {
  return toDocument('memory', row) as unknown as AdrMemorySnapshot;
}

/** Converts a process record; `hashName` is the keyed hash that replaces the name. */
export function toAdrProcessRecord(row: ProcessRecord, hashName: (name: string) => string): AdrProcessRecord {
  const { name, ...rest } = row;
  return toDocument('process', { ...rest, name_hash: hashName(name) }) as unknown as AdrProcessRecord;
}

/** Converts an optimization event. */
export function toAdrOptimizationEvent(row: OptimizationEvent): AdrOptimizationEvent {
  return toDocument('optimization', row) as unknown as AdrOptimizationEvent;
}

/** A column whose inputs the row lacks is left out. */
function toDocument(table: DocumentTable, row: object): Record<string, unknown> {
  const columns = documentColumns[table].filter(({ inputs }) => inputs.every((name) => name in row));
  const values = Object.fromEntries(columns.map((column) => [column.name, valueOf(column, row as AnyRow)]));
  return { ...values, timestamp: new Date(Number(values['timestamp'])) };
}
