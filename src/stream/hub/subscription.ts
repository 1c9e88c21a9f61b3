// One subscriber of a hub: where it stands in each table, what its policy does when it falls behind, and
// the events it gets. It holds no records of its own (except spilled ones): it reads the hub's memory.
import type { RuvectorError } from '../../core/index.ts';
import type {
  StreamEvent,
  GapEvent,
  OverflowPolicy,
  StreamRequest,
  StreamTable,
} from '../stream-contract.ts';
import { streamDefaults } from '../stream-options.ts';
import { readEarlier, readReplay } from './history-replay.ts';
import type { StreamHistory } from './history-replay.ts';
import type { OverflowSpill } from './overflow-spill.ts';
import type { RecordTest } from './record-filter.ts';
import type { TableLog } from './table-log.ts';

/** Where a subscriber stands in one table. */
export interface TableCursor {
  readonly table: StreamTable;
  readonly log: TableLog;
  readonly test: RecordTest;
  /** Sequence number of the record it considers next. */
  next: number;
  /** Read the history of earlier epochs first, from this timestamp on. */
  earlier: { readonly fromMs: number; repeats: number } | null;
  /** False while it continues from the history; the policy waits until it has caught up. */
  isLive: boolean;
  gap: { from: number; to: number; dropped: number } | null;
}

/** What a subscription needs of its hub. */
export interface SubscriptionParts {
  readonly request: StreamRequest;
  readonly cursors: readonly TableCursor[];
  readonly hello: StreamEvent;
  readonly history: StreamHistory | null;
  readonly maxWaiting: number;
  /** Set for the policy `spill`. */
  readonly spill: OverflowSpill | null;
  readonly onHistoryProblem: (table: StreamTable, error: unknown) => void;
}

/** Events of one turn; a message on the wire carries at most these. */
const BATCH_EVENTS = 256;

/** Counts of one subscription. */
export interface SubscriptionStats {
  records: number;
  gaps: number;
  dropped: number;
}

