// The host's own training samples: one is kept each rate window and labelled when its horizon has passed without
// an action, and what was decided then is compared with it. The file is src/store/apr; training is retraining.ts.
import type { Home, Label, MemorySnapshot } from '../../core/index.ts';
import { labels, messageOf } from '../../core/index.ts';
import {
  createLastActionReader,
  createOnlineLabeler,
  createSampleBuilder,
  readLabelledSamples,
} from '../../prepare/index.ts';
import type { FeatureSpec, TrainingHistory } from '../../prepare/index.ts';
import { TunerDataCollector, cachePath, openSampleStore } from '../../store/index.ts';
import type { FeedbackStats, SampleStore } from '../../store/index.ts';
import type { HostConfig } from './config.ts';

/** What the samples of a home say. Plain JSON. */
export interface SamplesStatus {
  readonly path: string;
  readonly count: number;
  readonly byLabel: Readonly<Record<Label, number>>;
  readonly samplesSinceTrained: number;
  /** Samples that start a training; 0 is never. */
  readonly retrainThreshold: number;
  /** Samples of this run that were left out because an action of the optimizer reaches them; null for a home no host runs on. */
  readonly actedSamples: number | null;
  /** Decisions compared with what came; null for a home no host runs on. */
  readonly feedback: FeedbackStats | null;
  /** The last write that failed. */
  readonly lastError: string | null;
}

/** Samples of a running host. */
export interface SampleService extends AsyncDisposable {
  /** Takes a snapshot and its features; records what it closes. Never rejects: a disk that fails is data. */
  observe(snapshot: MemorySnapshot, features: Float32Array | null): Promise<void>;
  /** What was decided on the snapshot observed last. */
  notePrediction(label: Label): void;
  /** Adds the samples of a JSON list. @returns how many @throws RuvectorError `ERR_STORE_*` */
  importJson(text: string): Promise<number>;
  /** Adds the labelled samples of the history, unless samples were recorded already. @returns how many */
  bootstrap(): Promise<number>;
  /** Resolves true when a training is due, false when the signal aborts. */
  waitUntilDue(signal: AbortSignal): Promise<boolean>;
  /** A training took all samples. */
  markTrained(): Promise<void>;
  status(): SamplesStatus;
}

/** Where the samples of a home are. */
export const samplesPath = (home: Pick<Home, 'samples'>): string => cachePath(home.samples);

/** Options of {@link createSampleService}. */
export interface SampleServiceOptions {
  readonly home: Pick<Home, 'samples'>;
  readonly config: Pick<HostConfig, 'horizonMs' | 'retrainSamples'>;
  readonly spec: FeatureSpec;
  readonly history: TrainingHistory;
  readonly onLog?: ((text: string) => void) | undefined;
}

interface Mark {
  readonly features: Float32Array;
  predicted: Label | null;
}

/** Opens the samples of a home. @throws RuvectorError `ERR_STORE_LOCKED`, `ERR_STORE_APR_*`, `ERR_STORE_IO` */
export async function createSampleService(options: SampleServiceOptions): Promise<SampleService> {
  const due = new DueFlag();
  const store = await openSampleStore(samplesPath(options.home), {
    retrainThreshold: options.config.retrainSamples,
    onRetrainDue: () => due.raise(),
    onProblem: (problem) => options.onLog?.(`${problem.code}: ${problem.message}`),
  });
  if (options.config.retrainSamples > 0) store.collector.enableOnlineLearning();
  return new LoopSamples(options, store, due);
}

class LoopSamples implements SampleService {
  readonly #options: SampleServiceOptions;
  readonly #store: SampleStore;
  readonly #due: DueFlag;
  readonly #labeler;
  readonly #buildSample;
  readonly #readLastAction;
  #lastMark: { readonly timestamp: number; readonly mark: Mark } | null = null;
  #lastTimestamp = Number.NaN;
  #lastError: string | null = null;
  #actedSamples = 0;

