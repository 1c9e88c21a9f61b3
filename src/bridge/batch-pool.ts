// Reusable memory for outgoing batches. First touch of fresh pages runs at about 1.4 GB/s, reused
// pages at several times that, so slots are kept and handed out last-in first-out (warm in cache).
// A slot may be written again only after the peer's ACK: ZeroMQ sends from this very memory.

/** One piece of memory on loan. Exactly one of `release` and `discard` ends the loan. */
export interface PoolSlot {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The peer has it all: the memory may be used again. */
  release(): void;
  /** The peer vanished while ZeroMQ may still read the memory: leave it to the garbage collector. */
  discard(): void;
}

export interface BatchPool {
  /** Lends a slot of at least `sizeBytes`. */
  take(sizeBytes: number): PoolSlot;
  stats(): { slotsInUse: number; bytesInUse: number; idleBytes: number };
}

const MIN_SLOT_BYTES = 4096;

/**
 * Builds a pool.
 * @param maxIdleBytes idle memory kept for reuse; more is left to the garbage collector
 */
export function buildBatchPool(maxIdleBytes: number): BatchPool {
  const idleBySize = new Map<number, Uint8Array<ArrayBuffer>[]>();
  let idleBytes = 0;
  let bytesInUse = 0;
  let slotsInUse = 0;

  function reuse(size: number): Uint8Array<ArrayBuffer> | undefined {
    const bytes = idleBySize.get(size)?.pop();
    if (bytes) idleBytes -= size;
    return bytes;
  }

  function keep(bytes: Uint8Array<ArrayBuffer>): void {
    if (idleBytes + bytes.length > maxIdleBytes) return;
    const idle = idleBySize.get(bytes.length) ?? [];
    idleBySize.set(bytes.length, idle);
    idle.push(bytes);
    idleBytes += bytes.length;
  }

  function take(sizeBytes: number): PoolSlot {
    const size = slotSizeOf(sizeBytes);
    const bytes = reuse(size) ?? new Uint8Array(size);
    let isOnLoan = true;
    const end = (isReusable: boolean): void => {
      if (!isOnLoan) return;
      isOnLoan = false;
      slotsInUse--;
      bytesInUse -= size;
      if (isReusable) keep(bytes);
    };
    slotsInUse++;
    bytesInUse += size;
    return { bytes, release: () => end(true), discard: () => end(false) };
  }

  return { take, stats: () => ({ slotsInUse, bytesInUse, idleBytes }) };
}

/** Eight sizes to each power of two: batches of one feed differ a little and still share slots. */
function slotSizeOf(sizeBytes: number): number {
  const step = Math.max(MIN_SLOT_BYTES, 2 ** (Math.floor(Math.log2(Math.max(1, sizeBytes))) - 3));
  return Math.max(1, Math.ceil(sizeBytes / step)) * step;
}
