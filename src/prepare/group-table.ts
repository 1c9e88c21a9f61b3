// Counts groups of rows, and joins rows with what was decided about their group.
import type { Expr, LazyDataFrame } from 'nodejs-polars';
import type { Polars } from '../core/index.ts';
import { buildTable, int, joinTable, readColumn, toArrow } from './polars-frame.ts';
import type { AddColumns, Queries, JoinColumn } from './polars-frame.ts';
import type { QuasiAttributes } from './quasi-attributes.ts';
import { SUPPRESSED } from './quasi-groups.ts';
import type { GroupDecision, QuasiGroups } from './quasi-groups.ts';
import { floorTime } from './time-levels.ts';

/** The time precision of a row: 0 for one that is suppressed, null for one of a group that nobody planned. */
export const PRECISION_COLUMN = 'released.time_precision_ms';

/** How groups are told apart. */
export interface GroupExpressions {
  /** Time over precision, rounded down. */
  readonly bucket: Expr;
  /** `bucket`, and the columns of the attributes. */
  readonly keys: readonly Expr[];
  /** The rows of a group, and the times of its first and its last one. */
  readonly facts: readonly Expr[];
}

export function buildGroupExpressions(
  polars: Polars,
  attributes: readonly string[],
  precisionMs: number,
): GroupExpressions {
  const time = polars.col('timestamp').cast(polars.Int64);
  return {
    bucket: time.div(int(polars, precisionMs)).alias('bucket'),
    keys: ['bucket', ...attributes].map((name) => polars.col(name)),
    facts: [time.count().alias('rows'), time.min().alias('first'), time.max().alias('last')],
  };
}

/** Counts the groups of a table, and joins its rows with what was decided about them. Memory grows with groups. */
export class GroupTable {
  readonly groups: QuasiGroups;
  readonly #polars: Polars;
  readonly #expressions: GroupExpressions;
  readonly #attributes: QuasiAttributes;

  constructor(
    polars: Polars,
    expressions: GroupExpressions,
    attributes: QuasiAttributes,
    groups: QuasiGroups,
  ) {
    this.groups = groups;
    this.#polars = polars;
    this.#expressions = expressions;
    this.#attributes = attributes;
  }

  /** Counts the groups of the next part of the table. */
  *read(frame: LazyDataFrame): Queries {
    const { bucket, keys, facts } = this.#expressions;
    const counts = frame.withColumn(bucket).groupBy([...keys]);
    const counted = toArrow(yield counts.agg(...facts));
    this.groups.add({
      buckets: readColumn(counted, 'bucket'),
      ids: this.#attributes.idsOf(counted),
      rows: readColumn(counted, 'rows'),
      firstMs: readColumn(counted, 'first'),
      lastMs: readColumn(counted, 'last'),
    });
  }

  /** Adds to each row `PRECISION_COLUMN`, its released time and what is released of its attributes. */
  finish({ groups, rungs, rungOf }: GroupDecision): AddColumns {
    const decided = Array.from({ length: groups.size }, (_, group) => {
      const [bucket, id] = [groups.firstAt(group), groups.secondAt(group)];
      const rung = rungOf[group] === SUPPRESSED ? null : rungs[rungOf[group]!]!;
      const timeMs = rung && floorTime(bucket * this.groups.precisionMs, rung.time);
      return {
        bucket,
        id,
        timeMs,
        level: rung?.attribute ?? null,
        precisionMs: rung?.time.precisionMs ?? 0,
      };
    });
    const spelt = decided.flatMap((group) => this.#attributes.spellingsOf(group.id).map(() => group));
    const columns: JoinColumn[] = [
      { name: 'bucket', type: 'int64', values: spelt.map(({ bucket }) => bucket) },
      ...this.#attributes.release(decided),
      { name: 'released.timestamp', type: 'timestamp', values: spelt.map(({ timeMs }) => timeMs) },
      { name: PRECISION_COLUMN, type: 'int64', values: spelt.map(({ precisionMs }) => precisionMs) },
    ];
    const table = buildTable(this.#polars, columns);
    const { bucket, keys } = this.#expressions;
    return (frame) => joinTable(frame.withColumn(bucket), table, keys);
  }
}
