// How well scores rank odd rows above the others: average precision, the area under precision over recall without
// interpolation, rows of one score together. Pure; python/src/ruvector/_training/ranking.py has the same.

/** Measures rows that are given as blocks `[starts[i], ends[i])`. */
export type Measure = (starts: Int32Array, ends: Int32Array) => number;

/**
 * Measures the average precision of blocks of rows; NaN for blocks without both kinds.
 * @param odd 1 for an odd row, else 0
 * @param scores larger is more anomalous; one that is not a number ranks last
 */
export function measureRanking(odd: ArrayLike<number>, scores: ArrayLike<number>): Measure {
  const keys = Float64Array.from({ length: scores.length }, (_, row) =>
    Number.isNaN(scores[row]!) ? Number.NEGATIVE_INFINITY : scores[row]!,
  );
  const order = Uint32Array.from(keys, (_, row) => row).sort((a, b) => keys[b]! - keys[a]! || a - b);
  const drawn = new Int32Array(keys.length + 1);
  return (starts, ends) => {
    countDraws(drawn, starts, ends);
    let [hits, rows, kindHits, kindRows, sum] = [0, 0, 0, 0, 0];
    for (let at = 0; at < order.length; at++) {
      const row = order[at]!;
      kindRows += drawn[row]!;
      if (odd[row] === 1) kindHits += drawn[row]!;
      const isLastOfScore = at + 1 === order.length || keys[order[at + 1]!] !== keys[row];
      if (!isLastOfScore) continue;
      hits += kindHits;
      rows += kindRows;
      if (kindHits > 0) sum += (kindHits * hits) / rows;
      kindHits = kindRows = 0;
    }
    return hits === 0 || hits === rows ? Number.NaN : sum / hits;
  };
}

/** How often each row is in the blocks. */
function countDraws(drawn: Int32Array, starts: Int32Array, ends: Int32Array): void {
  drawn.fill(0);
  for (let block = 0; block < starts.length; block++) {
    drawn[starts[block]!]!++;
    drawn[ends[block]!]!--;
  }
  for (let row = 1; row < drawn.length; row++) drawn[row]! += drawn[row - 1]!;
}
