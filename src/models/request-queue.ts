// The main thread's side of the ring: sends rows, pairs answers with callers. An answer is looked for in the
// shared memory while one request is under way and answers come fast, else the worker calls by message. Knows
// no threads: who owns the worker hands its messages in.
import { queueFullError, runFailedError } from './errors.ts';
import type { ErrorMessage } from './errors.ts';
import type { BriefLook } from './brief-look.ts';
import { pushRequest, readAnswer, readRingHead, readTail, setCall } from './request-ring.ts';
import type { RawAnswer, RingView } from './request-ring.ts';
import type { AnswerMessage } from './worker-messages.ts';

/** Requests under way to one worker. */
export interface RequestQueue {
  /** @throws ModelRuntimeError `ERR_MODEL_RUN`, `ERR_MODEL_BUSY`, or what `close` or `rejectOldest` is given */
  push(sessionId: number, features: Float32Array, width: number): Promise<RawAnswer>;
  /** Takes a message of the worker. */
  receive(message: AnswerMessage): void;
  /** How long the oldest request has been waiting, in ms; null when none is. */
  oldestAgeMs(): number | null;
  /** Rejects the oldest request, although the worker may still answer it. */
  rejectOldest(error: Error): void;
  /** Hands out what was answered and rejects every other request. */
  close(error: Error): void;
}

/** What a queue is built of; the last two are for tests. */
export interface RequestQueueOptions {
  readonly ring: RingView;
  readonly look: BriefLook;
  /** Calls back in a later turn of the event loop, after what else is ready in this one. @default setImmediate */
  readonly later?: (callback: () => void) => void;
}

/** Builds the queue of a ring that nothing was pushed to yet. */
export function createRequestQueue(options: RequestQueueOptions): RequestQueue {
  return new SharedQueue(options);
}

interface Waiter {
  readonly width: number;
  readonly sinceMs: number;
  readonly resolve: (answer: RawAnswer) => void;
  readonly reject: (error: Error) => void;
}

class SharedQueue implements RequestQueue {
  readonly #ring: RingView;
  readonly #look: BriefLook;
  readonly #later: (callback: () => void) => void;
  readonly #waiters: (Waiter | undefined)[];
  /** Why requests failed whose turn has not come. */
  readonly #failures = new Map<number, ErrorMessage>();
  #head: number;
  #tail: number;
  #isLookAhead = false;
  #isClosed = false;

  constructor({ ring, look, later = setImmediate }: RequestQueueOptions) {
    this.#ring = ring;
    this.#look = look;
    this.#later = later;
    this.#waiters = Array.from({ length: ring.capacity });
    this.#head = readRingHead(ring);
    this.#tail = readTail(ring);
  }

  push(sessionId: number, features: Float32Array, width: number): Promise<RawAnswer> {
    const { capacity } = this.#ring;
    if (this.#inFlight >= capacity) return Promise.reject(queueFullError(capacity));
    return new Promise((resolve, reject) => {
      const position = this.#head;
      const waiter = { width, sinceMs: performance.now(), resolve, reject };
      this.#waiters[position & (capacity - 1)] = waiter;
      this.#head = (position + 1) | 0;
      this.#prepareToHear();
      pushRequest(this.#ring, position, sessionId, features);
    });
  }

  receive(message: AnswerMessage): void {
    if (this.#isClosed) return;
    if (message !== 'answered') this.#failures.set(message.position, message.error);
    if (this.#isLookAhead) this.#settle();
    else this.#settleAndListen();
  }

  oldestAgeMs(): number | null {
    this.#settle();
    const oldest = this.#waiters[this.#tail & (this.#ring.capacity - 1)];
    return oldest === undefined ? null : performance.now() - oldest.sinceMs;
  }

  rejectOldest(error: Error): void {
    const index = this.#tail & (this.#ring.capacity - 1);
    this.#waiters[index]?.reject(error);
    this.#waiters[index] = undefined;
  }

  close(error: Error): void {
    this.#settle();
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter?.reject(error);
    this.#waiters.fill(undefined);
  }

  get #inFlight(): number {
    return (this.#head - this.#tail) | 0;
  }

  /**
   * Settles how the answer will be heard of, before the request goes out. The look comes in a later turn of
   * the event loop: by then the worker is awake, requests of the same turn are out, and a caller that asks
   * again and again keeps nobody from timers and sockets.
   */
  #prepareToHear(): void {
    if (this.#isLookAhead) return;
    this.#isLookAhead = this.#inFlight === 1 && this.#look.isDue();
    setCall(this.#ring, !this.#isLookAhead);
    if (this.#isLookAhead) this.#later(() => this.#lookForAnswer());
  }

  #lookForAnswer(): void {
    this.#isLookAhead = false;
    if (this.#isClosed) return;
    // For several requests a message costs little each, and the loop has better things to do than look.
    if (this.#inFlight === 1) this.#look.until(() => readTail(this.#ring) !== this.#tail);
    this.#settleAndListen();
  }

  /** Hands out what is there and asks to be called for the rest. */
  #settleAndListen(): void {
    while (this.#settle()) {
      setCall(this.#ring, true);
      if (readTail(this.#ring) === this.#tail) return;
    }
  }

  /** Returns whether requests are left that no message is under way for. */
  #settle(): boolean {
    const published = readTail(this.#ring);
    while (!this.#isClosed && this.#tail !== published) {
      const failure = this.#failures.get(this.#tail);
      const index = this.#tail & (this.#ring.capacity - 1);
      // None when it was rejected as the oldest.
      const waiter = this.#waiters[index];
      const answer = readAnswer(this.#ring, this.#tail, waiter?.width ?? 0);
      if (answer) waiter?.resolve(answer);
      else if (failure) waiter?.reject(runFailedError(failure));
      else return false;
      this.#failures.delete(this.#tail);
      this.#waiters[index] = undefined;
      this.#tail = (this.#tail + 1) | 0;
    }
    return this.#inFlight > 0;
  }
}
