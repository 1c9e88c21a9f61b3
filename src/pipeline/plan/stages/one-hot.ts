// A column of its own for each category: 1 in the rows that have it, 0 in all others, also where the value is null.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage } from '../../contract.ts';
import { tooManyCategoriesError } from '../errors.ts';
import { learningStage } from './learn.ts';
import { rowStage } from './rows.ts';

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  readonly column: string;
  /** Values that get a column, `<column>_<value>`, in this order. @default those of the table, sorted */
  readonly categories?: readonly string[];
  /** Keeps the column itself. @default false */
  readonly keep?: boolean;
  /** Most categories that are taken from the table. @default 100 */
  readonly maxCategories?: number;
}

/** Turns categories into columns; values that are no text are compared as the text Polars makes of them. */
export function oneHot(options: OneHotOptions): NativeStage {
  const { column, categories, keep = false, maxCategories = 100 } = options;
  if (categories) return encode(column, categories, keep);
  const learning = learningStage('one-hot', { column, keep, maxCategories }, async (frame) =>
    encode(column, await learnCategories(frame, column, maxCategories), keep),
  );
  return { ...learning, rowsDecideColumns: true };
}

async function learnCategories(frame: LazyDataFrame, column: string, limit: number): Promise<string[]> {
  const { col, String: text } = loadPolars();
  const values = frame.select(col(column).cast(text)).filter(col(column).isNotNull());
  const distinct = await values
    .unique()
    .head(limit + 1)
    .collect();
  if (distinct.height > limit) throw tooManyCategoriesError('one-hot', column, limit);
  return (distinct.getColumn(column).toArray() as string[]).toSorted();
}

function encode(column: string, categories: readonly string[], keep: boolean): NativeStage {
  return rowStage('one-hot', { column, categories, keep }, (frame) => {
    const { col, lit, String: text, UInt8 } = loadPolars();
    const value = col(column).cast(text);
    const encoded = frame.withColumns(
      ...categories.map((category) =>
        value.eq(lit(category)).fillNull(lit(false)).cast(UInt8).alias(`${column}_${category}`),
      ),
    );
    return keep ? encoded : encoded.drop(column);
  });
}
