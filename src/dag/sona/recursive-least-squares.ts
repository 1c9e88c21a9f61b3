// Recursive least squares with forgetting (Ljung 1999, ch. 11): the exact answer to what SONA approximates, for a head that
// is linear and a drift that fades at a known pace. It costs d² an observation, so it is the reference, not the product.
import { sonaOptionError } from './errors.ts';

/** Options of {@link RecursiveLeastSquares}. */
export interface RecursiveLeastSquaresOptions {
  readonly dims: number;
  /** Weight of an observation one observation later, 0–1. @default 0.99 */
  readonly forgetting?: number;
  /** Variance of each weight before anything was seen. @default 1 */
  readonly priorVariance?: number;
}

/** One linear function that follows what it sees. */
export class RecursiveLeastSquares {
  readonly weights: Float64Array;
  readonly #covariance: Float64Array;
  readonly #gain: Float64Array;
  readonly #forgetting: number;
  /** Directions that are never seen would gain variance without end. */
  readonly #varianceLimit: number;

  /** @throws RuvectorError `ERR_DAG_SONA_OPTION` */
  constructor({ dims, forgetting = 0.99, priorVariance = 1 }: RecursiveLeastSquaresOptions) {
    if (!Number.isInteger(dims) || dims < 1) throw sonaOptionError('dims', dims, 'a whole number from 1 on');
    if (!(forgetting > 0 && forgetting <= 1))
      throw sonaOptionError('forgetting', forgetting, 'a number above 0, at most 1');
    if (!(priorVariance > 0 && priorVariance < Infinity)) {
      throw sonaOptionError('priorVariance', priorVariance, 'a finite number above 0');
    }
    this.weights = new Float64Array(dims);
    this.#covariance = new Float64Array(dims * dims);
    for (let i = 0; i < dims; i++) this.#covariance[i * dims + i] = priorVariance;
    this.#gain = new Float64Array(dims);
    this.#forgetting = forgetting;
    this.#varianceLimit = priorVariance * dims * 100;
  }

  predict(x: ArrayLike<number>): number {
    let sum = 0;
    for (let i = 0; i < this.weights.length; i++) sum += this.weights[i]! * x[i]!;
    return sum;
  }

  /** Learns from one observation. @returns the error before, prediction − observed */
  learn(x: ArrayLike<number>, observed: number): number {
    const [gain, covariance, dims] = [this.#gain, this.#covariance, this.weights.length];
    let spread = this.#forgetting;
    for (let i = 0; i < dims; i++) {
      let sum = 0;
      for (let j = 0; j < dims; j++) sum += covariance[i * dims + j]! * x[j]!;
      gain[i] = sum;
      spread += sum * x[i]!;
    }
    const error = this.predict(x) - observed;
    let variance = 0;
    for (let i = 0; i < dims; i++) {
      this.weights[i]! -= (gain[i]! / spread) * error;
      // Both halves by the same products: the matrix stays symmetric to the last bit.
      for (let j = 0; j <= i; j++) {
        const value = covariance[i * dims + j]! - (gain[i]! * gain[j]!) / spread;
        covariance[i * dims + j] = value;
        covariance[j * dims + i] = value;
      }
      variance += covariance[i * dims + i]!;
    }
    if (variance < this.#varianceLimit) {
      for (let i = 0; i < covariance.length; i++) covariance[i]! /= this.#forgetting;
    }
    return error;
  }
}
