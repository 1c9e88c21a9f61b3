// One inference worker as the main thread sees it: starts it, loads models in it, notices when it died or
// hangs. Rows and answers go through request-queue.ts. Knows nothing of versions or swaps: that is host.ts.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createBriefLook } from './brief-look.ts';
import { rebuiltRejectionError, runTimeoutError, workerLostError } from './errors.ts';
import type { ModelRuntimeError } from './errors.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';
import { createRequestQueue } from './request-queue.ts';
import type { RequestQueue } from './request-queue.ts';
import { createRing, viewRing, wakeWorker } from './request-ring.ts';
import type { RawAnswer } from './request-ring.ts';
import type { AnswerMessage, ControlMessage, WorkerMessage } from './worker-messages.ts';

/** Options of {@link createInferenceThread}. */
export interface InferenceThreadOptions {
  readonly featureCount: number;
  /** Requests in flight before `run` is refused; a power of two. */
  readonly capacity: number;
  /** A request unanswered for longer means the worker hangs. */
  readonly requestTimeoutMs: number;
  readonly loadTimeoutMs: number;
  /** Called once when the worker ended by itself; every pending call was already rejected. */
  readonly onLost: (error: ModelRuntimeError) => void;
}

/** One worker thread with any number of loaded models. */
export interface InferenceThread {
  readonly isLost: boolean;
  /** Columns of the widest row it takes. */
  readonly featureCount: number;
  /** Models loaded since the start; with the heap size it decides when to replace the worker. */
  readonly loads: number;
  readonly heapUsedBytes: number;
  load(sessionId: number, request: LoadRequest): Promise<LoadReport>;
  release(sessionId: number): void;
  /** @throws ModelRuntimeError `ERR_MODEL_RUN`, `ERR_MODEL_BUSY`, `ERR_MODEL_TIMEOUT` or `ERR_MODEL_WORKER_LOST` */
  run(sessionId: number, features: Float32Array, width: number): Promise<RawAnswer>;
  /** Ends the worker after what it is doing; pending calls are rejected. */
  close(): Promise<void>;
}

interface LoadWaiter {
  readonly timer: NodeJS.Timeout;
  readonly resolve: (report: LoadReport) => void;
  readonly reject: (error: Error) => void;
}

const workerUrl = new URL(`./inference-worker${extname(import.meta.filename)}`, import.meta.url);
const CLOSE_TIMEOUT_MS = 2000;

/** A load leaves much short-lived garbage; without tight limits it stays resident (+50 % RSS in 1,000 swaps). */
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 128 };

/** Starts a worker. It is usable at once: requests wait in the ring until it listens. */
export function createInferenceThread(options: InferenceThreadOptions): InferenceThread {
  return new RingThread(options);
}

class RingThread implements InferenceThread {
  readonly #options: InferenceThreadOptions;
  readonly featureCount: number;
  readonly #ring;
  readonly #worker: Worker;
  readonly #queue: RequestQueue;
  readonly #loadWaiters = new Map<number, LoadWaiter>();
  readonly #watchdog: NodeJS.Timeout;
  readonly #exited: Promise<void>;
  #lostError: ModelRuntimeError | undefined;
  #isClosing = false;
  loads = 0;
  heapUsedBytes = 0;

  constructor(options: InferenceThreadOptions) {
    this.#options = options;
    this.featureCount = options.featureCount;
    const ring = createRing(options.featureCount, options.capacity);
    this.#ring = viewRing(ring);
    this.#queue = createRequestQueue({ ring: this.#ring, look: createBriefLook() });
    this.#worker = new Worker(workerUrl, {
      workerData: ring,
      execArgv: [],
      name: 'ruvector-inference',
      resourceLimits,
    });
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#lose('it failed', error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#lose(`it ended with code ${code}`);
        resolve();
      });
    });
    this.#watchdog = setInterval(() => this.#checkOldest(), Math.min(1000, options.requestTimeoutMs / 2));
    this.#watchdog.unref();
  }

  get isLost(): boolean {
    return this.#lostError !== undefined;
  }

  load(sessionId: number, request: LoadRequest): Promise<LoadReport> {
    if (this.#lostError) return Promise.reject(this.#lostError);
    this.loads++;
    return new Promise((resolve, reject) => {
      const { loadTimeoutMs } = this.#options;
      const timer = setTimeout(() => this.#lose(`loading took over ${loadTimeoutMs} ms`), loadTimeoutMs);
      timer.unref();
      this.#loadWaiters.set(sessionId, { timer, resolve, reject });
      this.#send({ kind: 'load', sessionId, request });
    });
  }

  release(sessionId: number): void {
    if (!this.#lostError) this.#send({ kind: 'release', sessionId });
  }

  run(sessionId: number, features: Float32Array, width: number): Promise<RawAnswer> {
    if (this.#lostError) return Promise.reject(this.#lostError);
    return this.#queue.push(sessionId, features, width);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#lostError) return;
    this.#send({ kind: 'close' });
    const { promise, resolve } = Promise.withResolvers<void>();
    // A run that never returns cannot be stopped from outside (see #lose), so its end is not awaited for ever.
    const timer = setTimeout(() => {
      this.#lose('it did not close in time');
      resolve();
    }, CLOSE_TIMEOUT_MS);
    await Promise.race([this.#exited, promise]);
    clearTimeout(timer);
  }

  #send(message: ControlMessage): void {
    this.#worker.postMessage(message, []);
    wakeWorker(this.#ring);
  }

  #receive(message: WorkerMessage): void {
    if (message === 'answered' || message.kind === 'failed') this.#queue.receive(message);
    else this.#settleLoad(message);
  }

  #settleLoad(message: Exclude<WorkerMessage, AnswerMessage>): void {
    const waiter = this.#loadWaiters.get(message.sessionId);
    this.#loadWaiters.delete(message.sessionId);
    clearTimeout(waiter?.timer);
    if (message.kind === 'refused') {
      waiter?.reject(rebuiltRejectionError(message.error));
      return;
    }
    this.heapUsedBytes = message.heapUsedBytes;
    waiter?.resolve(message.report);
  }

  #checkOldest(): void {
    if (this.#loadWaiters.size > 0) return;
    const ageMs = this.#queue.oldestAgeMs();
    if (ageMs === null || ageMs <= this.#options.requestTimeoutMs) return;
    // Answers come in order, so the oldest request is the one that hangs; the others may be asked again.
    this.#queue.rejectOldest(runTimeoutError(ageMs));
    this.#lose(`a run took over ${Math.round(ageMs)} ms`);
  }

  #lose(state: string, cause?: unknown): void {
    if (this.#lostError) return;
    const error = workerLostError(state, cause);
    this.#lostError = error;
    clearInterval(this.#watchdog);
    // Never terminate(): when it interrupts a native run, the runtime aborts the whole process on its return
    // (seen with onnxruntime-node 1.30). A worker that hangs is left alone and ends when its run does.
    this.#send({ kind: 'close' });
    this.#worker.unref();
    this.#queue.close(error);
    for (const waiter of this.#loadWaiters.values()) {
      clearTimeout(waiter.timer);
      waiter.reject(error);
    }
    this.#loadWaiters.clear();
    if (!this.#isClosing) this.#options.onLost(error);
  }
}
