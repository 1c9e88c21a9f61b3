// Labels while the host runs: a sample is labelled when its horizon has passed. The same labels as those of
// a training set over the same snapshots, with memory for the open samples only.
import type { MemoryFeatures, MemorySnapshot, TrainingSample } from '../core/index.ts';
import { labels, memoryFeatureFields } from '../core/index.ts';
import { isActedOn } from './action-times.ts';
import { prepareOptionsError } from './errors.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { featureConstants } from './features.ts';
import { defaultThresholds, labelOutcome } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { Observer, isHorizonBreak, outcomeBetween } from './observation.ts';
import type { Observation } from './observation.ts';

/** Options of {@link createOnlineLabeler}. */
export interface OnlineLabelerOptions {
  readonly horizonMs: number;
  /** A longer pause drops the open samples. @default horizonMs */
  readonly maxGapMs?: number;
  /** @default defaultThresholds */
  readonly thresholds?: LabelThresholds;
  /** How long an action reaches rows after it, besides all those whose horizon holds it. @default 0 */
  readonly actionEffectMs?: number;
}

/** A sample whose horizon has passed. */
export interface ClosedSample<T> {
  readonly mark: T;
  /** Index into `labels`. */
  readonly label: number;
  /** True when an action reaches it: the label says what happened with that action, and is none to learn from. */
  readonly isActed: boolean;
}

/** Labels snapshots one horizon later. `T` is whatever belongs to a snapshot. */
export interface OnlineLabeler<T> {
  /** Takes the next snapshot and returns what it closed. */
  observe(snapshot: MemorySnapshot): ClosedSample<T>[];
  /** Asks for the label of the newest snapshot. */
  open(mark: T): void;
  /** Says when a real action was taken (not a dry run), before the next snapshot is observed; a time said twice is one. */
  noteAction(actionMs: number): void;
}

interface OpenSample<T> {
  readonly mark: T;
  readonly first: Observation;
  /** Lowest after the first; Infinity before the second snapshot. */
  lowestPercent: number;
  last: Observation;
  isActed: boolean;
}

/** Creates a labeler with nothing open. */
export function createOnlineLabeler<T>(options: OnlineLabelerOptions): OnlineLabeler<T> {
  const { horizonMs, maxGapMs = horizonMs, thresholds = defaultThresholds, actionEffectMs = 0 } = options;
  const reach = { horizonMs, effectMs: actionEffectMs };
  const observer = new Observer();
  let open: OpenSample<T>[] = [];
  let previous: Observation | null = null;
  let lastActionMs = Number.NEGATIVE_INFINITY;
  return {
    observe(snapshot) {
      const now = observer.observe(snapshot);
      if (previous && isHorizonBreak(previous, now, maxGapMs)) open = [];
      previous = now;
      const closed: ClosedSample<T>[] = [];
      open = open.filter((sample) => {
        const untilMs = sample.first.timeMs + horizonMs;
        if (now.timeMs <= untilMs) extend(sample, now);
        if (now.timeMs < untilMs) return true;
        const { mark, first, last, lowestPercent, isActed } = sample;
        // Nothing within the horizon: it was not observed.
        if (last.timeMs === first.timeMs) return false;
        const outcome = outcomeBetween(first, last, lowestPercent, thresholds);
        closed.push({ mark, label: labelOutcome(outcome, thresholds), isActed });
        return false;
      });
      return closed;
    },
    open(mark) {
      if (!previous) return;
      const isActed = isActedOn(previous.timeMs, lastActionMs, reach);
      open.push({ mark, first: previous, lowestPercent: Infinity, last: previous, isActed });
    },
    noteAction(actionMs) {
      lastActionMs = actionMs;
      for (const sample of open) sample.isActed ||= isActedOn(sample.first.timeMs, actionMs, reach);
    },
  };
}

function extend<T>(sample: OpenSample<T>, now: Observation): void {
  sample.last = now;
  sample.lowestPercent = Math.min(sample.lowestPercent, now.availablePercent);
}

/**
 * Reads the time of the last action out of feature rows, so that whoever has the row needs no second account of
 * actions that could differ from it. Exact to some milliseconds.
 * @returns null for a row that knows of none within a day
 */
export function createLastActionReader(
  spec: Pick<FeatureSpec, 'names'>,
): (row: Float32Array, timestampMs: number) => number | null {
  const at = spec.names.indexOf('minutes_since_last_opt');
  return (row, timestampMs) => {
    const minutes = row[at] ?? featureConstants.neverOptimizedMinutes;
    return minutes >= featureConstants.neverOptimizedMinutes ? null : timestampMs - minutes * 60_000;
  };
}

/**
 * Picks the document's eight features out of feature rows, whole where the document wants whole numbers.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` when the specification lacks one of them
 */
export function createSampleBuilder(
  spec: Pick<FeatureSpec, 'names'>,
): (row: Float32Array, label: number) => TrainingSample {
  const columns = memoryFeatureFields.map(({ name, type }) => ({ name, type, at: spec.names.indexOf(name) }));
  const missing = columns.filter(({ at }) => at === -1).map(({ name }) => `"${name}" is not computed`);
  if (missing.length > 0) throw prepareOptionsError('training samples', missing);
  return (row, label) => ({
    features: Object.fromEntries(
      columns.map(({ name, type, at }) => [name, type === 'f32' ? row[at]! : Math.floor(row[at]!)]),
    ) as MemoryFeatures,
    label: labels[label]!,
  });
}
