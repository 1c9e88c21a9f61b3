// Drift of a series: small shifts that no single value gives away. Page–Hinkley (Page 1954, Hinkley 1971) measures from
// the mean of all values so far and needs no target; CUSUM measures from a level that is known. Both keep two
// sums that a value can only push above zero by more than an allowance, and tell of a drift when one is too large.

/** Where a series goes: -1 down, 1 up, 0 nowhere. */
export type DriftDirection = -1 | 0 | 1;

/** Options of {@link PageHinkley}, in the units of the values: standard deviations when these are scores. */
export interface PageHinkleyOptions {
  /** Distance from the mean that is still no drift. @default 0.5 */
  readonly delta?: number;
  /** Sum of what goes beyond it that is one. @default 8 */
  readonly lambda?: number;
}

/** Page–Hinkley in both directions. After a drift it begins anew, with the mean of what comes. */
export class PageHinkley {
  readonly #delta: number;
  readonly #lambda: number;
  #count = 0;
  #mean = 0;
  #up = 0;
  #down = 0;

  constructor({ delta = 0.5, lambda = 8 }: PageHinkleyOptions = {}) {
    this.#delta = delta;
    this.#lambda = lambda;
  }

  /** Takes a value in. */
  observe(value: number): DriftDirection {
    // Measured from the mean without this value: a first one is no distance from itself.
    const distance = this.#count === 0 ? 0 : value - this.#mean;
    this.#mean += (value - this.#mean) / ++this.#count;
    this.#up = Math.max(0, this.#up + distance - this.#delta);
    this.#down = Math.max(0, this.#down - distance - this.#delta);
    if (this.#up <= this.#lambda && this.#down <= this.#lambda) return 0;
    const direction = this.#up > this.#lambda ? 1 : -1;
    this.reset();
    return direction;
  }

  /** Forgets everything. */
  reset(): void {
    this.#count = this.#mean = this.#up = this.#down = 0;
  }
}

/** Options of {@link Cusum}, in the units of the values: standard deviations when these are scores. */
export interface CusumOptions {
  /** The level of the values while nothing drifts. @default 0 */
  readonly target?: number;
  /** Allowance: half of the shift that shall be found. @default 0.5 */
  readonly k?: number;
  /** Sum that is a drift. 5 gives about 465 normal values between false ones. @default 6 */
  readonly h?: number;
}

/** CUSUM in both directions, around a level that is known. */
export class Cusum {
  readonly #target: number;
  readonly #k: number;
  readonly #h: number;
  #up = 0;
  #down = 0;

  constructor({ target = 0, k = 0.5, h = 6 }: CusumOptions = {}) {
    this.#target = target;
    this.#k = k;
    this.#h = h;
  }

  /** Takes a value in. */
  observe(value: number): DriftDirection {
    const distance = value - this.#target;
    this.#up = Math.max(0, this.#up + distance - this.#k);
    this.#down = Math.max(0, this.#down - distance - this.#k);
    if (this.#up <= this.#h && this.#down <= this.#h) return 0;
    const direction = this.#up > this.#h ? 1 : -1;
    this.reset();
    return direction;
  }

  /** Forgets what was summed up. */
  reset(): void {
    this.#up = this.#down = 0;
  }
}
