// A transform that runs in threads, with the shape of any other: a batch goes to a free worker in a slot of the slab and
// what comes of it comes back. Without state between batches it runs in several workers, as many as pay; with state
// (it has `reset`) in one.
import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as arrow from 'apache-arrow';
import { encodeSchema, isRuvectorError } from '../../core/index.ts';
import type { Batch, MemoryBudget, Transform } from '../contract.ts';
import {
  moduleReferenceError,
  otherColumnsError,
  stateLostError,
  transformFailedError,
  transformLoadError,
  transformWorkerLostError,
  workersClosedError,
} from './errors.ts';
import type { TransformName } from './errors.ts';
import { isSameSchema } from '../memory/same-schema.ts';
import type { Slab } from '../memory/slab.ts';
import { BatchCourier } from './batch-courier.ts';
import type { PackedBatch } from './batch-courier.ts';
import { buildPoolSizer } from './pool-sizer.ts';
import { buildWorkerGate } from './worker-gate.ts';
import { WorkerPool } from './worker-pool.ts';
import type { ThreadLimits, WorkerOutcome } from './worker-pool.ts';
import type { BatchReply, OpenReply } from './worker-messages.ts';

/** A transform by the module that makes it. */
export interface TransformReference {
  /** URL of the module, or its absolute path. */
  readonly module: string | URL;
  /** The function that makes the transform: `(options) => Transform`, or a promise of one. @default 'default' */
  readonly exportName?: string;
  /** Given to that function; whatever `structuredClone` takes. */
  readonly options?: unknown;
}

/** How a transform runs in workers. */
export interface WorkerTransformOptions extends TransformReference {
  /** The columns of the batches it will get. */
  readonly inputSchema: arrow.Schema;
  /** Stands for what travels outside the slab. */
  readonly budget: MemoryBudget;
  /** Takes batches to the workers without a copy on their side. @default none: each travels in a buffer */
  readonly slab?: Slab;
  /** Most workers; a transform with state has one. @default availableParallelism() */
  readonly maxWorkers?: number;
  /** Share of the workers that may work now, for a pressure handler. @default 1 */
  readonly factor?: () => number;
  /** Longest time for one batch in the transform; its worker is ended then. @default none */
  readonly timeoutMs?: number;
  /** A batch whose worker died is tried once more in a new one, unless the transform has state. @default true */
  readonly isRetried?: boolean;
  /** Limits of each thread, by which one that takes too much memory is ended alone. */
  readonly resourceLimits?: ThreadLimits;
  /**
   * Results may lie in slots of the slab, and whoever is last to read one calls `releaseBatch`. For a stage of workers
   * that follows: it takes them without a copy. @default false
   */
  readonly isShared?: boolean;
  /** Ends it, with all threads, at once. */
  readonly signal?: AbortSignal;
}

/** A transform in workers. */
export interface WorkerTransform extends Transform {
  /** Batches that may be under way at once: one for each worker that may be, and one that waits. */
  readonly concurrency: number;
  /** Workers that should work now. */
  readonly workers: number;
  /**
   * @throws RuvectorError `ERR_PIPELINE_TRANSFORM` when the transform throws, `ERR_PIPELINE_WORKER` when its thread
   * dies, `ERR_PIPELINE_TIMEOUT`; the signal's reason
   */
  transform(batch: Batch, signal?: AbortSignal): Promise<Batch | null>;
  close(): Promise<void>;
}

/**
 * Starts a worker, loads the module there and asks which columns it gives.
 * @throws RuvectorError `ERR_PIPELINE_MODULE` when there is no such transform, `ERR_PIPELINE_TRANSFORM` when it cannot
 * take these columns
 */
export async function createWorkerTransform(options: WorkerTransformOptions): Promise<WorkerTransform> {
  const threads = new TransformThreads(options);
  try {
    return new ThreadedTransform(threads, await threads.open(), options);
  } catch (error) {
    await threads.close();
    throw error;
  }
}

