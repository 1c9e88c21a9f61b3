// Observes the horizon after each snapshot in one pass: counter differences and a sliding minimum
// (monotonic queue). A horizon that was not fully observed (end of history, pause, reboot) has no
// label, because a label must be what happened, never a guess.
import type { MemorySnapshot } from '../core/index.ts';
import { NumberColumn } from './number-column.ts';
import { defaultThresholds, labelOutcome } from './labels.ts';
import type { HorizonOutcome, LabelThresholds } from './labels.ts';

/** The label of a row whose horizon was not fully observed. */
export const unlabelled = -1;

/** Options of {@link labelSnapshots}. */
export interface LabelOptions {
  /** How far a label looks ahead. @default 60000 */
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

/** The few numbers of each snapshot that labels need, kept as columns. */
export class Observations {
  readonly #timeMs = new NumberColumn();
  readonly #stallSomeUs = new NumberColumn();
  readonly #stallFullUs = new NumberColumn();
  readonly #swapIn = new NumberColumn();
  readonly #refaultAnon = new NumberColumn();
  readonly #refaultFile = new NumberColumn();
  readonly #oomKills = new NumberColumn();
  readonly #counters = [
    this.#stallSomeUs,
    this.#stallFullUs,
    this.#swapIn,
    this.#refaultAnon,
    this.#refaultFile,
    this.#oomKills,
  ];
  readonly #usedKib = new NumberColumn();
  readonly #availablePercent = new NumberColumn();

  /** Appends a snapshot and returns its position. Time order is expected; a step back counts as a reboot. */
  push(s: MemorySnapshot): number {
    this.#timeMs.push(Math.round(s.timestamp));
    this.#stallSomeUs.push(s.psi_memory_some_us);
    this.#stallFullUs.push(s.psi_memory_full_us);
    this.#swapIn.push(s.pswpin);
    this.#refaultAnon.push(s.workingset_refault_anon);
    this.#refaultFile.push(s.workingset_refault_file);
    this.#oomKills.push(s.oom_kill);
    this.#usedKib.push(s.mem_total_kib - s.mem_available_kib);
    this.#availablePercent.push((100 * s.mem_available_kib) / s.mem_total_kib);
    return this.#timeMs.length - 1;
  }

  /** Labels all snapshots. O(n). */
  label(options: LabelOptions = {}): Int8Array {
    const { horizonMs = 60_000, thresholds = defaultThresholds } = options;
    const { maxGapMs = horizonMs } = options;
    const labels = new Int8Array(this.#timeMs.length).fill(unlabelled);
    let start = 0;
    while (start < labels.length) {
      const end = this.#endOfSegment(start, maxGapMs);
      this.#labelSegment(labels, start, end, horizonMs, thresholds);
      start = end;
    }
    return labels;
  }

  #endOfSegment(start: number, maxGapMs: number): number {
    let at = start + 1;
    while (at < this.#timeMs.length && !this.#isBreak(at, maxGapMs)) at++;
    return at;
  }

  #isBreak(at: number, maxGapMs: number): boolean {
    const elapsedMs = this.#timeMs.at(at) - this.#timeMs.at(at - 1);
    if (elapsedMs < 0 || elapsedMs > maxGapMs) return true;
    for (const counter of this.#counters) if (counter.at(at) < counter.at(at - 1)) return true;
    return false;
  }

  #labelSegment(
    labels: Int8Array,
    start: number,
    end: number,
    horizonMs: number,
    thresholds: LabelThresholds,
  ): void {
    const minimum = new SlidingMinimum(this.#availablePercent, end - start);
    let last = start;
    for (let at = start; at < end; at++) {
      const untilMs = this.#timeMs.at(at) + horizonMs;
      while (last + 1 < end && this.#timeMs.at(last + 1) <= untilMs) minimum.push(++last);
      const isObserved =
        this.#timeMs.at(last) > this.#timeMs.at(at) && (last + 1 < end || this.#timeMs.at(last) === untilMs);
      if (!isObserved) continue;
      labels[at] = labelOutcome(this.#outcome(at, last, minimum.after(at)), thresholds);
    }
  }

  #outcome(from: number, to: number, minAvailablePercent: number): HorizonOutcome {
    const elapsedMs = this.#timeMs.at(to) - this.#timeMs.at(from);
    const increase = (column: NumberColumn): number => column.at(to) - column.at(from);
    // A page swapped in also counts as an anonymous refault: the larger of the two, not their sum.
    const anonPages = maxKnown(increase(this.#swapIn), increase(this.#refaultAnon));
    const pages = sumKnown(anonPages, increase(this.#refaultFile));
    const usedPages = Math.max(1, this.#usedKib.at(from) / 4);
    return {
      stallSome: increase(this.#stallSomeUs) / (elapsedMs * 1000),
      stallFull: increase(this.#stallFullUs) / (elapsedMs * 1000),
      comebackPercentPerMinute: ((100 * pages) / usedPages) * (60_000 / elapsedMs),
      minAvailablePercent,
      oomKills: increase(this.#oomKills),
    };
  }
}

const horizonCounters = [
  'psi_memory_some_us',
  'psi_memory_full_us',
  'pswpin',
  'workingset_refault_anon',
  'workingset_refault_file',
  'oom_kill',
] as const satisfies readonly (keyof MemorySnapshot)[];

/** True when no horizon may reach over this step: a pause, a clock that stepped back, or a reboot. */
export function isHorizonBreak(before: MemorySnapshot, after: MemorySnapshot, maxGapMs: number): boolean {
  const elapsedMs = Math.round(after.timestamp) - Math.round(before.timestamp);
  if (elapsedMs < 0 || elapsedMs > maxGapMs) return true;
  return horizonCounters.some((name) => {
    const [earlier, later] = [before[name], after[name]];
    return earlier !== null && later !== null && later < earlier;
  });
}

/** Minimum of a column over (at, last] while both ends only move forward. */
class SlidingMinimum {
  readonly #column: NumberColumn;
  readonly #queue: Int32Array;
  #head = 0;
  #tail = 0;

  constructor(column: NumberColumn, capacity: number) {
    this.#column = column;
    this.#queue = new Int32Array(capacity);
  }

  push(at: number): void {
    const value = this.#column.at(at);
    while (this.#tail > this.#head && this.#column.at(this.#queue[this.#tail - 1]!) >= value) this.#tail--;
    this.#queue[this.#tail++] = at;
  }

  after(at: number): number {
    while (this.#head < this.#tail && this.#queue[this.#head]! <= at) this.#head++;
    return this.#column.at(this.#queue[this.#head]!);
  }
}

function maxKnown(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : Math.max(a, b);
}

function sumKnown(a: number, b: number): number {
  if (Number.isNaN(a)) return b;
  return Number.isNaN(b) ? a : a + b;
}