export class Subscription {
  readonly stats: SubscriptionStats = { records: 0, gaps: 0, dropped: 0 };
  readonly #parts: SubscriptionParts;
  readonly #policy: OverflowPolicy;
  #wake: (() => void) | null = null;
  #isEnding = false;
  #isAborted = false;
  #failure: RuvectorError | null = null;
  #turn = 0;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
    this.#policy = parts.request.overflow ?? streamDefaults.overflow;
  }

  /** Called after records were appended and before they push others out of memory. Never waits. */
  notify(): void {
    if (this.#policy !== 'block') for (const cursor of this.#parts.cursors) this.#trim(cursor);
    this.#wakeUp();
  }

  /** Ends after what is ready now. */
  end(): void {
    this.#isEnding = true;
    this.#wakeUp();
  }

  /** Ends at once. */
  abort(): void {
    this.#isAborted = true;
    this.end();
  }

  /** Ends at once, and whoever reads hears why: what is left out did not end. */
  fail(failure: RuvectorError): void {
    this.#failure = failure;
    this.abort();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  /** Lets go of records beyond the bound: drops and counts them, or hands them to the disk. */
  #trim(cursor: TableCursor): void {
    const { log } = cursor;
    while (cursor.isLive && log.next - cursor.next > this.#parts.maxWaiting) {
      const sequence = cursor.next++;
      const row = log.at(sequence);
      if (!cursor.test(row)) continue;
      if (!this.#spilled(cursor, sequence, row)) this.#drop(cursor, sequence);
    }
  }

  #spilled(cursor: TableCursor, sequence: number, row: ReturnType<TableLog['at']>): boolean {
    const { spill } = this.#parts;
    if (!spill) return false;
    // A gap keeps its place among the records on disk.
    if (cursor.gap && !spill.push(gapEvent(cursor, 'overflow'))) return false;
    if (cursor.gap) this.#countGap(cursor);
    return spill.push({ type: 'record', table: cursor.table, sequence, row });
  }

  #drop(cursor: TableCursor, sequence: number): void {
    cursor.gap ??= { from: sequence, to: sequence, dropped: 0 };
    cursor.gap.to = sequence;
    cursor.gap.dropped++;
  }

  #countGap(cursor: TableCursor): void {
    this.stats.gaps++;
    this.stats.dropped += cursor.gap!.dropped;
    cursor.gap = null;
  }

  /** The events in pieces: each is what is ready when it is asked for. @throws what it failed with */
  async *batches(): AsyncGenerator<readonly StreamEvent[], void, undefined> {
    yield* this.#pieces();
    if (this.#failure !== null) throw this.#failure;
  }

  async *#pieces(): AsyncGenerator<readonly StreamEvent[], void, undefined> {
    yield [this.#parts.hello];
    for (const cursor of this.#parts.cursors) {
      if (cursor.earlier) yield* this.#earlier(cursor);
    }
    while (!this.#isAborted) {
      const events = (await this.#fromDisk()) ?? (await this.#fromHistory()) ?? this.#fromMemory();
      if (this.#isAborted) return;
      if (events.length > 0) yield events;
      else if (this.#isEnding) break;
      else await this.#next();
    }
    if (!this.#isAborted) yield* this.#lastGaps();
  }

  /** What was dropped without a record behind it that could have told. */
  *#lastGaps(): Generator<readonly StreamEvent[]> {
    const cursors = this.#parts.cursors.filter(({ gap }) => gap !== null);
    if (cursors.length > 0) yield cursors.map((cursor) => gapEvent(cursor, 'overflow'));
    for (const cursor of cursors) this.#countGap(cursor);
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isReady()) resolve();
      else this.#wake = resolve;
    });
  }

  #isReady(): boolean {
    return this.#isEnding || this.#parts.cursors.some(({ next, log }) => next < log.next);
  }

  async #fromDisk(): Promise<readonly StreamEvent[] | null> {
    const { spill } = this.#parts;
    if (!spill || spill.size === 0) return null;
    const events = await spill.take();
    this.stats.records += events.filter(({ type }) => type === 'record').length;
    return events;
  }

  #fromMemory(): StreamEvent[] {
    const events: StreamEvent[] = [];
    const { cursors } = this.#parts;
    // A busy table must not starve the others: each turn begins with another one.
    const start = this.#turn++;
    for (let i = 0; i < cursors.length; i++) this.#takeReady(cursors[(start + i) % cursors.length]!, events);
    return events;
  }

  #takeReady(cursor: TableCursor, events: StreamEvent[]): void {
    const { log, table, test } = cursor;
    while (cursor.next < log.next && events.length < BATCH_EVENTS) {
      if (cursor.next < log.first) return;
      const sequence = cursor.next++;
      const row = log.at(sequence);
      if (test(row)) this.#push(cursor, events, { type: 'record', table, sequence, row });
    }
    cursor.isLive ||= log.next - cursor.next <= this.#parts.maxWaiting;
  }

  #push(cursor: TableCursor, events: StreamEvent[], record: StreamEvent): void {
    if (cursor.gap) {
      events.push(gapEvent(cursor, 'overflow'));
      this.#countGap(cursor);
    }
    events.push(record);
    this.stats.records++;
  }

  /** Records that left the memory before this subscriber took them. */
  async #fromHistory(): Promise<readonly StreamEvent[] | null> {
    const cursor = this.#parts.cursors.find(({ next, log }) => next < log.first);
    if (!cursor) return null;
    const { from, rows } = await this.#replay(cursor);
    const events: StreamEvent[] = [];
    const missing = { from: 0, count: 0 };
    const endGap = (to: number): void => {
      if (missing.count > 0) this.#expire(cursor, events, { from: missing.from, to, dropped: missing.count });
      missing.count = 0;
    };
    for (const [i, row] of rows.entries()) {
      const sequence = from + i;
      if (!row) {
        if (missing.count++ === 0) missing.from = sequence;
        continue;
      }
      endGap(sequence - 1);
      if (cursor.test(row))
        this.#push(cursor, events, { type: 'record', table: cursor.table, sequence, row });
    }
    endGap(from + rows.length - 1);
    cursor.next = from + rows.length;
    return events;
  }

  #expire(cursor: TableCursor, events: StreamEvent[], gap: NonNullable<TableCursor['gap']>): void {
    cursor.gap = gap;
    events.push(gapEvent(cursor, 'expired'));
    this.#countGap(cursor);
  }

  async #replay(cursor: TableCursor): ReturnType<typeof readReplay> {
    const { history, onHistoryProblem } = this.#parts;
    const { table, log, next } = cursor;
    try {
      return await readReplay(history, table, log, next);
    } catch (error) {
      onHistoryProblem(table, error);
      return readReplay(null, table, log, next);
    }
  }

  /** Records of earlier epochs after the position, which have no sequence number in this one. */
  async *#earlier(cursor: TableCursor): AsyncGenerator<readonly StreamEvent[]> {
    const { history, onHistoryProblem } = this.#parts;
    const { fromMs, repeats } = cursor.earlier!;
    const { table, log, test } = cursor;
    let seen = 0;
    let repeated = 0;
    let isWhole = false;
    try {
      if (!history) throw new Error('this stream keeps no history');
      for await (const rows of readEarlier(history, table, log, fromMs)) {
        const events: StreamEvent[] = [];
        for (const row of rows) {
          const isAtPosition = Number(row['timestamp']) === fromMs;
          // The position's own record is gone, and so may be others after it.
          if (!isAtPosition && seen === 0) this.#expire(cursor, events, { from: 0, to: 0, dropped: 0 });
          seen++;
          if (!test(row) || (isAtPosition && repeated++ < repeats)) continue;
          this.#push(cursor, events, { type: 'record', table, sequence: 0, row });
        }
        if (events.length > 0) yield events;
        if (this.#isAborted) return;
      }
      isWhole = true;
    } catch (error) {
      if (history) onHistoryProblem(table, error);
    }
    cursor.earlier = null;
    if (seen > 0 && isWhole) return;
    const events: StreamEvent[] = [];
    this.#expire(cursor, events, { from: 0, to: 0, dropped: 0 });
    yield events;
  }

  async dispose(): Promise<void> {
    this.abort();
    await this.#parts.spill?.dispose();
  }
}

function gapEvent({ table, gap }: TableCursor, reason: GapEvent['reason']): GapEvent {
  const { from, to, dropped } = gap!;
  return { type: 'gap', table, fromSequence: from, toSequence: to, dropped, reason };
}