function resolveName({ module, exportName = 'default' }: TransformReference): TransformName {
  const text = String(module);
  if (isAbsolute(text)) return { module: pathToFileURL(text).href, exportName };
  if (!URL.canParse(text)) throw moduleReferenceError(text);
  return { module: text, exportName };
}

/** The threads of one transform: what they answer, and what they hold. */
class TransformThreads {
  readonly name: TransformName;
  readonly maxWorkers: number;
  readonly courier: BatchCourier;
  /** Aborted when the threads are gone. */
  readonly stop = new AbortController();
  readonly #options: WorkerTransformOptions;
  readonly #pool: WorkerPool;
  readonly #heldBytes = new Map<number, number>();
  readonly #onAbort = (): void => void this.close(this.#options.signal!.reason);

  constructor(options: WorkerTransformOptions) {
    const { slab, budget, timeoutMs = null, resourceLimits, signal } = options;
    signal?.throwIfAborted();
    this.#options = options;
    this.name = resolveName(options);
    this.maxWorkers = Math.max(1, options.maxWorkers ?? availableParallelism());
    this.courier = new BatchCourier(slab ?? null, budget);
    const start = { ...this.name, options: options.options, slab: slab?.memory ?? null };
    const onExit = (threadId: number): void => {
      slab?.reclaim(threadId);
      this.#heldBytes.delete(threadId);
    };
    try {
      this.#pool = new WorkerPool({ start, maxWorkers: this.maxWorkers, resourceLimits, timeoutMs, onExit });
    } catch (error) {
      throw transformLoadError(this.name, 'its options cannot be handed to a thread', error);
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get heldBytes(): number {
    return [...this.#heldBytes.values()].reduce((sum, bytes) => sum + bytes, this.courier.heldBytes);
  }

  async open(): Promise<OpenReply> {
    const inputSchema = encodeSchema(this.#options.inputSchema);
    const outcome = await this.#pool.run<OpenReply>(
      (lane) => ({ task: { kind: 'open', lane, inputSchema }, transferList: [] }),
      this.stop.signal,
    );
    const reply = this.#valueOf(outcome);
    if (reply.hasClose) this.#pool.keepIdle();
    return reply;
  }

  /** One batch in one worker. */
  async process(packed: PackedBatch, isReset: boolean, signal: AbortSignal): Promise<BatchReply> {
    const { parcel, transferList } = packed;
    const isShared = this.#options.isShared ?? false;
    let returned: ArrayBuffer | null = null;
    try {
      const outcome = await this.#pool.run<BatchReply>(
        (lane) => ({ task: { kind: 'batch', lane, parcel, isReset, isShared }, transferList }),
        signal,
      );
      returned = returnedBy(outcome);
      const reply = this.#valueOf(outcome);
      this.#heldBytes.set(reply.threadId, reply.heldBytes);
      return reply;
    } finally {
      packed.release(returned);
    }
  }

  /** With a reason at once, without one after what is idle was closed in order. */
  async close(reason?: unknown): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    if (reason !== undefined) this.stop.abort(reason);
    await this.#pool.close(reason === undefined);
    this.stop.abort(workersClosedError(this.name));
    this.courier.trim();
  }

  #valueOf<T>(outcome: WorkerOutcome<T>): T {
    if ('value' in outcome) return outcome.value;
    throw 'failure' in outcome
      ? transformFailedError(this.name, outcome.failure)
      : transformWorkerLostError(this.name, outcome.loss);
  }
}

function returnedBy(outcome: WorkerOutcome<BatchReply>): ArrayBuffer | null {
  if ('value' in outcome) return outcome.value.returned;
  return 'failure' in outcome ? outcome.failure.returned : null;
}

