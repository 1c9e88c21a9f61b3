// Fans published records out to any number of subscribers, each with its own tables, filters, interval,
// policy and position. Knows no bytes and no sockets. Publishing never waits: a slow subscriber costs its
// own records, by its policy, and nobody else's. docs/streams.md
import { randomUUID } from 'node:crypto';
import type { AnyRow, RuvectorError } from '../../core/index.ts';
import type { StreamHistory } from './history-replay.ts';
import { createOverflowSpill } from './overflow-spill.ts';
import { buildRecordTest } from './record-filter.ts';
import { streamTables } from '../stream-contract.ts';
import type {
  HelloEvent,
  StreamEvent,
  StreamKinds,
  StreamPosition,
  StreamRequest,
  StreamTable,
} from '../stream-contract.ts';
import { assertStreamRequest } from '../stream-request.ts';
import { Subscription } from './subscription.ts';
import type { SubscriptionStats, TableCursor } from './subscription.ts';
import { TableLog } from './table-log.ts';
import { historyLostError, spillError, subscriptionError } from '../errors.ts';

/** Options of {@link createStreamHub}. */
export interface StreamHubOptions {
  /** Columns of each table, by which filters are checked. */
  readonly kinds: StreamKinds;
  /** True when the published rows are anonymised: subscribers are told. */
  readonly anonymized: boolean;
  /** Names this run of the server. @default random */
  readonly epoch?: string;
  /** Where records that left the memory are read again. @default none: they come as gaps */
  readonly history?: StreamHistory;
  /** Records of each table kept in memory. @default 8192 */
  readonly memoryRows?: number;
  /** Records of a table that may wait for a subscriber that drops or spills. @default memoryRows − 256 */
  readonly maxWaiting?: number;
  /** Most bytes on disk of one subscriber that spills. @default 256 MiB */
  readonly maxSpillBytes?: number;
  /** Called with what could not be read or written; the subscriber gets a gap. Must not throw. */
  readonly onProblem?: (problem: RuvectorError) => void;
}

/** One subscriber of a hub. */
export interface HubSubscription {
  readonly stats: Readonly<SubscriptionStats>;
  /** Events in pieces, each what was ready when it was asked for. To be iterated once. */
  batches(): AsyncIterable<readonly StreamEvent[]>;
  /** Lets what is ready through, then ends. */
  end(): void;
}

/** Figures of a hub. */
export interface HubStats {
  readonly subscribers: number;
  /** Last sequence number by table. */
  readonly sequences: Readonly<Record<StreamTable, number>>;
}

/** Fans records out. */
export interface StreamHub {
  readonly kinds: StreamKinds;
  readonly epoch: string;
  readonly anonymized: boolean;
  /** Numbers rows and hands them to every subscriber. Never waits and never throws. */
  publish(table: StreamTable, rows: readonly AnyRow[]): void;
  /**
   * Subscribes from this very moment on: hello first, then records.
   * @throws RuvectorError `ERR_WIRE_STREAM_REQUEST` at once for tables, columns or values that do not exist
   */
  subscribe(request?: StreamRequest, signal?: AbortSignal): AsyncIterable<StreamEvent>;
  /** The same for a transport. */
  open(request: StreamRequest, signal: AbortSignal): HubSubscription;
  stats(): HubStats;
}

const MEMORY_ROWS = 8192;
/** Rows appended between two looks at who falls behind. */
const APPEND_ROWS = 256;
const MAX_SPILL_BYTES = 256 * 2 ** 20;

/** Creates a hub. */
export function createStreamHub(options: StreamHubOptions): StreamHub {
  return new Hub(options);
}

class Hub implements StreamHub {
  readonly kinds: StreamKinds;
  readonly epoch: string;
  readonly anonymized: boolean;
  readonly #options: StreamHubOptions;
  readonly #maxWaiting: number;
  readonly #logs: Readonly<Record<StreamTable, TableLog>>;
  readonly #subscriptions = new Set<Subscription>();

