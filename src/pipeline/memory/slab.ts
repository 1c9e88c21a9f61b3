// One SharedArrayBuffer cut into slots of a few sizes, which any thread takes and gives back without a lock. The bytes
// of a slot are seen by all threads at once, so that a batch written into one is read elsewhere without a copy.
//
//   0           64                      headerBytes                                      byteLength
//   ┌───────────┬──────────────────────┬─────────────────┬───┬─────────────────┬────────┐
//   │ frees i32 │ one word a slot, i32 │ slot of class 0 │ … │ slot of class 1 │ …      │
//   └───────────┴──────────────────────┴─────────────────┴───┴─────────────────┴────────┘
//
// A word is `generation << 20 | owner`, owner 0 when the slot is free. One compare-and-exchange of the word takes a
// slot, hands it over or frees it, so a thread may die at any instruction: each slot then still says whose it is. The
// generation counts how often the slot was taken; whoever holds a word of before can no longer free it.
import { threadId } from 'node:worker_threads';
import type { MemoryBudget, MemoryLease } from '../contract.ts';
import { slabSizeError, slotTooLargeError } from './errors.ts';

/** Slots of one size. */
export interface SlotClass {
  /** Rounded up to a multiple of 64. */
  readonly slotBytes: number;
  readonly slots: number;
}

/** What another thread opens a slab with; it may be posted. */
export interface SlabMemory {
  readonly buffer: SharedArrayBuffer;
  readonly classes: readonly SlotClass[];
}

/** Names a slot that was taken; it may be posted to the thread that takes it over. */
export interface SlotTicket {
  readonly index: number;
  readonly generation: number;
}

/** A slot in this thread's hands. */
export interface Slot {
  readonly ticket: SlotTicket;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Frees the slot; calling it again does nothing, nor when its thread was declared dead meanwhile. */
  release(): void;
}

/** A slab as one thread sees it. */
export interface Slab {
  readonly memory: SlabMemory;
  /** Bytes of the largest slot. */
  readonly largestSlotBytes: number;
  readonly freeSlots: number;
  /** The smallest free slot that holds so many bytes; null when there is none now, or ever. */
  tryTake(bytes: number): Slot | null;
  /**
   * Waits for a slot; those of one thread are served in the order they came.
   * @throws RuvectorError `ERR_PIPELINE_SLOT` when no slot is so large; the signal's reason
   */
  take(bytes: number, signal?: AbortSignal): Promise<Slot>;
  /** Takes a slot over from another thread; null when it was freed since. */
  takeOver(ticket: SlotTicket): Slot | null;
  /** The bytes of a slot that another thread holds meanwhile, to read. */
  bytesOf(ticket: SlotTicket): Uint8Array<SharedArrayBuffer>;
  /** Frees the slots of a thread that is dead, and says how many they were. */
  reclaim(deadThreadId: number): number;
}

/** A slab and the bytes of the budget that it stands for. */
export interface OwnedSlab extends Slab {
  /** Gives the bytes back to the budget. The memory itself goes with its last reader. */
  close(): void;
}

const WORD_BYTES = 4;
const ALIGNMENT = 64;
const FREES = 0;
const FIRST_WORD = ALIGNMENT / WORD_BYTES;
const OWNER_BITS = 20;
const OWNER_MASK = (1 << OWNER_BITS) - 1;
const ALIVE_MS = 60_000;
const GENERATION_MASK = (1 << (31 - OWNER_BITS)) - 1;

/**
 * Leases the memory of a slab, then allocates it.
 * @throws RuvectorError `ERR_PIPELINE_SLOT` for a size that cannot be; what `lease` throws
 */
export async function createSlab(
  budget: MemoryBudget,
  classes: readonly SlotClass[],
  signal?: AbortSignal,
): Promise<OwnedSlab> {
  const problem = classes.find(({ slotBytes, slots }) => !isCount(slotBytes) || !isCount(slots));
  if (problem || classes.length === 0) throw slabSizeError(problem ?? { slotBytes: 0, slots: 0 });
  const sorted = classes
    .map(({ slotBytes, slots }) => ({ slotBytes: align(slotBytes), slots }))
    .toSorted((a, b) => a.slotBytes - b.slotBytes);
  const bytes = headerBytesOf(sorted) + sorted.reduce((sum, each) => sum + each.slotBytes * each.slots, 0);
  const lease = await budget.lease(bytes, signal);
  try {
    return new LeasedSlab({ buffer: new SharedArrayBuffer(bytes), classes: sorted }, lease);
  } catch (error) {
    lease.release();
    throw error;
  }
}

/** Sees the slab of another thread. */
export const attachSlab = (memory: SlabMemory): Slab => new SharedSlab(memory);

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
const headerBytesOf = (classes: readonly SlotClass[]): number =>
  align(ALIGNMENT + WORD_BYTES * classes.reduce((sum, { slots }) => sum + slots, 0));

/** The owner that stands for a thread; 0 is nobody. */
const ownerOf = (thread: number): number => (thread % OWNER_MASK) + 1;
const wordOf = (generation: number, owner: number): number => (generation << OWNER_BITS) | owner;
const generationOf = (word: number): number => (word >>> OWNER_BITS) & GENERATION_MASK;

/** Where a slot lies. */
interface Place {
  readonly start: number;
  readonly bytes: number;
}

