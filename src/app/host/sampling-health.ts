// What went wrong while sampling, for `status` and the log: samples that were skipped and why, and columns that
// hold null because their values could not be used. A fault of every sample is one line in the log an hour.
import { isRuvectorError, messageOf, systemClock } from '../../core/index.ts';
import type { Clock } from '../../core/index.ts';
import type { CollectorHealth } from '../../collect/index.ts';

/** Where a sample failed: what comes after it was left out, or went on without it. */
export type SamplingStage = 'collect' | 'features' | 'store' | 'label' | 'decide';

/** Samples of which a part failed. */
export interface SkippedSamples {
  /** Since the start. */
  readonly count: number;
  readonly last: {
    readonly stage: SamplingStage;
    readonly reason: string;
    readonly timestamp: number;
  } | null;
}

const LOG_AGAIN_MS = 3_600_000;

interface Logged {
  readonly atMs: number;
  /** Of all such failures, when the line was written. */
  readonly count: number;
}

/** What `status` tells of sampling. */
export interface SamplingCounters {
  readonly samples: number;
  /** Grid points passed over because something was late. */
  readonly missed: number;
  readonly skipped: SkippedSamples;
  /** How the parts of the newest sample went, of a skipped one too. */
  readonly parts: readonly CollectorHealth[];
}

/** Keeps count, and sees to it that the log does not. */
export class SamplingHealth implements SamplingCounters {
  samples = 0;
  missed = 0;
  parts: readonly CollectorHealth[] = [];
  readonly #onLog: (text: string) => void;
  readonly #clock: Clock;
  readonly #logged = new Map<string, Logged>();
  readonly #counts = new Map<SamplingStage, number>();
  #last: SkippedSamples['last'] = null;
  /** What the last failure threw. */
  lastError: Error | null = null;

  constructor(onLog: (text: string) => void, clock: Clock = systemClock) {
    this.#onLog = onLog;
    this.#clock = clock;
  }

  get skipped(): SkippedSamples {
    const count = [...this.#counts.values()].reduce((sum, each) => sum + each, 0);
    return { count, last: this.#last };
  }

  /** Notes a sample that failed in a stage. */
  skip(stage: SamplingStage, error: unknown): void {
    const count = (this.#counts.get(stage) ?? 0) + 1;
    const reason = messageOf(error);
    this.#counts.set(stage, count);
    this.lastError = error instanceof Error ? error : new Error(reason);
    this.#last = { stage, reason, timestamp: this.#clock.nowMs() };
    if (isRuvectorError(error)) this.#noteParts(error.details['health'] as CollectorHealth[] | undefined);
    this.#log(`skip ${stage}`, count, `sample skipped (${stage}, ${count} so far): ${reason}`);
  }

  /** Does a part of a sample's work; if it fails the sample counts as skipped, and the rest of the work goes on. */
  async guard(stage: SamplingStage, work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.skip(stage, error);
    }
  }

  /** Notes a sample that was taken. @param missed grid points passed over so far */
  take(parts: readonly CollectorHealth[], missed: number): void {
    this.samples++;
    this.missed = missed;
    this.#noteParts(parts);
  }

  #noteParts(parts: readonly CollectorHealth[] = this.parts): void {
    this.parts = parts;
    for (const { name, badColumns } of parts) {
      for (const { column, count, lastText } of badColumns) {
        const text = `collect: ${name} gave ${count} unusable values for "${column}", the last ${JSON.stringify(lastText)}; they are stored as null`;
        this.#log(`bad ${name} ${column}`, count, text);
      }
    }
  }

  /** The first of a kind at once, what follows once an hour and only while it goes on. */
  #log(kind: string, count: number, text: string): void {
    const before = this.#logged.get(kind);
    const nowMs = this.#clock.monotonicMs();
    if (before && (before.count === count || nowMs - before.atMs < LOG_AGAIN_MS)) return;
    this.#logged.set(kind, { atMs: nowMs, count });
    this.#onLog(text);
  }
}
