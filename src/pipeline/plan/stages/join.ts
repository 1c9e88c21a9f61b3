// Two tables as one: by equal keys, or each row with the other table's row that is nearest in time.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../../../core/index.ts';
import type { NativeSource, NativeStage } from '../../contract.ts';
import { missingJoinColumnError, stageOptionError } from '../errors.ts';
import { buildSpan, shareTime } from './time-column.ts';

export const joinKinds = ['inner', 'left', 'semi', 'anti', 'full'] as const;

/** Options of {@link join}. */
export interface JoinOptions {
  readonly with: NativeSource;
  /** Columns that both tables have; null is equal to nothing. */
  readonly on: readonly string[];
  /** @default left */
  readonly how?: (typeof joinKinds)[number];
  /** Columns of the other table to take. @default all */
  readonly columns?: readonly string[];
  /** Stands behind names that both tables have. @default _right */
  readonly suffix?: string;
}

/** Joins by equal keys; rows stay in the order of the first table. */
export function join(options: JoinOptions): NativeStage {
  const { with: source, on, how = 'left', columns, suffix = '_right' } = options;
  if (!joinKinds.includes(how)) {
    throw stageOptionError('join', 'how', how, `one of ${joinKinds.join(', ')}`);
  }
  if (on.length === 0) throw stageOptionError('join', 'on', on, 'a column');
  return {
    name: 'join',
    // What has no partner in the other table shows only when all rows were seen.
    scope: how === 'full' ? 'table' : 'row',
    details: { with: source.name, on, how },
    inputs: [source],
    apply: (frame, inputs) =>
      frame.join(takeColumns('join', { table: source.name, frame: inputs![0]! }, { keys: on, columns }), {
        on: [...on],
        how,
        suffix,
        ...(how === 'full' ? { coalesce: true } : {}),
        ...(how === 'semi' || how === 'anti' ? {} : { maintainOrder: 'left_right' }),
      } as never),
  };
}

export const asOfStrategies = ['backward', 'forward', 'nearest'] as const;

/** Options of {@link joinOnTime}. */
export interface JoinOnTimeOptions {
  readonly with: NativeSource;
  /** The time column of both tables: a Datetime of any unit and zone, or whole milliseconds; those without a zone are UTC. */
  readonly on: string;
  /** Partners have equal values in these. @default none */
  readonly by?: readonly string[];
  /** Farthest that a partner may be away, inclusive. @default any */
  readonly toleranceMs?: number;
  /** The last row at or before the time, the first at or after it, or the nearest. @default backward */
  readonly strategy?: (typeof asOfStrategies)[number];
  /** Columns of the other table to take. @default all */
  readonly columns?: readonly string[];
  /** Stands behind names that both tables have. @default _right */
  readonly suffix?: string;
}

/** Adds to each row the columns of its partner in time, null where there is none. Order and rows stay. */
export function joinOnTime(options: JoinOnTimeOptions): NativeStage {
  const { with: source, on, by = [], toleranceMs, strategy = 'backward', columns } = options;
  if (!asOfStrategies.includes(strategy)) {
    throw stageOptionError('join on time', 'strategy', strategy, `one of ${asOfStrategies.join(', ')}`);
  }
  if (toleranceMs !== undefined && !(Number.isInteger(toleranceMs) && toleranceMs >= 0)) {
    throw stageOptionError('join on time', 'toleranceMs', toleranceMs, 'whole milliseconds');
  }
  return {
    name: 'join on time',
    scope: 'row',
    holdsRows: true,
    details: { with: source.name, on, by, toleranceMs, strategy },
    inputs: [source],
    apply: (frame, inputs) =>
      joinAsOf(
        frame,
        takeColumns(
          'join on time',
          { table: source.name, frame: inputs![0]! },
          { keys: [...by, on], columns },
        ),
        { ...options, by, strategy },
      ),
  };
}

/** An as-of join wants both sides sorted, no null among their times, and times of one type. */
function joinAsOf(frame: LazyDataFrame, other: LazyDataFrame, options: JoinOnTimeOptions): LazyDataFrame {
  const { on, by = [], toleranceMs, strategy, suffix = '_right' } = options;
  const { col, concat } = loadPolars();
  const place = unusedName(frame, other);
  const placed = frame.withRowIndex(place);
  const shared = shareTime(frame, other, on);
  const key = shared ? `${place}time` : on;
  const span = toleranceMs === undefined ? null : buildSpan('join on time', frame, on, toleranceMs);
  const left = shared ? placed.withColumns(shared.left.alias(key)) : placed;
  const right = shared ? other.withColumns(shared.right.alias(key)).drop(on) : other;
  const hasTime = col(key).isNotNull();
  const joined = left
    .filter(hasTime)
    .sort({ by: [col(key)], maintainOrder: true })
    .joinAsof(right.filter(hasTime).sort({ by: [col(key)], maintainOrder: true }), {
      on: key,
      ...(by.length > 0 ? { by: [...by] } : {}),
      ...(span === null
        ? {}
        : { tolerance: shared ? `${toleranceMs}ms` : span.endsWith('i') ? toleranceMs! : span }),
      strategy: strategy!,
      suffix,
      // Polars cannot see that groups are sorted, and warns about each of them.
      checkSortedness: by.length === 0,
    });
  return concat([shared ? joined.drop(key) : joined, placed.filter(col(on).isNull())], { how: 'diagonal' })
    .sort({ by: [col(place)] })
    .drop(place);
}

/** The keys and the columns wanted of the other table. Polars would say of what it lacks that the first one lacks it. */
function takeColumns(
  stage: string,
  other: { readonly table: string; readonly frame: LazyDataFrame },
  wanted: { readonly keys: readonly string[]; readonly columns: readonly string[] | undefined },
): LazyDataFrame {
  const { table, frame } = other;
  const named = [...new Set([...wanted.keys, ...(wanted.columns ?? [])])];
  const columns = frame.columns;
  const missing = named.find((column) => !columns.includes(column));
  if (missing !== undefined) throw missingJoinColumnError(stage, { table, column: missing, columns });
  return wanted.columns ? frame.select(...named) : frame;
}

/** A name that neither table has. */
function unusedName(...frames: readonly LazyDataFrame[]): string {
  const taken = new Set(frames.flatMap((frame) => frame.columns));
  let name = '__row';
  while (taken.has(name)) name += '_';
  return name;
}
