// The minutes of a history on disk: one Parquet file, and one of JSON that names it and the segments it is made of. It can
// be made again from the history at any time: damaged, of another release or gone is as if it never was.
import { randomUUID } from 'node:crypto';
import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFrame, LazyDataFrame } from 'nodejs-polars';
import { loadPolars, systemCodeOf } from '../core/index.ts';
import { makeFolder, writeDurably } from '../files/index.ts';
import { pageFields } from './page-fields.ts';
import type { PageField } from './page-fields.ts';
import { joinFrames, selectBuckets } from './range-plan.ts';
import type { Span } from './range-plan.ts';

/** A summary, as far as it goes. */
export interface SummaryFile {
  /** Reads what an earlier run kept, once. */
  load(): Promise<void>;
  has(key: string): boolean;
  /** Gives up what the file holds, and what was added. @returns false when there is no file */
  forget(): boolean;
  /** Adds minutes of segments. */
  add(minutes: DataFrame, keys: readonly string[]): void;
  /** Minutes of a range; a minute that two segments share comes twice. */
  frames(fields: readonly PageField[], range: Span): LazyDataFrame[];
  /**
   * Puts what was added into the file, when it is enough.
   * @param firstMs minutes before this one are given up
   * @param keys the segments that there still are
   */
  save(firstMs: number, keys: readonly string[]): Promise<void>;
}

/** What stands in the JSON file. */
interface Index {
  /** Fields in the file. */
  readonly fields: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly keys: readonly string[];
}

/** Segments that are only in memory before the file is written anew: six hours of them are computed again in no time. */
const SAVE_SEGMENTS = 6;
const FIELDS = JSON.stringify([...pageFields.values()]);

/** Opens a summary; nothing is read yet. */
export function createSummaryFile(folder: string, onProblem: (error: unknown) => void): SummaryFile {
  return new Summary(folder, onProblem);
}

class Summary implements SummaryFile {
  readonly #folder: string;
  readonly #onProblem: (error: unknown) => void;
  #loading: Promise<void> | null = null;
  #file: string | null = null;
  #keys = new Set<string>();
  #added: DataFrame[] = [];
  #addedKeys = 0;

  constructor(folder: string, onProblem: (error: unknown) => void) {
    this.#folder = folder;
    this.#onProblem = onProblem;
  }

  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      if (systemCodeOf(error) !== 'ENOENT') this.#onProblem(error);
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    const index = JSON.parse(await readFile(this.#indexPath, 'utf8')) as Index;
    if (index.fields !== FIELDS || !/^minutes-[\w-]+\.parquet$/.test(index.file)) return;
    const path = join(this.#folder, index.file);
    if ((await stat(path)).size !== index.sizeBytes) return;
    this.#file = path;
    this.#keys = new Set(index.keys);
  }

  get #indexPath(): string {
    return join(this.#folder, 'minutes.json');
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  forget(): boolean {
    if (this.#file === null) return false;
    this.#file = null;
    this.#added = [];
    this.#addedKeys = 0;
    this.#keys.clear();
    return true;
  }

  add(minutes: DataFrame, keys: readonly string[]): void {
    this.#added.push(minutes);
    this.#addedKeys += keys.length;
    for (const key of keys) this.#keys.add(key);
  }

  frames(fields: readonly PageField[], range: Span): LazyDataFrame[] {
    const kept = this.#file === null ? [] : [loadPolars().scanParquet(this.#file)];
    const all = [...kept, ...this.#added.map((frame) => frame.lazy())];
    return all.map((frame) => selectBuckets(frame, fields, range));
  }

  async save(firstMs: number, keys: readonly string[]): Promise<void> {
    if (this.#addedKeys < SAVE_SEGMENTS) return;
    this.#keys = new Set(keys.filter((key) => this.#keys.has(key)));
    const before = this.#file;
    const frames = this.frames([...pageFields.values()], {
      fromMs: firstMs - 60_000,
      toMs: Number.MAX_SAFE_INTEGER,
    });
    const name = `minutes-${randomUUID()}.parquet`;
    const path = join(this.#folder, name);
    await makeFolder(this.#folder);
    await joinFrames(frames).sort('at').sinkParquet(path, { compression: 'zstd' }).collect();
    const { size: sizeBytes } = await stat(path);
    const index: Index = { fields: FIELDS, file: name, sizeBytes, keys: [...this.#keys] };
    await writeDurably(this.#indexPath, JSON.stringify(index));
    this.#file = path;
    this.#added = [];
    this.#addedKeys = 0;
    await this.#removeOthers(name, before);
  }

  /** A plan that runs may still read the file before. */
  async #removeOthers(name: string, before: string | null): Promise<void> {
    for (const other of await readdir(this.#folder)) {
      const path = join(this.#folder, other);
      if (/^minutes-.*\.parquet$/.test(other) && other !== name && path !== before)
        await rm(path, { force: true });
    }
  }
}
