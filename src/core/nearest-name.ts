// The name that somebody may have meant.

/** Edits that may lie between what was written and what was meant: a third of its letters, but one at least. */
const shareOf = (name: string): number => Math.max(1, Math.floor(name.length / 3));

/** The nearest of the known names; null when none is near. */
export function findNearest(name: string, known: readonly string[]): string | null {
  const near = known
    .map((candidate) => ({ candidate, edits: countEdits(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= shareOf(name))
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.candidate ?? null;
}

/** Optimal string alignment: letters put in, left out, changed, or exchanged with the next one. */
export function countEdits(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + change);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (rows[i - 2]?.[j - 2] ?? least) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
