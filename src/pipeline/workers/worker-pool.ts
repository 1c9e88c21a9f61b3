// Threads for one transform, by tinypool, and what tinypool leaves open: a thread that calls `process.exit` fails its
// task, one that cannot start fails those that wait for it, and a task that takes too long ends with its thread.
import { extname } from 'node:path';
import { Tinypool } from 'tinypool';
import type { LostWorker } from './errors.ts';
import { sinceStampMs } from './worker-messages.ts';
import type { WorkerReply, WorkerStart, WorkerTask } from './worker-messages.ts';

/** Node's limits of a thread; what goes over them ends the thread. */
export interface ThreadLimits {
  readonly maxOldGenerationSizeMb?: number;
  readonly maxYoungGenerationSizeMb?: number;
  readonly stackSizeMb?: number;
}

export interface WorkerPoolOptions {
  readonly start: Omit<WorkerStart, 'startedAt'>;
  readonly maxWorkers: number;
  readonly resourceLimits: ThreadLimits | undefined;
  /** Longest time in the transform; null for no limit. */
  readonly timeoutMs: number | null;
  /** A thread is gone, for whatever reason. */
  onExit(threadId: number): void;
}

/** A task for the lane it runs in, and the memory that goes with it. */
export type BuildTask = (lane: number) => {
  readonly task: WorkerTask;
  readonly transferList: readonly ArrayBuffer[];
};

export type WorkerOutcome<T> = WorkerReply<T> | { readonly loss: LostWorker };

const workerPath = new URL(`./transform-worker${extname(import.meta.filename)}`, import.meta.url);
/** A thread with nothing to do lives on for so long. */
const IDLE_MS = 10_000;
const NEVER_MS = 2 ** 31 - 1;
/** To start a thread and to load the module. */
const START_TIMEOUT_MS = 60_000;
/** To close a transform in order. */
const CLOSE_TIMEOUT_MS = 1000;

/** Threads that are alike. At most `maxWorkers` tasks at a time. */
export class WorkerPool {
  readonly #pool: Tinypool;
  readonly #options: WorkerPoolOptions;
  readonly #startedAt: Int32Array<SharedArrayBuffer>;
  readonly #lanes: number[];
  readonly #known = new WeakSet<object>();
  #isClosedInOrder = false;

  /** @throws DataCloneError when the options cannot travel to a thread */
  constructor(options: WorkerPoolOptions) {
    const { maxWorkers, start, resourceLimits } = options;
    this.#options = options;
    this.#startedAt = new Int32Array(new SharedArrayBuffer(4 * maxWorkers));
    this.#lanes = Array.from({ length: maxWorkers }, (_, lane) => lane);
    this.#pool = new Tinypool({
      filename: workerPath,
      name: 'runTask',
      minThreads: 1,
      maxThreads: maxWorkers,
      idleTimeout: IDLE_MS,
      execArgv: [],
      trackUnmanagedFds: false,
      workerData: { ...start, startedAt: this.#startedAt } satisfies WorkerStart,
      ...(resourceLimits && { resourceLimits }),
    });
    // A thread that died before it had a task; those that wait for it would wait for ever.
    this.#pool.on('error', () => this.#pool.cancelPendingTasks());
    this.#watchThreads();
  }

  get threads(): number {
    return this.#pool.threads.length;
  }

  /** Its transforms have something to close: idle threads are kept, and closed in order at the end. */
  keepIdle(): void {
    this.#isClosedInOrder = true;
    this.#pool.options.idleTimeout = NEVER_MS;
  }

  /** @throws the signal's reason; the thread is ended */
  async run<T>(build: BuildTask, signal: AbortSignal): Promise<WorkerOutcome<T>> {
    signal.throwIfAborted();
    const lane = this.#lanes.pop()!;
    Atomics.store(this.#startedAt, lane, 0);
    const { task, transferList } = build(lane);
    const end = new AbortController();
    let late: LostWorker | null = null;
    const onAbort = (): void => end.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    const limit = this.#limitTime(lane, (afterMs) => {
      late = { kind: 'timeout', afterMs };
      end.abort();
    });
    try {
      const answer = this.#pool.run(task, { signal: end.signal, transferList: [...transferList] });
      this.#watchThreads();
      return (await answer) as WorkerReply<T>;
    } catch (cause) {
      if (late) return { loss: late };
      signal.throwIfAborted();
      return { loss: { kind: 'crash', cause } };
    } finally {
      limit.stop();
      signal.removeEventListener('abort', onAbort);
      this.#lanes.push(lane);
    }
  }

  /** Ends all threads at once; tasks that still run fail. With `inOrder` transforms that are idle are closed first. */
  async close(inOrder: boolean): Promise<void> {
    const build: BuildTask = (lane) => ({ task: { kind: 'close', lane }, transferList: [] });
    const signal = AbortSignal.timeout(CLOSE_TIMEOUT_MS);
    const count = inOrder && this.#isClosedInOrder ? Math.min(this.threads, this.#lanes.length) : 0;
    await Promise.allSettled(Array.from({ length: count }, () => this.run(build, signal)));
    this.#pool.options.minThreads = 0;
    await this.#pool.destroy();
  }

  /** tinypool hears of errors only: a thread that ends by itself without one still has its tasks. */
  #watchThreads(): void {
    for (const thread of this.#pool.threads) {
      if (this.#known.has(thread)) continue;
      this.#known.add(thread);
      thread.once('exit', (code: number) => {
        this.#options.onExit(thread.threadId);
        if (!this.#pool.threads.includes(thread)) return;
        thread.emit('error', new Error(`the thread ended with exit code ${code}`));
        // One that took its place.
        this.#watchThreads();
      });
      thread.once('error', () => setImmediate(() => this.#watchThreads()));
    }
  }

  /** Counts from when the transform has the batch; the timer also keeps the process alive while a thread starts. */
  #limitTime(lane: number, onLate: (afterMs: number) => void): { stop(): void } {
    const { timeoutMs } = this.#options;
    const handedMs = performance.now();
    let timer: NodeJS.Timeout;
    const check = (): void => {
      const stamp = Atomics.load(this.#startedAt, lane);
      const [limitMs, passedMs] =
        stamp === 0
          ? [START_TIMEOUT_MS, performance.now() - handedMs]
          : [timeoutMs ?? Infinity, sinceStampMs(stamp)];
      if (passedMs >= limitMs) return onLate(limitMs);
      const nextMs = Math.min(limitMs - passedMs, timeoutMs ?? START_TIMEOUT_MS);
      timer = setTimeout(check, Math.max(1, nextMs));
    };
    check();
    return { stop: () => clearTimeout(timer) };
  }
}
