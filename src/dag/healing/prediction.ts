// Alarms before a crisis: tension and the variance of latency are forecast, and an alarm is raised once for each time
// that they are about to cross their threshold.
import { observationError } from './errors.ts';
import { TensionForecast } from './forecast.ts';
import { checkOption } from './options.ts';
import type { TensionBottleneck, PredictedTrouble, TensionAnalysis } from './trouble.ts';

/** Options of predictions. */
export interface PredictiveOptions {
  /** Tension that is not to be crossed: below that of the crisis. @default 0.6 */
  readonly tensionThreshold?: number;
  /** Variance of latency that is not to be crossed. @default 1.5 */
  readonly varianceThreshold?: number;
  /** Analyses that are looked ahead. @default 50 */
  readonly lookaheadWindow?: number;
  /** Chance of crossing from which on it is an alarm: higher is later and more often right. @default 0.9 */
  readonly probability?: number;
  /** Analyses before anything ahead is believed; until then only what is now counts. @default 10 */
  readonly minSamples?: number;
}

/** Analyses without an alarm after which the next one is a new one. */
const CALM_ANALYSES = 5;
/** A value this many times the threshold is as bad as it gets: infinite tension has no mean. */
const LARGEST = 10;

/** One signal with its threshold, and whether somebody has to hear of it. */
class Signal {
  readonly name: PredictedTrouble['name'];
  readonly #threshold: number;
  readonly #options: Required<PredictiveOptions>;
  #forecast: TensionForecast;
  #state: 'calm' | 'raised' | 'answered' = 'calm';
  #calm = 0;
  #trouble: PredictedTrouble | null = null;

  constructor(name: PredictedTrouble['name'], threshold: number, options: Required<PredictiveOptions>) {
    this.name = name;
    this.#threshold = threshold;
    this.#options = options;
    this.#forecast = this.#createForecast();
  }

  /** The alarm that nobody answered yet. */
  get raised(): PredictedTrouble | null {
    return this.#state === 'raised' ? this.#trouble : null;
  }

  observe(value: number, bottlenecks: readonly TensionBottleneck[]): void {
    if (Number.isNaN(value)) throw observationError(this.name, value);
    this.#forecast.observe(Math.min(value, LARGEST * this.#threshold));
    const crossing = this.#forecast.nextCrossing();
    if (crossing) {
      const [name, threshold] = [this.name, this.#threshold];
      this.#trouble = { kind: 'prediction', name, threshold, bottlenecks, ...crossing };
      this.#calm = 0;
      if (this.#state === 'calm') this.#state = 'raised';
    } else if (this.#state === 'answered' && ++this.#calm >= CALM_ANALYSES) {
      this.#state = 'calm';
    }
  }

  /** @param isRepaired then what was learned before is no longer true, and the next alarm a new one */
  answer(isRepaired: boolean): void {
    this.#state = isRepaired ? 'calm' : 'answered';
    if (isRepaired) this.#forecast = this.#createForecast();
  }

  #createForecast(): TensionForecast {
    const { lookaheadWindow: lookahead, probability, minSamples } = this.#options;
    return new TensionForecast({ threshold: this.#threshold, lookahead, probability, minSamples });
  }
}

/** The signals of min-cut analyses. */
export class TensionPredictor {
  readonly #tension: Signal;
  readonly #variance: Signal;

  /** @throws RuvectorError `ERR_DAG_HEALING_OPTION` */
  constructor(options: PredictiveOptions = {}) {
    const all = {
      tensionThreshold: 0.6,
      varianceThreshold: 1.5,
      lookaheadWindow: 50,
      probability: 0.9,
      minSamples: 10,
      ...options,
    };
    checkOption('predictions', 'tensionThreshold', all.tensionThreshold, { from: Number.MIN_VALUE });
    checkOption('predictions', 'varianceThreshold', all.varianceThreshold, { from: Number.MIN_VALUE });
    checkOption('predictions', 'lookaheadWindow', all.lookaheadWindow, {
      from: 0,
      to: 10_000,
      isWhole: true,
    });
    checkOption('predictions', 'probability', all.probability, { from: 0, to: 1 });
    checkOption('predictions', 'minSamples', all.minSamples, { from: 3, isWhole: true });
    this.#tension = new Signal('maxTension', all.tensionThreshold, all);
    this.#variance = new Signal('latencyVariance', all.varianceThreshold, all);
  }

  /** @throws RuvectorError `ERR_DAG_OBSERVATION` for NaN */
  observe({ maxTension, latencyVariance, bottlenecks }: TensionAnalysis): void {
    this.#tension.observe(maxTension, bottlenecks);
    if (latencyVariance !== undefined) this.#variance.observe(latencyVariance, bottlenecks);
  }

  /** Alarms that wait for an answer. */
  raised(): PredictedTrouble[] {
    return [this.#tension.raised, this.#variance.raised].filter((trouble) => trouble !== null);
  }

  /** Says that something was done, or that nobody can. */
  answer({ name }: PredictedTrouble, isRepaired: boolean): void {
    (name === 'maxTension' ? this.#tension : this.#variance).answer(isRepaired);
  }
}
