// Non-negative least squares: the active-set algorithm of Lawson and Hanson (Solving Least Squares Problems, 1974,
// chapter 23). For few unknowns and many rows: it works on the normal equations, with columns scaled to length 1.
import { fitInputError, notSettledError } from './errors.ts';

/** The solution of {@link solveNonNegative}. */
export interface NonNegativeSolution {
  /** Every number is 0 or more. */
  readonly solution: Float64Array;
  /** Length of what is left, ‖A x − b‖. */
  readonly residual: number;
}

/**
 * Finds x ≥ 0 with the least ‖A x − b‖.
 * @param rows of A, all of one length
 * @throws RuvectorError `ERR_DAG_FIT` for rows of unequal lengths or numbers that are not finite
 */
export function solveNonNegative(
  rows: readonly (readonly number[])[],
  target: readonly number[],
): NonNegativeSolution {
  const size = rows[0]?.length ?? 0;
  checkInput(rows, target, size);
  const scale = Array.from({ length: size }, (_, k) => Math.hypot(...rows.map((row) => row[k]!)) || 1);
  const scaled = rows.map((row) => row.map((value, k) => value / scale[k]!));
  const { gram, moment } = normalEquations(scaled, target, size);
  const found = solveActiveSet(gram, moment);
  const left = scaled.map((row, at) => row.reduce((sum, value, k) => sum + value * found[k]!, -target[at]!));
  return { solution: found.map((value, k) => value / scale[k]!), residual: Math.hypot(...left) };
}

function checkInput(rows: readonly (readonly number[])[], target: readonly number[], size: number): void {
  if (size === 0) throw fitInputError('there is nothing to fit');
  if (rows.length !== target.length) {
    throw fitInputError(`there are ${rows.length} rows and ${target.length} results`);
  }
  rows.forEach((row, at) => {
    if (row.length !== size) throw fitInputError(`row ${at} has ${row.length} numbers, not ${size}`);
    if (![...row, target[at]!].every(Number.isFinite))
      throw fitInputError(`row ${at} is not of finite numbers`);
  });
}

/** AᵀA and Aᵀb. */
function normalEquations(
  rows: readonly (readonly number[])[],
  target: readonly number[],
  size: number,
): { gram: number[][]; moment: number[] } {
  const gram = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const moment = new Array<number>(size).fill(0);
  rows.forEach((row, at) => {
    for (let i = 0; i < size; i++) {
      moment[i]! += row[i]! * target[at]!;
      for (let j = 0; j < size; j++) gram[i]![j]! += row[i]! * row[j]!;
    }
  });
  return { gram, moment };
}

function solveActiveSet(gram: readonly (readonly number[])[], moment: readonly number[]): Float64Array {
  const size = moment.length;
  const x = new Float64Array(size);
  const passive = new Set<number>();
  const refused = new Set<number>();
  const tolerance = 1e-11 * Math.max(...moment.map(Math.abs), Number.MIN_VALUE);
  const gain = (k: number): number => moment[k]! - gram[k]!.reduce((sum, value, j) => sum + value * x[j]!, 0);
  for (let round = 0; round <= 30 * size; round++) {
    const free = moment.map((_value, k) => k).filter((k) => !passive.has(k) && !refused.has(k));
    const best = free.reduce((most, k) => (most < 0 || gain(k) > gain(most) ? k : most), -1);
    if (best < 0 || gain(best) <= tolerance) return x;
    passive.add(best);
    if (!descend(gram, moment, x, passive, best)) {
      passive.delete(best);
      refused.add(best);
    } else refused.clear();
  }
  throw notSettledError(30 * size);
}

/**
 * Goes to the least squares of the passive columns, and lets go of those that would turn negative on the way.
 * @returns false when the new column cannot grow: it repeats others
 */
function descend(
  gram: readonly (readonly number[])[],
  moment: readonly number[],
  x: Float64Array,
  passive: Set<number>,
  newest: number,
): boolean {
  for (let isFirst = true; passive.size > 0; isFirst = false) {
    const columns = [...passive];
    const wanted = solveSymmetric(gram, moment, columns);
    if (wanted === null || (isFirst && wanted[columns.indexOf(newest)]! <= 0)) return false;
    const negative = columns.filter((_column, at) => wanted[at]! <= 0);
    if (negative.length === 0) {
      columns.forEach((column, at) => (x[column] = wanted[at]!));
      return true;
    }
    const steps = negative.map((column) => x[column]! / (x[column]! - wanted[columns.indexOf(column)]!));
    const step = Math.min(...steps);
    columns.forEach((column, at) => (x[column]! += step * (wanted[at]! - x[column]!)));
    const gone = negative.filter((_column, at) => steps[at]! <= step);
    for (const column of gone) {
      x[column] = 0;
      passive.delete(column);
    }
  }
  return true;
}

/** Cholesky; null where columns repeat each other. */
function solveSymmetric(
  gram: readonly (readonly number[])[],
  moment: readonly number[],
  columns: readonly number[],
): number[] | null {
  const size = columns.length;
  const lower = columns.map(() => new Array<number>(size).fill(0));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = gram[columns[i]!]![columns[j]!]!;
      for (let k = 0; k < j; k++) sum -= lower[i]![k]! * lower[j]![k]!;
      if (i !== j) lower[i]![j] = sum / lower[j]![j]!;
      else if (sum > 1e-12) lower[i]![i] = Math.sqrt(sum);
      else return null;
    }
  }
  const y = columns.map((column) => moment[column]!);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) y[i]! -= lower[i]![k]! * y[k]!;
    y[i]! /= lower[i]![i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) y[i]! -= lower[k]![i]! * y[k]!;
    y[i]! /= lower[i]![i]!;
  }
  return y;
}
