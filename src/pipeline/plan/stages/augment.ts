// Rows made harder to learn by heart: noise on numbers, values left out. The same seed gives the same table.
import type { Expr } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage } from '../../contract.ts';
import { stageOptionError } from '../errors.ts';
import { chanceOf, normal } from './random.ts';
import { withRow } from './sample.ts';

/** Options of {@link jitter}. */
export interface JitterOptions {
  readonly columns: readonly string[];
  /** Standard deviation of the noise, in units of the column; with `relative` as a share of the value. */
  readonly deviation: number;
  /** @default false */
  readonly relative?: boolean;
  readonly seed: number;
}

/** Adds normal noise to numbers, which become doubles. Null stays null. */
export function jitter({ columns, deviation, relative = false, seed }: JitterOptions): NativeStage {
  if (!(deviation >= 0 && deviation < Infinity)) {
    throw stageOptionError('jitter', 'deviation', deviation, 'a number, 0 or above');
  }
  return augment('jitter', { columns, deviation, relative, seed }, columns, (value, row, stream) => {
    const { lit, Float64 } = loadPolars();
    const noise = normal(row, seed, stream).mul(lit(deviation));
    const number = value.cast(Float64);
    return number.add(relative ? number.mul(noise) : noise);
  });
}

/** Options of {@link dropValues}. */
export interface DropValuesOptions {
  readonly columns: readonly string[];
  /** Chance of each value to become null. */
  readonly share: number;
  readonly seed: number;
}

/** Makes values null by chance. Rows are dropped by `sample({ share, seed })`. */
export function dropValues({ columns, share, seed }: DropValuesOptions): NativeStage {
  if (!(share >= 0 && share <= 1)) {
    throw stageOptionError('drop values', 'share', share, 'a share in 0 to 1');
  }
  return augment('drop values', { columns, share, seed }, columns, (value, row, stream) => {
    const { lit, when } = loadPolars();
    return when(chanceOf(row, seed, stream, share))
      .then(lit(null))
      .otherwise(value);
  });
}

function augment(
  name: string,
  details: Readonly<Record<string, unknown>>,
  columns: readonly string[],
  change: (value: Expr, row: Expr, stream: number) => Expr,
): NativeStage {
  return {
    name,
    scope: 'table',
    details,
    apply: (frame) =>
      withRow(frame, (numbered, row) =>
        numbered.withColumns(
          ...columns.map((column, i) => change(loadPolars().col(column), row, i).alias(column)),
        ),
      ),
  };
}
