// How far a reading is: share, rate and what is left, told at least every quarter of a second while it goes on. Pure but
// for the clock it is given.

/** How far a reading or a conversion is. */
export interface EventProgress {
  /** Events given so far. */
  readonly events: number;
  readonly bytesRead: number;
  /** Null for a pipe, whose end nobody knows. */
  readonly totalBytes: number | null;
  /** 0 to 1; null where the end is not known. */
  readonly share: number | null;
  readonly eventsPerSecond: number;
  /** Null until a first part is read, and where the end is not known. */
  readonly etaSeconds: number | null;
  readonly elapsedSeconds: number;
}

/** Where a reading stands. */
export interface ReadingAt {
  readonly events: number;
  readonly bytesRead: number;
  readonly totalBytes: number | null;
}

/** A meter that reports by itself. */
export interface Ticking extends Disposable {
  /** Reports if it is time: what computes for long keeps timers waiting. */
  update(): void;
}

const REPORT_EVERY_MS = 120;

/** Calls `report` at most every 120 ms, and once at the end. */
export class ReadingMeter {
  readonly #report: ((progress: EventProgress) => void) | undefined;
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #lastMs: number;

  constructor(
    report: ((progress: EventProgress) => void) | undefined,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#report = report;
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
    this.#lastMs = this.#startMs;
  }

  /** Called as often as there is something new; costs a look at the clock. */
  update(at: ReadingAt): void {
    if (!this.#report) return;
    const nowMs = this.#nowMs();
    if (nowMs - this.#lastMs < REPORT_EVERY_MS) return;
    this.#lastMs = nowMs;
    this.#report(this.measure(at));
  }

  /** Also reports while nobody calls `update`, until disposed. */
  tick(where: () => ReadingAt): Ticking {
    const timer = this.#report ? setInterval(() => this.update(where()), REPORT_EVERY_MS) : undefined;
    timer?.unref();
    return { update: () => this.update(where()), [Symbol.dispose]: () => clearInterval(timer) };
  }

  finish(at: ReadingAt): void {
    this.#report?.({ ...this.measure(at), share: 1, etaSeconds: 0 });
  }

  measure({ events, bytesRead, totalBytes }: ReadingAt): EventProgress {
    const elapsedSeconds = (this.#nowMs() - this.#startMs) / 1000;
    const share = totalBytes === null ? null : totalBytes === 0 ? 1 : Math.min(1, bytesRead / totalBytes);
    const etaSeconds = share === null || share === 0 ? null : (elapsedSeconds * (1 - share)) / share;
    const eventsPerSecond = elapsedSeconds === 0 ? 0 : events / elapsedSeconds;
    return { events, bytesRead, totalBytes, share, eventsPerSecond, etaSeconds, elapsedSeconds };
  }
}
