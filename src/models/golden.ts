// Golden rows: rows with the answers the trainer's own library gave, replayed before a model goes live.
// Their file is decode-golden.ts, apart from here because a worker need not load Arrow to compare numbers.
import type { BatchAnswer } from './answers.ts';
import { goldenRowsError, notFiniteError } from './errors.ts';

/** Golden rows as dense row-major matrices. */
export interface GoldenRows {
  readonly rows: number;
  /** rows × features. */
  readonly features: Float32Array;
  /** Of each row, as in `BatchAnswer`. */
  readonly labels: Int32Array;
  /** rows × width: probabilities, score or value. */
  readonly values: Float32Array;
  /** Why the row is there: random, threshold, nan or extreme. */
  readonly cases: readonly string[];
}

/** How a replay differs from the golden rows. */
export interface GoldenReport {
  readonly goldenRows: number;
  readonly maxAbsDiff: number;
  readonly labelMismatches: number;
}

/** Absolute and relative tolerance of a value: |Δ| ≤ 1e-5 + 1e-5·|y|. */
export const GOLDEN_TOLERANCE = 1e-5;

/** Where in the golden rows a batch lies. */
export interface BatchRange {
  readonly start: number;
  readonly end: number;
}

/** Collects the differences of one replay. */
export interface GoldenTally {
  maxAbsDiff: number;
  readonly mismatched: Set<number>;
}

/**
 * Compares one batch of answers with the golden rows `[start, end)`.
 * @throws ModelRejectedError `ERR_MODEL_NAN` for an answer that is not finite, `ERR_MODEL_GOLDEN` outside tolerance
 */
export function compareBatch(
  golden: GoldenRows,
  answer: BatchAnswer,
  { start, end }: BatchRange,
  tally: GoldenTally,
): void {
  const width = golden.values.length / golden.rows;
  for (let row = start; row < end; row++) {
    if (answer.labels[row - start] !== golden.labels[row]) tally.mismatched.add(row);
    for (let i = 0; i < width; i++) {
      const actual = answer.values[(row - start) * width + i]!;
      const expected = golden.values[row * width + i]!;
      const difference = Math.abs(actual - expected);
      if (!Number.isFinite(actual)) throw notFinite(golden, row, end - start);
      if (!(difference <= GOLDEN_TOLERANCE + GOLDEN_TOLERANCE * Math.abs(expected))) {
        throw outside(golden, row, { actual, expected, batch: end - start });
      }
      tally.maxAbsDiff = Math.max(tally.maxAbsDiff, difference);
    }
  }
}

/** Refuses a replay whose labels differ anywhere. `ERR_MODEL_GOLDEN`. */
export function finishTally(golden: GoldenRows, tally: GoldenTally): GoldenReport {
  const [row] = tally.mismatched;
  if (row !== undefined) {
    throw goldenRowsError(`${tally.mismatched.size} of ${golden.rows} golden rows got another label, first row ${row} (${golden.cases[row]}); export it again`,
      { labelMismatches: tally.mismatched.size, row, case: golden.cases[row] },
    );
  }
  return { goldenRows: golden.rows, maxAbsDiff: tally.maxAbsDiff, labelMismatches: 0 };
}

function notFinite(golden: GoldenRows, row: number, batch: number): Error {
  return notFiniteError(`it answers golden row ${row} (${golden.cases[row]}) with a value that is not finite; train or export it again`,
    { row, case: golden.cases[row], batch },
  );
}

function outside(golden: GoldenRows, row: number, details: Record<string, number>): Error {
  return goldenRowsError(`golden row ${row} (${golden.cases[row]}) gives ${details['actual']} in place of ${details['expected']}; export it again`,
    { row, case: golden.cases[row], ...details },
  );
}
