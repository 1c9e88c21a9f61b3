// Rows of JavaScript values → record batches: what a driver (SQLite) or a text protocol (JSON Lines) gives. Each value
// is touched once in JavaScript, which columns that come as Arrow are spared.
import * as arrow from 'apache-arrow';
import { columnTypeError, duplicateColumnsError, sourceValueError } from './errors.ts';
import { BitColumn, BytesColumn, createColumnBuilder, finishBatch } from './column-builder.ts';
import type { ColumnBuilder, FixedColumn } from './column-builder.ts';

/** The types that a column of rows may be declared as. */
export const rowTypes = {
  float64: () => new arrow.Float64(),
  float32: () => new arrow.Float32(),
  int64: () => new arrow.Int64(),
  int32: () => new arrow.Int32(),
  bool: () => new arrow.Bool(),
  text: () => new arrow.Utf8(),
  binary: () => new arrow.Binary(),
  timestamp: () => new arrow.Timestamp(arrow.TimeUnit.MILLISECOND, 'UTC'),
} as const satisfies Readonly<Record<string, () => arrow.DataType>>;

export type RowType = keyof typeof rowTypes;

/** A column of rows; without a type, it is found in the first rows. */
export interface RowColumn {
  readonly name: string;
  readonly type: RowType | null;
}

/** `["time:timestamp", "value:float64"]` → columns. @throws RuvectorError `ERR_PIPELINE_SCHEMA` */
export function parseRowColumns(texts: readonly string[]): RowColumn[] {
  return texts.map((text) => {
    const at = text.lastIndexOf(':');
    if (at < 0) return { name: text, type: null };
    const [name, type] = [text.slice(0, at), text.slice(at + 1)];
    if (!Object.hasOwn(rowTypes, type)) throw columnTypeError(name, type, Object.keys(rowTypes));
    return { name, type: type as RowType };
  });
}

/** Collects rows into batches of one schema. */
export interface RowColumns {
  readonly schema: arrow.Schema;
  readonly rows: number;
  readonly sizeBytes: number;
  /** @throws RuvectorError `ERR_PIPELINE_SOURCE_VALUE` naming row and column */
  push(row: readonly unknown[]): void;
  /** The rows since the last call. */
  finish(): arrow.RecordBatch;
}

/** @param where what the rows come from, for errors: `query of "a.db"` */
export function createRowColumns(where: string, columns: readonly RowColumn[]): RowColumns {
  assertDistinct(where, columns);
  const types = columns.map(({ type }) => rowTypes[type ?? 'text']());
  const schema = new arrow.Schema(columns.map(({ name }, i) => new arrow.Field(name, types[i]!, true)));
  const builders = types.map((type) => createColumnBuilder(type));
  const pushes = builders.map((builder) => pushOf(builder));
  let total = 0;
  return {
    schema,
    get rows() {
      return builders[0]?.length ?? 0;
    },
    get sizeBytes() {
      return builders.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    },
    push(row) {
      total++;
      for (let i = 0; i < pushes.length; i++) {
        const value = row[i];
        if (value === null || value === undefined) builders[i]!.pushNull();
        else if (!pushes[i]!(value)) {
          throw sourceValueError(where, columns[i]!.name, total, value, columns[i]!.type ?? 'text');
        }
      }
    },
    finish: () => finishBatch(schema, builders),
  };
}

function assertDistinct(where: string, columns: readonly RowColumn[]): void {
  const names = columns.map(({ name }) => name);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0) throw duplicateColumnsError(where, twice);
}

/** The types of columns that were given none, as the first rows have them; all null is text. */
export function inferColumns(
  columns: readonly RowColumn[],
  rows: readonly (readonly unknown[])[],
): RowColumn[] {
  return columns.map(({ name, type }, i) => ({ name, type: type ?? inferType(rows.map((row) => row[i])) }));
}

function inferType(values: readonly unknown[]): RowType {
  const kinds = new Set(
    values.filter((value) => value !== null && value !== undefined).map((value) => kindOf(value)),
  );
  if (kinds.size === 2 && kinds.has('int64') && kinds.has('float64')) return 'float64';
  return kinds.size === 1 ? [...kinds][0]! : 'text';
}

/** JSON has one kind of numbers, so a number is float64 and only a bigint is an integer. */
function kindOf(value: unknown): RowType {
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  return value instanceof Uint8Array ? 'binary' : 'text';
}

/** Takes a value when the column can hold it. */
type Push = (value: unknown) => boolean;

function pushOf(builder: ColumnBuilder): Push {
  if (builder instanceof BitColumn) return pushBit(builder);
  if (builder instanceof BytesColumn) {
    return arrow.DataType.isBinary(builder.type) ? pushBinary(builder) : pushText(builder);
  }
  const column = builder as FixedColumn;
  if (arrow.DataType.isFloat(column.type)) return pushFloat(column);
  return arrow.DataType.isTimestamp(column.type) ? pushTime(column) : pushInteger(column);
}

const pushBit =
  (column: BitColumn): Push =>
  (value) => {
    // SQLite has no booleans: 0 and 1 stand for them.
    if (value !== true && value !== false && value !== 0n && value !== 1n) return false;
    column.push(value === true || value === 1n);
    return true;
  };

const pushBinary =
  (column: BytesColumn): Push =>
  (value) => {
    if (!(value instanceof Uint8Array)) return false;
    column.pushBytes(value, 0, value.length);
    return true;
  };

/** What is no text is written as JSON: objects, lists, numbers among texts. */
const pushText =
  (column: BytesColumn): Push =>
  (value) => {
    if (value instanceof Uint8Array) return false;
    column.pushText(
      typeof value === 'string' ? value : typeof value === 'bigint' ? `${value}` : JSON.stringify(value),
    );
    return true;
  };

const pushFloat =
  (column: FixedColumn): Push =>
  (value) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') return false;
    column.push(Number(value));
    return true;
  };

function pushInteger(column: FixedColumn): Push {
  const bits = BigInt((column.type as arrow.Int).bitWidth);
  const limit = 1n << (bits - 1n);
  return (value) => {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) return false;
    if (typeof value !== 'number' && typeof value !== 'bigint') return false;
    const whole = BigInt(value);
    if (whole < -limit || whole >= limit) return false;
    column.push(bits === 64n ? whole : Number(whole));
    return true;
  };
}

/** Milliseconds since the epoch, or a date as ISO 8601 writes it; without an offset it is UTC. */
const pushTime =
  (column: FixedColumn): Push =>
  (value) => {
    const ms = typeof value === 'string' ? parseTime(value) : Number(value);
    if (
      (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') ||
      Number.isNaN(ms)
    )
      return false;
    column.push(BigInt(Math.round(ms)));
    return true;
  };

function parseTime(text: string): number {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(
      text.trim(),
    );
  if (!match) return Number.NaN;
  const [, day, time = '00:00', offset = 'Z'] = match;
  return Date.parse(`${day}T${time}${offset.length === 3 ? `${offset}:00` : offset}`);
}
