// The base head W₀: what runs of the past say about each mechanism, by ridge regression on embeddings. It is fitted once
// and stays; what changes afterwards is the low-rank correction.
import { sonaOptionError } from './errors.ts';
import { solvePositive } from './solve.ts';

/** One run of the past. */
export interface BaseHeadRow {
  readonly embedding: ArrayLike<number>;
  /** Number of the mechanism. */
  readonly mechanism: number;
  /** ln(time / baseline). */
  readonly logRatio: number;
}

/** Options of {@link fitBaseHead}. */
export interface BaseHeadOptions {
  readonly embeddingDim: number;
  readonly mechanisms: number;
  /** Weight of Σ weights² beside Σ errors²; above 0. @default 1 */
  readonly ridge?: number;
}

/**
 * Fits W₀, mechanisms × embeddingDim, row-major. A mechanism without runs gets zeros.
 * @throws RuvectorError `ERR_DAG_SONA_OPTION` for a row that does not fit
 */
export function fitBaseHead(rows: readonly BaseHeadRow[], options: BaseHeadOptions): Float64Array {
  const { embeddingDim, mechanisms, ridge = 1 } = options;
  if (!(ridge > 0 && ridge < Infinity)) throw sonaOptionError('ridge', ridge, 'a finite number above 0');
  rows.forEach((row, i) => checkRow(row, i, options));
  const head = new Float64Array(mechanisms * embeddingDim);
  for (let mechanism = 0; mechanism < mechanisms; mechanism++) {
    const own = rows.filter((row) => row.mechanism === mechanism);
    if (own.length > 0) head.set(fitRidge(own, embeddingDim, ridge), mechanism * embeddingDim);
  }
  return head;
}

function checkRow(
  { embedding, mechanism, logRatio }: BaseHeadRow,
  i: number,
  options: BaseHeadOptions,
): void {
  const isGood =
    embedding.length === options.embeddingDim &&
    Array.from(embedding).every(Number.isFinite) &&
    Number.isInteger(mechanism) &&
    mechanism >= 0 &&
    mechanism < options.mechanisms &&
    Number.isFinite(logRatio);
  if (isGood) return;
  throw sonaOptionError(
    `rows[${i}]`,
    `${embedding.length} numbers with mechanism ${mechanism} and ratio ${logRatio}`,
    `${options.embeddingDim} finite numbers, a mechanism below ${options.mechanisms} and a finite ratio`,
  );
}

function fitRidge(rows: readonly BaseHeadRow[], dims: number, ridge: number): Float64Array {
  const matrix = new Float64Array(dims * dims);
  const weights = new Float64Array(dims);
  for (let i = 0; i < dims; i++) matrix[i * dims + i] = ridge;
  for (const { embedding, logRatio } of rows) {
    for (let i = 0; i < dims; i++) {
      const value = embedding[i]!;
      if (value === 0) continue;
      weights[i]! += value * logRatio;
      for (let j = 0; j <= i; j++) matrix[i * dims + j]! += value * embedding[j]!;
    }
  }
  // Ridge above 0 makes it positive definite.
  solvePositive(matrix, weights);
  return weights;
}
