// Rows of one kind on their way into the outbox: gathered until they are old or many, then encoded and stored. It takes
// no more rows than it can store: while the disk refuses, its source waits, and a source is a history, which keeps them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyRow, RecordKind } from '../../core/index.ts';
import { encodeFleetBatch } from '../encode-fleet-batch.ts';
import type { RowOutbox } from './outbox.ts';

/** Rows of one kind as they leave the host. */
export interface PublishedKind {
  readonly kind: RecordKind;
  /** Turns stored rows into those that leave. */
  apply(rows: readonly AnyRow[]): readonly AnyRow[];
  /**
   * Stored rows in their order, for ever: those of the history from a time on, then those that come.
   * @param fromMs null begins now
   */
  follow(fromMs: number | null, signal: AbortSignal): AsyncIterable<readonly AnyRow[]>;
}

/** How rows are gathered. */
export interface GatherOptions {
  readonly batchMs: number;
  readonly batchRows: number;
  readonly onStored: () => void;
  readonly onProblem: (error: unknown) => void;
}

/** How long a disk that refuses is left alone. */
const AGAIN_MS = 1000;
/** Rows encoded at a time: the thread that samples waits for it. */
const STEP_ROWS = 1024;

/** Gathers and stores the rows of one kind. */
export class RowBatches {
  readonly #name: string;
  readonly #published: PublishedKind;
  readonly #outbox: RowOutbox;
  readonly #options: GatherOptions;
  #rows: AnyRow[] = [];
  #firstMs = 0;
  #storing: Promise<void> | null = null;

  constructor(name: string, published: PublishedKind, outbox: RowOutbox, options: GatherOptions) {
    this.#name = name;
    this.#published = published;
    this.#outbox = outbox;
    this.#options = options;
  }

  get waitingRows(): number {
    return this.#rows.length;
  }

  /** Follows the rows until the signal aborts. @throws what the source throws */
  async run(fromMs: number | null, signal: AbortSignal): Promise<void> {
    for await (const rows of this.#published.follow(fromMs, signal)) {
      if (signal.aborted) return;
      if (this.#rows.length === 0) this.#firstMs = performance.now();
      for (const row of rows) this.#rows.push(row);
      while (this.#rows.length >= this.#options.batchRows && !signal.aborted) {
        if (!(await this.#tryStore())) await sleep(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Stores what has waited long enough. Never throws. */
  async storeOld(): Promise<void> {
    const isOld = performance.now() - this.#firstMs >= this.#options.batchMs;
    if (this.#rows.length > 0 && isOld) await this.#tryStore();
  }

  /** Stores all that was gathered. @throws RuvectorError `ERR_FLEET_OUTBOX` */
  async store(): Promise<void> {
    while (this.#rows.length > 0) {
      this.#storing ??= this.#storeRows().finally(() => (this.#storing = null));
      await this.#storing;
    }
  }

  /** Forgets what was gathered. */
  clear(): void {
    this.#rows = [];
  }

  async #tryStore(): Promise<boolean> {
    try {
      await this.store();
      return true;
    } catch (error) {
      this.#options.onProblem(error);
      return false;
    }
  }

  /** Rows of one time stay together: what a crash leaves out is found in the history by the time of the last batch. */
  async #storeRows(): Promise<void> {
    const { kind } = this.#published;
    const rows = this.#rows.slice(0, endOfStep(this.#rows));
    const released = this.#published.apply(rows);
    const payload = await encodeFleetBatch(kind, released);
    const lastMs = rows.reduce((latest, row) => Math.max(latest, Number(row['timestamp'])), 0);
    await this.#outbox.append({ kind: this.#name, rows: rows.length, lastMs }, payload);
    this.#rows = this.#rows.slice(rows.length);
    this.#firstMs = performance.now();
    this.#options.onStored();
  }
}

function endOfStep(rows: readonly AnyRow[]): number {
  let end = Math.min(STEP_ROWS, rows.length);
  while (end < rows.length && rows[end]!['timestamp'] === rows[end - 1]!['timestamp']) end++;
  return end;
}
