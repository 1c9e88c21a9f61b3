// A batch on its way, with the memory it holds. All bytes come out of the lease that was taken before the batch was
// read, and what a stage makes larger than was thought is leased in addition.
import type { Batch, MemoryLease } from '../contract.ts';

/** The lease of one batch of the source. Slices of it share its bytes: they go back when the last of them lets go. */
export class SourceMemory {
  readonly #lease: MemoryLease;
  readonly #batchBytes: number;
  /** Leased for what is made of the batch, and no slice's yet. */
  #spareBytes: number;
  #users = 0;

  /** @param batchBytes what of the lease is the batch itself; the rest is reserved for what is made of it */
  constructor(lease: MemoryLease, batchBytes: number) {
    this.#lease = lease;
    this.#batchBytes = batchBytes;
    this.#spareBytes = lease.bytes - batchBytes;
  }

  /** What each user has of the batch. */
  get shareBytes(): number {
    return this.#batchBytes / Math.max(1, this.#users);
  }

  join(): void {
    this.#users++;
  }

  leave(): void {
    if (--this.#users > 0) return;
    this.giveBack(this.#batchBytes + this.#spareBytes);
    this.#spareBytes = 0;
  }

  /** What is reserved for a slice of so many bytes, which is the slice's from now on. */
  takeReserve(bytes: number): number {
    const taken = Math.min(this.#spareBytes, bytes);
    this.#spareBytes -= taken;
    return taken;
  }

  giveBack(bytes: number): void {
    this.#lease.shrink(this.#lease.bytes - bytes);
  }
}

/** A batch between two stages, or in one. */
export class Item {
  /** Counts up in the order of the source. */
  readonly number: number;
  batch: Batch;
  bytes: number;
  /** Bytes of the batch that are not the source's. */
  ownBytes = 0;
  /** True while a stage has it, which may be about to need what is reserved. */
  isRunning = false;
  readonly #source: SourceMemory;
  #usesSource = true;
  #isReleased = false;
  /** Bytes for what stages will make of it: first those that came with the source's lease. */
  #reservedBytes: number;
  readonly #leases: MemoryLease[] = [];

  /** @param needBytes what it may come to take beside the source's batch, and gets as far as it is reserved */
  constructor(number: number, batch: Batch, bytes: number, source: SourceMemory, needBytes: number) {
    this.number = number;
    this.batch = batch;
    this.bytes = bytes;
    this.#source = source;
    this.#reservedBytes = source.takeReserve(needBytes);
    source.join();
  }

  /** Bytes leased beside those of the source's batch. */
  get coveredBytes(): number {
    return this.#leases.reduce((sum, { bytes }) => sum + bytes, this.#reservedBytes);
  }

  /** Bytes of the source's batch, which slices of it share. */
  get sourceBytes(): number {
    return this.#usesSource ? this.#source.shareBytes : 0;
  }

  add(lease: MemoryLease): void {
    if (this.#isReleased) lease.release();
    else this.#leases.push(lease);
  }

  /** Gives back what is leased beyond so many bytes beside the source's batch. */
  trim(bytes: number): void {
    let excess = this.coveredBytes - bytes;
    while (excess > 0 && this.#leases.length > 0) {
      const lease = this.#leases.at(-1)!;
      const returned = Math.min(excess, lease.bytes);
      lease.shrink(lease.bytes - returned);
      if (lease.bytes === 0) this.#leases.pop();
      excess -= returned;
    }
    if (excess <= 0) return;
    const returned = Math.min(excess, this.#reservedBytes);
    this.#reservedBytes -= returned;
    this.#source.giveBack(returned);
  }

  /** Nothing points into the source's batch any more. What was reserved with it is kept. */
  leaveSource(): void {
    if (!this.#usesSource) return;
    this.#usesSource = false;
    this.#source.leave();
  }

  /** Gives everything back. */
  release(): void {
    this.#isReleased = true;
    this.trim(0);
    this.leaveSource();
  }
}
