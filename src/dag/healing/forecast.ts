// Where a series will be some steps ahead, and how sure that is. Two models run side by side: Holt's linear
// exponential smoothing for what goes somewhere, and an autoregression of order one for what returns to its mean. The
// one whose forecasts came closer lately speaks.

/** A forecast: a normal distribution. */
export interface Forecast {
  readonly mean: number;
  readonly deviation: number;
}

interface Model {
  observe(value: number): void;
  /** @param steps at least 0; 0 is the level now */
  forecast(steps: number): Forecast;
}

/** Share of a new residual in a variance of residuals. */
const RESIDUAL_SHARE = 0.05;

/** Holt's linear smoothing; the variance ahead is that of its state-space form (Hyndman et al. 2008, table 6.2). */
class HoltModel implements Model {
  readonly #alpha: number;
  readonly #beta: number;
  #level = 0;
  #slope = 0;
  #variance = 0;
  #count = 0;

  /** @param alpha share of a new value in the level @param beta share of a new step in the slope */
  constructor(alpha: number, beta: number) {
    this.#alpha = alpha;
    this.#beta = beta;
  }

  observe(value: number): void {
    if (this.#count++ === 0) {
      this.#level = value;
      return;
    }
    const residual = value - this.#level - this.#slope;
    // The first shares are larger, so that what starts the model does not last: as if a plain mean came first.
    const alpha = Math.max(this.#alpha, 1 / this.#count);
    const before = this.#level;
    this.#level += this.#slope + alpha * residual;
    this.#slope += this.#beta * (this.#level - before - this.#slope);
    const share = Math.max(RESIDUAL_SHARE, 1 / (this.#count - 1));
    this.#variance += share * (residual ** 2 - this.#variance);
  }

  forecast(steps: number): Forecast {
    const [alpha, beta] = [this.#alpha, this.#alpha * this.#beta];
    const past = Math.max(0, steps - 1);
    const growth = past * (alpha ** 2 + alpha * beta * steps + (beta ** 2 * steps * (2 * steps - 1)) / 6);
    return {
      mean: this.#level + steps * this.#slope,
      deviation: Math.sqrt(this.#variance * (1 + growth)),
    };
  }
}

/** y − μ = φ(y₋₁ − μ) + ε, with exponentially weighted moments. */
class AutoregressiveModel implements Model {
  readonly #share: number;
  #mean = 0;
  #last = 0;
  #variance = 0;
  #covariance = 0;
  #residual = 0;
  #count = 0;

  /** @param share of a new value in the moments */
  constructor(share: number) {
    this.#share = share;
  }

  observe(value: number): void {
    const share = Math.max(this.#share, 1 / ++this.#count);
    if (this.#count > 1) {
      const residual = value - this.forecast(1).mean;
      this.#residual += Math.max(RESIDUAL_SHARE, 1 / (this.#count - 1)) * (residual ** 2 - this.#residual);
    }
    const lastDistance = this.#last - this.#mean;
    this.#mean += share * (value - this.#mean);
    const distance = value - this.#mean;
    if (this.#count > 1) this.#covariance += share * (distance * lastDistance - this.#covariance);
    this.#variance += share * (distance ** 2 - this.#variance);
    this.#last = value;
  }

  forecast(steps: number): Forecast {
    const phi = this.#variance > 0 ? Math.max(0, Math.min(0.999, this.#covariance / this.#variance)) : 0;
    const kept = phi ** steps;
    return {
      mean: this.#mean + kept * (this.#last - this.#mean),
      deviation: Math.sqrt((this.#residual * (1 - kept ** 2)) / (1 - phi ** 2)),
    };
  }
}

/** Options of {@link TensionForecast}. */
export interface ForecastOptions {
  /** The level that is not to be crossed. */
  readonly threshold: number;
  /** Steps that are looked ahead. */
  readonly lookahead: number;
  /** Chance of crossing it, from which on it is an alarm. @default 0.9 */
  readonly probability?: number;
  /** Values before anything ahead is believed; until then only the level now counts. @default 10 */
  readonly minSamples?: number;
}

/** A crossing that is expected. */
export interface TensionCrossing {
  /** Steps until then; 0 when the level is crossed already. */
  readonly steps: number;
  /** Chance that the value of then is beyond the threshold. */
  readonly probability: number;
  readonly forecast: Forecast;
}

/** Steps over which the two models are compared. */
const COMPARED_STEPS = 10;
/** Share of a new error in what decides between them. */
const ERROR_SHARE = 0.05;

/** Foretells when a series crosses a level. */
export class TensionForecast {
  readonly #options: Required<ForecastOptions>;
  readonly #models: readonly [HoltModel, AutoregressiveModel] = [
    new HoltModel(0.2, 0.05),
    new AutoregressiveModel(0.02),
  ];
  /** Means that the models gave for the values that come, in a ring. */
  readonly #pending = [new Float64Array(COMPARED_STEPS), new Float64Array(COMPARED_STEPS)] as const;
  readonly #errors = new Float64Array(2);
  #count = 0;

  constructor({ threshold, lookahead, probability = 0.9, minSamples = 10 }: ForecastOptions) {
    this.#options = { threshold, lookahead, probability, minSamples };
  }

  /** Takes a value in. */
  observe(value: number): void {
    const at = this.#count % COMPARED_STEPS;
    for (const each of [0, 1] as const) {
      const pending = this.#pending[each];
      if (this.#count >= COMPARED_STEPS) {
        this.#errors[each]! += ERROR_SHARE * ((value - pending[at]!) ** 2 - this.#errors[each]!);
      }
      this.#models[each].observe(value);
      pending[at] = this.#models[each].forecast(COMPARED_STEPS).mean;
    }
    this.#count++;
  }

  /** A value some steps ahead, 0 for the level now. */
  forecast(steps: number): Forecast {
    return this.#speaker().forecast(steps);
  }

  /** The first crossing that is likely enough, or null. */
  nextCrossing(): TensionCrossing | null {
    const { threshold, lookahead, probability, minSamples } = this.#options;
    if (this.#count === 0) return null;
    const reach = this.#count < minSamples ? 0 : lookahead;
    const speaker = this.#speaker();
    for (let steps = 0; steps <= reach; steps++) {
      // What a series is now is smoothed by Holt's level: one value beyond the threshold is no crossing.
      const forecast = (steps === 0 ? this.#models[0] : speaker).forecast(steps);
      const chance = chanceAbove(threshold, forecast);
      if (chance > probability) return { steps, probability: chance, forecast };
    }
    return null;
  }

  #speaker(): Model {
    return this.#models[this.#errors[0]! <= this.#errors[1]! ? 0 : 1];
  }
}

/** Chance that a normal value is above a level. */
export function chanceAbove(level: number, { mean, deviation }: Forecast): number {
  if (deviation === 0) return mean > level ? 1 : 0;
  return 1 - normalCdf((level - mean) / deviation);
}

/** Φ by Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * poly * Math.exp(-x * x);
  return z >= 0 ? 1 - tail : tail;
}
