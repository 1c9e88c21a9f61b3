// Queries by vector: the smallest hnsw.ef_search that finds what an exact scan finds, for each number of rows wanted and
// each share of rows that a filter leaves. Never by latency alone: an answer that is fast and wrong is no answer.
import { efSearches } from './arms.ts';

/** What was found with one ef_search. */
export interface EfEvidence {
  /** Rows that an exact scan gave, and how many of them came. */
  wanted: number;
  found: number;
}

/** Queries that want as many rows and whose filter leaves a similar share. */
export interface VectorCell {
  probes: number;
  readonly byEf: Record<number, EfEvidence>;
  /** The smallest that keeps the recall, null while none is known to. */
  chosen: number | null;
  /** No ef_search keeps it: such queries are passed through. */
  isHopeless: boolean;
}

/** Queries that are probed in a cell at most. */
export const mostProbes = 60;
const FEWEST_PROBES = 8;
/** One-sided 95 %. */
const Z = 1.645;

/** A cell without probes. */
export const createCell = (): VectorCell => ({ probes: 0, byEf: {}, chosen: null, isHopeless: false });

/** @returns the bound below (−1) or above (1) of a share, by Wilson */
export function wilsonBound({ found, wanted }: EfEvidence, side: -1 | 1): number {
  if (wanted === 0) return side < 0 ? 0 : 1;
  const share = found / wanted;
  const z2 = Z * Z;
  const middle = share + z2 / (2 * wanted);
  const spread = Z * Math.sqrt((share * (1 - share) + z2 / (4 * wanted)) / wanted);
  return (middle + side * spread) / (1 + z2 / wanted);
}

/** Values that are still to be tried in a cell, smallest first. */
export function openEfs(cell: VectorCell, recall: number): number[] {
  return efSearches.filter((ef) => {
    const seen = cell.byEf[ef];
    return !seen || cell.probes < FEWEST_PROBES || wilsonBound(seen, 1) >= recall;
  });
}

/** Takes a probe in: which rows of the exact scan came with each ef_search. */
export function observeProbe(
  cell: VectorCell,
  exact: readonly string[],
  byEf: ReadonlyMap<number, readonly string[]>,
  recall: number,
): void {
  cell.probes++;
  for (const [ef, rows] of byEf) {
    const seen = (cell.byEf[ef] ??= { wanted: 0, found: 0 });
    const came = new Set(rows);
    seen.wanted += exact.length;
    seen.found += exact.filter((row) => came.has(row)).length;
  }
  if (cell.probes < FEWEST_PROBES) return;
  const good = efSearches.find((ef) => cell.byEf[ef] && wilsonBound(cell.byEf[ef], -1) >= recall);
  cell.chosen = good ?? null;
  cell.isHopeless = good === undefined && (openEfs(cell, recall).length === 0 || cell.probes >= mostProbes);
}

/** True while a smaller ef_search than the chosen one may still turn out to be enough. */
export function needsProbe(cell: VectorCell, recall: number): boolean {
  if (cell.isHopeless || cell.probes >= mostProbes) return false;
  if (cell.chosen === null) return true;
  return openEfs(cell, recall).some((ef) => ef < cell.chosen!);
}

/** Cells by rows wanted and by the power of ten of the share that a filter leaves. */
export function nameCell(rowsWanted: number, selectivity: number): string {
  const bucket = selectivity >= 1 ? 'all' : `1e${Math.max(-6, Math.round(Math.log10(selectivity) * 2) / 2)}`;
  return `k=${rowsWanted} ${bucket}`;
}
