// Record batches as their reader sees them: grants credit, checks the sequence, acknowledges a batch when the
// next one is asked for, and always says BYE. A connection for each reading: bulk waits for nobody else.
import type * as arrow from 'apache-arrow';
import type { RuvectorError } from '../core/index.ts';
import { Connection } from './connection.ts';
import { decodeRecordBatches, decodeSchema } from './decode-record-batch.ts';
import { fromErrorPayload } from '../sockets/index.ts';
import { MessageType, PROTOCOL_VERSION } from './message.ts';
import type { SealKeys } from './seal.ts';
import type { WireMessage } from './message.ts';
import { sequenceError, strayMessageError } from './errors.ts';

export interface BatchOptions {
  /** Ends the reading; the loop over `batches` throws its reason. */
  readonly signal?: AbortSignal;
  /** Batches in flight: bounds the memory on both sides. @default 8 */
  readonly window?: number;
}

/** Batches that are being read. */
export interface ClientBatches {
  readonly schema: arrow.Schema;
  readonly meta: unknown;
  /** Can be iterated once. */
  readonly batches: AsyncIterable<arrow.RecordBatch>;
  /** Ends the reading early; leaving the loop does the same. */
  close(): Promise<void>;
}

/** As whoever opened them has them. */
export interface OpenBatches extends ClientBatches {
  /** Ends the reading: a loop over `batches` that is not through throws the reason. */
  abandon(reason: unknown): Promise<void>;
}

export interface OpenBatchesOptions {
  readonly endpoint: string;
  /** Null where messages are sealed. */
  readonly token: string | null;
  readonly seal: SealKeys | null;
  readonly clientId: string;
  readonly leaseMs: number;
  readonly maxMessageBytes: number;
  readonly name: string;
  readonly params: unknown;
  readonly options: BatchOptions;
  readonly onClose: (batches: OpenBatches) => void;
}

const STREAM_ID = 1;
const DEFAULT_WINDOW = 8;
/** How long a closing reader waits for the daemon's BYE. */
const BYE_TIMEOUT_MS = 1000;

/** Asks for batches and waits for the HELLO that describes them. */
export async function openClientBatches(options: OpenBatchesOptions): Promise<OpenBatches> {
  const reader = new BatchReader(options);
  try {
    await reader.open();
  } catch (error) {
    await reader.close();
    throw error;
  }
  return reader;
}

class BatchReader implements OpenBatches {
  readonly #options: OpenBatchesOptions;
  readonly #window: number;
  readonly #connection: Connection;
  readonly #inbox: WireMessage[] = [];
  readonly #waiters: (() => void)[] = [];
  #hasFailed = false;
  #failure: unknown = null;
  #schemaBytes: Uint8Array = new Uint8Array(0);
  #schema: arrow.Schema | null = null;
  #received = 0;
  #hasBye = false;
  #closing: Promise<void> | undefined;
  meta: unknown = null;

