// Threads that encode chunks. Answers come back in whatever order they are ready; the caller keeps order.
import { extname } from 'node:path';
import { setTimeout as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Compression } from './file-contract.ts';

/** Rows as one Arrow IPC file in memory. */
export interface TextJob {
  readonly kind: 'text';
  readonly format: 'csv' | 'json' | 'jsonl';
  readonly compression: Compression;
  readonly ipc: Uint8Array;
  /** The file begins with this chunk. */
  readonly isFirst: boolean;
}

/** Ends a JSON array. */
export interface TextEndJob {
  readonly kind: 'text-end';
  readonly compression: Compression;
}

export interface ParquetJob {
  readonly kind: 'parquet';
  readonly compression: Compression;
  readonly ipc: Uint8Array;
}

export type DatabaseJob =
  | { readonly kind: 'database-open'; readonly path: string }
  | { readonly kind: 'database-table'; readonly table: string; readonly ddl: string; readonly rows: number }
  | { readonly kind: 'database-insert'; readonly ipc: Uint8Array }
  | { readonly kind: 'database-commit' }
  | { readonly kind: 'database-finish'; readonly index: string | null }
  | { readonly kind: 'database-close'; readonly isWhole: boolean };

/** What a thread can be asked. */
export type EncodeJob = TextJob | TextEndJob | ParquetJob | DatabaseJob;

/** What a thread answers. */
export type EncodeAnswer =
  | { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly error: { readonly message: string; readonly systemCode: string | null } };

/** Threads of one export. */
export interface EncodePool extends AsyncDisposable {
  readonly size: number;
  /** Runs a job on the next thread; jobs of one thread run in order. @throws Error with the thread's message and system code */
  run(job: EncodeJob): Promise<Uint8Array>;
}

const workerUrl = new URL(`./encode-worker${extname(import.meta.filename)}`, import.meta.url);

/** Starts threads. */
export function createEncodePool(size: number): EncodePool {
  const threads = Array.from({ length: size }, () => new EncodeThread());
  let next = 0;
  return {
    size,
    run: (job) => threads[next++ % size]!.run(job),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

interface Waiting {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

const CLOSE_POLL_MS = 2;

class EncodeThread {
  readonly #worker = new Worker(workerUrl, {
    execArgv: [],
    name: 'ruvector-encode',
    // Chunks leave much short-lived garbage: collected early, it does not count as memory used.
    resourceLimits: { maxYoungGenerationSizeMb: 16 },
  });
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Why the thread is gone. */
  #end: Error | null = null;

  constructor() {
    this.#worker.on('message', (answer: EncodeAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('The encoding thread ended')));
  }

  run(job: EncodeJob): Promise<Uint8Array> {
    if (this.#end) return Promise.reject(this.#end);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.#waiting.set(id, { resolve, reject });
    const memory = 'ipc' in job ? [job.ipc.buffer as ArrayBuffer] : [];
    this.#worker.postMessage({ id, job }, memory);
    return promise;
  }

  /** Ends the thread after the job it is at: native code is never cut off in the middle. */
  async close(): Promise<void> {
    while (this.#waiting.size > 0) await nextTurn(CLOSE_POLL_MS);
    await this.#worker.terminate();
  }

  #settle(answer: EncodeAnswer): void {
    const waiting = this.#waiting.get(answer.id)!;
    this.#waiting.delete(answer.id);
    if ('bytes' in answer) waiting.resolve(answer.bytes);
    else {
      const { message, systemCode } = answer.error;
      waiting.reject(Object.assign(new Error(message), systemCode !== null && { code: systemCode }));
    }
  }

  #failAll(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
