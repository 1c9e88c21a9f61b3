// Observes the horizon after each snapshot in one pass: differences of observations and a sliding minimum
// (monotonic queue). A horizon that was not fully observed (end of history, pause, reboot) has no
// label, because a label must be what happened, never a guess.
import type { MemorySnapshot } from '../core/index.ts';
import { defaultThresholds, labelOutcome } from './labels.ts';
import type { LabelThresholds } from './labels.ts';
import { Observer, isPause, isReboot, outcomeBetween } from './observation.ts';
import type { Observation } from './observation.ts';
import { ObservationColumns } from './observation-columns.ts';
import { trainingSetDefaults } from './training-set-options.ts';

/** The label of a row whose horizon was not fully observed. */
export const unlabelled = -1;

/** Options of {@link labelSnapshots}. */
export interface LabelOptions {
  /** How far a label looks ahead. @default that of a training set */
  horizonMs?: number;
  /** @default defaultThresholds */
  thresholds?: LabelThresholds;
  /** A longer pause leaves the horizons that reach into it without a label. @default horizonMs */
  maxGapMs?: number;
}

/**
 * Labels snapshots in time order by what happened in (t, t + horizonMs].
 * @returns one index into `labels` a row, or `unlabelled` (-1)
 */
export function labelSnapshots(rows: Iterable<MemorySnapshot>, options: LabelOptions = {}): Int8Array {
  const observations = new Observations();
  for (const row of rows) observations.push(row);
  return observations.label(options);
}

/** The few numbers of each snapshot that labels need. */
export class Observations {
  readonly #observer = new Observer();
  readonly #rows = new ObservationColumns();
  /** Positions whose step from the row before is a reboot. */
  readonly #reboots = new Set<number>();
  #previous: Observation | null = null;

  /** Appends a snapshot and returns its position. Time order is expected; a step back counts as a reboot. */
  push(snapshot: MemorySnapshot): number {
    const row = this.#observer.observe(snapshot);
    if (this.#previous && isReboot(this.#previous, row)) this.#reboots.add(this.#rows.length);
    this.#previous = row;
    this.#rows.push(row);
    return this.#rows.length - 1;
  }

  /** Labels all snapshots. O(n). */
  label(options: LabelOptions = {}): Int8Array {
    const { horizonMs = trainingSetDefaults.horizonMs, thresholds = defaultThresholds } = options;
    const { maxGapMs = horizonMs } = options;
    const labels = new Int8Array(this.#rows.length).fill(unlabelled);
    let start = 0;
    while (start < labels.length) {
      const end = this.#endOfSegment(start, maxGapMs);
      this.#labelSegment(labels, start, end, horizonMs, thresholds);
      start = end;
    }
    return labels;
  }

  #endOfSegment(start: number, maxGapMs: number): number {
    for (let at = start + 1; at < this.#rows.length; at++) {
      const elapsedMs = this.#rows.timeMsAt(at) - this.#rows.timeMsAt(at - 1);
      if (isPause(elapsedMs, maxGapMs) || this.#reboots.has(at)) return at;
    }
    return this.#rows.length;
  }

  #labelSegment(
    labels: Int8Array,
    start: number,
    end: number,
    horizonMs: number,
    thresholds: LabelThresholds,
  ): void {
    const rows = this.#rows;
    const minimum = new SlidingMinimum(rows, end - start);
    let last = start;
    for (let at = start; at < end; at++) {
      const from = rows.at(at);
      const untilMs = from.timeMs + horizonMs;
      while (last + 1 < end && rows.timeMsAt(last + 1) <= untilMs) minimum.push(++last);
      const to = rows.at(last);
      const isObserved = to.timeMs > from.timeMs && (last + 1 < end || to.timeMs === untilMs);
      if (!isObserved) continue;
      labels[at] = labelOutcome(outcomeBetween(from, to, minimum.after(at), thresholds), thresholds);
    }
  }
}

/** Lowest available memory over (at, last] while both ends only move forward. */
class SlidingMinimum {
  readonly #rows: ObservationColumns;
  readonly #queue: Int32Array;
  #head = 0;
  #tail = 0;

  constructor(rows: ObservationColumns, capacity: number) {
    this.#rows = rows;
    this.#queue = new Int32Array(capacity);
  }

  push(at: number): void {
    const value = this.#rows.availablePercentAt(at);
    while (this.#tail > this.#head && this.#rows.availablePercentAt(this.#queue[this.#tail - 1]!) >= value)
      this.#tail--;
    this.#queue[this.#tail++] = at;
  }

  after(at: number): number {
    while (this.#head < this.#tail && this.#queue[this.#head]! <= at) this.#head++;
    return this.#rows.availablePercentAt(this.#queue[this.#head]!);
  }
}
