// One pass over the snapshots of a training set: feature rows on one side, what their labels need on
// the other. Holds no snapshot, so the caller may reuse its object.
import type { MemorySnapshot } from '../core/index.ts';
import { ActionTimes } from './action-times.ts';
import { FeatureComputer } from './feature-extractor.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { Observations, unlabelled } from './horizon.ts';
import type { LabelThresholds } from './labels.ts';
import type { LabelledRows } from './training-columns.ts';

interface PassSettings {
  readonly spec: FeatureSpec;
  readonly horizonMs: number;
  readonly thresholds: LabelThresholds;
  readonly includeActed: boolean;
  readonly actionEffectMs: number;
}
interface PassOptions {
  readonly optimizationTimestamps?: Iterable<number>;
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** Takes snapshots in time order, then gives the rows whose horizon was fully observed and, unless they are wanted, free of actions. */
export class TrainingPass {
  readonly #settings: PassSettings;
  readonly #width: number;
  readonly #computer: FeatureComputer;
  readonly #observations = new Observations();
  readonly #actions: ActionTimes;
  readonly #fromMs: number;
  readonly #toMs: number;
  #features: Float32Array;
  #timestamps = new Float64Array(1024);
  // Which observation each row was computed at.
  #observed = new Uint32Array(1024);
  #rows = 0;
  /** Snapshots that gave no row. */
  readonly counts = { warmup: 0, unlabelled: 0, acted: 0 };

  constructor(settings: PassSettings, options: PassOptions) {
    this.#settings = settings;
    this.#width = settings.spec.names.length;
    this.#computer = new FeatureComputer(settings.spec);
    this.#features = new Float32Array(1024 * this.#width);
    this.#actions = new ActionTimes(options.optimizationTimestamps);
    this.#fromMs = options.fromMs ?? Number.NEGATIVE_INFINITY;
    this.#toMs = options.toMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the next snapshot; those at or after `toMs` are not looked at. */
  take(snapshot: MemorySnapshot): void {
    if (snapshot.timestamp >= this.#toMs) return;
    const position = this.#observations.push(snapshot);
    if (!this.#computer.take(snapshot)) this.counts.warmup++;
    else if (snapshot.timestamp >= this.#fromMs) this.#keep(snapshot.timestamp, position);
  }

  /** The rows with a label, in the order of their snapshots. Call once. */
  labelledRows(): LabelledRows {
    const { horizonMs, thresholds, spec, includeActed } = this.#settings;
    const maxGapMs = Math.min(spec.maxGapMs, horizonMs);
    const observed = this.#observations.label({ horizonMs, thresholds, maxGapMs });
    const reach = { horizonMs, effectMs: this.#settings.actionEffectMs };
    const labels = new Int8Array(this.#rows);
    const acted = new Uint8Array(this.#rows);
    let kept = 0;
    for (let row = 0; row < this.#rows; row++) {
      const label = observed[this.#observed[row]!]!;
      const isActed = label !== unlabelled && this.#actions.reach(this.#timestamps[row]!, reach);
      if (label === unlabelled) this.counts.unlabelled++;
      else if (isActed && !includeActed) this.counts.acted++;
      else {
        this.#moveRow(row, kept);
        acted[kept] = Number(isActed);
        labels[kept++] = label;
      }
    }
    return {
      features: this.#features.slice(0, kept * this.#width),
      labels: labels.slice(0, kept),
      acted: acted.slice(0, kept),
      timestamps: this.#timestamps.slice(0, kept),
    };
  }

  #keep(timeMs: number, position: number): void {
    if (this.#rows === this.#timestamps.length) this.#grow();
    this.#computer.compute(this.#actions.lastBefore(timeMs), this.#features, this.#rows * this.#width);
    this.#timestamps[this.#rows] = Math.round(timeMs);
    this.#observed[this.#rows++] = position;
  }

  #moveRow(from: number, to: number): void {
    if (from === to) return;
    this.#features.copyWithin(to * this.#width, from * this.#width, (from + 1) * this.#width);
    this.#timestamps[to] = this.#timestamps[from]!;
  }

  #grow(): void {
    const [features, timestamps, observed] = [this.#features, this.#timestamps, this.#observed];
    this.#features = new Float32Array(features.length * 2);
    this.#timestamps = new Float64Array(timestamps.length * 2);
    this.#observed = new Uint32Array(observed.length * 2);
    this.#features.set(features);
    this.#timestamps.set(timestamps);
    this.#observed.set(observed);
  }
}
