// The life of one record kind's rows: buffered, then durable in the write-ahead log, then sealed in a
// segment. Every row is in exactly one of the three at any moment, also across a crash: a log is
// dropped at open when a segment names its generation. Appends never wait; see history.ts for the
// bound on what is buffered while the disk refuses.
import type { AnyRow, Clock, RecordKind, RuvectorError } from '../core/index.ts';
import { toStoreError } from './errors.ts';
import { normalizeRow } from './normalize-row.ts';
import { sortByTime } from './query.ts';
import { writeSegment } from './segment-files.ts';
import type { Segment } from './segment-files.ts';
import { appendToWal, createWal, removeWal, removeWalFiles } from './wal-file.ts';
import type { WalFile } from './wal-file.ts';
import { WriteRetry } from './write-retry.ts';

/** When rows move on, and how much may wait. */
export interface KindLogLimits {
  readonly flushAfterMs: number;
  readonly flushBytes: number;
  readonly maxBufferedBytes: number;
  readonly sealRows: number;
  readonly sealAfterMs: number;
}

/** How writing one kind goes. */
export interface KindHealth {
  readonly pendingRows: number;
  readonly droppedRows: number;
  /** Why the disk refused the last write; null while it works. */
  readonly problem: RuvectorError | null;
  /** Since when it refuses, ms since the epoch. */
  readonly sinceMs: number | null;
}

/** What a log starts from: what openHistory found on disk. */
export interface KindLogState {
  readonly kind: RecordKind;
  readonly directory: string;
  readonly segmentDirectory: string;
  segments: Segment[];
  /** Rows that are in logs but in no segment. */
  durable: AnyRow[];
  /** The log that takes new rows, or null until the next flush. */
  wal: WalFile | null;
  /** Logs of an earlier schema whose rows are in `durable`. */
  oldWals: { readonly path: string; readonly generation: number; readonly sizeBytes: number }[];
  lastGeneration: number;
}

const sealRetryMs = 60_000;
/** Planning a segment costs seconds of CPU: a disk that stays full is not asked for it each minute. */
const maxSealRetryMs = 16 * 60_000;

/** Buffers, flushes and seals the rows of one kind; all disk work runs one step after another. */
export class KindLog {
  readonly state: KindLogState;
  droppedRows = 0;
  private pending: AnyRow[] = [];
  private inFlight: readonly AnyRow[] = [];
  private tail: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private walSinceMs: number;
  private closed = false;
  private sealNotBeforeMs = -Infinity;
  private sealDelayMs = sealRetryMs;
  private readonly retry: WriteRetry;
  private readonly rowBytes: number;
  private readonly limits: KindLogLimits;
  private readonly clock: Clock;
  private readonly report: (problem: RuvectorError) => void;
  private readonly sealed: () => Promise<void>;
  private readonly historyMs: () => number;

  constructor(
    state: KindLogState,
    limits: KindLogLimits,
    host: {
      clock: Clock;
      report: (problem: RuvectorError) => void;
      sealed: () => Promise<void>;
      /** Reading of the history's own clock. */
      historyMs: () => number;
    },
  ) {
    this.state = state;
    this.limits = limits;
    this.clock = host.clock;
    this.report = host.report;
    this.sealed = host.sealed;
    this.historyMs = host.historyMs;
    this.walSinceMs = host.clock.monotonicMs();
    this.rowBytes = state.kind.fields.length * 8;
    this.retry = new WriteRetry(
      state.directory,
      state.kind.name,
      host.clock,
      () => void this.flushInBackground(),
    );
  }

  append(rows: readonly AnyRow[]): void {
    const checked = rows.map((row) => normalizeRow(this.state.kind, row));
    for (const row of checked) this.pending.push(row);
    this.dropOverflow();
    if (this.retry.refusal) return; // the next try is planned, however many rows come
    if (this.pending.length * this.rowBytes >= this.limits.flushBytes) this.flushSoon(0);
    else if (this.pending.length > 0) this.flushSoon(this.limits.flushAfterMs);
  }

  /** Resolves when every row appended so far is on disk. */
  async flush(): Promise<void> {
    await this.run(() => this.flushPending());
    // Sealing goes on behind the caller's back; it never fails, it reports.
    void this.run(() => this.sealWhenDue());
  }

  /** Resolves when every row appended so far is in a segment. */
  seal(): Promise<void> {
    return this.run(async () => {
      await this.flushPending();
      await this.sealDurable();
    });
  }

