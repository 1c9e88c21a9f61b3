// Observes the horizon after each snapshot in one pass: differences of observations and a sliding minimum
// (monotonic queue). It holds the snapshots of one horizon. A horizon that was not fully observed (end of history, pause,
// reboot) has no label, because a label must be what happened, never a guess.
import type { MemorySnapshot } from '../core/index.ts';
import { createOutcomeLabeler, defaultThresholds } from './labels.ts';
import type { HorizonOutcome, LabelThresholds } from './labels.ts';
import { Observer, blankObservation, isHorizonBreak, outcomeBetween } from './observation.ts';
import type { Observation } from './observation.ts';
import type { SnapshotValues } from './snapshot-columns.ts';
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
  const labels: number[] = [];
  const labeler = new HorizonLabeler(options, (label) => labels.push(label));
  for (const row of rows) labeler.push(row);
  labeler.end();
  return Int8Array.from(labels);
}

const smallestCapacity = 128;

/** Is told the label of a row, and the memory available at the end of its horizon in percent; NaN where it is not known. */
type EmitOutcome = (label: number, availablePercent: number) => void;

/** Labels snapshots in time order, each as soon as a later one or the end decides it. */
export class HorizonLabeler {
  readonly #horizonMs: number;
  readonly #maxGapMs: number;
  readonly #thresholds: LabelThresholds;
  readonly #labelOf: (outcome: HorizonOutcome) => number;
  readonly #emit: EmitOutcome;
  readonly #observer = new Observer();
  // Rows [first, end) have no label yet; the newest is always among them. A position modulo the capacity is the slot.
  #slots = blankSlots(smallestCapacity);
  #first = 0;
  #end = 0;
  // Positions whose available memory is lower than that of all after them, the oldest first.
  #lowest = new Float64Array(smallestCapacity);
  #lowestFirst = 0;
  #lowestEnd = 0;

  /** @param emit is told of each snapshot, in their order */
  constructor(options: LabelOptions, emit: EmitOutcome) {
    const { horizonMs = trainingSetDefaults.horizonMs, thresholds = defaultThresholds } = options;
    this.#horizonMs = horizonMs;
    this.#maxGapMs = options.maxGapMs ?? horizonMs;
    this.#thresholds = thresholds;
    this.#labelOf = createOutcomeLabeler(thresholds);
    this.#emit = emit;
  }

  /** Takes the next snapshot; a step back in time counts as a reboot. */
  push(snapshot: SnapshotValues): void {
    if (this.#end - this.#first === this.#slots.length) this.#grow();
    const now = this.#observer.observe(snapshot, this.#at(this.#end));
    if (this.#end > this.#first) this.#closeBefore(this.#at(this.#end - 1), now);
    this.#pushLowest(this.#end++, now.availablePercent);
  }

  /** No snapshot comes any more: all that are still without a label get theirs. */
  end(): void {
    const last = this.#at(this.#end - 1);
    while (this.#first < this.#end) this.#close(last, this.#untilMs() === last.timeMs);
  }

  #closeBefore(last: Observation, now: Observation): void {
    if (isHorizonBreak(last, now, this.#maxGapMs)) this.end();
    else while (this.#first < this.#end && this.#untilMs() < now.timeMs) this.#close(last, true);
  }

  /** End of the oldest horizon. */
  #untilMs(): number {
    return this.#at(this.#first).timeMs + this.#horizonMs;
  }

  /** Labels the oldest row by what lies between it and the last row of its horizon. */
  #close(last: Observation, isWhole: boolean): void {
    const from = this.#at(this.#first);
    while (this.#lowestFirst < this.#lowestEnd && this.#lowestAt(this.#lowestFirst) <= this.#first)
      this.#lowestFirst++;
    const isObserved = isWhole && last.timeMs > from.timeMs;
    const label = isObserved ? this.#labelBetween(from, last) : unlabelled;
    this.#first++;
    this.#emit(label, isObserved ? last.availablePercent : Number.NaN);
  }

  #labelBetween(from: Observation, last: Observation): number {
    const lowest = this.#at(this.#lowestAt(this.#lowestFirst)).availablePercent;
    return this.#labelOf(outcomeBetween(from, last, lowest, this.#thresholds));
  }

  #pushLowest(position: number, availablePercent: number): void {
    while (
      this.#lowestEnd > this.#lowestFirst &&
      this.#at(this.#lowestAt(this.#lowestEnd - 1)).availablePercent >= availablePercent
    )
      this.#lowestEnd--;
    this.#lowest[this.#slotOf(this.#lowestEnd++)] = position;
  }

  #lowestAt(at: number): number {
    return this.#lowest[this.#slotOf(at)]!;
  }

  #at(position: number): Observation {
    return this.#slots[this.#slotOf(position)]!;
  }

  /** Capacities are powers of two: the low bits of a position are its remainder. */
  #slotOf(position: number): number {
    return position & (this.#slots.length - 1);
  }

  #grow(): void {
    const slots = blankSlots(this.#slots.length * 2);
    const lowest = new Float64Array(slots.length);
    const slotOf = (position: number): number => position & (slots.length - 1);
    for (let at = this.#first; at < this.#end; at++) slots[slotOf(at)] = this.#at(at);
    for (let at = this.#lowestFirst; at < this.#lowestEnd; at++) lowest[slotOf(at)] = this.#lowestAt(at);
    this.#slots = slots;
    this.#lowest = lowest;
  }
}

function blankSlots(capacity: number): Observation[] {
  return Array.from({ length: capacity }, blankObservation);
}
