// Where a plan hands its rows to stages of batches: partition by partition it writes an Arrow file, of which record
// batches are read. No row is touched on the way, no plan waits for a reader, and what waits is on disk, not in memory.
// One partition is written ahead of the one that is read.
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import type { Batch, NativePartition, NativeStage, Source } from '../contract.ts';
import { tableOfFrame } from './arrow-frames.ts';
import { openEmpty, openPerRow, openTable, splitByScope } from './frames.ts';
import type { OpenTables } from './frames.ts';
import { narrowBatch } from './narrow-batch.ts';
import { collectPlan, untilAborted } from './run-native.ts';

/** What a plan source reads. */
export interface PlanSourceOptions {
  readonly tables: OpenTables;
  /** Those that learn have learned. */
  readonly stages: readonly NativeStage[];
  /** For its temporary files. */
  readonly folder: string;
  /** Keeps files of two sources of one folder apart. */
  readonly name: string;
}

/** Opens it: the schema is known, nothing is read yet. */
export async function openPlanSource(options: PlanSourceOptions): Promise<Source> {
  const empty = await (await openEmpty(options.tables, options.stages)).collect();
  return new PlanSource(options, tableOfFrame(empty).schema);
}

interface Part {
  readonly partitions: readonly NativePartition[];
  readonly path: string;
}

class PlanSource implements Source {
  readonly schema: arrow.Schema;
  readonly #options: PlanSourceOptions;
  readonly #parts: readonly Part[];
  /** The plan that writes the next part. */
  #ahead: Promise<unknown> | null = null;
  #next = 0;
  #file: SpooledBatches | null = null;
  #rest: Batch | null = null;

  constructor(options: PlanSourceOptions, schema: arrow.Schema) {
    const { tables, stages, folder, name } = options;
    this.schema = schema;
    this.#options = options;
    const isWhole = splitByScope(stages).whole.length > 0;
    const parts = isWhole ? [tables.partitions] : tables.partitions.map((partition) => [partition]);
    this.#parts = parts.map((partitions, i) => ({ partitions, path: join(folder, `${name}-${i}.arrow`) }));
  }

  async nextBatch(maxRows: number, signal: AbortSignal): Promise<Batch | null> {
    while (this.#rest === null) {
      if (this.#file === null && !(await this.#openNext(signal))) return null;
      const batch = await untilAborted(this.#file!.next(), signal);
      if (batch === null) await this.#closeFile();
      else if (batch.numRows > 0) this.#rest = narrowBatch(batch, this.schema);
    }
    const batch = this.#rest;
    this.#rest = batch.numRows > maxRows ? batch.slice(maxRows) : null;
    return batch.numRows > maxRows ? batch.slice(0, maxRows) : batch;
  }

  async #openNext(signal: AbortSignal): Promise<boolean> {
    const part = this.#parts[this.#next];
    if (!part) return false;
    await untilAborted((this.#ahead ??= this.#write(part)), signal);
    this.#next += 1;
    const following = this.#parts[this.#next];
    this.#ahead = following ? this.#write(following) : null;
    this.#ahead?.catch(() => undefined); // It is waited for when it is read.
    this.#file = await SpooledBatches.open(part.path);
    return true;
  }

  async #write({ partitions, path }: Part): Promise<void> {
    const { tables, stages } = this.#options;
    const { perRow, whole } = splitByScope(stages);
    const frame =
      whole.length > 0 ? await openTable(tables, stages) : await openPerRow(tables, partitions, perRow);
    // apache-arrow reads no views, which newer Arrow files hold texts in.
    const plan = frame.sinkIpc(path, { compatLevel: 'oldest' });
    await collectPlan(plan, { tables, partitions, stages, sink: path });
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file) await file.remove();
  }

  /** Known when no stage adds or leaves out rows, which a plan does not tell. */
  sizeHint(): number | null {
    return null;
  }

  memoryUsage(): number {
    return 0;
  }

  /** A plan that runs ends by itself; its file goes with it. */
  async close(): Promise<void> {
    this.#rest = null;
    await this.#closeFile();
    const ahead = this.#ahead;
    const path = this.#parts[this.#next]?.path;
    this.#ahead = null;
    if (ahead && path) void ahead.catch(() => undefined).then(() => rm(path, { force: true }));
  }
}

/** Record batches of an Arrow file, one at a time. */
class SpooledBatches {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #reader: arrow.AsyncRecordBatchFileReader;

  private constructor(path: string, handle: FileHandle, reader: arrow.AsyncRecordBatchFileReader) {
    this.#path = path;
    this.#handle = handle;
    this.#reader = reader;
  }

  static async open(path: string): Promise<SpooledBatches> {
    const handle = await open(path);
    const reader = (await arrow.RecordBatchReader.from(handle)) as arrow.AsyncRecordBatchFileReader;
    await reader.open();
    return new SpooledBatches(path, handle, reader);
  }

  async next(): Promise<Batch | null> {
    const { done, value } = await this.#reader.next();
    return done ? null : (value as Batch);
  }

  async remove(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }
}
