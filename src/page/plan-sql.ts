// Native plans from SQL, which Polars reads itself. Plans made of expressions cost a megabyte of memory and a millisecond
// for each of them in nodejs-polars: half a gigabyte for those of all fields, in a daemon that shall save memory.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';

/** Frames by the names they have in the text. */
export type SqlFrames = Readonly<Record<string, LazyDataFrame>>;

/** Plans a query. @throws what Polars says of the text */
export function planSql(frames: SqlFrames, text: string): LazyDataFrame {
  const plan = loadPolars()
    .SQLContext({ ...frames })
    .execute(text) as unknown as LazyDataFrame & {
    readonly _ldf: unknown;
  };
  // It returns its errors in place of a plan.
  if (plan._ldf instanceof Error) throw plan._ldf;
  return plan;
}
