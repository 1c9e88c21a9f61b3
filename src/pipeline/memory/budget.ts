// The memory budget of a run: bytes are leased before they are allocated, and whoever finds no room waits. That
// wait is the back-pressure of a pipeline. Bytes that are out never exceed the limit. Pure accounting, no memory.
import type { MemoryBudget, MemoryLease } from '../contract.ts';
import { budgetLimitError, budgetRequestError, budgetTooSmallError } from './errors.ts';

/** One that waits for room. */
interface Waiter {
  readonly bytes: number;
  readonly grant: (lease: MemoryLease) => void;
}

/**
 * Creates a budget. Requests are served strictly in the order they came: a large one at the head is not passed by
 * small ones behind it, neither by `lease` nor by `tryLease`.
 * @throws RuvectorError `ERR_PIPELINE_BUDGET` when the limit is no whole number of bytes above 0
 */
export function createMemoryBudget(limitBytes: number): MemoryBudget {
  if (!Number.isSafeInteger(limitBytes) || limitBytes <= 0) throw budgetLimitError(limitBytes);
  return new FifoBudget(limitBytes);
}

class FifoBudget implements MemoryBudget {
  readonly limitBytes: number;
  #usedBytes = 0;
  #peakBytes = 0;
  /** In the order they came: a Set keeps it, and one that is aborted leaves in no time. */
  readonly #waiting = new Set<Waiter>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  async lease(bytes: number, signal?: AbortSignal): Promise<MemoryLease> {
    this.#check(bytes);
    signal?.throwIfAborted();
    return this.tryLease(bytes) ?? (await this.#wait(bytes, signal));
  }

  tryLease(bytes: number): MemoryLease | null {
    this.#check(bytes);
    return this.#waiting.size === 0 && this.#hasRoom(bytes) ? this.#take(bytes) : null;
  }

  #check(bytes: number): void {
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw budgetRequestError(bytes);
    if (bytes > this.limitBytes) throw budgetTooSmallError(bytes, this.limitBytes);
  }

  #hasRoom(bytes: number): boolean {
    return bytes <= this.limitBytes - this.#usedBytes;
  }

  #take(bytes: number): MemoryLease {
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
    return new Lease(bytes, (returned) => this.#giveBack(returned));
  }

  #giveBack(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#serve();
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      if (!this.#hasRoom(waiter.bytes)) return;
      this.#waiting.delete(waiter);
      waiter.grant(this.#take(waiter.bytes));
    }
  }

  #wait(bytes: number, signal: AbortSignal | undefined): Promise<MemoryLease> {
    const { promise, resolve, reject } = Promise.withResolvers<MemoryLease>();
    const onAbort = (): void => {
      this.#waiting.delete(waiter);
      reject(signal!.reason as Error);
      // It may have been the large one that kept others waiting.
      this.#serve();
    };
    const waiter: Waiter = {
      bytes,
      grant: (lease) => {
        signal?.removeEventListener('abort', onAbort);
        resolve(lease);
      },
    };
    this.#waiting.add(waiter);
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise;
  }
}

class Lease implements MemoryLease {
  #bytes: number;
  readonly #giveBack: (bytes: number) => void;

  constructor(bytes: number, giveBack: (bytes: number) => void) {
    this.#bytes = bytes;
    this.#giveBack = giveBack;
  }

  get bytes(): number {
    return this.#bytes;
  }

  shrink(toBytes: number): void {
    if (!Number.isSafeInteger(toBytes) || toBytes < 0) throw budgetRequestError(toBytes);
    if (toBytes >= this.#bytes) return;
    const returned = this.#bytes - toBytes;
    this.#bytes = toBytes;
    this.#giveBack(returned);
  }

  release(): void {
    this.shrink(0);
  }
}
