// Numbers as bins: between edges that are named, or quantiles of the table.
import type { Expr } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage } from '../../contract.ts';
import { stageOptionError } from '../errors.ts';
import { finite, learnFromColumns } from './learn.ts';
import { rowStage } from './rows.ts';

/** Options of {@link bin}; `edges` or `quantiles`. */
export interface BinOptions {
  readonly column: string;
  /** Increasing; bin 0 is below the first, an edge belongs to the bin above it. */
  readonly edges?: readonly number[];
  /** Shares in 0 to 1, or a number of bins of equal size, taken over finite values of the table. */
  readonly quantiles?: number | readonly number[];
  /** Name of the new column. @default `<column>_bin` */
  readonly name?: string;
}

/** Adds the number of the bin of a value, as numpy.digitize does; null and NaN have none. */
export function bin({ column, edges, quantiles, name = `${column}_bin` }: BinOptions): NativeStage {
  if ((edges === undefined) === (quantiles === undefined)) {
    throw stageOptionError('bin', 'edges', edges, 'edges or quantiles, one of both');
  }
  if (edges) {
    if (edges.some((edge, i) => Number.isNaN(edge) || edge <= edges[i - 1]!)) {
      throw stageOptionError('bin', 'edges', edges, 'increasing numbers');
    }
    return binBetween(column, edges, name);
  }
  const shares = typeof quantiles === 'number' ? equalShares(quantiles) : quantiles!;
  if (shares.some((share) => !(share >= 0 && share <= 1))) {
    throw stageOptionError('bin', 'quantiles', quantiles, 'shares in 0 to 1, or a number of bins');
  }
  return learnFromColumns(
    'bin',
    { column, quantiles, name },
    [column],
    () => Object.fromEntries(shares.map((share, i) => [String(i), finite(column).quantile(share, 'linear')])),
    (learned) => {
      const found = Object.values(learned.get(column)!).filter((edge) => edge !== null);
      // Equal quantiles would make bins that nothing can be in.
      return binBetween(
        column,
        [...new Set(found)].toSorted((a, b) => a - b),
        name,
      );
    },
  );
}

function equalShares(bins: number): number[] {
  if (!Number.isInteger(bins) || bins < 1 || bins > 1000) {
    throw stageOptionError('bin', 'quantiles', bins, 'a whole number of bins from 1 to 1000');
  }
  return Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins);
}

function binBetween(column: string, edges: readonly number[], name: string): NativeStage {
  return rowStage('bin', { column, edges, name }, (frame) => {
    const { col, lit, when, Float64, Int32 } = loadPolars();
    const value = col(column).cast(Float64);
    const number = edges.reduce<Expr>(
      (sum, edge) => sum.add(value.gtEq(lit(edge)).cast(Int32)),
      lit(0).cast(Int32),
    );
    const isNumber = value.isNotNull().and(value.isNotNan());
    return frame.withColumns(when(isNumber).then(number).otherwise(lit(null)).cast(Int32).alias(name));
  });
}
