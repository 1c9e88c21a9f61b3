// A model package that answers batches of rows, in a thread of its own: for pipelines, beside what is live. It is checked
// like any other package, in the order of cost, and first in a process of its own.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { batchModelLostError, rebuiltRejectionError } from './errors.ts';
import type { ErrorMessage } from './errors.ts';
import type { LoadRequest } from './load-model.ts';
import { createProbe } from './probe.ts';
import type { ModelPackage } from './registry-types.ts';
import { defaultModelLimits } from './verify.ts';

const workerUrl = new URL(`./batch-model-worker${extname(import.meta.filename)}`, import.meta.url);
const LOAD_TIMEOUT_MS = 30_000;

/** Answers of a model on the rows of a batch. */
export interface BatchAnswers {
  /** As in `BatchAnswer`. */
  readonly labels: Int32Array;
  /** Probabilities, score or value of each row. */
  readonly values: Float32Array;
}

/** A loaded model. */
export interface BatchModel extends AsyncDisposable {
  /**
   * Answers rows; one call at a time.
   * @param features row-major, and gone afterwards: it travels to the thread
   * @throws ModelRejectedError `ERR_MODEL_*`
   */
  predict(features: Float32Array, rows: number): Promise<BatchAnswers>;
}

/** What the thread is asked for. */
export type BatchModelTask =
  | { readonly kind: 'load'; readonly request: LoadRequest }
  | { readonly kind: 'predict'; readonly features: Float32Array; readonly rows: number };

/** What it answers. */
export type BatchModelReply =
  | { readonly answers: BatchAnswers | null; readonly error?: never }
  | { readonly error: ErrorMessage; readonly answers?: never };

/** Loads a package. @throws ModelRejectedError with the first check that fails */
export async function openBatchModel({ directory, manifest }: ModelPackage): Promise<BatchModel> {
  const contract = {
    featureNames: manifest.features.map(({ name }) => name),
    featureSpecSha256: manifest.featureSpecSha256,
  };
  const request: LoadRequest = { directory, manifest, contract, limits: defaultModelLimits, warmupRuns: 1 };
  await createProbe().load(request, LOAD_TIMEOUT_MS);
  const thread = new ModelThread();
  try {
    await thread.ask({ kind: 'load', request });
  } catch (error) {
    await thread.close();
    throw error;
  }
  return {
    predict: async (features, rows) => (await thread.ask({ kind: 'predict', features, rows }, [features.buffer]))!,
    [Symbol.asyncDispose]: () => thread.close(),
  };
}

/** One question at a time. */
class ModelThread {
  readonly #worker = new Worker(workerUrl);
  #waiting: PromiseWithResolvers<BatchAnswers | null> | null = null;

  constructor() {
    this.#worker.on('message', ({ answers, error }: BatchModelReply) => {
      if (error) this.#waiting?.reject(rebuiltRejectionError(error));
      else this.#waiting?.resolve(answers);
    });
    this.#worker.on('error', (error) => this.#waiting?.reject(batchModelLostError(error.message, error)));
    this.#worker.on('exit', (code) => this.#waiting?.reject(batchModelLostError(`its thread ended with ${code}`)));
  }

  ask(task: BatchModelTask, transfer: readonly ArrayBufferLike[] = []): Promise<BatchAnswers | null> {
    this.#waiting = Promise.withResolvers();
    this.#worker.postMessage(task, transfer as ArrayBuffer[]);
    return this.#waiting.promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
