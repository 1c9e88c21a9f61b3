// Spans of time in the unit of a time column: a Datetime, or whole milliseconds.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import { missingColumnError, unfitTypeError } from '../errors.ts';
import { isInteger, readTypes } from '../polars.ts';
import type { ColumnType } from '../polars.ts';

/** A span as Polars wants it for a column of this type: `2000ms`, or `2000i` for whole numbers. */
export function buildSpan(stage: string, frame: LazyDataFrame, column: string, ms: number): string {
  return isWholeNumber(stage, frame, column) ? `${ms}i` : `${ms}ms`;
}

/** The column as whole milliseconds. */
export function milliseconds(stage: string, frame: LazyDataFrame, column: string): Expr {
  const { col, Datetime, Int64 } = loadPolars();
  const value = col(column);
  return isWholeNumber(stage, frame, column) ? value.cast(Int64) : value.cast(Datetime('ms')).cast(Int64);
}

function isWholeNumber(stage: string, frame: LazyDataFrame, column: string): boolean {
  const types = readTypes(frame);
  const type = types.get(column);
  if (!type) throw missingColumnError(stage, column, [...types.keys()]);
  if (isInteger(type)) return true;
  if (type.variant === 'Datetime') return false;
  const state = `column "${column}" is ${type.variant}, a time is a Datetime or whole milliseconds`;
  throw unfitTypeError({ stage, state, column });
}

const units = ['ms', 'us', 'ns'] as const;
type Unit = (typeof units)[number];

/**
 * Times of two tables as instants that can be compared, in the finer unit of both; null where they can be as they are.
 * Sources differ in units and zones, and some have whole milliseconds. A time without a zone is one of UTC.
 */
export function shareTime(
  frame: LazyDataFrame,
  other: LazyDataFrame,
  column: string,
): { readonly left: Expr; readonly right: Expr } | null {
  const left = readTypes(frame).get(column);
  const right = readTypes(other).get(column);
  if (!left || !right || (!isDatetime(left) && !isDatetime(right))) return null;
  // What is neither a time nor whole milliseconds, Polars refuses by its name.
  if (![left, right].every((type) => isDatetime(type) || isInteger(type))) return null;
  if (
    isDatetime(left) &&
    isDatetime(right) &&
    left.timeUnit === right.timeUnit &&
    left.timeZone === right.timeZone
  ) {
    return null;
  }
  const unit =
    units[Math.max(...[left, right].map((type) => (isDatetime(type) ? units.indexOf(type.timeUnit) : 0)))]!;
  return { left: toInstant(column, left, unit), right: toInstant(column, right, unit) };
}

interface DatetimeType extends ColumnType {
  readonly timeUnit: Unit;
  readonly timeZone: string | null;
}

const isDatetime = (type: ColumnType): type is DatetimeType => type.variant === 'Datetime';

function toInstant(column: string, type: ColumnType, unit: Unit): Expr {
  const { col, Datetime, Int64 } = loadPolars();
  const time = isDatetime(type) ? col(column) : col(column).cast(Int64).cast(Datetime('ms'));
  return time.cast(Datetime(unit));
}
