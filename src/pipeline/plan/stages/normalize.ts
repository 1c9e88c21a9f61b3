// Columns on one scale: z-score, min-max, robust. As scikit-learn's StandardScaler, MinMaxScaler and RobustScaler do it,
// over finite values only.
import type { Expr } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage } from '../../contract.ts';
import { stageOptionError } from '../errors.ts';
import { finite, learnFromColumns } from './learn.ts';
import type { Learned } from './learn.ts';
import { rowStage } from './rows.ts';

export const normalizeMethods = ['z-score', 'min-max', 'robust'] as const;

/** (value - center) / scale. */
export interface ColumnScale {
  readonly center: number;
  readonly scale: number;
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  readonly columns: readonly string[];
  /** Mean and standard deviation, minimum and range, or median and the distance of the quartiles. */
  readonly method: (typeof normalizeMethods)[number];
  /** Scales that were learned elsewhere, of each column. @default learned from the whole table */
  readonly scales?: Readonly<Record<string, ColumnScale>>;
}

/** Puts columns on one scale. Null, NaN and infinities stay; a column of one value becomes 0. */
export function normalize({ columns, method, scales }: NormalizeOptions): NativeStage {
  if (!normalizeMethods.includes(method)) {
    throw stageOptionError('normalize', 'method', method, `one of ${normalizeMethods.join(', ')}`);
  }
  const details = { columns, method };
  if (scales) {
    const lacking = columns.find((column) => !(column in scales));
    if (lacking !== undefined) throw stageOptionError('normalize', 'scales', scales, `one of "${lacking}"`);
    return scale(details, columns, scales);
  }
  return learnFromColumns('normalize', details, columns, statisticsOf(method), (learned) =>
    scale(details, columns, toScales(learned, method)),
  );
}

const statisticsOf =
  (method: NormalizeOptions['method']) =>
  (column: string): Record<string, Expr> => {
    const values = finite(column);
    if (method === 'z-score') return { center: values.mean(), spread: deviation(values) };
    if (method === 'min-max') return { center: values.min(), end: values.max() };
    return {
      center: values.median(),
      start: values.quantile(0.25, 'linear'),
      end: values.quantile(0.75, 'linear'),
    };
  };

/** Of all values, not of a sample; in two passes, because squares of large numbers lose what sets them apart. */
const deviation = (values: Expr): Expr => values.sub(values.mean()).pow(2).mean().pow(0.5);

function toScales(
  learned: ReadonlyMap<string, Learned>,
  method: NormalizeOptions['method'],
): Record<string, ColumnScale> {
  return Object.fromEntries(
    [...learned].map(([column, { center, spread, start, end }]) => {
      const from = method === 'min-max' ? center : start;
      const width = method === 'z-score' ? spread : (end ?? 0) - (from ?? 0);
      return [column, { center: center ?? 0, scale: width || 1 }];
    }),
  );
}

function scale(
  details: Readonly<Record<string, unknown>>,
  columns: readonly string[],
  scales: Readonly<Record<string, ColumnScale>>,
): NativeStage {
  return rowStage('normalize', { ...details, scales }, (frame) => {
    const { col, lit, Float64 } = loadPolars();
    return frame.withColumns(
      ...columns.map((column) =>
        col(column).cast(Float64).sub(lit(scales[column]!.center)).div(lit(scales[column]!.scale)),
      ),
    );
  });
}
