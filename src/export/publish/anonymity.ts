// k-anonymity and l-diversity of the rows a release would hold, and the filter that leaves out rows of
// groups that are too small. Two passes: count first, then filter batch by batch.
import type * as arrow from 'apache-arrow';
import { takeRows } from '../../core/index.ts';
import type { PublishColumn, PublishSplit } from './publish-contract.ts';

/** What the first pass found. */
export interface GroupReport {
  /** Rows of the smallest group that stays; null when nothing stays. */
  readonly k: number | null;
  /** Labels in the group of fewest labels that stays; null without a label. */
  readonly l: number | null;
  readonly rows: number;
  readonly rowsSuppressed: number;
  readonly groupsSuppressed: number;
}

interface Group {
  rows: number;
  readonly labels: Set<unknown>;
}

/** Leaves out rows whose combination of quasi-identifiers fewer than `k` rows of all splits share. */
export async function suppressSmallGroups(
  splits: readonly PublishSplit[],
  columns: readonly PublishColumn[],
  k: number,
): Promise<{ readonly splits: PublishSplit[]; readonly report: GroupReport }> {
  const quasi = columns.flatMap((column, i) => (column.privacy === 'quasi-identifier' ? [i] : []));
  const label = columns.findIndex(({ role }) => role === 'label');
  const groups = new Map<string, Group>();
  for (const split of splits) {
    for await (const batch of split.open()) countGroups(batch, quasi, label, groups);
  }
  const isKept = (key: string): boolean => groups.get(key)!.rows >= k;
  const kept = splits.map((split) => ({
    name: split.name,
    open: () => filterRows(split.open(), quasi, isKept),
  }));
  return { splits: kept, report: describeGroups([...groups.values()], k, label >= 0) };
}

function countGroups(
  batch: arrow.RecordBatch,
  quasi: readonly number[],
  label: number,
  groups: Map<string, Group>,
): void {
  const labels = label < 0 ? null : batch.getChildAt(label)!;
  for (const [row, key] of keysOf(batch, quasi).entries()) {
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { rows: 0, labels: new Set() }));
    group.rows++;
    if (labels) group.labels.add(labels.get(row));
  }
}

async function* filterRows(
  batches: AsyncIterable<arrow.RecordBatch>,
  quasi: readonly number[],
  isKept: (key: string) => boolean,
): AsyncGenerator<arrow.RecordBatch> {
  for await (const batch of batches) {
    const rows = keysOf(batch, quasi).flatMap((key, row) => (isKept(key) ? [row] : []));
    if (rows.length > 0) yield takeRows(batch, Uint32Array.from(rows));
  }
}

function keysOf(batch: arrow.RecordBatch, quasi: readonly number[]): string[] {
  const vectors = quasi.map((column) => batch.getChildAt(column)!);
  return Array.from({ length: batch.numRows }, (_, row) =>
    vectors.map((vector) => String(vector.get(row))).join('\u0000'),
  );
}

function describeGroups(groups: readonly Group[], k: number, hasLabel: boolean): GroupReport {
  const [kept, suppressed] = [groups.filter(({ rows }) => rows >= k), groups.filter(({ rows }) => rows < k)];
  const least = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((a, b) => Math.min(a, b));
  const sum = (list: readonly Group[]): number => list.reduce((rows, group) => rows + group.rows, 0);
  return {
    k: least(kept.map(({ rows }) => rows)),
    l: hasLabel ? least(kept.map(({ labels }) => labels.size)) : null,
    rows: sum(kept),
    rowsSuppressed: sum(suppressed),
    groupsSuppressed: suppressed.length,
  };
}
