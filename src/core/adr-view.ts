// The table a user sees: the export document's names and units first, every other native column after
// them. One declaration gives the schema, the row and the columnar conversion. Not a storage format.
import * as arrow from 'apache-arrow';
import { toArrowSchema } from './arrow.ts';
import type { AnyRow, Field, FieldType, RecordKind } from './fields.ts';

/** Computes one value from the native values in the order of `inputs`; none of them is null. What is not finite is null. */
type Compute = (inputs: readonly number[]) => number;

interface DocumentColumn {
  readonly name: string;
  readonly type: FieldType;
  readonly unit: string;
  /** Native columns it is computed from; they do not appear again unless `keepsInputs`. */
  readonly inputs: readonly string[];
  /** Unset hands the one input over as it is. */
  readonly compute?: Compute;
  readonly keepsInputs?: boolean;
  /** Divides by a figure of the host, which may be 0: the result is then null. */
  readonly isQuotient?: boolean;
}

const toMib: Compute = ([kib]) => kib! / 1024;
/** Of a stored fraction, for which a history of an older version may hold NaN. */
const asItIs: Compute = ([value]) => value!;
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
  compute: toMib,
});

/** The document's columns in its order; one whose inputs a kind lacks is left out. */
const documentColumns: Readonly<Record<string, readonly DocumentColumn[]>> = {
  memory: [
    same('timestamp', 'timestamp', 'ms since epoch'),
    mib('total_mb', 'mem_total_kib'),
    mib('available_mb', 'mem_available_kib'),
    {
      name: 'used_percent',
      type: 'float32',
      unit: 'percent',
      inputs: ['mem_total_kib', 'mem_available_kib'],
      compute: ([total, available]) => (1 - available! / total!) * 100,
      isQuotient: true,
    },
    {
      name: 'page_file_used_mb',
      type: 'float64',
      unit: 'MiB',
      inputs: ['swap_total_kib', 'swap_free_kib'],
      compute: ([total, free]) => (total! - free!) / 1024,
      keepsInputs: true,
    },
    { name: 'processes_count', type: 'int32', unit: 'processes', inputs: ['process_count'] },
  ],
  process: [
    same('timestamp', 'timestamp', 'ms since epoch'),
    same('pid', 'int32', 'pid'),
    same('name', 'utf8', 'command name'),
    same('name_hash', 'uint64', 'keyed hash of the command name'),
    mib('working_set_mb', 'rss_kib'),
    mib('private_bytes_mb', 'private_kib'),
    { ...same('cpu_percent', 'float32', 'percent of one core'), compute: asItIs, isQuotient: true },
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
      compute: ([us]) => us! / 1000,
    },
    same('success', 'bool', 'the action ran and its outcome was seen'),
  ],
};

interface ViewColumn {
  readonly field: Field;
  readonly inputs: readonly string[];
  readonly compute: Compute | undefined;
}

/** A record kind as users see it. */
export interface AdrView {
  readonly native: RecordKind;
  /** Columns, types and units of the view; `name` is that of the table. */
  readonly kind: RecordKind;
  /** How many of the first columns are the export document's own. */
  readonly documentColumns: number;
  /** Converts one native row; null where an input is null. */
  toRow(row: AnyRow): AnyRow;
  /** Converts a native record batch column by column; untouched columns are shared, not copied. */
  toBatch(batch: arrow.RecordBatch): arrow.RecordBatch;
}

/**
 * The view of a native kind.
 * @param table which table of the document it is
 * @param native the stored kind, or one with columns taken out or replaced (an anonymised one)
 */
export function buildAdrView(table: 'memory' | 'process' | 'optimization', native: RecordKind): AdrView {
  const document = documentColumns[table]!.flatMap((column) => bindColumn(column, native));
  const isUsedUp = (name: string): boolean =>
    documentColumns[table]!.some((column) => !column.keepsInputs && column.inputs.includes(name));
  const rest = native.fields
    .filter((field) => !isUsedUp(field.name))
    .map((field): ViewColumn => ({ field, inputs: [field.name], compute: undefined }));
  const columns = [...document, ...rest];
  const kind: RecordKind = {
    name: table,
    version: native.version,
    fields: columns.map((column) => column.field),
  };
  return {
    native,
    kind,
    documentColumns: document.length,
    toRow: (row) => Object.fromEntries(columns.map((column) => [column.field.name, valueOf(column, row)])),
    toBatch: (batch) => convertBatch(kind, columns, batch),
  };
}

