// Labels while the host runs: a sample is labelled when its horizon has passed. The same labels as those of
// a training set over the same snapshots, with memory for the open samples only.
import type { MemorySnapshot, TrainingSample } from '../core/index.ts';
import { labels, memoryFeatureFields } from '../core/index.ts';
import type { MemoryFeatures } from '../core/index.ts';
import { PrepareOptionsError } from './errors.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { isHorizonBreak, labelSnapshots, unlabelled } from './horizon.ts';
import type { LabelThresholds } from './labels.ts';

/** Options of {@link createOnlineLabeler}. */
export interface OnlineLabelerOptions {
  readonly horizonMs: number;
  /** A longer pause drops the open samples. @default horizonMs */
  readonly maxGapMs?: number;
  /** @default defaultThresholds */
  readonly thresholds?: LabelThresholds;
}

/** Labels snapshots one horizon later. `T` is whatever belongs to a snapshot. */
export interface OnlineLabeler<T> {
  /** Takes the next snapshot and returns what it closed: marks with the index of their label. */
  observe(snapshot: MemorySnapshot): { readonly mark: T; readonly label: number }[];
  /** Asks for the label of the newest snapshot. */
  open(mark: T): void;
}

interface OpenSample<T> {
  readonly mark: T;
  readonly first: MemorySnapshot;
  lowest: MemorySnapshot | null;
  last: MemorySnapshot;
}

/** Creates a labeler with nothing open. */
export function createOnlineLabeler<T>(options: OnlineLabelerOptions): OnlineLabeler<T> {
  const { horizonMs, maxGapMs = horizonMs } = options;
  let open: OpenSample<T>[] = [];
  let previous: MemorySnapshot | null = null;
  const labelOf = ({ first, lowest, last }: OpenSample<T>, closing: MemorySnapshot): number => {
    // Lowest and newest stand for all rows in between, whose steps were checked as they came.
    const rows = [first, lowest ?? last, last, closing];
    const { thresholds } = options;
    return labelSnapshots(rows, { horizonMs, maxGapMs: Infinity, ...(thresholds && { thresholds }) })[0]!;
  };
  return {
    observe(snapshot) {
      if (previous && isHorizonBreak(previous, snapshot, maxGapMs)) open = [];
      previous = snapshot;
      const closed: { mark: T; label: number }[] = [];
      open = open.filter((sample) => {
        const untilMs = Math.round(sample.first.timestamp) + horizonMs;
        const nowMs = Math.round(snapshot.timestamp);
        if (nowMs <= untilMs) extend(sample, snapshot);
        if (nowMs < untilMs) return true;
        const label = sample.lowest === null ? unlabelled : labelOf(sample, snapshot);
        if (label !== unlabelled) closed.push({ mark: sample.mark, label });
        return false;
      });
      return closed;
    },
    open(mark) {
      if (previous) open.push({ mark, first: previous, lowest: null, last: previous });
    },
  };
}

function extend<T>(sample: OpenSample<T>, snapshot: MemorySnapshot): void {
  sample.last = snapshot;
  const isLower = sample.lowest === null || availableShare(snapshot) < availableShare(sample.lowest);
  if (isLower) sample.lowest = snapshot;
}

const availableShare = (row: MemorySnapshot): number => row.mem_available_kib / row.mem_total_kib;

/**
 * Picks the document's eight features out of feature rows, whole where the document wants whole numbers.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` when the specification lacks one of them
 */
export function createSampleBuilder(
  spec: Pick<FeatureSpec, 'names'>,
): (row: Float32Array, label: number) => TrainingSample {
  const columns = memoryFeatureFields.map(({ name, type }) => ({ name, type, at: spec.names.indexOf(name) }));
  const missing = columns.filter(({ at }) => at === -1).map(({ name }) => `"${name}" is not computed`);
  if (missing.length > 0) throw new PrepareOptionsError('training samples', missing);
  return (row, label) => ({
    features: Object.fromEntries(
      columns.map(({ name, type, at }) => [name, type === 'f32' ? row[at]! : Math.floor(row[at]!)]),
    ) as MemoryFeatures,
    label: labels[label]!,
  });
}
