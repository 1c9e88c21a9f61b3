// Record batches of one feed to one client: open → HELLO → BATCH* under credit → DRAIN → last ACK → BYE.
// Back-pressure: the source is asked for a batch only when the client has granted room for it, so at most `credit` batches
// are held, each in a slot of shared memory, or of a pool, that returns on the client's ACK.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as arrow from 'apache-arrow';
import { encodeSchema } from '../core/index.ts';
import type { MessagePlan } from '../core/index.ts';
import type { TransportChoice } from './batch-memory.ts';
import type { BatchPool } from './batch-pool.ts';
import { buildMessageRoom } from './batch-rings.ts';
import type { BatchRings, BatchRoom, Content } from './batch-rings.ts';
import { buildBatchPlanner } from './encode-record-batch.ts';
import { MessageType, PROTOCOL_VERSION } from './message.ts';
import type { OutgoingMessage } from './message.ts';
import { ackAheadError, batchTooLargeError, daemonDrainsError, readerGoneError } from './errors.ts';

/** What a feed gives when it is opened. */
export interface OpenedBatches {
  readonly schema: arrow.Schema;
  /** JSON the client sees before the first batch. */
  readonly meta?: unknown;
  /**
   * Ends when there are no more; its iterator's `return()` is called when the client leaves early.
   * Batches must not change after they were yielded: small ones are sent together.
   */
  readonly batches: AsyncIterable<arrow.RecordBatch>;
}

/** Record batches that a client can ask for by name. */
export interface BatchFeed {
  /** @param signal aborts when the client leaves, or the daemon drains */
  open(params: unknown, signal: AbortSignal): Promise<OpenedBatches>;
}

export interface BatchSessionOptions {
  readonly streamId: number;
  readonly feed: BatchFeed;
  readonly params: unknown;
  readonly initialCredit: number;
  readonly pool: BatchPool;
  readonly maxMessageBytes: number;
  /** The way that was agreed on; null for a client that offers to share no memory, and is told of none. */
  readonly transport: TransportChoice | null;
  /** Null: messages carry all. */
  readonly rings: BatchRings | null;
  send(message: OutgoingMessage): Promise<void>;
  sendError(error: unknown, to: Partial<OutgoingMessage>): void;
}

/** Small batches that are ready at once share a message of up to this size: a message costs both sides
 * some 100 µs however small it is. A batch that is not ready is never waited for. */
const PACK_BYTES = 512 * 1024;

/** Batches sent in one message. */
interface Pack {
  /** Number of its last batch. */
  readonly lastSequence: number;
  readonly count: number;
  room: BatchRoom;
  /** The client has read it and looks at it still. */
  isHeld: boolean;
}

/** A batch and where its bytes will lie. */
interface Planned {
  readonly plan: MessagePlan;
  readonly rows: number;
}

/** Why a session stops before its source does. */
type StopReason = 'left' | 'lost' | 'failed' | 'drain';

export class BatchSession {
  readonly #options: BatchSessionOptions;
  readonly #abort = new AbortController();
  readonly #plan = buildBatchPlanner();
  /** Messages sent and not acknowledged, oldest first. */
  readonly #outstanding: Pack[] = [];
  #sent = 0;
  #acked = 0;
  #credit: number;
  #stop: StopReason | null = null;
  #wake: (() => void) | null = null;
  /** Resolves when nothing of the session is left. */
  readonly done: Promise<void>;

  constructor(options: BatchSessionOptions) {
    this.#options = options;
    this.#credit = options.initialCredit;
    this.done = this.#run();
  }

  get sent(): number {
    return this.#sent;
  }