class ThreadedTransform implements WorkerTransform {
  readonly concurrency: number;
  readonly reset?: () => void;
  readonly #threads: TransformThreads;
  readonly #inputSchema: arrow.Schema;
  readonly #inputColumns: readonly string[];
  readonly #outputSchema: arrow.Schema;
  readonly #isStateful: boolean;
  readonly #isRetried: boolean;
  readonly #sizer;
  readonly #gate;
  #isResetNext = false;
  /** Its worker died with what earlier batches left. */
  #isStateLost = false;
  #underWay = 0;

  constructor(
    threads: TransformThreads,
    { outputSchema, isStateful }: OpenReply,
    { inputSchema, isRetried = true, factor = () => 1 }: WorkerTransformOptions,
  ) {
    const maxWorkers = isStateful ? 1 : threads.maxWorkers;
    this.#threads = threads;
    this.#inputSchema = inputSchema;
    this.#inputColumns = inputSchema.fields.map(({ name }) => name);
    this.#outputSchema = arrow.RecordBatchReader.from([outputSchema]).open().schema;
    this.#isStateful = isStateful;
    this.#isRetried = isRetried && !isStateful;
    this.#sizer = buildPoolSizer(maxWorkers);
    this.#gate = buildWorkerGate(() => {
      const share = Math.min(1, factor());
      return Math.max(1, Math.floor(this.#sizer.workers * share));
    });
    this.concurrency = isStateful ? 1 : maxWorkers + 1;
    if (isStateful) this.reset = () => this.#reset();
  }

  get workers(): number {
    return this.#sizer.workers;
  }

  readonly schema = (input: arrow.Schema): arrow.Schema => {
    if (isSameSchema(input, this.#inputSchema)) return this.#outputSchema;
    throw otherColumnsError(this.#threads.name, this.#inputColumns);
  };

  async transform(batch: Batch, signal?: AbortSignal): Promise<Batch | null> {
    const stop = this.#threads.stop.signal;
    const either = signal ? AbortSignal.any([stop, signal]) : stop;
    either.throwIfAborted();
    // Written while the workers are still busy with others, if there is a slot for it.
    const early = this.#threads.courier.tryPack(batch);
    this.#underWay++;
    try {
      await this.#gate.enter(either);
      try {
        const reply = await this.#process(batch, early, either);
        return this.#threads.courier.unpack(reply.parcel);
      } finally {
        this.#gate.leave();
      }
    } finally {
      this.#underWay--;
      early?.release(null);
    }
  }

  memoryUsage(): number {
    return this.#threads.heldBytes;
  }

  async close(): Promise<void> {
    await this.#threads.close(this.#underWay > 0 ? workersClosedError(this.#threads.name) : undefined);
  }

  #reset(): void {
    this.#isResetNext = true;
    this.#isStateLost = false;
  }

  async #process(batch: Batch, early: PackedBatch | null, signal: AbortSignal): Promise<BatchReply> {
    if (this.#isStateLost) throw stateLostError(this.#threads.name);
    const isReset = this.#isResetNext;
    this.#isResetNext = false;
    try {
      const reply = await this.#attempt(batch, early, isReset, signal);
      const outcome = { ...reply, rows: batch.numRows, hasWaiting: this.#gate.hasWaiting };
      this.#sizer.observe(outcome, performance.now());
      return reply;
    } catch (error) {
      this.#isStateLost = this.#isStateful && !isRuvectorError(error, 'ERR_PIPELINE_TRANSFORM');
      throw error;
    }
  }

  async #attempt(
    batch: Batch,
    early: PackedBatch | null,
    isReset: boolean,
    signal: AbortSignal,
  ): Promise<BatchReply> {
    const { courier } = this.#threads;
    try {
      return await this.#threads.process(early ?? (await courier.pack(batch, signal)), isReset, signal);
    } catch (error) {
      if (!this.#isRetried || !isRuvectorError(error, 'ERR_PIPELINE_WORKER')) throw error;
      return this.#threads.process(await courier.pack(batch, signal), isReset, signal);
    }
  }
}
