// l-diversity of a label (Machanavajjhala et al. 2007): how many different labels the rows of one group
// have. A group with one label gives that label away to whoever can place somebody in the group.

import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import { readColumn, toArrow } from './polars-frame.ts';

/** What a check found. */
export interface LDiversity {
  readonly asked: number;
  /** Fewest different labels in a group; null without rows. */
  readonly reached: number | null;
  /** Smallest exp(entropy) of the labels in a group: l of entropy l-diversity; null without rows. */
  readonly entropy: number | null;
  readonly groups: number;
  readonly groupsBelow: number;
  readonly rowsBelow: number;
}

/**
 * Checks the labels of rows by group. Both columns are as long as there are rows.
 * @param groups the generalised quasi-identifiers of each row, as one value
 * @param l different labels wanted in each group. @default 2
 */
export function checkLDiversity(
  groups: ArrayLike<number | string | bigint>,
  labels: ArrayLike<number | string>,
  l = 2,
): LDiversity {
  const counts = new Map<number | string | bigint, Map<number | string, number>>();
  for (let i = 0; i < labels.length; i++) {
    let group = counts.get(groups[i]!);
    if (!group) counts.set(groups[i]!, (group = new Map()));
    group.set(labels[i]!, (group.get(labels[i]!) ?? 0) + 1);
  }
  let [reached, entropy, groupsBelow, rowsBelow] = [Infinity, Infinity, 0, 0];
  for (const group of counts.values()) {
    reached = Math.min(reached, group.size);
    entropy = Math.min(entropy, effectiveLabels(group));
    if (group.size >= l) continue;
    groupsBelow++;
    rowsBelow += sumOf(group);
  }
  const isEmpty = counts.size === 0;
  return {
    asked: l,
    reached: isEmpty ? null : reached,
    entropy: isEmpty ? null : entropy,
    groups: counts.size,
    groupsBelow,
    rowsBelow,
  };
}

/** The columns of a table to check. */
export interface LDiversityColumns {
  /** The generalised quasi-identifiers. */
  readonly groups: readonly string[];
  readonly label: string;
}

/**
 * Checks a table of any size where it is: rows are counted by a native plan and never come to JavaScript. Null is a
 * value like others.
 * @param l different labels wanted in each group. @default 2
 */
export async function checkFrameLDiversity(
  frame: LazyDataFrame,
  { groups, label }: LDiversityColumns,
  l = 2,
): Promise<LDiversity> {
  const polars = loadPolars();
  const names = groups.map((_, i) => `group ${i}`);
  const keys = polars.cols(names);
  const rows = polars.col('rows').cast(polars.Float64);
  const share = rows.div(rows.sum());
  const columns = [...groups, label].map((name, i) => polars.col(name).alias(names[i] ?? 'label'));
  const counted = frame
    .select(...columns)
    .groupBy([keys, polars.col('label')])
    .agg(polars.len().alias('rows'))
    .groupBy([keys])
    .agg(
      polars.len().alias('labels'),
      rows.sum(),
      share.mul(share.log()).sum().mul(polars.lit(-1)).exp().alias('entropy'),
    );
  const isBelow = polars.col('labels').lt(polars.lit(l));
  const summary = toArrow(
    await counted
      .select(
        polars.col('labels').min().alias('reached'),
        polars.col('entropy').min(),
        polars.len().alias('groups'),
        isBelow.sum().alias('groupsBelow'),
        polars.col('rows').filter(isBelow).sum().alias('rowsBelow'),
      )
      .collect(),
  );
  const read = (name: string): number => readColumn(summary, name)[0]!;
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    asked: l,
    reached: orNull(read('reached')),
    entropy: orNull(read('entropy')),
    groups: read('groups'),
    groupsBelow: read('groupsBelow'),
    rowsBelow: read('rowsBelow'),
  };
}

function sumOf(group: ReadonlyMap<number | string, number>): number {
  let sum = 0;
  for (const count of group.values()) sum += count;
  return sum;
}

/** exp of the Shannon entropy: l labels that are equally frequent give l. */
function effectiveLabels(group: ReadonlyMap<number | string, number>): number {
  const rows = sumOf(group);
  let entropy = 0;
  for (const count of group.values()) entropy -= (count / rows) * Math.log(count / rows);
  return Math.exp(entropy);
}