function bindColumn(column: DocumentColumn, native: RecordKind): ViewColumn[] {
  const inputs = column.inputs.map((name) => native.fields.find((field) => field.name === name));
  if (inputs.some((field) => field === undefined)) return [];
  const { privacy, ...first } = inputs[0]!;
  const field: Field = {
    ...first,
    // A figure computed from several columns gives none of them away.
    ...(privacy !== undefined && inputs.length === 1 && { privacy }),
    name: column.name,
    type: column.compute ? column.type : first.type,
    unit: column.unit,
    nullable: column.isQuotient === true || inputs.some((input) => input!.nullable),
  };
  return [{ field, inputs: column.inputs, compute: column.compute }];
}

function valueOf({ inputs, compute }: ViewColumn, row: AnyRow): AnyRow[string] {
  const values = inputs.map((name) => row[name] ?? null);
  if (!compute) return values[0]!;
  if (values.includes(null)) return null;
  const computed = compute(values.map(Number));
  return Number.isFinite(computed) ? computed : null;
}

function convertBatch(
  kind: RecordKind,
  columns: readonly ViewColumn[],
  batch: arrow.RecordBatch,
): arrow.RecordBatch {
  const schema = toArrowSchema(kind);
  const children = columns.map((column, i) => convertColumn(column, schema.fields[i]!, batch));
  const data = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: batch.numRows,
    nullCount: 0,
    children,
  });
  return new arrow.RecordBatch(schema, data);
}

function convertColumn(
  { inputs, compute }: ViewColumn,
  field: arrow.Field,
  batch: arrow.RecordBatch,
): arrow.Data {
  const columns = inputs.map((name) => batch.getChild(name)!.data[0]!);
  if (!compute) return columns[0]!;
  const length = batch.numRows;
  const numbers = columns.map((column) => toNumbers(column, length));
  const out = field.type instanceof arrow.Float32 ? new Float32Array(length) : new Float64Array(length);
  const input: number[] = numbers.map(() => 0);
  for (let i = 0; i < length; i++) {
    for (let at = 0; at < numbers.length; at++) input[at] = numbers[at]![i]!;
    out[i] = compute(input);
  }
  const validity = excludeInfinite(out, mergeValidity(columns, length));
  return arrow.makeData({ type: field.type, length, data: out, ...validity } as never);
}

/** The values of an integer or float column as numbers; int64 is read as two halves, without BigInt. */
function toNumbers(column: arrow.Data, length: number): ArrayLike<number> {
  const values = column.values as BigInt64Array | Int32Array | Float32Array | Float64Array;
  if (!(values instanceof BigInt64Array)) return values;
  const low = new Uint32Array(values.buffer, values.byteOffset, length * 2);
  const high = new Int32Array(values.buffer, values.byteOffset, length * 2);
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) numbers[i] = high[2 * i + 1]! * 2 ** 32 + low[2 * i]!;
  return numbers;
}

interface Validity {
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array | null;
}

/** Also null is what is not finite: no reader then has to know what NaN means to another. */
function excludeInfinite(values: Float32Array | Float64Array, validity: Validity): Validity {
  if (values.every((value) => Number.isFinite(value))) return validity;
  const { length } = values;
  const nullBitmap = validity.nullBitmap ?? new Uint8Array(Math.ceil(length / 8)).fill(0xff);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (!Number.isFinite(values[i]!)) nullBitmap[i >> 3]! &= ~(1 << (i & 7));
    if (((nullBitmap[i >> 3]! >> (i & 7)) & 1) === 0) nullCount++;
  }
  return { nullCount, nullBitmap };
}

function mergeValidity(columns: readonly arrow.Data[], length: number): Validity {
  if (columns.every((column) => column.nullCount === 0)) return { nullCount: 0, nullBitmap: null };
  const nullBitmap = new Uint8Array(Math.ceil(length / 8));
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (columns.every((column) => column.getValid(i))) nullBitmap[i >> 3]! |= 1 << (i & 7);
    else nullCount++;
  }
  return { nullCount, nullBitmap };
}