  /** Rows in no segment yet, oldest first. */
  unsealedRows(): AnyRow[] {
    return [...this.state.durable, ...this.inFlight, ...this.pending];
  }

  get unsealedCount(): number {
    return this.state.durable.length + this.inFlight.length + this.pending.length;
  }

  /** Rows that no disk has yet, and why when it refuses them. */
  health(): KindHealth {
    const { refusal } = this.retry;
    return {
      pendingRows: this.pending.length + this.inFlight.length,
      droppedRows: this.droppedRows,
      problem: refusal?.problem ?? null,
      sinceMs: refusal?.sinceMs ?? null,
    };
  }

  get walBytes(): number {
    const old = this.state.oldWals.reduce((sum, wal) => sum + wal.sizeBytes, 0);
    return old + (this.state.wal?.file.sizeBytes ?? 0);
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.closed = true;
      clearTimeout(this.timer);
      this.retry.close();
      await this.tail;
      await this.state.wal?.file[Symbol.asyncDispose]();
    }
  }

  private run(task: () => Promise<void>): Promise<void> {
    const result = this.tail.then(task);
    this.tail = result.catch(() => undefined);
    return result;
  }

  private flushSoon(delayMs: number): void {
    if (this.closed) return;
    if (delayMs === 0) clearTimeout(this.timer);
    else if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.flushInBackground();
    }, delayMs);
  }

  private async flushInBackground(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      this.report(toStoreError('flush', this.state.directory, error));
    }
  }

  /** Writes what waits now, the oldest first, in frames of a bounded size; what the disk takes stays taken. */
  private async flushPending(): Promise<void> {
    const frameRows = Math.max(1, Math.floor(this.limits.flushBytes / this.rowBytes));
    for (let left = this.pending.length; left > 0 && this.pending.length > 0;) {
      const rows = this.pending.slice(0, Math.min(left, frameRows));
      left -= rows.length;
      await this.writeFrame(rows);
    }
  }

  private async writeFrame(rows: readonly AnyRow[]): Promise<void> {
    this.pending = this.pending.slice(rows.length);
    this.inFlight = rows;
    try {
      this.state.wal ??= await this.createNextWal();
      await appendToWal(this.state.wal, rows);
      for (const row of rows) this.state.durable.push(row);
      this.retry.succeeded();
    } catch (error) {
      this.pending = [...rows, ...this.pending];
      this.dropOverflow();
      this.retry.failed(toStoreError('flush', this.state.directory, error));
      throw error;
    } finally {
      this.inFlight = [];
    }
  }

  private async createNextWal(): Promise<WalFile> {
    const { directory, kind, lastGeneration } = this.state;
    const wal = await createWal(directory, kind, lastGeneration + 1);
    this.state.lastGeneration = wal.generation;
    this.walSinceMs = this.clock.monotonicMs();
    return wal;
  }

  /** Sealing that fails costs nothing but log size: the rows are durable and it is tried again. */
  private async sealWhenDue(): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const due =
      this.state.durable.length >= this.limits.sealRows || nowMs - this.walSinceMs >= this.limits.sealAfterMs;
    if (!due || nowMs < this.sealNotBeforeMs) return;
    try {
      await this.sealDurable();
      this.sealDelayMs = sealRetryMs;
    } catch (error) {
      this.sealNotBeforeMs = nowMs + this.sealDelayMs;
      this.sealDelayMs = Math.min(maxSealRetryMs, 2 * this.sealDelayMs);
      this.report(toStoreError('seal', this.state.segmentDirectory, error));
    }
  }

  private async sealDurable(): Promise<void> {
    const { kind, segmentDirectory, durable, wal, oldWals } = this.state;
    if (durable.length === 0) return;
    const generations = [...oldWals, ...(wal ? [wal] : [])].map(({ generation }) => generation);
    const sorted = sortByTime(durable);
    const segment = await writeSegment(segmentDirectory, kind, sorted, generations, this.historyMs());
    this.state.segments.push(segment);
    this.state.durable = [];
    this.state.wal = null;
    this.state.oldWals = [];
    await removeWalFiles(oldWals.map(({ path }) => path));
    if (wal) await removeWal(wal);
    await this.sealed();
  }

  /** Keeps the newest rows within the bound; what is dropped is counted and seen in stats. */
  private dropOverflow(): void {
    const most = Math.max(1, Math.floor(this.limits.maxBufferedBytes / this.rowBytes));
    const excess = this.pending.length - most;
    if (excess <= 0) return;
    this.pending = this.pending.slice(excess);
    this.droppedRows += excess;
  }
}
