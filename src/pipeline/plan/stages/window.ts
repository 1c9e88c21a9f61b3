// Rolling aggregates: over the last rows, or over the time before each row.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeStage } from '../../contract.ts';
import { stageOptionError } from '../errors.ts';
import { over } from './fill.ts';
import { buildSpan } from './time-column.ts';

export const windowFunctions = ['mean', 'sum', 'min', 'max', 'std', 'median', 'count'] as const;
type WindowFunction = (typeof windowFunctions)[number];

/** One column that a window gives. */
export interface WindowAggregate {
  readonly column: string;
  /** `std` is that of a sample, `count` counts values that are not null. */
  readonly function: WindowFunction;
  /** @default `<column>_<function>` */
  readonly name?: string;
}

/** Options of {@link windowed}. */
export interface WindowOptions {
  /** So many rows with the row itself, in their order; or rows later than `ms` before it, up to its own time. */
  readonly over: { readonly rows: number } | { readonly column: string; readonly ms: number };
  readonly aggregates: readonly WindowAggregate[];
  /** Each group has windows of its own. @default none */
  readonly by?: readonly string[];
}

/**
 * Adds aggregates over the rows before each row. Null values are left out; a window without values gives null
 * (count: 0). A row whose time is null has no window, and the order of the rows stays.
 */
export function windowed({ over: range, aggregates, by = [] }: WindowOptions): NativeStage {
  check(range, aggregates);
  const apply =
    'rows' in range
      ? (frame: LazyDataFrame) =>
          frame.withColumns(...aggregates.map((one) => over(rollRows(one, range.rows), by)))
      : (frame: LazyDataFrame) => rollTime(frame, range, aggregates, by);
  return {
    name: 'window',
    scope: by.length > 0 ? 'group' : 'table',
    holdsRows: true,
    details: { over: range, aggregates, by },
    apply,
  };
}

function check(range: WindowOptions['over'], aggregates: readonly WindowAggregate[]): void {
  const size = 'rows' in range ? range.rows : range.ms;
  if (!Number.isInteger(size) || size < 1) {
    throw stageOptionError('window', 'over', range, 'a whole number of rows or milliseconds above 0');
  }
  const unknown = aggregates.find((one) => !windowFunctions.includes(one.function));
  if (!unknown && aggregates.length > 0) return;
  throw stageOptionError(
    'window',
    'aggregates',
    aggregates,
    `functions out of ${windowFunctions.join(', ')}`,
  );
}

const nameOf = ({ column, function: called, name }: WindowAggregate): string => name ?? `${column}_${called}`;

function rollRows(aggregate: WindowAggregate, windowSize: number): Expr {
  const { col, Int64 } = loadPolars();
  const value = col(aggregate.column);
  const options = { windowSize, minPeriods: 1 };
  const rolled: Record<WindowFunction, () => Expr> = {
    mean: () => value.rollingMean(options),
    sum: () => value.rollingSum(options),
    min: () => value.rollingMin(options),
    max: () => value.rollingMax(options),
    std: () => value.rollingStd({ ...options, ddof: 1 }),
    median: () => value.rollingMedian(options),
    count: () => value.isNotNull().cast(Int64).rollingSum(options),
  };
  return rolled[aggregate.function]().alias(nameOf(aggregate));
}

/** A window depends on its group and time alone: it is computed once for these, then joined to their rows. */
function rollTime(
  frame: LazyDataFrame,
  { column, ms }: { readonly column: string; readonly ms: number },
  aggregates: readonly WindowAggregate[],
  by: readonly string[],
): LazyDataFrame {
  const { col } = loadPolars();
  const keys = [...by, column];
  const rolled = frame
    .filter(col(column).isNotNull())
    .sort({ by: keys.map((key) => col(key)), maintainOrder: true })
    .groupByRolling({
      indexColumn: column,
      by: [...by],
      period: buildSpan('window', frame, column, ms),
      closed: 'right',
    })
    .agg(...aggregates.map(aggregateTime))
    .unique({ subset: keys, keep: 'any' });
  const names = aggregates.map(nameOf);
  const replaced = names.filter((name) => frame.columns.includes(name));
  return frame
    .drop(replaced)
    .join(rolled, { on: keys, how: 'left', nullsEqual: true, maintainOrder: 'left' } as never);
}

function aggregateTime(aggregate: WindowAggregate): Expr {
  const { col, when, lit } = loadPolars();
  const value = col(aggregate.column);
  const computed: Record<WindowFunction, () => Expr> = {
    mean: () => value.mean(),
    // A sum over nothing would be 0, where nothing is known.
    sum: () => when(value.count().gt(0)).then(value.sum()).otherwise(lit(null)),
    min: () => value.min(),
    max: () => value.max(),
    std: () => value.std(),
    median: () => value.median(),
    count: () => value.count().cast(loadPolars().Int64),
  };
  return computed[aggregate.function]().alias(nameOf(aggregate));
}
