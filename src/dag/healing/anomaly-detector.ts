// A streaming robust z-score: how far a value is from the median of those before it, in units of their spread. A value
// is scored before it becomes one of them, because a value that is part of its own yardstick can never be further than
// √(n−1) standard deviations from it: with ten samples, never beyond three. Beside it, drift of what it standardises.
import { PageHinkley } from './drift.ts';
import type { DriftDirection } from './drift.ts';
import { observationError } from './errors.ts';
import { checkOption } from './options.ts';
import { SortedWindow } from './sorted-window.ts';

/** What finds a drift in standardised values. */
export interface DriftMonitor {
  observe(value: number): DriftDirection;
  reset(): void;
}

/** Options of {@link AnomalyDetector}. */
export interface AnomalyOptions {
  /** Scores beyond it, up or down, are anomalies. @default 3 */
  readonly zThreshold?: number;
  /** Values that a value is compared with, from 3 on. @default 100 */
  readonly windowSize?: number;
  /** The first value that is scored: the tenth is compared with nine. From 3 on. @default 10 */
  readonly minSamples?: number;
  /** A spread below it counts as this, in the values' unit: the resolution of the clock, say. @default 0 */
  readonly minScale?: number;
  /** Looks at values in units of the spread of a full window, from then on. @default new PageHinkley() */
  readonly drift?: DriftMonitor | false;
}

const VALUE = 0;
const SCORE = 1;
/** What drift is measured by. */
const CENTER = 2;
const SCALE = 3;

/** The median absolute deviation times this is the standard deviation of normal values. */
const MAD_TO_DEVIATION = 1.4826;
/** The mean absolute deviation times this: √(π/2). */
const MEAN_TO_DEVIATION = 1.2533141373155001;

/**
 * Scores the values of one series. Costs a search and a shift within the window a value, and no memory.
 *
 * The spread is 1.4826 × the median absolute deviation (MAD). Where half of the window is one value, so that the MAD is 0,
 * it is 1.2533 × the mean absolute deviation; where all of it is, any other value is infinitely far.
 */
export class AnomalyDetector {
  readonly name: string;
  readonly #zThreshold: number;
  readonly #minSamples: number;
  readonly #minScale: number;
  readonly #window: SortedWindow;
  readonly #windowSize: number;
  readonly #drift: DriftMonitor | null;
  /** Numbers, at the places below: a typed array holds them without memory for each. */
  readonly #numbers = new Float64Array(4);
  #count = 0;
  #driftDirection: DriftDirection = 0;
  /** Values since drift has waited for a full window. */
  #waiting = 0;

  /**
   * @param name stands in errors
   * @throws RuvectorError `ERR_DAG_HEALING_OPTION`
   */
  constructor(name: string, options: AnomalyOptions = {}) {
    this.name = name;
    const { zThreshold = 3, windowSize = 100, minSamples = 10, minScale = 0, drift } = options;
    const of = `detector "${name}"`;
    checkOption(of, 'zThreshold', zThreshold, { from: 0 });
    checkOption(of, 'windowSize', windowSize, { from: 3, to: 1_000_000, isWhole: true });
    checkOption(of, 'minSamples', minSamples, { from: 3, to: windowSize + 1, isWhole: true });
    checkOption(of, 'minScale', minScale, { from: 0 });
    this.#zThreshold = zThreshold;
    this.#minSamples = minSamples;
    this.#minScale = minScale;
    this.#windowSize = windowSize;
    this.#window = new SortedWindow(windowSize);
    this.#drift = drift === false ? null : (drift ?? new PageHinkley());
  }

  /** Values so far. */
  get count(): number {
    return this.#count;
  }

  /** Score of the last value, with its sign; NaN before there are enough. */
  get score(): number {
    return this.#numbers[SCORE]!;
  }

  /** Where the series was found to drift by the last value. */
  get driftDirection(): DriftDirection {
    return this.#driftDirection;
  }

  /**
   * Scores a value, then takes it in.
   * @returns true for an anomaly
   * @throws RuvectorError `ERR_DAG_OBSERVATION` for NaN and infinities; nothing has changed then
   */
  observe(value: number): boolean {
    if (!Number.isFinite(value)) throw observationError(this.name, value);
    this.#numbers[VALUE] = value;
    this.#scoreValue();
    if (this.#drift) this.#watchDrift(this.#drift);
    this.#window.push(this.#numbers, VALUE);
    this.#count++;
    return Math.abs(this.#numbers[SCORE]!) > this.#zThreshold;
  }

  #scoreValue(): void {
    if (this.#count + 1 < this.#minSamples) {
      this.#numbers[SCORE] = NaN;
      return;
    }
    this.#window.measure();
    const distance = this.#numbers[VALUE]! - this.#window.median;
    this.#numbers[SCORE] = distance === 0 ? 0 : distance / this.#spread();
  }

  #spread(): number {
    const deviation = this.#window.medianDeviation;
    const spread =
      deviation > 0 ? MAD_TO_DEVIATION * deviation : MEAN_TO_DEVIATION * this.#window.meanDeviation();
    return Math.max(spread, this.#minScale);
  }

  /**
   * Measures by the centre and spread of a full window, which then stay: those of the moving window would follow the
   * drift. After a drift the next full window is the new measure.
   */
  #watchDrift(drift: DriftMonitor): void {
    this.#driftDirection = 0;
    if (this.#waiting < this.#windowSize) {
      this.#waiting++;
      return;
    }
    if (this.#numbers[SCALE] === 0) {
      this.#window.measure();
      this.#numbers[CENTER] = this.#window.median;
      this.#numbers[SCALE] = this.#spread();
      // A series that never changed has no unit yet.
      if (this.#numbers[SCALE] === 0) return;
    }
    const scaled = (this.#numbers[VALUE]! - this.#numbers[CENTER]!) / this.#numbers[SCALE]!;
    // One spike is an anomaly, not a drift: it counts no more than a value at the threshold.
    this.#driftDirection = drift.observe(Math.max(-this.#zThreshold, Math.min(this.#zThreshold, scaled)));
    if (this.#driftDirection === 0) return;
    drift.reset();
    this.#numbers[SCALE] = this.#waiting = 0;
  }
}
