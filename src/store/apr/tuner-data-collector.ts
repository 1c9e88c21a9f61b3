// Training samples in memory, with what the tuner's document keeps beside them: the retrain threshold,
// feedback and the error window. It owns no file; what is durable is sample-store.ts.
import type { Label, TrainingSample } from '../../core/index.ts';
import { createErrorWindow } from './error-window.ts';
import type { ErrorWindow, FeedbackStats } from './error-window.ts';
import { SampleColumns } from './sample-columns.ts';
import { checkSample, parseSamples, sampleJson } from './sample-json.ts';

/** Why a training is due. */
export interface RetrainDue {
  /** `samples`: the threshold was reached. `errors`: too many of the newest predictions were wrong. */
  readonly reason: 'samples' | 'errors';
  readonly samplesSinceTrained: number;
  readonly errorRate: number | null;
}

/** Options of {@link TunerDataCollector}. */
export interface CollectorSettings {
  /** Samples since the last training that make the next one due; 0 is never. @default 100 */
  readonly retrainThreshold?: number;
  /** Predictions the error window holds. @default 100 */
  readonly errorWindowSize?: number;
  /** Most samples kept; the oldest go first. @default 50000 */
  readonly maxSamples?: number;
  /** Called each time a training is due. Must not throw. */
  readonly onRetrainDue?: (due: RetrainDue) => void;
}

/** The document's threshold. */
export const DEFAULT_RETRAIN_THRESHOLD = 100;
/** Predictions the error window holds unless told otherwise. */
export const DEFAULT_ERROR_WINDOW_SIZE = 100;
/** Samples kept unless told otherwise: 5.8 days at one every 10 s, about 9 MB on disk. */
export const DEFAULT_MAX_SAMPLES = 50_000;

/** Collects training samples. */
export class TunerDataCollector {
  readonly retrainThreshold: number;
  readonly #samples: SampleColumns;
  readonly #errors: ErrorWindow;
  readonly #onRetrainDue: (due: RetrainDue) => void;
  #sinceTrained = 0;
  #dueAt: number;
  /** Share of wrong predictions that makes a training due; null while online learning is off. */
  #maxErrorRate: number | null = null;

  constructor(settings: CollectorSettings = {}) {
    this.retrainThreshold = settings.retrainThreshold ?? DEFAULT_RETRAIN_THRESHOLD;
    this.#dueAt = this.retrainThreshold;
    this.#samples = new SampleColumns(settings.maxSamples ?? DEFAULT_MAX_SAMPLES);
    this.#errors = createErrorWindow(settings.errorWindowSize ?? DEFAULT_ERROR_WINDOW_SIZE);
    this.#onRetrainDue = settings.onRetrainDue ?? (() => undefined);
  }

  /**
   * Takes the samples of a JSON list.
   * @throws RuvectorError `ERR_STORE_APR_JSON`, `ERR_STORE_APR_SAMPLE`
   */
  static fromJson(text: string, settings: CollectorSettings = {}): TunerDataCollector {
    return TunerDataCollector.fromSamples(parseSamples(text), settings);
  }

  /** Takes samples that were read or computed; no training becomes due by them. */
  static fromSamples(
    samples: Iterable<TrainingSample>,
    settings: CollectorSettings = {},
  ): TunerDataCollector {
    const collector = new TunerDataCollector(settings);
    for (const sample of samples) collector.#push(checkSample(sample));
    collector.#dueAt = Math.max(collector.#dueAt, collector.#sinceTrained + 1);
    return collector;
  }

  /** Samples kept. */
  get length(): number {
    return this.#samples.length;
  }

  get samplesSinceTrained(): number {
    return this.#sinceTrained;
  }

  get isOnlineLearning(): boolean {
    return this.#maxErrorRate !== null;
  }

  /** The samples, oldest first. */
  samples(): Iterable<TrainingSample> {
    return this.#samples;
  }

  /** The samples after the first `count`. */
  samplesFrom(count: number): Iterable<TrainingSample> {
    return this.#samples.from(count);
  }

  countByLabel(): Record<Label, number> {
    return this.#samples.countByLabel();
  }

  /**
   * Adds a sample; at the threshold, and at each multiple until markTrained(), a training is due.
   * @throws RuvectorError `ERR_STORE_APR_SAMPLE` for a value the format cannot hold
   */
  record(sample: TrainingSample): void {
    this.#push(checkSample(sample));
    if (this.retrainThreshold === 0 || this.#sinceTrained < this.#dueAt) return;
    this.#dueAt = this.#sinceTrained + this.retrainThreshold;
    this.#notify('samples');
  }

  /** A training took what is here: counts from 0 again, and judges the new model by a clean window. */
  markTrained(): void {
    this.restoreSinceTrained(0);
    this.#errors.clear();
  }

  /** Sets the count since the last training, as a journal remembers it. */
  restoreSinceTrained(count: number): void {
    this.#sinceTrained = count;
    this.#dueAt = Math.max(this.retrainThreshold, count + 1);
  }

  /** From now on a full window with this share of wrong predictions makes a training due, too. @param maxErrorRate 0 to 1 @default 0.5 */
  enableOnlineLearning(maxErrorRate = 0.5): void {
    this.#maxErrorRate = maxErrorRate;
  }

  /** Compares a prediction with what came. */
  recordFeedback(predicted: Label, actual: Label): void {
    this.#errors.record(predicted, actual);
    const { errorRate, windowCount, windowSize } = this.#errors.stats();
    if (this.#maxErrorRate === null || windowCount < windowSize || errorRate! < this.#maxErrorRate) return;
    this.#notify('errors');
    this.#errors.clear(); // the next verdict takes a whole window again
  }

  feedback(): FeedbackStats {
    return this.#errors.stats();
  }

  /** The samples as a JSON list, as they stand in an APR2 file. */
  toJson(): string {
    return `[${Array.from(this.#samples, sampleJson).join(',')}]`;
  }

  #push(sample: TrainingSample): void {
    this.#samples.push(sample);
    this.#sinceTrained++;
  }

  #notify(reason: RetrainDue['reason']): void {
    const { errorRate } = this.#errors.stats();
    this.#onRetrainDue({ reason, samplesSinceTrained: this.#sinceTrained, errorRate });
  }
}
