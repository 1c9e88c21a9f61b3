// The choice of hnsw.ef_search: the smallest whose recall is sure to be enough.
import { describe, expect, it } from 'vitest';
import {
  createCell,
  mostProbes,
  nameCell,
  needsProbe,
  observeProbe,
  openEfs,
  wilsonBound,
} from '../../../../src/steer/sql/vector-recall.ts';
import type { VectorCell } from '../../../../src/steer/sql/vector-recall.ts';
import { efSearches } from '../../../../src/steer/sql/arms.ts';

const exact = Array.from({ length: 10 }, (_, i) => `row ${i}`);

/** Probes until nothing is open; `hits` of ten rows come with each ef_search. */
function probe(hits: (ef: number) => number, recall = 0.95): VectorCell {
  const cell = createCell();
  while (needsProbe(cell, recall)) {
    observeProbe(
      cell,
      exact,
      new Map(openEfs(cell, recall).map((ef) => [ef, exact.slice(0, hits(ef))])),
      recall,
    );
  }
  return cell;
}

describe('observeProbe()', () => {
  it('chooses the smallest value whose lower bound reaches the recall', () => {
    expect(probe((ef) => (ef >= 80 ? 10 : 8)).chosen).toBe(80);
    expect(probe(() => 10)).toMatchObject({ chosen: efSearches[0], isHopeless: false });
  });

  it('gives up where no value reaches it, after few probes', () => {
    const cell = probe(() => 7);
    expect(cell).toMatchObject({ chosen: null, isHopeless: true });
    expect(cell.probes).toBeLessThan(mostProbes);
  });

  it('chooses nothing by a mean that may be luck', () => {
    const cell = createCell();
    for (let i = 0; i < 3; i++) observeProbe(cell, exact, new Map([[10, exact]]), 0.95);
    expect(cell.chosen).toBeNull();
  });
});

describe('wilsonBound()', () => {
  it('is what tables of the one-sided 95 % bound say', () => {
    expect(wilsonBound({ found: 95, wanted: 100 }, -1)).toBeCloseTo(0.9, 2);
    expect(wilsonBound({ found: 0, wanted: 0 }, -1)).toBe(0);
  });
});

describe('nameCell()', () => {
  it('puts filters of a similar share into one cell', () => {
    expect(nameCell(10, 0.011)).toBe(nameCell(10, 0.009));
    expect(nameCell(10, 0.011)).not.toBe(nameCell(10, 0.3));
    expect(nameCell(10, 1)).not.toBe(nameCell(5, 1));
  });
});
