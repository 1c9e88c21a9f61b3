// A matrix of latencies completed by two small ones: alternating least squares without negative factors, where a run that was
// stopped is a lower bound. The algorithm of LimeQO ("Low Rank Learning for Offline Query Optimization", SIGMOD 2025, §4).

/** What is known of a cell. */
export const CellState = { unknown: 0, measured: 1, stopped: 2 } as const;

/** Options of {@link CensoredAls}. */
export interface CensoredAlsOptions {
  readonly rank: number;
  readonly random: () => number;
  /** @default 0.2 */
  readonly ridge?: number;
}

/** Factors of rows and columns; they stay from fit to fit, so that a few sweeps are enough when little was added. */
export class CensoredAls {
  readonly #rows: number;
  readonly #columns: number;
  readonly #rank: number;
  readonly #ridge: number;
  readonly #rowFactors: Float64Array;
  readonly #columnFactors: Float64Array;
  /** Row by row: measured cells as they are, the others as expected, at least their bound. */
  readonly completed: Float64Array;

  constructor(rows: number, columns: number, { rank, random, ridge = 0.2 }: CensoredAlsOptions) {
    this.#rows = rows;
    this.#columns = columns;
    this.#rank = rank;
    this.#ridge = ridge;
    this.#rowFactors = Float64Array.from({ length: rows * rank }, random);
    this.#columnFactors = Float64Array.from({ length: columns * rank }, random);
    this.completed = new Float64Array(rows * columns);
  }

  /** @param values measured, or the bound @param states {@link CellState} */
  fit(values: Float64Array, states: Uint8Array, sweeps: number): void {
    for (let sweep = 0; sweep < sweeps; sweep++) {
      this.#complete(values, states);
      this.#solve(this.#rowFactors, this.#columnFactors, false);
      this.#complete(values, states);
      this.#solve(this.#columnFactors, this.#rowFactors, true);
    }
    this.#complete(values, states);
  }

  #complete(values: Float64Array, states: Uint8Array): void {
    const rank = this.#rank;
    const [of, by, completed] = [this.#rowFactors, this.#columnFactors, this.completed];
    for (let row = 0, cell = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++, cell++) {
        if (states[cell] === CellState.measured) {
          completed[cell] = values[cell]!;
          continue;
        }
        // Rank 2 is the usual one, and this is where the time goes.
        let sum = of[row * rank]! * by[column * rank]!;
        if (rank === 2) sum += of[row * 2 + 1]! * by[column * 2 + 1]!;
        else for (let k = 1; k < rank; k++) sum += of[row * rank + k]! * by[column * rank + k]!;
        completed[cell] = states[cell] === CellState.stopped ? Math.max(sum, values[cell]!) : sum;
      }
    }
  }

  /** The factors of one side, given those of the other: ridge regression, what comes out negative is 0. */
  #solve(factors: Float64Array, others: Float64Array, isTransposed: boolean): void {
    const rank = this.#rank;
    const { completed } = this;
    const inverse = invert(buildGram(others, rank, this.#ridge), rank);
    const [count, width] = isTransposed ? [this.#columns, this.#rows] : [this.#rows, this.#columns];
    const [step, stride] = isTransposed ? [1, this.#columns] : [this.#columns, 1];
    const moment = new Float64Array(rank);
    for (let at = 0; at < count; at++) {
      moment.fill(0);
      for (let other = 0, cell = at * step; other < width; other++, cell += stride) {
        const value = completed[cell]!;
        for (let k = 0; k < rank; k++) moment[k]! += value * others[other * rank + k]!;
      }
      for (let k = 0; k < rank; k++) {
        let sum = 0;
        for (let l = 0; l < rank; l++) sum += inverse[k * rank + l]! * moment[l]!;
        factors[at * rank + k] = Math.max(0, sum);
      }
    }
  }
}

function buildGram(factors: Float64Array, rank: number, ridge: number): Float64Array {
  const gram = new Float64Array(rank * rank);
  for (let k = 0; k < rank; k++) gram[k * rank + k] = ridge;
  for (let at = 0; at < factors.length; at += rank) {
    for (let k = 0; k < rank; k++) {
      for (let l = 0; l < rank; l++) gram[k * rank + l]! += factors[at + k]! * factors[at + l]!;
    }
  }
  return gram;
}

/** Gauss–Jordan; a Gram matrix with a ridge needs no pivots. */
function invert(matrix: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let k = 0; k < size; k++) inverse[k * size + k] = 1;
  for (let pivot = 0; pivot < size; pivot++) {
    const by = matrix[pivot * size + pivot]!;
    for (let k = 0; k < size; k++) {
      matrix[pivot * size + k]! /= by;
      inverse[pivot * size + k]! /= by;
    }
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = matrix[row * size + pivot]!;
      for (let k = 0; k < size; k++) {
        matrix[row * size + k]! -= factor * matrix[pivot * size + k]!;
        inverse[row * size + k]! -= factor * inverse[pivot * size + k]!;
      }
    }
  }
  return inverse;
}