class SharedSlab implements Slab {
  readonly memory: SlabMemory;
  readonly largestSlotBytes: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** In the order of their sizes. */
  readonly #places: readonly Place[];
  readonly #owner = ownerOf(threadId);
  /** The last one that waits in this thread. */
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(memory: SlabMemory) {
    this.memory = memory;
    const headerBytes = headerBytesOf(memory.classes);
    this.#words = new Int32Array(memory.buffer, 0, headerBytes / WORD_BYTES);
    this.#places = placesOf(memory.classes, headerBytes);
    this.largestSlotBytes = this.#places.at(-1)!.bytes;
  }

  get freeSlots(): number {
    let free = 0;
    for (let i = 0; i < this.#places.length; i++) if (this.#ownerAt(i) === 0) free++;
    return free;
  }

  tryTake(bytes: number): Slot | null {
    return this.#waiting > 0 ? null : this.#scan(bytes);
  }

  async take(bytes: number, signal?: AbortSignal): Promise<Slot> {
    if (bytes > this.largestSlotBytes) throw slotTooLargeError(bytes, this.largestSlotBytes);
    signal?.throwIfAborted();
    const now = this.tryTake(bytes);
    if (now) return now;
    this.#waiting++;
    const turn = this.#queue.then(() => this.#wait(bytes, signal)).finally(() => this.#waiting--);
    this.#queue = turn.catch(() => {});
    return signal ? orAborted(turn, signal) : turn;
  }

  takeOver({ index, generation }: SlotTicket): Slot | null {
    const at = FIRST_WORD + index;
    for (;;) {
      const word = Atomics.load(this.#words, at);
      if (generationOf(word) !== generation || (word & OWNER_MASK) === 0) return null;
      const mine = wordOf(generation, this.#owner);
      if (Atomics.compareExchange(this.#words, at, word, mine) === word) return this.#slotAt(index, mine);
    }
  }

  bytesOf({ index }: SlotTicket): Uint8Array<SharedArrayBuffer> {
    const { start, bytes } = this.#places[index]!;
    return new Uint8Array(this.memory.buffer, start, bytes);
  }

  reclaim(deadThreadId: number): number {
    const owner = ownerOf(deadThreadId);
    let freed = 0;
    for (let i = 0; i < this.#places.length; i++) {
      const word = Atomics.load(this.#words, FIRST_WORD + i);
      if ((word & OWNER_MASK) === owner && this.#free(i, word)) freed++;
    }
    return freed;
  }

  #ownerAt(index: number): number {
    return Atomics.load(this.#words, FIRST_WORD + index) & OWNER_MASK;
  }

  #scan(bytes: number): Slot | null {
    for (let i = 0; i < this.#places.length; i++) {
      if (this.#places[i]!.bytes < bytes) continue;
      const word = Atomics.load(this.#words, FIRST_WORD + i);
      if ((word & OWNER_MASK) !== 0) continue;
      const taken = wordOf((generationOf(word) + 1) & GENERATION_MASK, this.#owner);
      if (Atomics.compareExchange(this.#words, FIRST_WORD + i, word, taken) === word) {
        return this.#slotAt(i, taken);
      }
    }
    return null;
  }

  #slotAt(index: number, word: number): Slot {
    const ticket = { index, generation: generationOf(word) };
    return {
      ticket,
      bytes: this.bytesOf(ticket),
      release: () => void this.#free(index, word),
    };
  }

  /** Frees a slot unless it changed hands. */
  #free(index: number, word: number): boolean {
    const free = wordOf(generationOf(word), 0);
    if (Atomics.compareExchange(this.#words, FIRST_WORD + index, word, free) !== word) return false;
    Atomics.add(this.#words, FREES, 1);
    Atomics.notify(this.#words, FREES);
    return true;
  }

  async #wait(bytes: number, signal: AbortSignal | undefined): Promise<Slot> {
    const aborted = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => aborted.resolve(), { once: true });
    // A thread that only waits on shared memory has nothing to live for, as Node sees it, and would end.
    const alive = setInterval(() => {}, ALIVE_MS);
    try {
      for (;;) {
        signal?.throwIfAborted();
        // Read before the scan: a slot that is freed behind it changes the count, and the wait ends at once.
        const frees = Atomics.load(this.#words, FREES);
        const slot = this.#scan(bytes);
        if (slot) return slot;
        const change = Atomics.waitAsync(this.#words, FREES, frees);
        if (change.async) await Promise.race([change.value, aborted.promise]);
      }
    } finally {
      clearInterval(alive);
    }
  }
}

/** An abort is answered at once, also behind others that wait; a slot that was just found goes back. */
async function orAborted(turn: Promise<Slot>, signal: AbortSignal): Promise<Slot> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(signal.reason as Error);
    turn.then(
      (slot) => slot.release(),
      () => {},
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([turn, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

class LeasedSlab extends SharedSlab implements OwnedSlab {
  readonly #lease: MemoryLease;

  constructor(memory: SlabMemory, lease: MemoryLease) {
    super(memory);
    this.#lease = lease;
  }

  close(): void {
    this.#lease.release();
  }
}

function placesOf(classes: readonly SlotClass[], headerBytes: number): Place[] {
  let start = headerBytes;
  return classes.flatMap(({ slotBytes, slots }) =>
    Array.from({ length: slots }, () => {
      const place = { start, bytes: slotBytes };
      start += slotBytes;
      return place;
    }),
  );
}
