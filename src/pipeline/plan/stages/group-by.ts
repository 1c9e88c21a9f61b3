// One row a group, and rows in an order.
import type { NativeStage } from '../../contract.ts';
import { stageOptionError } from '../errors.ts';
import { readExpressions } from '../expression.ts';
import type { Expression } from '../expression.ts';
import { loadPolars } from '../../../core/index.ts';

/** Options of {@link groupBy}. */
export interface GroupByOptions {
  readonly by: readonly string[];
  /** `max(rss_kib) as peak_kib`, `count(*) as samples`, ... */
  readonly aggregates: readonly Expression[];
}

/** Gives one row a group, in the order in which the groups appear; null and NaN are groups as others are. */
export function groupBy({ by, aggregates }: GroupByOptions): NativeStage {
  if (by.length === 0) throw stageOptionError('group by', 'by', by, 'a column');
  return {
    name: 'group by',
    scope: 'table',
    details: { by, aggregates: aggregates.map(String) },
    apply: (frame) =>
      frame.groupBy([...by], true).agg(...readExpressions('group by', aggregates, frame).expressions),
  };
}

/** Options of {@link sort}. */
export interface SortOptions {
  readonly by: readonly string[];
  /** For all columns, or for each. @default false */
  readonly descending?: boolean | readonly boolean[];
  /** @default false */
  readonly nullsLast?: boolean;
}

/** Sorts; rows that are equal stay in their order. */
export function sort({ by, descending = false, nullsLast = false }: SortOptions): NativeStage {
  if (by.length === 0) throw stageOptionError('sort', 'by', by, 'a column');
  const isDescending = by.map((_, i) => (typeof descending === 'boolean' ? descending : !!descending[i]));
  return {
    name: 'sort',
    scope: 'table',
    holdsRows: true,
    details: { by, descending, nullsLast },
    apply: (frame) =>
      frame.sort({
        by: by.map((column) => loadPolars().col(column)),
        descending: isDescending,
        nullsLast,
        maintainOrder: true,
      } as never),
  };
}
