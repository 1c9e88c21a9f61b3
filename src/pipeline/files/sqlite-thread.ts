// The thread that has a SQLite file open, and its tables as what joins parts.
import { open, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type * as arrow from 'apache-arrow';
import { encodeArrowSchema } from './arrow-message.ts';
import type { PartJoiner } from './part-output.ts';

/** What the thread can be asked. */
export type DatabaseJob =
  | { readonly kind: 'table'; readonly table: string; readonly schema: Uint8Array | null }
  | { readonly kind: 'insert'; readonly path: string }
  | { readonly kind: 'finish' }
  | { readonly kind: 'close' };

/** What it answers. */
export interface DatabaseAnswer {
  readonly id: number;
  readonly error?: { readonly message: string; readonly systemCode: string | null };
}

const workerUrl = new URL(`./sqlite-worker${extname(import.meta.filename)}`, import.meta.url);

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A SQLite file in the making. */
export class SqliteThread implements AsyncDisposable {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Why the thread is gone. */
  #end: Error | null = null;

  /** @param path of the new file */
  constructor(path: string) {
    this.#path = path;
    this.#worker = new Worker(workerUrl, {
      workerData: path,
      execArgv: [],
      name: 'ruvector-sqlite',
      // Values live for one slice of rows: more room for young ones costs 100 MB and gains no time.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.on('message', (answer: DatabaseAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('the thread that writes the database ended')));
  }

  /** Begins a table; one after the other. */
  async startTable(table: string, schema: arrow.Schema | undefined): Promise<PartJoiner> {
    await this.#run({ kind: 'table', table, schema: schema ? encodeArrowSchema(schema) : null });
    return {
      append: async (path) => {
        await this.#run({ kind: 'insert', path });
        await rm(path);
      },
      finish: () => this.#run({ kind: 'finish' }),
    };
  }

  /** Completes the file, durable. */
  async finish(): Promise<void> {
    await this.#run({ kind: 'close' });
    await using file = await open(this.#path, 'r+');
    await file.sync();
  }

  /** Ends the thread, after what it is at: native code is never cut off in the middle. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#end) await this.#run({ kind: 'close' }).catch(() => undefined);
    await this.#worker.terminate();
  }

  #run(job: DatabaseJob): Promise<void> {
    if (this.#end) return Promise.reject(this.#end);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.set(id, { resolve, reject });
    this.#worker.postMessage({ id, job }, []);
    return promise;
  }

  #settle({ id, error }: DatabaseAnswer): void {
    const waiting = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (!error) waiting.resolve();
    else {
      const { message, systemCode } = error;
      waiting.reject(Object.assign(new Error(message), systemCode !== null && { code: systemCode }));
    }
  }

  #failAll(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