  constructor(options: StreamHubOptions) {
    const { memoryRows = MEMORY_ROWS } = options;
    this.#options = options;
    this.kinds = options.kinds;
    this.epoch = options.epoch ?? randomUUID();
    this.anonymized = options.anonymized;
    this.#maxWaiting = Math.min(options.maxWaiting ?? memoryRows, memoryRows);
    // Room for the rows that come before the next look at who falls behind.
    const capacity = memoryRows + APPEND_ROWS;
    this.#logs = {
      memory: new TableLog(capacity),
      process: new TableLog(capacity),
      optimization: new TableLog(capacity),
    };
  }

  publish(table: StreamTable, rows: readonly AnyRow[]): void {
    const log = this.#logs[table];
    for (let at = 0; at < rows.length; at += APPEND_ROWS) {
      const end = Math.min(at + APPEND_ROWS, rows.length);
      for (let i = at; i < end; i++) log.append(rows[i]!);
      for (const subscription of this.#subscriptions) this.#notify(subscription);
    }
  }

  /** What goes wrong in one subscription ends that one, which hears of it; who publishes and the others do not. */
  #notify(subscription: Subscription): void {
    try {
      subscription.notify();
    } catch (cause) {
      const problem = subscriptionError(cause);
      this.#subscriptions.delete(subscription);
      subscription.fail(problem);
      this.#options.onProblem?.(problem);
    }
  }

  subscribe(request: StreamRequest = {}, signal = new AbortController().signal): AsyncIterable<StreamEvent> {
    return flatten(this.open(request, signal).batches());
  }

  open(request: StreamRequest, signal: AbortSignal): HubSubscription {
    assertStreamRequest(request, this.kinds);
    const cursors = (request.tables ?? streamTables).map((table) => this.#cursorOf(table, request));
    const subscription = new Subscription({
      request,
      cursors,
      hello: this.#helloOf(cursors, request.after),
      history: this.#options.history ?? null,
      maxWaiting: this.#maxWaiting,
      spill:
        request.overflow === 'spill'
          ? createOverflowSpill(this.#options.maxSpillBytes ?? MAX_SPILL_BYTES, this.#spillProblem)
          : null,
      onHistoryProblem: this.#historyProblem,
    });
    const leave = (): void => {
      this.#subscriptions.delete(subscription);
      subscription.abort();
    };
    if (signal.aborted) subscription.abort();
    else this.#subscriptions.add(subscription);
    signal.addEventListener('abort', leave, { once: true });
    return {
      stats: subscription.stats,
      batches: () => this.#run(subscription, signal, leave),
      end: () => subscription.end(),
    };
  }

  async *#run(
    subscription: Subscription,
    signal: AbortSignal,
    leave: () => void,
  ): AsyncGenerator<readonly StreamEvent[]> {
    try {
      yield* subscription.batches();
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
      await subscription.dispose();
    }
  }

  #cursorOf(table: StreamTable, { after, filters = [], intervalMs = 0 }: StreamRequest): TableCursor {
    const log = this.#logs[table];
    const timestamp = after?.timestamps[table];
    const sequence = after && this.#sequenceAfter(after, table);
    // Number 0, or another epoch: the position is a timestamp among the records before this epoch.
    const isEarlier = sequence === 0 && timestamp !== undefined;
    return {
      table,
      log,
      test: buildRecordTest(this.kinds[table], filters, intervalMs, timestamp),
      next: sequence === undefined ? log.next : Math.min(sequence + 1, log.next),
      earlier: isEarlier ? { fromMs: timestamp, repeats: after?.repeats?.[table] ?? Infinity } : null,
      isLive: after === undefined,
      gap: null,
    };
  }

  /** Last sequence number of this epoch that a position has seen; undefined begins with what is new. */
  #sequenceAfter({ epoch, sequences }: StreamPosition, table: StreamTable): number | undefined {
    return epoch === this.epoch ? sequences[table] : 0;
  }

  #helloOf(cursors: readonly TableCursor[], after: StreamPosition | undefined): HelloEvent {
    const sequences: Partial<Record<StreamTable, number>> = {};
    const timestamps: Partial<Record<StreamTable, number>> = {};
    for (const { table, log, next } of cursors) {
      sequences[table] = next - 1;
      const timestamp = after?.timestamps[table] ?? (next === log.next ? log.lastTimestamp : undefined);
      if (timestamp !== undefined) timestamps[table] = timestamp;
    }
    return {
      type: 'hello',
      epoch: this.epoch,
      tables: cursors.map(({ table }) => table),
      anonymized: this.anonymized,
      sequences,
      timestamps,
      ...(after?.repeats && { repeats: after.repeats }),
    };
  }

  readonly #historyProblem = (table: StreamTable, cause: unknown): void => {
    this.#options.onProblem?.(historyLostError(table, cause));
  };

  readonly #spillProblem = (cause: unknown): void => {
    this.#options.onProblem?.(spillError(cause));
  };

  stats(): HubStats {
    const { memory, process, optimization } = this.#logs;
    return {
      subscribers: this.#subscriptions.size,
      sequences: {
        memory: memory.next - 1,
        process: process.next - 1,
        optimization: optimization.next - 1,
      },
    };
  }
}

async function* flatten(batches: AsyncIterable<readonly StreamEvent[]>): AsyncGenerator<StreamEvent> {
  for await (const batch of batches) yield* batch;
}