  /** The client's limit on the number of batches since the session began; a lower one is ignored. */
  grant(credit: number): void {
    if (credit <= this.#credit) return;
    this.#credit = credit;
    this.#wakeUp();
  }

  /**
   * All batches up to `sequence` arrived, and their slots are free.
   * @param held messages, by their last batch, whose shared memory the client still looks at
   */
  acknowledge(sequence: number, held: readonly number[] = []): void {
    if (sequence > this.#sent) {
      this.fail(ackAheadError(sequence, this.#sent));
      return;
    }
    this.#acked = Math.max(this.#acked, sequence);
    for (const pack of this.#outstanding.splice(0)) {
      const { lastSequence, room } = pack;
      const isRead = lastSequence <= this.#acked;
      if (isRead && room.epoch !== null) this.#options.rings?.noteOpened(room.epoch);
      pack.isHeld = isRead && room.epoch !== null && held.includes(lastSequence);
      if (isRead && !pack.isHeld) room.release();
      else this.#outstanding.push(pack);
    }
    this.#wakeUp();
  }

  /** The client cannot map an epoch: what it has not read of it comes again, as messages, and so does the rest. */
  refuseRing(epoch: number, reason: string): void {
    this.#options.rings?.refuse(reason);
    for (const pack of this.#outstanding) {
      if (pack.room.epoch !== epoch || pack.lastSequence <= this.#acked) continue;
      const bytes = pack.room.copy();
      pack.room.release();
      pack.room = buildMessageRoom(this.#options.pool, bytes.length);
      const content = pack.room.fill(pack.lastSequence, 0, bytes.length, (target) => target.set(bytes));
      // In order: what is sent from now on queues behind it.
      this.#sendBatches(pack, content).catch((error: unknown) => this.fail(error));
    }
    this.#wakeUp();
  }

  /** The client said BYE, or is gone: nothing more is sent and the source is closed. */
  leave(reason: 'left' | 'lost'): void {
    this.#stop = reason;
    this.#abort.abort(readerGoneError());
    this.#wakeUp();
  }

  /** The daemon closes: what was sent is acknowledged first, then BYE. */
  drain(): void {
    this.#stop ??= 'drain';
    this.#abort.abort(daemonDrainsError());
    this.#wakeUp();
  }

  get #isGone(): boolean {
    return this.#stop !== null && this.#stop !== 'drain';
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
      this.fail(error);
    } finally {
      // Whatever is still out was not acknowledged: ZeroMQ may hold it.
      for (const { room } of this.#outstanding.splice(0)) room.discard();
      this.#options.rings?.close();
    }
  }

  async #pump(): Promise<void> {
    const { feed, params, streamId, transport } = this.#options;
    const { schema, meta, batches } = await feed.open(params, this.#abort.signal);
    const iterator = batches[Symbol.asyncIterator]();
    try {
      await this.#options.send({
        type: MessageType.HELLO,
        streamId,
        payload: { protocol: PROTOCOL_VERSION, meta: meta ?? null, ...(transport && { transport }) },
        attachments: [encodeSchema(schema)],
      });
      await this.#sendAll(iterator);
    } finally {
      // A source that is stuck in next() must not keep the session: its signal was aborted already.
      iterator.return?.().catch(() => {});
    }
  }

  async #sendAll(iterator: AsyncIterator<arrow.RecordBatch>): Promise<void> {
    const source = new StoppableSource(iterator, this.#abort.signal);
    for (;;) {
      if (this.#sent >= this.#credit) {
        await this.#waitUntil(() => this.#sent < this.#credit || this.#stop !== null);
      }
      const batch = this.#stop === null ? await source.next() : null;
      if (batch === null) return;
      await this.#sendPack(await this.#planPack(batch, source));
      // Sources and sockets that are always ready would otherwise keep the event loop to themselves.
      await nextTurn();
    }
  }

  /** The batch and those that follow it without waiting, as far as credit and size allow. */
  async #planPack(first: arrow.RecordBatch, source: StoppableSource): Promise<Planned[]> {
    const planned = [{ plan: this.#plan(first), rows: first.numRows }];
    let sizeBytes = planned[0]!.plan.sizeBytes;
    const packBytes = this.#options.rings?.packBytes ?? PACK_BYTES;
    while (sizeBytes * (1 + 1 / planned.length) <= packBytes && this.#sent + planned.length < this.#credit) {
      const batch = await source.nextIfReady();
      if (batch === null) break;
      const plan = this.#plan(batch);
      planned.push({ plan, rows: batch.numRows });
      sizeBytes += plan.sizeBytes;
    }
    return planned;
  }

  async #sendPack(planned: readonly Planned[]): Promise<void> {
    const { maxMessageBytes } = this.#options;
    const sizeBytes = planned.reduce((sum, { plan }) => sum + plan.sizeBytes, 0);
    if (sizeBytes > maxMessageBytes) throw batchTooLargeError(sizeBytes, maxMessageBytes);
    const room = await this.#takeRoom(sizeBytes);
    this.#sent += planned.length;
    const pack = { lastSequence: this.#sent, count: planned.length, room, isHeld: false };
    this.#outstanding.push(pack);
    const rows = planned.reduce((sum, one) => sum + one.rows, 0);
    const content = room.fill(pack.lastSequence, rows, sizeBytes, (target) => {
      let offset = 0;
      for (const { plan } of planned) offset += plan.writeTo(target.subarray(offset)).length;
    });
    await this.#sendBatches(pack, content);
  }

  #sendBatches({ lastSequence, count }: Pack, content: Content): Promise<void> {
    const { streamId } = this.#options;
    const news = content.payload ? null : (this.#options.rings?.takeNews() ?? null);
    return this.#options.send({
      type: MessageType.BATCH,
      streamId,
      sequence: lastSequence,
      correlation: count,
      payload: news,
      ...content,
    });
  }

  /**
   * Shared memory when it can be had. While the client has slots to read, it is waited for; slots that it keeps are not,
   * because it may keep them for ever.
   */
  async #takeRoom(sizeBytes: number): Promise<BatchRoom> {
    const { rings, pool } = this.#options;
    if (rings === null) return buildMessageRoom(pool, sizeBytes);
    const isDue = ({ room, isHeld }: Pack): boolean => room.epoch !== null && !isHeld;
    while (this.#stop === null && (await rings.prepare(sizeBytes))) {
      const room = rings.take();
      if (room) return room;
      if (!this.#outstanding.some(isDue)) break;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return buildMessageRoom(pool, sizeBytes);
  }

  /** BYE goes both ways: only the client's answer says that the last frames arrived. */
  async #finish(): Promise<void> {
    const { streamId } = this.#options;
    const isCutShort = this.#stop === 'drain';
    if (!this.#isGone) {
      await this.#options.send({ type: MessageType.DRAIN, streamId, sequence: this.#sent });
      await this.#waitUntil(() => this.#acked === this.#sent || this.#isGone);
    }
    // A BYE, also one behind an ERROR, would say that the source had ended.
    if (isCutShort) this.fail(daemonDrainsError());
    if (isCutShort || this.#stop === 'lost' || this.#stop === 'failed') return;
    await this.#options.send({ type: MessageType.BYE, streamId, sequence: this.#sent });
    await this.#waitUntil(() => this.#isGone);
  }

  /** Ends with an error; batches sent before it are still delivered: ERROR queues behind them. */
  fail(error: unknown): void {
    if (this.#isGone) return;
    this.#stop = 'failed';
    this.#options.sendError(error, { streamId: this.#options.streamId, sequence: this.#sent });
    this.#abort.abort(error);
    this.#wakeUp();
  }
}

/** What an iterator gave: a batch, its end, or why it failed. */
type Arrival = { readonly batch: arrow.RecordBatch | null } | { readonly error: unknown };

/**
 * An iterator that ends when a signal says so, and can be asked for what is ready now. It races nothing: a promise that
 * outlives the source, such as that of a signal, would keep a reaction for each batch.
 */
class StoppableSource {
  readonly #iterator: AsyncIterator<arrow.RecordBatch>;
  #isStopped = false;
  #isAsked = false;
  #arrival: Arrival | null = null;
  #wake: (() => void) | null = null;

  constructor(iterator: AsyncIterator<arrow.RecordBatch>, signal: AbortSignal) {
    this.#iterator = iterator;
    const stop = (): void => {
      this.#isStopped = true;
      this.#wake?.();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  }

  /** The next batch, null at the end. */
  async next(): Promise<arrow.RecordBatch | null> {
    this.#ask();
    while (this.#arrival === null && !this.#isStopped) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#take();
  }

  /** The next batch if it comes without input or output, else null; it is then the next one of `next`. */
  async nextIfReady(): Promise<arrow.RecordBatch | null> {
    this.#ask();
    // A generator that has its batch answers within few turns of the microtasks, which cost less than one of the loop.
    for (let turn = 0; turn < READY_TURNS && this.#arrival === null; turn++) await Promise.resolve();
    if (this.#arrival === null) await nextTurn();
    if (this.#arrival === null) return null;
    // The end is asked for again by next().
    return 'batch' in this.#arrival && this.#arrival.batch === null ? null : this.#take();
  }

  #take(): arrow.RecordBatch | null {
    const arrival = this.#arrival;
    if (arrival === null) return null;
    this.#isAsked = false;
    this.#arrival = null;
    if ('error' in arrival) throw arrival.error;
    return arrival.batch;
  }

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#iterator.next().then(
      ({ done, value }) => this.#arrive({ batch: done ? null : value }),
      // A failure is seen by whoever asks next.
      (error: unknown) => this.#arrive({ error }),
    );
  }

  #arrive(arrival: Arrival): void {
    this.#arrival = arrival;
    this.#wake?.();
  }
}

const READY_TURNS = 8;
