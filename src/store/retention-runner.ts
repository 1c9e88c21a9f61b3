// Applies retention to an open history, one pass at a time, and says in the log what goes, what waits and why.
// What to remove is retention.ts.
import type { Clock } from '../core/index.ts';
import type { HistoryClock } from './history-clock.ts';
import { planRetention, REMOVED_SHARE } from './retention.ts';
import type { RetentionLimits, RetentionPlan, SegmentCount } from './retention.ts';
import { agesOf } from './segment-ages.ts';
import { removeSegment } from './segment-files.ts';
import type { Segment } from './segment-files.ts';

/** A pass that left something to do is followed by another after this long. */
const NEXT_PASS_MS = 600_000;
const SAVE_MS = 300_000;
/** What waits is said again once a day. */
const SAY_AGAIN_MS = 86_400_000;

/** What retention has done and holds back. */
export interface RetentionStats {
  readonly removedSegments: number;
  readonly removedBytes: number;
  /** Past a limit, removed a share at a time. */
  readonly later: SegmentCount;
  /** Old by the wall clock alone, kept until that much time has really passed. */
  readonly unconfirmed: SegmentCount;
}

/** What a runner works on. */
export interface RetentionOptions {
  readonly limits: RetentionLimits;
  readonly clock: Clock;
  readonly historyClock: HistoryClock;
  /** Segments by record kind, as they are now. */
  readonly listSegments: () => Record<string, readonly Segment[]>;
  /** Takes removed segments out of that list. */
  readonly forget: (removed: ReadonlySet<Segment>) => void;
  readonly onNotice: (text: string) => void;
}

/** Runs passes, one after the other. */
export class RetentionRunner {
  readonly #options: RetentionOptions;
  #tail: Promise<void> = Promise.resolve();
  #removedSegments = 0;
  #removedBytes = 0;
  #later: SegmentCount = NOTHING;
  #unconfirmed: SegmentCount = NOTHING;
  #saidMs = -Infinity;
  #passedMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Goes on with what a pass left, and keeps the history's clock on disk, until `stop`. */
  start(): void {
    this.#timer = setInterval(() => void this.#tend(), SAVE_MS);
    this.#timer.unref();
  }

  /** Ends the passes and saves the clock. Never rejects: a clock that was not saved costs minutes of age. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tail;
    await this.#options.historyClock.save().catch(() => undefined);
  }

  /** One pass. @throws RuvectorError `ERR_STORE_*` when a file cannot be removed */
  pass(): Promise<void> {
    const run = this.#tail.then(() => this.#pass());
    this.#tail = run.catch(() => undefined);
    return run;
  }

  stats(): RetentionStats {
    return {
      removedSegments: this.#removedSegments,
      removedBytes: this.#removedBytes,
      later: this.#later,
      unconfirmed: this.#unconfirmed,
    };
  }

  async #tend(): Promise<void> {
    await this.#options.historyClock.save().catch(() => undefined);
    const isDue = this.#options.clock.monotonicMs() - this.#passedMs >= NEXT_PASS_MS;
    if (this.#later.segments > 0 && isDue) await this.pass().catch(() => undefined);
  }

  async #pass(): Promise<void> {
    const { limits, clock, historyClock, listSegments } = this.#options;
    this.#passedMs = clock.monotonicMs();
    const kinds = listSegments();
    const ages = agesOf(kinds, historyClock.readMs());
    const plan = planRetention({ kinds, ages, wallMs: clock.nowMs(), limits });
    this.#say(plan, ages);
    await this.#remove(plan.remove);
    this.#later = plan.later;
    this.#unconfirmed = plan.unconfirmed;
  }

  async #remove(segments: readonly Segment[]): Promise<void> {
    const removed = new Set<Segment>();
    try {
      for (const segment of segments) {
        await removeSegment(segment.path);
        removed.add(segment);
        this.#removedSegments++;
        this.#removedBytes += segment.sizeBytes;
      }
    } finally {
      this.#options.forget(removed);
    }
  }

  #say({ remove, later, unconfirmed }: RetentionPlan, ages: ReadonlyMap<Segment, number>): void {
    const { onNotice, limits, clock } = this.#options;
    if (remove.length > 0) {
      const rows = remove.reduce((sum, segment) => sum + segment.rows, 0);
      const oldestMs = Math.max(...remove.map((segment) => ages.get(segment) ?? 0));
      const limit = `--retain-days is ${days(limits.retainMs)}, --retain-mib ${mib(limits.retainBytes)}`;
      onNotice(
        `retention: removes ${text({ segments: remove.length, rows })}, up to ${days(oldestMs)} days of running time old (${limit})`,
      );
    }
    const isNew = later.segments > 0 !== this.#later.segments > 0 || isMore(unconfirmed, this.#unconfirmed);
    const nowMs = clock.monotonicMs();
    if (!isNew && nowMs - this.#saidMs < SAY_AGAIN_MS) return;
    if (later.segments > 0) onNotice(describeLater(later));
    if (unconfirmed.segments > 0) onNotice(describeUnconfirmed(unconfirmed, limits));
    this.#saidMs = nowMs;
  }
}

const NOTHING: SegmentCount = { segments: 0, rows: 0 };

const isMore = (now: SegmentCount, before: SegmentCount): boolean =>
  now.segments > 0 && now.segments > 2 * before.segments;

function describeLater(later: SegmentCount): string {
  const share = `${REMOVED_SHARE * 100} % of a kind's rows`;
  return `retention: ${text(later)} more are past the limits and wait: at most ${share} or its oldest segment go at a time, the next in ${NEXT_PASS_MS / 60_000} minutes; raise --retain-days or --retain-mib to keep them`;
}

function describeUnconfirmed(unconfirmed: SegmentCount, { retainMs }: RetentionLimits): string {
  return `retention: ${text(unconfirmed)} are older than ${days(retainMs)} days by the wall clock and would go, but nothing else says that so much time has passed: they wait until it has, or until --retain-mib is reached; check the clock`;
}

const text = ({ segments, rows }: SegmentCount): string =>
  `${rows} row${rows === 1 ? '' : 's'} in ${segments} segment${segments === 1 ? '' : 's'}`;
const days = (ms: number): string =>
  Number.isFinite(ms) ? String(Number((ms / 86_400_000).toFixed(ms < 86_400_000 ? 4 : 1))) : 'without limit';
const mib = (bytes: number): string =>
  Number.isFinite(bytes) ? String(Math.round(bytes / 2 ** 20)) : 'without limit';
