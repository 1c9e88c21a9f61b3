// l-diversity of a label (Machanavajjhala et al. 2007): how many different labels the rows of one group
// have. A group with one label gives that label away to whoever can place somebody in the group.

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
