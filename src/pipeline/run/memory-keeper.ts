// Who gets memory of the budget, and who waits for it. The source holds nothing while it waits, so what is under way can
// always end; a batch that grew beyond what was leased for it goes first, the oldest before all, and nothing is read
// meanwhile. In the budget's own line, where one waits behind all others, a run stands only when nothing of it can move.
// What can never end is an error, not a wait.
import type { MemoryBudget, MemoryLease } from '../contract.ts';
import type { Item } from './item.ts';

/** How long a run at a standstill waits for those who share its budget. */
const OTHERS_PATIENCE_MS = 10_000;

/** A batch that needs more than it has. */
interface Short {
  readonly number: number;
  readonly extraBytes: number;
  /** False for bytes that are allocated already. */
  readonly isEstimate: boolean;
  readonly grant: (lease: MemoryLease | null) => void;
  readonly fail: (extraBytes: number) => void;
}

/** What a batch asks for. */
export interface Need {
  /** Bytes beside those of the source's batch. */
  readonly bytes: number;
  /** It is not allocated yet, and may turn out to be less: nothing fails for want of it. */
  readonly isEstimate: boolean;
}

/** What becomes of a wait. */
export interface Told {
  goesOn(): void;
  fails(extraBytes: number): void;
}

/** Hands the bytes of a budget to one run. */
export class MemoryKeeper {
  readonly #budget: MemoryBudget;
  /** The oldest first. */
  readonly #short: Short[] = [];
  /** Of the wait for others, if there is one. */
  #waiting: AbortController | null = null;
  #isClosed = false;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  get limitBytes(): number {
    return this.#budget.limitBytes;
  }

  get isShort(): boolean {
    return this.#short.length > 0;
  }

  /** A lease, if there is room and nobody waits for it. */
  tryLease(bytes: number): MemoryLease | null {
    return this.isShort ? null : this.#budget.tryLease(bytes);
  }

  /** Waits for those who share the budget. Only for a run of which no batch is under way. Null at its end. */
  async waitForOthers(bytes: number): Promise<MemoryLease | null> {
    const turn = new AbortController();
    this.#waiting = turn;
    try {
      const lease = await this.#budget.lease(bytes, turn.signal);
      if (!turn.signal.aborted) return lease;
      lease.release();
    } catch (error) {
      if (!turn.signal.aborted) throw error;
    } finally {
      this.#waiting = null;
    }
    return null;
  }

  /** Nothing more is read: ends a wait for room to read into. */
  stopReading(): void {
    if (!this.isShort) this.#waiting?.abort();
  }

  /**
   * Sees to it that a batch has what it needs, and gives back what it does not.
   * @param told at once when it goes on, and when it never can
   * @returns null when it has; else what to wait for
   */
  cover(item: Item, { bytes, isEstimate }: Need, told: Told): Promise<void> | null {
    item.trim(bytes);
    this.serve();
    const extraBytes = bytes - item.coveredBytes;
    if (extraBytes <= 0) return null;
    const isPossible = extraBytes <= this.limitBytes;
    const lease = isPossible && !this.#isBehind(item.number) ? this.#budget.tryLease(extraBytes) : null;
    if (lease) {
      item.add(lease);
      return null;
    }
    return new Promise((resolve) => {
      const grant = (granted: MemoryLease | null): void => {
        if (granted) item.add(granted);
        told.goesOn();
        resolve();
      };
      this.#insert({ number: item.number, extraBytes, isEstimate, grant, fail: told.fails });
    });
  }

  /** Bytes came back: whoever waits longest gets them. */
  serve(): void {
    while (!this.#isClosed && this.#waiting === null) {
      const [oldest] = this.#short;
      if (!oldest) return;
      const lease = oldest.extraBytes <= this.limitBytes ? this.#budget.tryLease(oldest.extraBytes) : null;
      if (!lease) return;
      this.#settleOldest(lease);
    }
  }

  /**
   * Nothing under way can go on by itself. The oldest does without, fails, or waits for those who share the budget.
   * @param ownBytes what this run has of the budget
   */
  resolveStandstill(ownBytes: number): void {
    this.serve();
    const [oldest] = this.#short;
    if (!oldest || this.#waiting !== null || this.#isClosed) return;
    if (oldest.isEstimate) this.#settleOldest(null);
    else if (ownBytes + oldest.extraBytes > this.limitBytes) oldest.fail(oldest.extraBytes);
    else void this.#servePatiently(oldest);
  }

  /** Ends all waits. */
  close(): void {
    this.#isClosed = true;
    this.#waiting?.abort();
  }

  async #servePatiently(oldest: Short): Promise<void> {
    // Those who share the budget may wait for us in turn.
    const patience = setTimeout(() => oldest.fail(oldest.extraBytes), OTHERS_PATIENCE_MS);
    const lease = await this.waitForOthers(oldest.extraBytes);
    clearTimeout(patience);
    if (lease) this.#settle(oldest, lease);
    this.serve();
  }

  #isBehind(number: number): boolean {
    return this.#short.some((other) => other.number < number);
  }

  #insert(short: Short): void {
    const at = this.#short.findIndex(({ number }) => number > short.number);
    this.#short.splice(at === -1 ? this.#short.length : at, 0, short);
  }

  #settleOldest(lease: MemoryLease | null): void {
    this.#settle(this.#short[0]!, lease);
  }

  #settle(short: Short, lease: MemoryLease | null): void {
    this.#short.splice(this.#short.indexOf(short), 1);
    short.grant(lease);
  }
}
