// Fewer rows: each n-th, a share by chance, or the first at or after each point of a grid of time.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage } from '../../contract.ts';
import { stageOptionError } from '../errors.ts';
import { over } from './fill.ts';
import { chanceOf } from './random.ts';
import { milliseconds } from './time-column.ts';

/** Options of {@link sample}; one of the three. */
export type SampleOptions =
  /** The first row, and each n-th behind it. */
  | { readonly every: number }
  /** Each row is kept with this chance; the same seed keeps the same rows. */
  | { readonly share: number; readonly seed: number }
  /**
   * Of each stretch of `ms`, counted from the epoch, the rows that bear its first time: what came together stays
   * together. With `by`, of each group for itself.
   */
  | { readonly column: string; readonly ms: number; readonly by?: readonly string[] };

/** Keeps some of the rows, in their order. */
export function sample(options: SampleOptions): NativeStage {
  if ('every' in options) {
    const { every } = options;
    if (!Number.isInteger(every) || every < 1) {
      throw stageOptionError('sample', 'every', every, 'a whole number above 0');
    }
    return sampleRows(options, (row) => row.modulo(every).eq(loadPolars().lit(0)));
  }
  if ('share' in options) {
    const { share, seed } = options;
    if (!(share >= 0 && share <= 1)) throw stageOptionError('sample', 'share', share, 'a share in 0 to 1');
    return sampleRows(options, (row) => chanceOf(row, seed, 0, share));
  }
  return sampleGrid(options);
}

function sampleRows(details: SampleOptions, condition: (row: Expr) => Expr): NativeStage {
  return {
    name: 'sample',
    scope: 'table',
    details: { ...details },
    apply: (frame) => withRow(frame, (numbered, row) => numbered.filter(condition(row))),
  };
}

function sampleGrid(options: Extract<SampleOptions, { column: string }>): NativeStage {
  const { column, ms, by = [] } = options;
  if (!Number.isInteger(ms) || ms < 1) {
    throw stageOptionError('sample', 'ms', ms, 'whole milliseconds above 0');
  }
  return {
    name: 'sample',
    scope: by.length > 0 ? 'group' : 'table',
    holdsRows: true,
    details: { ...options },
    apply: (frame) => {
      const time = milliseconds('sample', frame, column);
      const { lit, Int64 } = loadPolars();
      const stretch = '__stretch';
      return frame
        .withColumns(time.sub(time.modulo(lit(ms).cast(Int64))).alias(stretch))
        .filter(time.eq(over(time.min(), [...by, stretch])))
        .drop(stretch);
    },
  };
}

/** Numbers the rows of the whole table while `build` uses the number. */
export function withRow(
  frame: LazyDataFrame,
  build: (numbered: LazyDataFrame, row: Expr) => LazyDataFrame,
): LazyDataFrame {
  let name = '__row';
  while (frame.columns.includes(name)) name += '_';
  return build(frame.withRowIndex(name), loadPolars().col(name)).drop(name);
}
