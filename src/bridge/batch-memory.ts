// The memory that a daemon shares with those who read batches: who may have a ring of slots, how large, and by which way
// batches go where there is none. What goes through a ring is batch-rings.ts. docs/protocol.md, "Shared memory"
import { messageOf } from '../core/index.ts';
import {
  MEMORY_FOLDER,
  createSlotRing,
  findObstacle,
  loadMemoryMap,
  readBootId,
  ringBytes,
  sweepMemoryFiles,
} from '../shared-memory/index.ts';
import type { MemoryMap, SlotRing } from '../shared-memory/index.ts';

/**
 * How batches get to a client: `shared`, slots of memory that both sides have mapped; `written`, the same without
 * koffi, with a copy more; `ipc` and `tcp`, messages of ZeroMQ; `sealed`, encrypted messages over tcp.
 */
export type BatchTransport = 'shared' | 'written' | 'ipc' | 'tcp' | 'sealed';

/** A way, and why it is not the fastest. */
export interface TransportChoice {
  readonly kind: BatchTransport;
  readonly reason: string | null;
}

export interface BatchMemoryOptions {
  /** Whose files are memory. @default /dev/shm */
  readonly folder?: string;
  /** Of all rings together. @default 256 MiB */
  readonly maxBytes?: number;
  /** False: slots are written, as without koffi. @default true */
  readonly isMapped?: boolean;
}

/** For `status`. */
export interface BatchMemoryStats {
  /** What a client of this host gets that can map memory. */
  readonly transport: BatchTransport;
  readonly reason: string | null;
  readonly rings: number;
  readonly ringBytes: number;
  /** Slots that were filled, and those of them that had to be sent again as messages. */
  readonly slotsFilled: number;
  readonly slotsResent: number;
}

const MAX_BYTES = 256 * 2 ** 20;
/** About this much in flight keeps both sides busy and fits a cache. */
const RING_BYTES = 16 * 2 ** 20;
/** One that the reader looks at, one that waits for it, one that is being filled, one whose ACK is on its way. */
const MIN_SLOTS = 4;
const MAX_SLOTS = 16;
/** Batches of one feed differ a little. */
const CONTENT_MARGIN = 1.02;
/** A ring takes no more than this share of all. */
const MOST_OF_ALL = 0.5;

export class BatchMemory {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #messages: TransportChoice['kind'];
  readonly #isMapped: boolean;
  /** Loaded for the first reader: koffi takes some milliseconds. */
  #memory: MemoryMap | null | undefined;
  readonly #bootId = readBootId();
  #rings = 0;
  #ringBytes = 0;
  slotsFilled = 0;
  slotsResent = 0;

  /** @param options null: no memory is shared */
  constructor(options: BatchMemoryOptions | null, messages: BatchTransport) {
    this.#folder = options?.folder ?? MEMORY_FOLDER;
    this.#maxBytes = options === null ? 0 : (options.maxBytes ?? MAX_BYTES);
    this.#isMapped = options?.isMapped ?? true;
    this.#messages = messages;
    if (this.#maxBytes > 0) sweepMemoryFiles(this.#folder);
  }

  stats(): BatchMemoryStats {
    const { kind, reason } = this.choose(this.#bootId);
    return {
      transport: kind,
      reason,
      rings: this.#rings,
      ringBytes: this.#ringBytes,
      slotsFilled: this.slotsFilled,
      slotsResent: this.slotsResent,
    };
  }

  /** @param bootId of the client's host */
  choose(bootId: unknown): TransportChoice {
    const obstacle = this.#findObstacle(bootId);
    if (obstacle !== null) return this.fallBack(obstacle);
    if (this.#loadMemory()) return { kind: 'shared', reason: null };
    const reason = 'koffi is missing or does not load: slots are written, a copy more; npm install koffi';
    return { kind: 'written', reason };
  }

  /** The folder in which a client may hand over attachments; null when there is none for it. */
  folderFor(bootId: unknown): string | null {
    return this.#findObstacle(bootId) === null ? this.#folder : null;
  }

  get folder(): string {
    return this.#folder;
  }

  fallBack(reason: string): TransportChoice {
    return { kind: this.#messages, reason };
  }

  #findObstacle(bootId: unknown): string | null {
    if (this.#maxBytes === 0) return 'the daemon shares no memory';
    if (bootId !== this.#bootId || bootId === null) return 'the client runs on another host';
    return findObstacle(this.#folder, RING_BYTES);
  }

  #loadMemory(): MemoryMap | null {
    return (this.#memory ??= this.#isMapped ? loadMemoryMap() : null);
  }

  /** A ring for contents of a size, or why there is none. */
  async createRing(epoch: number, sizeBytes: number): Promise<SlotRing | string> {
    const contentBytes = Math.ceil(sizeBytes * CONTENT_MARGIN);
    const slots = Math.max(MIN_SLOTS, Math.min(MAX_SLOTS, Math.floor(RING_BYTES / contentBytes)));
    const neededBytes = ringBytes({ slots, contentBytes });
    if (neededBytes > this.#maxBytes * MOST_OF_ALL) {
      return `a ring for batches of ${sizeBytes} bytes takes more than half of the ${this.#maxBytes} bytes that are shared; let the source yield fewer rows`;
    }
    if (this.#ringBytes + neededBytes > this.#maxBytes) {
      return `other readers have the ${this.#maxBytes} bytes that are shared; close streams that are not read`;
    }
    const obstacle = findObstacle(this.#folder, neededBytes);
    if (obstacle !== null) return obstacle;
    // Counted before it is there: others may ask meanwhile.
    this.#count(1, neededBytes);
    const onClose = (): void => this.#count(-1, -neededBytes);
    try {
      const memory = this.#loadMemory();
      return await createSlotRing({ folder: this.#folder, memory, epoch, slots, contentBytes, onClose });
    } catch (error) {
      onClose();
      return messageOf(error);
    }
  }

  #count(rings: number, sizeBytes: number): void {
    this.#rings += rings;
    this.#ringBytes += sizeBytes;
  }
}

/** What a daemon that starts now over ipc would have. */
export function lookAtBatchMemory(): BatchMemoryStats {
  return new BatchMemory({}, 'ipc').stats();
}
