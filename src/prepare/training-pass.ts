// One pass over snapshots: feature rows on one side, what their labels need on the other. It holds the rows of one
// horizon, which have no label yet, and no snapshot, so the caller may reuse its object.
import { ActionTimes } from './action-times.ts';
import { FeatureComputer } from './feature-extractor.ts';
import { featureColumns } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { HorizonLabeler, unlabelled } from './horizon.ts';
import type { LabelThresholds } from './labels.ts';
import type { SnapshotValues } from './snapshot-columns.ts';
import { readSnapshots } from './snapshot-source.ts';
import type { SnapshotSource } from './snapshot-source.ts';
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

/** Gives the rows whose horizon was fully observed and, unless they are wanted, free of actions. */
export class TrainingPass {
  readonly #settings: PassSettings;
  readonly #width: number;
  readonly #computer: FeatureComputer;
  readonly #labeler: HorizonLabeler;
  readonly #actions: ActionTimes;
  readonly #fromMs: number;
  readonly #toMs: number;
  // Rows [0, kept) have a label, those of [first, end) wait for theirs; between them is what was left out.
  #features: Float32Array;
  #timestamps = new Float64Array(1024);
  #isRow = new Uint8Array(1024);
  #labels = new Int8Array(1024);
  #acted = new Uint8Array(1024);
  #targets = new Float32Array(1024);
  #kept = 0;
  #first = 0;
  #end = 0;
  /** Snapshots that gave no row, once all were taken. */
  readonly counts = { warmup: 0, unlabelled: 0, acted: 0 };

  constructor(settings: PassSettings, options: PassOptions) {
    const { spec, horizonMs, thresholds } = settings;
    const maxGapMs = Math.min(spec.maxGapMs, horizonMs);
    this.#settings = settings;
    this.#width = featureColumns(spec).length;
    this.#computer = new FeatureComputer(spec);
    this.#labeler = new HorizonLabeler({ horizonMs, thresholds, maxGapMs }, (label, target) =>
      this.#label(label, target),
    );
    this.#features = new Float32Array(1024 * this.#width);
    this.#actions = new ActionTimes(options.optimizationTimestamps);
    this.#fromMs = options.fromMs ?? Number.NEGATIVE_INFINITY;
    this.#toMs = options.toMs ?? Number.POSITIVE_INFINITY;
  }

  /** The rows of a source in the order of their snapshots, some thousand at a time. Call once. */
  async *run(source: SnapshotSource, signal?: AbortSignal): AsyncGenerator<LabelledRows> {
    for await (const run of readSnapshots(source, signal)) {
      run((snapshot) => this.#take(snapshot));
      const rows = this.#takeKept();
      if (rows.labels.length > 0) yield rows;
    }
    this.#labeler.end();
    yield this.#takeKept();
  }

  /** Snapshots at or after `toMs` are not looked at. */
  #take(snapshot: SnapshotValues): void {
    const timeMs = snapshot.timestamp;
    if (timeMs >= this.#toMs) return;
    this.#labeler.push(snapshot);
    const isWarm = this.#computer.take(snapshot);
    if (!isWarm) this.counts.warmup++;
    if (this.#end === this.#timestamps.length) this.#grow();
    const row = this.#end++;
    this.#isRow[row] = Number(isWarm && timeMs >= this.#fromMs);
    if (!isWarm) return;
    this.#timestamps[row] = Math.round(timeMs);
    this.#computer.compute(this.#actions.lastBefore(timeMs), this.#features, row * this.#width);
  }

  /** Takes the label of the oldest row that waits for one, and the memory available at the end of its horizon. */
  #label(label: number, target: number): void {
    const row = this.#first++;
    if (this.#isRow[row] === 0) return;
    if (label === unlabelled) {
      this.counts.unlabelled++;
      return;
    }
    const { horizonMs, actionEffectMs: effectMs, includeActed } = this.#settings;
    const isActed = this.#actions.reach(this.#timestamps[row]!, { horizonMs, effectMs });
    if (isActed && !includeActed) {
      this.counts.acted++;
      return;
    }
    this.#moveRow(row, this.#kept);
    this.#acted[this.#kept] = Number(isActed);
    this.#targets[this.#kept] = target;
    this.#labels[this.#kept++] = label;
  }

  #takeKept(): LabelledRows {
    const kept = this.#kept;
    const rows = {
      features: this.#features.slice(0, kept * this.#width),
      labels: this.#labels.slice(0, kept),
      acted: this.#acted.slice(0, kept),
      timestamps: this.#timestamps.slice(0, kept),
      targets: this.#targets.slice(0, kept),
    };
    const [first, end] = [this.#first, this.#end];
    this.#features.copyWithin(0, first * this.#width, end * this.#width);
    this.#timestamps.copyWithin(0, first, end);
    this.#isRow.copyWithin(0, first, end);
    this.#kept = this.#first = 0;
    this.#end = end - first;
    return rows;
  }

  #moveRow(from: number, to: number): void {
    if (from === to) return;
    const [target, source] = [to * this.#width, from * this.#width];
    for (let i = 0; i < this.#width; i++) this.#features[target + i] = this.#features[source + i]!;
    this.#timestamps[to] = this.#timestamps[from]!;
  }

  #grow(): void {
    const { length } = this.#timestamps;
    const [features, timestamps, isRow] = [this.#features, this.#timestamps, this.#isRow];
    const [labels, acted, targets] = [this.#labels, this.#acted, this.#targets];
    this.#features = new Float32Array(features.length * 2);
    this.#timestamps = new Float64Array(length * 2);
    this.#isRow = new Uint8Array(length * 2);
    this.#labels = new Int8Array(length * 2);
    this.#acted = new Uint8Array(length * 2);
    this.#targets = new Float32Array(length * 2);
    this.#features.set(features);
    this.#timestamps.set(timestamps);
    this.#isRow.set(isRow);
    this.#labels.set(labels);
    this.#acted.set(acted);
    this.#targets.set(targets);
  }
}
