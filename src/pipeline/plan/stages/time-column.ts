// Spans of time in the unit of a time column: a Datetime, or whole milliseconds.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import { missingColumnError, unfitTypeError } from '../errors.ts';
import { isInteger, readTypes } from '../polars.ts';

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
