// The rings of one session, newest last: batches of a new size get a new file, an epoch, and the old one goes when the
// client is done with its slots. Where none can be had, or the client cannot map it, batches go as messages.
import type { RingPlace, SlotRing } from '../shared-memory/index.ts';
import type { BatchMemory, TransportChoice } from './batch-memory.ts';
import type { BatchPool } from './batch-pool.ts';
import type { OutgoingMessage, Payload } from './message.ts';

/** Smaller messages go by ZeroMQ: a ring is memory that a stream of few rows a second has no use for. */
export const RING_MIN_BYTES = 32 * 1024;
/** Batches that share a message share a slot of up to this size: what wakes the client costs as much as a copy of it. */
const SHARED_PACK_BYTES = 9 * 2 ** 18;

/** Memory that the batches of one message lie in until the client is done with them. */
export interface BatchRoom {
  /** Null: they travel in the message. */
  readonly epoch: number | null;
  /** Lets `writeTo` fill it, and says what the message then holds. */
  fill(sequence: number, rows: number, sizeBytes: number, writeTo: (target: Uint8Array) => void): Content;
  /** A copy, for a client that could not read it here. */
  copy(): Uint8Array<ArrayBuffer>;
  release(): void;
  /** The client vanished: ZeroMQ may hold it still. */
  discard(): void;
}

export type Content = Pick<OutgoingMessage, 'payload' | 'attachments' | 'mayOverwrite'>;

/** Room in a message. */
export function buildMessageRoom(pool: BatchPool, sizeBytes: number): BatchRoom {
  const slot = pool.take(sizeBytes);
  const bytes = slot.bytes.subarray(0, sizeBytes);
  return {
    epoch: null,
    fill: (_sequence, _rows, _sizeBytes, writeTo) => {
      writeTo(bytes);
      return { attachments: [bytes], mayOverwrite: true };
    },
    copy: () => bytes.slice(),
    release: () => slot.release(),
    discard: () => slot.discard(),
  };
}

export class BatchRings {
  readonly #memory: BatchMemory;
  #current: SlotRing | null = null;
  /** Epochs whose slots are still out. */
  readonly #open = new Set<SlotRing>();
  /** Newest epoch so far, newest whose file the client knows, newest that it has open. */
  #epoch = 0;
  #told = 0;
  #opened = 0;
  #fallback: TransportChoice | null = null;
  #isFallbackTold = true;

  constructor(memory: BatchMemory) {
    this.#memory = memory;
  }

  /** Batches that are ready at once share a message of up to this size; null: as without rings. */
  get packBytes(): number | null {
    return this.#fallback === null ? SHARED_PACK_BYTES : null;
  }

  /** Makes a ring when there is none for contents of this size. False: messages carry it. */
  async prepare(sizeBytes: number): Promise<boolean> {
    if (this.#fallback !== null || sizeBytes < RING_MIN_BYTES) return false;
    if (this.#current !== null && sizeBytes <= this.#current.capacityBytes) return true;
    const ring = await this.#memory.createRing(++this.#epoch, Math.max(sizeBytes, SHARED_PACK_BYTES));
    if (typeof ring === 'string') {
      this.#giveUp(ring);
      return false;
    }
    const last = this.#current;
    this.#current = ring;
    this.#open.add(ring);
    if (last) this.#closeUnused(last);
    return true;
  }

  /** Room in the newest ring; null when all its slots are out. */
  take(): BatchRoom | null {
    const ring = this.#current;
    const slot = ring?.take() ?? null;
    if (ring === null || slot === null) return null;
    let place: RingPlace | null = null;
    const release = (): void => {
      ring.release(slot);
      this.#closeUnused(ring);
    };
    return {
      epoch: ring.epoch,
      fill: (sequence, rows, sizeBytes, writeTo) => {
        place = ring.fill(slot, sequence, sizeBytes, writeTo);
        this.#memory.slotsFilled++;
        return { payload: this.#describe(ring, place, rows) };
      },
      copy: () => {
        this.#memory.slotsResent++;
        return ring.copy(place!);
      },
      release,
      discard: release,
    };
  }

  /** The first message of an epoch says where its file is. */
  #describe(ring: SlotRing, place: RingPlace, rows: number): Payload {
    if (ring.epoch <= this.#told) return { ...place, rows };
    this.#told = ring.epoch;
    return { ...place, rows, ring: ring.layout };
  }

  /** The client has read a slot of an epoch: it has the file open, which needs no name any more. */
  noteOpened(epoch: number): void {
    if (epoch <= this.#opened) return;
    this.#opened = epoch;
    for (const ring of this.#open) if (ring.epoch === epoch) ring.unlink();
  }

  /** The client cannot map memory that it shall read. */
  refuse(reason: string): void {
    this.#giveUp(reason);
  }

  /** What the next message tells the client: that its batches come another way from here on. */
  takeNews(): Payload | null {
    if (this.#isFallbackTold) return null;
    this.#isFallbackTold = true;
    return { transport: this.#fallback };
  }

  /** Slots that are still out are nobody's. */
  close(): void {
    for (const ring of this.#open) ring.close();
    this.#open.clear();
    this.#current = null;
  }

  #giveUp(reason: string): void {
    this.#fallback ??= this.#memory.fallBack(reason);
    this.#isFallbackTold = false;
    const last = this.#current;
    this.#current = null;
    if (last) this.#closeUnused(last);
  }

  #closeUnused(ring: SlotRing): void {
    if (ring === this.#current || ring.slotsInUse > 0 || !this.#open.delete(ring)) return;
    ring.close();
  }
}
