// HDF5 files through libhdf5 in a thread: for filters and layouts that own reading does not know.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { libraryError, missingFilterError } from './errors.ts';
import { statSync } from 'node:fs';
import type { Attributes } from './file/attributes.ts';
import type { Dataset, Hdf5DatasetFacts, Hdf5File } from './hdf5-file.ts';
import type { LibraryAnswer, LibraryAnswers, LibraryQuestion } from './library-messages.ts';

const workerUrl = new URL(`./library-worker${extname(import.meta.filename)}`, import.meta.url);

/** Filters of libhdf5 itself, 1 to 6 (gzip, shuffle, Fletcher, szip, nbit, scale and offset), and of its plugins. */
const knownFilters = new Set([
  1, 2, 3, 4, 5, 6, 307, 32000, 32001, 32004, 32008, 32013, 32015, 32019, 32022, 32023, 32026,
]);

/** @throws RuvectorError `ERR_EVENTS_FILTER` where chunks went through a filter that nobody here has */
export function checkFilters(file: string, { path, filters }: Hdf5DatasetFacts): void {
  const missing = filters.find(({ id }) => !knownFilters.has(id));
  if (missing) throw missingFilterError(file, path, missing.id, missing.name);
}

/** A damaged file can send libhdf5 round in circles. */
const ANSWER_MS = 120_000;

interface Waiting {
  readonly resolve: (value: LibraryAnswers[keyof LibraryAnswers]) => void;
  readonly reject: (error: Error) => void;
}

/** A file in its thread. */
export class LibraryHdf5 implements Hdf5File {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #end: Error | null = null;

  /** System errors pass. */
  constructor(path: string) {
    this.path = path;
    this.sizeBytes = statSync(path).size;
    this.#worker = new Worker(workerUrl, {
      workerData: path,
      execArgv: [],
      name: 'ruvector-hdf5',
    });
    this.#worker.on('message', (answer: LibraryAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('its thread ended')));
    this.#worker.unref();
  }

  #settle(answer: LibraryAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('failure' in answer) waiting?.reject(new Error(answer.failure));
    else waiting?.resolve(answer.value);
  }

  #failAll(error: Error): void {
    this.#end ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#end);
    this.#waiting.clear();
  }

  async #ask<Kind extends keyof LibraryAnswers>(
    question: LibraryQuestion & { readonly kind: Kind },
  ): Promise<LibraryAnswers[Kind]> {
    try {
      const value = await new Promise<LibraryAnswers[keyof LibraryAnswers]>((resolve, reject) => {
        if (this.#end) return reject(this.#end);
        const id = ++this.#lastId;
        const tooLong = setTimeout(() => {
          this.#failAll(new Error(`it did not answer within ${ANSWER_MS / 1000} s`));
          void this.#worker.terminate();
        }, ANSWER_MS);
        tooLong.unref();
        const done = (): void => clearTimeout(tooLong);
        this.#waiting.set(id, {
          resolve: (answer) => (done(), resolve(answer)),
          reject: (error) => (done(), reject(error)),
        });
        // A question keeps the process alive, an idle thread does not.
        this.#worker.ref();
        this.#worker.postMessage({ id, question }, []);
      });
      return value as LibraryAnswers[Kind];
    } catch (error) {
      throw libraryError(this.path, question.path, error);
    }
  }

  async findDataset(path: string): Promise<Dataset | null> {
    const facts = await this.#ask({ kind: 'dataset', path });
    return facts && new LibraryDataset(this, facts);
  }

  async findAttributes(path: string): Promise<Attributes | null> {
    return this.#ask({ kind: 'attributes', path });
  }

  /** Rows of a dataset. */
  async readRows(facts: Hdf5DatasetFacts, start: number, count: number): Promise<Uint8Array> {
    checkFilters(this.path, facts);
    return this.#ask({ kind: 'rows', path: facts.path, start, count });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= new Error('it was closed');
    await this.#worker.terminate();
  }
}

class LibraryDataset implements Dataset {
  readonly path: string;
  readonly dimensions: readonly number[];
  readonly type: Dataset['type'];
  readonly chunkRows: number | null;
  readonly filters: Dataset['filters'];
  readonly attributes: Attributes;
  readonly #file: LibraryHdf5;

  constructor(file: LibraryHdf5, facts: Hdf5DatasetFacts) {
    this.#file = file;
    this.path = facts.path;
    this.dimensions = facts.dimensions;
    this.type = facts.type;
    this.chunkRows = facts.chunkRows;
    this.filters = facts.filters;
    this.attributes = facts.attributes;
  }

  async readRows(start: number, count: number): Promise<Uint8Array> {
    return this.#file.readRows(this, start, count);
  }

  async readStored(): Promise<never> {
    throw libraryError(this.#file.path, this.path, new Error('it gives no chunk as it stands in the file'));
  }
}
