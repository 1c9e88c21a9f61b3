// ArrayBuffers of common sizes that are used again, for what travels outside the slab. Every buffer, in use or idle,
// stands on a lease of the budget; idle ones beyond a limit are dropped.
import type { MemoryBudget, MemoryLease } from '../contract.ts';

/** A buffer that was handed out. */
export interface PooledBuffer {
  /** At least as many bytes as were asked for; their content is whatever was there before. */
  readonly buffer: ArrayBuffer;
  /**
   * Puts the buffer back. Give what came back of it when it was transferred meanwhile, or null when it is lost.
   * Calling it again does nothing.
   */
  release(returned?: ArrayBuffer | null): void;
}

/** Buffers of one run. */
export interface BufferPool {
  readonly idleBytes: number;
  /**
   * A buffer from those that lie idle, or a new one once its bytes are leased.
   * @throws what `MemoryBudget.lease` throws
   */
  take(bytes: number, signal?: AbortSignal): Promise<PooledBuffer>;
  /** Drops what lies idle, and gives its bytes back to the budget. */
  trim(): void;
}

/** Smaller buffers are not worth a class of their own. */
const SMALLEST_BYTES = 64 * 1024;
const DEFAULT_IDLE_BYTES = 8 * 1024 * 1024;

interface Idle {
  readonly buffer: ArrayBuffer;
  readonly lease: MemoryLease;
}

/**
 * Creates a pool. Sizes are powers of two, from 64 KiB, so that a buffer fits the next batch that is about as large.
 * @param maxIdleBytes bytes that may lie idle. @default 8 MiB
 */
export function createBufferPool(budget: MemoryBudget, maxIdleBytes = DEFAULT_IDLE_BYTES): BufferPool {
  const idle = new Map<number, Idle[]>();
  let idleBytes = 0;
  const takeIdle = (size: number): Idle | undefined => {
    const found = idle.get(size)?.pop();
    if (found) idleBytes -= size;
    return found;
  };
  const trim = (): void => {
    for (const each of idle.values()) for (const { lease } of each.splice(0)) lease.release();
    idleBytes = 0;
  };
  const putBack = (size: number, returned: Idle): void => {
    if (idleBytes + size > maxIdleBytes) return returned.lease.release();
    idle.set(size, [...(idle.get(size) ?? []), returned]);
    idleBytes += size;
  };
  return {
    get idleBytes() {
      return idleBytes;
    },
    async take(bytes, signal) {
      const size = sizeFor(bytes, budget.limitBytes);
      const { buffer, lease } = takeIdle(size) ?? (await allocate(budget, size, signal, trim));
      let isOut = true;
      return {
        buffer,
        release(returned = buffer) {
          if (!isOut) return;
          isOut = false;
          if (returned === null || returned.byteLength !== size) lease.release();
          else putBack(size, { buffer: returned, lease });
        },
      };
    },
    trim,
  };
}

/** The next power of two, unless only the exact size still fits into the budget. */
function sizeFor(bytes: number, limitBytes: number): number {
  const size = Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
  return size > limitBytes ? bytes : size;
}

/** Buffers of other sizes that lie idle must not keep a budget from a new one. */
async function allocate(
  budget: MemoryBudget,
  size: number,
  signal: AbortSignal | undefined,
  trim: () => void,
): Promise<Idle> {
  let lease = budget.tryLease(size);
  if (lease === null) {
    trim();
    lease = await budget.lease(size, signal);
  }
  try {
    return { buffer: new ArrayBuffer(size), lease };
  } catch (error) {
    lease.release();
    throw error;
  }
}