  constructor(options: OpenBatchesOptions) {
    this.#options = options;
    this.#window = Math.max(1, Math.floor(options.options.window ?? DEFAULT_WINDOW));
    const { endpoint, leaseMs, maxMessageBytes, seal } = options;
    this.#connection = new Connection(
      { plane: 'data', endpoint, leaseMs, maxMessageBytes, seal: seal ?? undefined },
      { onMessage: (message) => this.#deliver(message), onEnd: (error) => this.#fail(error) },
    );
    options.options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get schema(): arrow.Schema {
    return this.#schema!;
  }

  async open(): Promise<void> {
    const { token, clientId, name, params } = this.#options;
    this.#options.options.signal?.throwIfAborted();
    await this.#connection.send({
      type: MessageType.HELLO,
      streamId: STREAM_ID,
      correlation: this.#window,
      payload: {
        protocol: PROTOCOL_VERSION,
        ...(token !== null && { token }),
        client: clientId,
        stream: name,
        params: params ?? null,
      },
    });
    const hello = await this.#next();
    if (hello?.type !== MessageType.HELLO) throw strayMessageError(hello?.type ?? 0);
    this.#schemaBytes = hello.attachments[0] ?? new Uint8Array(0);
    this.#schema = decodeSchema(this.#schemaBytes);
    this.meta = hello.payload?.['meta'] ?? null;
  }

  get batches(): AsyncIterable<arrow.RecordBatch> {
    return this.#iterate();
  }

  async *#iterate(): AsyncGenerator<arrow.RecordBatch> {
    try {
      for (;;) {
        const message = await this.#next();
        if (message === null) return;
        if (message.type === MessageType.BATCH) yield* this.#decode(message);
        else if (message.type === MessageType.DRAIN || message.type === MessageType.BYE)
          this.#checkCount(message.sequence);
        else throw strayMessageError(message.type);
        if (message.type === MessageType.BYE) return;
        this.#acknowledge();
      }
    } finally {
      await this.close();
    }
  }

  /** May be called while a loop over `batches` waits: the loop then ends. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#options.options.signal?.removeEventListener('abort', this.#abort);
    this.#inbox.length = 0;
    try {
      // The first BYE, or the answer to the daemon's: it tells the other side that everything is done.
      await this.#connection.send({ type: MessageType.BYE, streamId: STREAM_ID, sequence: this.#received });
      this.#wakeUp();
      await this.#byeOrEnd();
    } catch {
      // The connection ended, and with it the reading.
    }
    await this.#connection.close();
    this.#options.onClose(this);
  }

  /** The daemon's BYE says that its source is closed; a slow one is not waited for. */
  async #byeOrEnd(): Promise<void> {
    const giveUp = setTimeout(() => this.#fail(null), BYE_TIMEOUT_MS);
    // A loop over `batches` that is waiting ends too.
    while (!this.#hasBye && !this.#hasFailed) await this.#arrival();
    clearTimeout(giveUp);
  }

  #acknowledge(): void {
    const correlation = this.#received + this.#window;
    const ack = { type: MessageType.ACK, streamId: STREAM_ID, sequence: this.#received, correlation };
    this.#connection.send(ack).catch(() => {
      // The connection ended: whoever waits for the next message hears of it.
    });
  }

  /** A message holds one batch or more; a reader that leaves in the middle is past caring. */
  #decode(message: WireMessage): readonly arrow.RecordBatch[] {
    const expected = this.#received + message.correlation;
    if (message.sequence !== expected) throw sequenceError(message.sequence, expected);
    const bytes = message.attachments[0] ?? new Uint8Array(0);
    const batches = decodeRecordBatches(this.#schemaBytes, bytes);
    if (batches.length !== message.correlation) throw sequenceError(batches.length, message.correlation);
    this.#received = expected;
    return batches;
  }

  #checkCount(sequence: number): void {
    if (sequence !== this.#received) throw sequenceError(sequence, this.#received);
  }

  /** The next message, null once the reading is being closed. */
  async #next(): Promise<WireMessage | null> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message) return message;
      if (this.#failure !== null) throw this.#failure as RuvectorError;
      if (this.#closing) return null;
      await this.#arrival();
    }
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #deliver(message: WireMessage): void {
    // Nothing that follows an ERROR makes a reading whole that was cut short.
    if (message.type === MessageType.PROBE || this.#hasFailed) return;
    if (message.type === MessageType.BYE) this.#hasBye = true;
    if (message.type === MessageType.ERROR)
      this.#fail(this.#closing ? null : fromErrorPayload(message.payload));
    else if (!this.#closing) this.#inbox.push(message);
    this.#wakeUp();
  }

  readonly #abort = (): void => {
    // Whatever the caller gave as the reason, null too, the loop is not to look as if it were through.
    const { reason } = this.#options.options.signal ?? {};
    void this.abandon(reason ?? new DOMException('This operation was aborted', 'AbortError'));
  };

  async abandon(reason: unknown): Promise<void> {
    this.#inbox.length = 0;
    this.#fail(reason);
    await this.close();
  }

  #fail(error: unknown): void {
    if (!this.#hasFailed) this.#failure = error;
    this.#hasFailed = true;
    this.#wakeUp();
  }

  #wakeUp(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}
