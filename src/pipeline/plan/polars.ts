// Polars, loaded when the first plan is built: it costs 90 ms and 40 MB that commands without a plan need not pay.
import { createRequire } from 'node:module';
import type { LazyDataFrame } from 'nodejs-polars';

export type Polars = typeof import('nodejs-polars').default;

const require = createRequire(import.meta.url);

/** At once, because a stage adds itself to a plan without waiting. */
export const loadPolars = (): Polars => require('nodejs-polars') as Polars;

/** A frame with the columns of a plan and no rows. Polars answers from the schema alone, nothing is read. */
export function emptyOf(frame: LazyDataFrame): LazyDataFrame {
  return frame.slice(0, 0).collectSync().lazy();
}

/** The type of each column of a plan, in its order. */
export function readTypes(frame: LazyDataFrame): Map<string, ColumnType> {
  const { schema } = frame.slice(0, 0).collectSync();
  return new Map(Object.entries(schema as Record<string, ColumnType>));
}

/** What Polars says about a column: `Int64`, `Datetime`, ... */
export interface ColumnType {
  readonly variant: string;
}

const integers = new Set(['Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64']);
const floats = new Set(['Float32', 'Float64']);

export const isInteger = ({ variant }: ColumnType): boolean => integers.has(variant);
export const isFloat = ({ variant }: ColumnType): boolean => floats.has(variant);
