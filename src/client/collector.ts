// `collector`: what the daemon samples, and what its history holds, as DataFrames.
import type * as arrow from 'apache-arrow';
import type { DataFrame } from 'nodejs-polars';
import type { AdrView } from '../core/index.ts';
import type { TimeLike } from '../export/index.ts';
import { buildDataFrame, createView } from './data-frame.ts';
import type { TableName } from './data-frame.ts';
import type { DaemonLink } from './daemon-link.ts';
import { optionsError } from './errors.ts';
import { makeInterruptible } from './interruptible.ts';
import type { Interruptible } from './interruptible.ts';
import { startProgress } from './progress.ts';
import type { ProgressBar } from './progress.ts';
import { resolveRange } from './time-range.ts';

/** Which rows. */
export interface RowOptions {
  /** @default 'memory' */
  readonly table?: TableName | undefined;
  /** False leaves names and identifiers in the tables process and optimization. @default true */
  readonly anonymize?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link ClientCollector.collect}. */
export interface CollectOptions extends RowOptions {
  /** @default 10 */
  readonly seconds?: number | undefined;
  /** Rate of a daemon that this call starts; a running one must have it. @default the daemon's, else 1 */
  readonly hz?: number | undefined;
}

/** Options of {@link ClientCollector.history}; none is everything. */
export interface ReadHistoryOptions extends RowOptions {
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  /** A Date, milliseconds, `2024-01-31T12:00:00Z`, a local date, or `-2h`. */
  readonly from?: TimeLike | undefined;
  /** Not included; a date includes its day. */
  readonly to?: TimeLike | undefined;
}

/** Rows of this host. */
export interface ClientCollector {
  /**
   * The rows that the daemon takes from now on. They are in its history too. Resolves when `seconds` have
   * passed and, for `memory`, `seconds × hz` rows are there. An interrupt or `stop()` resolves it early
   * with the rows so far; an aborted signal rejects it with the signal's reason.
   * @throws RuvectorError `ERR_CLIENT_OPTIONS`, `ERR_CLIENT_RUNNING` for another rate, `ERR_CLIENT_START`
   */
  collect(options?: CollectOptions): Interruptible<DataFrame>;
  /** The stored rows of a range of time, oldest first. @throws RuvectorError `ERR_CLIENT_OPTIONS` */
  history(options?: ReadHistoryOptions): Promise<DataFrame>;
}

const MAX_SECONDS = 2_000_000;
const REDRAW_MS = 200;
/** Samples may be late or missing: rows that are still due are worth waiting for this long. */
const GRACE_MS = 1000;
const GRACE_INTERVALS = 2;
const tableNames = ['memory', 'process', 'optimization'];

/** Creates the collector of a client. */
export function createClientCollector(link: DaemonLink): ClientCollector {
  return {
    collect: (options = {}) => {
      const stop = new AbortController();
      return makeInterruptible(
        () => stop.abort(),
        () => collect(link, options, stop.signal),
      );
    },
    history: (options = {}) => readHistory(link, options),
  };
}

async function collect(link: DaemonLink, options: CollectOptions, stop: AbortSignal): Promise<DataFrame> {
  checkCollect(options);
  const { seconds = 10, hz, table = 'memory', signal } = options;
  const bar = startProgress(`collecting ${table}`, seconds);
  try {
    const view = await createView(table, options.anonymize ?? true);
    const { config } = await link.ensure({ hz });
    signal?.throwIfAborted();
    const rows = new Rows(view, bar, seconds);
    if (!stop.aborted) {
      const target = table === 'memory' ? Math.max(1, Math.round(seconds * config.hz)) : Infinity;
      const graceMs = Math.max(GRACE_MS, (GRACE_INTERVALS * 1000) / config.hz);
      await follow(link, options, rows, { target, graceMs, stop });
    }
    if (!stop.aborted) bar.update(seconds);
    bar.finish(rows.describe(stop.aborted));
    return await rows.toDataFrame();
  } catch (error) {
    bar.finish('failed');
    throw error;
  }
}

/** What was collected so far. */
class Rows {
  readonly #view: AdrView;
  readonly #bar: ProgressBar;
  readonly #seconds: number;
  readonly #batches: arrow.RecordBatch[] = [];
  readonly #startedMs = performance.now();
  count = 0;

  constructor(view: AdrView, bar: ProgressBar, seconds: number) {
    this.#view = view;
    this.#bar = bar;
    this.#seconds = seconds;
  }

  get #elapsedSeconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  add(batch: arrow.RecordBatch): void {
    this.#batches.push(batch);
    this.count += batch.numRows;
  }

  draw(): void {
    this.#bar.update(Math.min(this.#elapsedSeconds, this.#seconds), `${this.count} rows`);
  }

  describe(isStopped: boolean): string {
    const took = `${this.#elapsedSeconds.toFixed(1)} s`;
    return isStopped ? `stopped after ${took}: ${this.count} rows kept` : `${this.count} rows in ${took}`;
  }

  toDataFrame(): Promise<DataFrame> {
    return buildDataFrame(this.#view, this.#batches);
  }
}

interface FollowLimits {
  /** Rows that are enough once the time is over. */
  readonly target: number;
  readonly graceMs: number;
  readonly stop: AbortSignal;
}

/** Reads live rows until time is over, somebody stops it, or the signal aborts. */
async function follow(
  link: DaemonLink,
  { seconds = 10, table = 'memory', anonymize, signal }: CollectOptions,
  rows: Rows,
  { target, graceMs, stop }: FollowLimits,
): Promise<void> {
  const params = { from_ms: Date.now(), follow: true, ...naming(table, anonymize) };
  await link.use(async (client) => {
    const stream = await client.openBatches(table, params, signal ? { signal } : {});
    const end = (): void => void stream.close();
    const limitMs = seconds * 1000 + (Number.isFinite(target) ? graceMs : 0);
    const timer = setTimeout(end, limitMs);
    const redraw = setInterval(() => rows.draw(), REDRAW_MS);
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
    try {
      for await (const batch of stream.batches) {
        rows.add(batch);
        rows.draw();
        if (rows.count >= target) break;
      }
    } finally {
      clearTimeout(timer);
      clearInterval(redraw);
      stop.removeEventListener('abort', end);
      await stream.close();
    }
  });
  signal?.throwIfAborted();
}

async function readHistory(link: DaemonLink, options: ReadHistoryOptions): Promise<DataFrame> {
  const { table = 'memory', anonymize, signal } = options;
  checkTable('collector.history', table);
  const { fromMs = 0, toMs } = await resolveRange('collector.history', options);
  const view = await createView(table, anonymize ?? true);
  const params = { from_ms: fromMs, to_ms: toMs, follow: false, ...naming(table, anonymize) };
  const batches = await link.use(async (client) => {
    const stream = await client.openBatches(table, params, signal ? { signal } : {});
    return Array.fromAsync(stream.batches);
  });
  return buildDataFrame(view, batches);
}

/** Snapshots name nobody. */
const naming = (table: TableName, anonymize = true): { anonymize?: boolean } =>
  table === 'memory' ? {} : { anonymize };

function checkCollect({ seconds = 10, table = 'memory' }: CollectOptions): void {
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw optionsError('collector.collect', [
      `seconds is ${seconds}, wanted above 0, at most ${MAX_SECONDS}`,
    ]);
  }
  checkTable('collector.collect', table);
}

function checkTable(call: string, table: string): void {
  if (tableNames.includes(table)) return;
  throw optionsError(call, [`table is "${table}", wanted one of ${tableNames.join(', ')}`]);
}
