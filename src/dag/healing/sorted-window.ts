// The last values of a series, in the order of their size: median and median absolute deviation are read off, not
// computed anew. Everything is in typed arrays, results too, because a number that a function returns may cost memory.

/** Moves over more places than this are left to the engine's own copy. */
const FAR = 48;

const MEDIAN = 0;
const DEVIATION = 1;
/** Around the middle of the distances: the last one below it, the first one above. */
const LAST = 2;
const NEXT = 3;

/** A window of a fixed length over a series of finite numbers. */
export class SortedWindow {
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  /** What `measure()` found, at the places above. */
  readonly #measured = new Float64Array(4);
  #size = 0;
  #next = 0;

  /** @param length values that are kept, at least 1 */
  constructor(length: number) {
    this.#ring = new Float64Array(length);
    this.#sorted = new Float64Array(length);
  }

  get size(): number {
    return this.#size;
  }

  /** The median at the last `measure()`; of an even number of values the mean of the middle two. */
  get median(): number {
    return this.#measured[MEDIAN]!;
  }

  /** The median of the distances from the median, at the last `measure()`. */
  get medianDeviation(): number {
    return this.#measured[DEVIATION]!;
  }

  /** Takes in `source[at]`; the oldest value leaves when the window is full. */
  push(source: Float64Array, at: number): void {
    const sorted = this.#sorted;
    const value = source[at]!;
    const isFull = this.#size === sorted.length;
    // The hole is where the oldest value was, or behind the last one; it moves to where the new one belongs.
    let hole = isFull ? this.#placeOf(this.#next) : this.#size++;
    this.#ring[this.#next] = value;
    const goal = this.#placeFor(this.#next, hole);
    if (Math.abs(goal - hole) > FAR) {
      if (goal < hole) sorted.copyWithin(goal + 1, goal, hole);
      else sorted.copyWithin(hole, hole + 1, goal + 1);
    } else {
      for (; hole > goal; hole--) sorted[hole] = sorted[hole - 1]!;
      for (; hole < goal; hole++) sorted[hole] = sorted[hole + 1]!;
    }
    sorted[goal] = value;
    this.#next = this.#next + 1 === sorted.length ? 0 : this.#next + 1;
  }

  /**
   * Finds the median and the median distance from it. Distances of the lower half, read downwards, and of the upper
   * half, read upwards, are two ascending lists: the middle of both together is found by bisection.
   */
  measure(): void {
    const sorted = this.#sorted;
    const measured = this.#measured;
    const size = this.#size;
    const half = size >> 1;
    measured[MEDIAN] = sorted[half]!;
    if (size % 2 === 0) measured[MEDIAN] = (sorted[half - 1]! + sorted[half]!) / 2;
    const median = measured[MEDIAN];
    // `low` of the lower and `half - low` of the upper half are the `half` smallest distances.
    let low = 0;
    let high = half;
    while (low < high) {
      const below = (low + high) >> 1;
      if (median - sorted[half - 1 - below]! < sorted[2 * half - 1 - below]! - median) low = below + 1;
      else high = below;
    }
    const upper = 2 * half - low;
    measured[NEXT] = Infinity;
    if (low < half) measured[NEXT] = median - sorted[half - 1 - low]!;
    if (upper < size) measured[NEXT] = Math.min(measured[NEXT], sorted[upper]! - median);
    measured[DEVIATION] = measured[NEXT]!;
    if (size % 2 === 1) return;
    measured[LAST] = 0;
    if (low > 0) measured[LAST] = median - sorted[half - low]!;
    if (upper > half) measured[LAST] = Math.max(measured[LAST], sorted[upper - 1]! - median);
    measured[DEVIATION] = (measured[LAST] + measured[NEXT]) / 2;
  }

  /** The mean of the distances from the median of the last `measure()`. */
  meanDeviation(): number {
    const median = this.median;
    let sum = 0;
    for (let at = 0; at < this.#size; at++) sum += Math.abs(this.#sorted[at]! - median);
    return sum / this.#size;
  }

  /** First place of a value of the ring. */
  #placeOf(ringAt: number): number {
    const value = this.#ring[ringAt]!;
    let low = 0;
    let high = this.#size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where a value of the ring belongs, once the hole is closed. */
  #placeFor(ringAt: number, hole: number): number {
    const value = this.#ring[ringAt]!;
    const sorted = this.#sorted;
    let low = 0;
    let high = this.#size - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle < hole ? middle : middle + 1]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
