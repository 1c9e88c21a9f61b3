// The log of a daemon, the one way for what it says: a text at most once a minute with a count of what was held back,
// and so many lines a minute in all, so that a fault that repeats cannot fill a disk.
import { systemClock } from '../../core/index.ts';
import type { Clock } from '../../core/index.ts';
import { MAX_LINE_BYTES } from './log-sink.ts';
import type { LogSink } from './log-sink.ts';

/** What became of lines. */
export interface LogStats {
  readonly written: number;
  /** Held back: the same text within a minute, or more than the bound. */
  readonly suppressed: number;
  /** Could not be written. */
  readonly lost: number;
}

/** A limited log. */
export interface Log {
  /** Writes a line within the limits. Never throws, never waits. */
  readonly line: (text: string) => void;
  /** Writes a line whatever was written before: the few of a start and an end. */
  readonly always: (text: string) => void;
  /** Opens its file again. */
  readonly reopen: () => void;
  readonly stats: () => LogStats;
  /** Says what was held back so far. */
  readonly close: () => void;
  readonly waitingBytes: () => number;
}

/** Options of {@link createLog}. */
export interface LogOptions {
  readonly sink: LogSink;
  readonly clock?: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Lines of all kinds together. @default 100 */
  readonly maxLinesPerMinute?: number;
  /** Lines that differ in numbers and identifiers only, so that one fault leaves room for others. @default 20 */
  readonly maxLinesOfShape?: number;
}

const MINUTE_MS = 60_000;
const MAX_TEXTS = 256;

interface Seen {
  readonly text: string;
  readonly sinceMs: number;
  more: number;
}

/** Builds a log. */
export function createLog(options: LogOptions): Log {
  const log = new LimitedLog(options);
  return {
    line: (text) => log.line(text),
    always: (text) => log.always(text),
    reopen: () => options.sink.reopen(),
    stats: () => log.stats(),
    close: () => log.close(),
    waitingBytes: () => options.sink.waitingBytes,
  };
}

class LimitedLog {
  readonly #sink: LogSink;
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly #maxLines: number;
  readonly #maxOfShape: number;
  readonly #shapes = new Map<string, number>();
  readonly #seen = new Map<string, Seen>();
  #windowMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #leftOut = 0;
  #timer: NodeJS.Timeout | null = null;
  #written = 0;
  #suppressed = 0;
  #lost = 0;
  #lostSinceLine = 0;
  #lostBy = '';

  constructor({ sink, clock = systemClock, maxLinesPerMinute = 100, maxLinesOfShape = 20 }: LogOptions) {
    this.#sink = sink;
    this.#clock = clock;
    this.#maxLines = maxLinesPerMinute;
    this.#maxOfShape = maxLinesOfShape;
  }

  line(text: string): void {
    this.#sweep();
    const seen = this.#seen.get(text);
    if (seen) {
      seen.more++;
      this.#holdBack();
      return;
    }
    const shape = shapeOf(text);
    const ofShape = this.#shapes.get(shape) ?? 0;
    if (this.#lines >= this.#maxLines || ofShape >= this.#maxOfShape) {
      this.#leftOut++;
      this.#holdBack();
      return;
    }
    this.#note(text);
    this.#shapes.set(shape, ofShape + 1);
    this.#lines++;
    this.#write(text);
  }

  always(text: string): void {
    this.#sweep();
    this.#note(text);
    this.#write(text);
  }

  stats(): LogStats {
    return { written: this.#written, suppressed: this.#suppressed, lost: this.#lost };
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    for (const seen of this.#seen.values()) this.#tell(seen);
    this.#seen.clear();
    this.#tellLeftOut();
  }

  #note(text: string): void {
    // Different texts are bounded by the lines a minute; only a test goes beyond.
    if (this.#seen.size >= MAX_TEXTS) this.#seen.delete(this.#seen.keys().next().value!);
    this.#seen.set(text, { text, sinceMs: this.#clock.monotonicMs(), more: 0 });
  }

  #holdBack(): void {
    this.#suppressed++;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#sweep();
    }, MINUTE_MS).unref();
  }

  /** Says what was held back in minutes that are over. */
  #sweep(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [text, seen] of this.#seen) {
      if (nowMs - seen.sinceMs < MINUTE_MS) continue;
      this.#seen.delete(text);
      this.#tell(seen);
      // It goes on: the next minute is counted from here, with this line as its first.
      if (seen.more > 0) this.#note(text);
    }
    if (nowMs - this.#windowMs < MINUTE_MS) return;
    this.#windowMs = nowMs;
    this.#lines = 0;
    this.#shapes.clear();
    this.#tellLeftOut();
  }

  #tell({ text, more }: Seen): void {
    if (more > 0) this.#write(`${text} (${more} more times within a minute)`);
  }

  #tellLeftOut(): void {
    if (this.#leftOut > 0)
      this.#write(`${this.#leftOut} other lines were left out: too many within a minute`);
    this.#leftOut = 0;
  }

  #write(text: string): void {
    const since = this.#lostSinceLine > 0 ? `(${this.#lostSinceLine} lines lost: ${this.#lostBy}) ` : '';
    const reason = this.#sink.write(toLine(`${new Date(this.#clock.nowMs()).toISOString()} ${since}${text}`));
    if (reason === null) {
      this.#written++;
      this.#lostSinceLine = 0;
      return;
    }
    this.#lost++;
    this.#lostSinceLine++;
    this.#lostBy = reason;
  }
}

const shapeOf = (text: string): string => text.replaceAll(/[0-9a-f-]{8,}|\d+/gi, '#');

const escapeControl = (char: string): string =>
  char === '\n' ? String.raw`\n` : String.raw`\x` + char.charCodeAt(0).toString(16).padStart(2, '0');

/** One line of at most {@link MAX_LINE_BYTES}; names of processes may hold what a terminal would obey. */
export function toLine(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const printable = text.replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, escapeControl);
  const bytes = Buffer.from(printable);
  if (bytes.length < MAX_LINE_BYTES) return `${printable}\n`;
  return `${bytes
    .subarray(0, MAX_LINE_BYTES - 8)
    .toString()
    .replace(/\uFFFD$/, '')} …\n`;
}