  constructor(options: SampleServiceOptions, store: SampleStore, due: DueFlag) {
    const { spec, config } = options;
    this.#options = options;
    this.#store = store;
    this.#due = due;
    this.#buildSample = createSampleBuilder(spec);
    this.#readLastAction = createLastActionReader(spec);
    this.#labeler = createOnlineLabeler<Mark>({
      horizonMs: config.horizonMs,
      maxGapMs: Math.min(spec.maxGapMs, config.horizonMs),
      actionEffectMs: spec.rateWindowMs,
    });
  }

  async observe(snapshot: MemorySnapshot, features: Float32Array | null): Promise<void> {
    const lastActionMs = features && this.#readLastAction(features, snapshot.timestamp);
    if (lastActionMs !== null) this.#labeler.noteAction(lastActionMs);
    const observed = this.#labeler.observe(snapshot);
    const closed = observed.filter(({ isActed }) => !isActed);
    this.#actedSamples += observed.length - closed.length;
    this.#lastTimestamp = snapshot.timestamp;
    if (features && this.#isTimeForOne(snapshot.timestamp)) {
      const mark: Mark = { features, predicted: null };
      this.#labeler.open(mark);
      this.#lastMark = { timestamp: snapshot.timestamp, mark };
    }
    if (closed.length === 0) return;
    for (const { mark, label } of closed) {
      if (mark.predicted !== null) this.#store.collector.recordFeedback(mark.predicted, labels[label]!);
    }
    const samples = closed.map(({ mark, label }) => this.#buildSample(mark.features, label));
    await this.#store.recordAndPersist(...samples).then(
      () => this.#noteError(null),
      (error: unknown) => this.#noteError(messageOf(error)),
    );
  }

  notePrediction(label: Label): void {
    if (this.#lastMark?.timestamp === this.#lastTimestamp) this.#lastMark.mark.predicted ??= label;
  }

  async importJson(text: string): Promise<number> {
    const samples = [...TunerDataCollector.fromJson(text).samples()];
    await this.#store.recordAndPersist(...samples);
    return samples.length;
  }

  async bootstrap(): Promise<number> {
    if (this.#store.collector.length > 0) return 0; // the history's samples are among them already
    const { history, spec, config } = this.#options;
    const samples = await readLabelledSamples(history, { spec, horizonMs: config.horizonMs });
    await this.#store.recordAndPersist(...samples);
    return samples.length;
  }

  waitUntilDue(signal: AbortSignal): Promise<boolean> {
    return this.#due.wait(signal);
  }

  markTrained(): Promise<void> {
    return this.#store.markTrained();
  }

  status(): SamplesStatus {
    const { collector, path } = this.#store;
    return {
      path,
      count: collector.length,
      byLabel: collector.countByLabel(),
      samplesSinceTrained: collector.samplesSinceTrained,
      retrainThreshold: collector.retrainThreshold,
      actedSamples: this.#actedSamples,
      feedback: collector.feedback(),
      lastError: this.#lastError,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#store.close();
  }

  /** One each rate window: neighbours that share most of their inputs teach nothing new. */
  #isTimeForOne(timestamp: number): boolean {
    const elapsedMs = timestamp - (this.#lastMark?.timestamp ?? Number.NEGATIVE_INFINITY);
    return elapsedMs < 0 || elapsedMs >= this.#options.spec.rateWindowMs;
  }

  /** Says a failure once, not at every sample. */
  #noteError(text: string | null): void {
    if (text !== null && text !== this.#lastError) this.#options.onLog?.(text);
    this.#lastError = text;
  }
}

/** Raised until somebody waited for it. */
class DueFlag {
  #isRaised = false;
  #wake: () => void = () => undefined;

  raise(): void {
    this.#isRaised = true;
    this.#wake();
  }

  async wait(signal: AbortSignal): Promise<boolean> {
    while (!this.#isRaised && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = () => {
          signal.removeEventListener('abort', this.#wake);
          resolve();
        };
        signal.addEventListener('abort', this.#wake, { once: true });
      });
    }
    if (signal.aborted) return false;
    this.#isRaised = false;
    return true;
  }
}
