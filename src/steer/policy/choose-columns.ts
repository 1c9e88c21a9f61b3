// Which arms to steer with, of many columns: those whose plans differ most. EXPLAIN tells plans apart before anything runs, so
// that no latency is looked at but for whether two cells of a row are one measurement.
import type { LatencyMatrix } from './latency-matrix.ts';

/**
 * The columns that add most plans to those of the columns before them, the default's first; ties go to the first column.
 * @param most beside the default
 */
export function chooseColumns({ arms, queries, planOf }: LatencyMatrix, most: number): number[] {
  const seen = queries.map((_, query) => new Set([planOf[query * arms.length]!]));
  const chosen: number[] = [];
  while (chosen.length < Math.min(most, arms.length - 1)) {
    let [best, gained] = [-1, -1];
    for (let arm = 1; arm < arms.length; arm++) {
      if (chosen.includes(arm)) continue;
      const added = seen.filter((plans, query) => !plans.has(planOf[query * arms.length + arm]!)).length;
      if (added > gained) [best, gained] = [arm, added];
    }
    chosen.push(best);
    seen.forEach((plans, query) => plans.add(planOf[query * arms.length + best]!));
  }
  return chosen;
}
