// One stream to one client: open source → HELLO → BATCH* under credit → DRAIN → last ACK → BYE.
// Back-pressure: the source is asked for a batch only when the client has granted room for it, so
// at most `credit` batches are held, each in a pool slot that returns on the client's ACK.
import type * as arrow from 'apache-arrow';
import type { RuvectorError } from '../core/index.ts';
import type { BatchPool, BatchSlot } from './batch-pool.ts';
import { encodeSchema, planRecordBatch } from './encode-record-batch.ts';
import { WireErrorCode, wireError } from './errors.ts';
import { MessageType, PROTOCOL_VERSION } from './message.ts';
import type { OutgoingMessage } from './message.ts';

/** What a source gives when it is opened. */
export interface OpenedStream {
  readonly schema: arrow.Schema;
  /** JSON the client sees before the first batch. */
  readonly meta?: unknown;
  /** Ends when the stream ends; its iterator's `return()` is called when the client leaves early. */
  readonly batches: AsyncIterable<arrow.RecordBatch>;
}

/** Something that can be streamed. */
export interface StreamSource {
  /** @param signal aborts when the client leaves, or the daemon drains */
  open(params: unknown, signal: AbortSignal): Promise<OpenedStream>;
}

export interface StreamSessionOptions {
  readonly streamId: number;
  readonly source: StreamSource;
  readonly params: unknown;
  readonly initialCredit: number;
  readonly pool: BatchPool;
  readonly maxMessageBytes: number;
  send(message: OutgoingMessage): Promise<void>;
  sendError(error: unknown, to: Partial<OutgoingMessage>): void;
}

/** Why a session stops before its source does. */
type StopReason = 'left' | 'lost' | 'drain';

export class StreamSession {
  readonly #options: StreamSessionOptions;
  readonly #abort = new AbortController();
  /** Slots of batches sent and not acknowledged, oldest first. */
  readonly #outstanding: BatchSlot[] = [];
  #sent = 0;
  #acked = 0;
  #credit: number;
  #stop: StopReason | null = null;
  #wake: (() => void) | null = null;
  /** Resolves when nothing of the stream is left. */
  readonly done: Promise<void>;

  constructor(options: StreamSessionOptions) {
    this.#options = options;
    this.#credit = options.initialCredit;
    this.done = this.#run();
  }

  get sent(): number {
    return this.#sent;
  }

  /** The client's limit on the number of batches since the stream began; a lower one is ignored. */
  grant(credit: number): void {
    if (credit <= this.#credit) return;
    this.#credit = credit;
    this.#wakeUp();
  }

  /** All batches up to `sequence` arrived: their slots are free. */
  acknowledge(sequence: number): void {
    if (sequence > this.#sent) {
      this.#fail(ackAheadError(sequence, this.#sent));
      return;
    }
    while (this.#acked < sequence) {
      this.#acked++;
      this.#outstanding.shift()?.release();
    }
    this.#wakeUp();
  }

  /** The client said BYE, or is gone: nothing more is sent and the source is closed. */
  leave(reason: 'left' | 'lost'): void {
    this.#stop = reason;
    this.#abort.abort(leftError());
    this.#wakeUp();
  }

  /** The daemon closes: what was sent is acknowledged first, then BYE. */
  drain(): void {
    this.#stop ??= 'drain';
    this.#abort.abort(drainError());
    this.#wakeUp();
  }

  get #isGone(): boolean {
    return this.#stop === 'left' || this.#stop === 'lost';
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  async #waitUntil(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #run(): Promise<void> {
    try {
      await this.#pump();
      await this.#finish();
    } catch (error) {
      this.#fail(error);
    } finally {
      // Whatever is still out was not acknowledged: ZeroMQ may hold it.
      for (const slot of this.#outstanding.splice(0)) slot.discard();
    }
  }

  async #pump(): Promise<void> {
    const { source, params, streamId } = this.#options;
    const { schema, meta, batches } = await source.open(params, this.#abort.signal);
    const iterator = batches[Symbol.asyncIterator]();
    try {
      await this.#options.send({
        type: MessageType.HELLO,
        streamId,
        payload: { protocol: PROTOCOL_VERSION, meta: meta ?? null },
        attachments: [encodeSchema(schema)],
      });
      await this.#sendBatches(iterator);
    } finally {
      // A source that is stuck in next() must not keep the session: its signal was aborted already.
      iterator.return?.().catch(() => {});
    }
  }

  async #sendBatches(iterator: AsyncIterator<arrow.RecordBatch>): Promise<void> {
    const stopped = new Promise<null>((resolve) => {
      this.#abort.signal.addEventListener('abort', () => resolve(null), { once: true });
      if (this.#abort.signal.aborted) resolve(null);
    });
    for (;;) {
      if (this.#sent >= this.#credit) {
        await this.#waitUntil(() => this.#sent < this.#credit || this.#stop !== null);
      }
      if (this.#stop !== null) return;
      const next = await Promise.race([iterator.next(), stopped]);
      if (next === null || next.done) return;
      await this.#sendBatch(next.value);
    }
  }

  async #sendBatch(batch: arrow.RecordBatch): Promise<void> {
    const { pool, streamId, maxMessageBytes } = this.#options;
    const plan = planRecordBatch(batch);
    if (plan.sizeBytes > maxMessageBytes) throw batchTooLargeError(plan.sizeBytes, maxMessageBytes);
    const slot = pool.take(plan.sizeBytes);
    this.#outstanding.push(slot);
    this.#sent++;
    await this.#options.send({
      type: MessageType.BATCH,
      streamId,
      sequence: this.#sent,
      attachments: [plan.writeTo(slot.bytes)],
    });
  }

  /** BYE goes both ways: only the client's answer says that the last frames arrived. */
  async #finish(): Promise<void> {
    const { streamId } = this.#options;
    if (!this.#isGone) {
      await this.#options.send({ type: MessageType.DRAIN, streamId, sequence: this.#sent });
      await this.#waitUntil(() => this.#acked === this.#sent || this.#isGone);
    }
    if (this.#stop === 'lost') return;
    await this.#options.send({ type: MessageType.BYE, streamId, sequence: this.#sent });
    await this.#waitUntil(() => this.#isGone);
  }

  /** Batches sent before the error are still delivered: ERROR queues behind them. */
  #fail(error: unknown): void {
    if (this.#isGone) return;
    this.#stop = 'left';
    this.#options.sendError(error, { streamId: this.#options.streamId, sequence: this.#sent });
    this.#abort.abort(error);
    this.#wakeUp();
  }
}

function ackAheadError(sequence: number, sent: number): RuvectorError {
  return wireError(
    WireErrorCode.SEQUENCE,
    `Cannot accept ACK ${sequence}: only ${sent} batches were sent; the client is broken`,
  );
}

function batchTooLargeError(sizeBytes: number, maxMessageBytes: number): RuvectorError {
  return wireError(
    WireErrorCode.TOO_LARGE,
    `Cannot send batch: it has ${sizeBytes} bytes, ${maxMessageBytes} are allowed; let the source yield fewer rows`,
    { details: { sizeBytes, maxMessageBytes } },
  );
}

function leftError(): RuvectorError {
  return wireError(WireErrorCode.DISCONNECTED, 'Cannot continue stream: the client left');
}

function drainError(): RuvectorError {
  return wireError(WireErrorCode.CLOSED, 'Cannot continue stream: the daemon is closing');
}
