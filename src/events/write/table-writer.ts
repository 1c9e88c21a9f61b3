// Tables of numbers into Parquet, Arrow or CSV: events and triggers. No row becomes an object: Parquet is written by
// Polars out of Arrow messages, Arrow out of the columns themselves.
import { join } from 'node:path';
import type * as arrow from 'apache-arrow';
import { buildMessagePlanner, encodeSchema, loadPolars } from '../../core/index.ts';
import type { Batch, NativeSink } from '../../pipeline/index.ts';
import { createFileSink, runPlan } from '../../pipeline/files/index.ts';
import { ArrowEncoder } from './encode-arrow.ts';
import { openStagedOutput } from './staged-output.ts';
import type { OutputOptions, StagedOutput } from './staged-output.ts';

/** Takes batches of one schema. Exactly one of `finish` and `abort` ends it. */
export interface TableWriter {
  write(batch: Batch): Promise<void>;
  /** @returns what a user should know, one sentence each */
  finish(): Promise<readonly string[]>;
  abort(): Promise<void>;
}

/** Formats of tables. */
export type TableFormat = 'parquet' | 'arrow' | 'csv';

/** Opens a file of a table; it takes its place when it is finished. @throws RuvectorError `ERR_EVENTS_WRITE`, `ERR_FILES_*` */
export async function openTableWriter(
  path: string,
  format: TableFormat,
  schema: arrow.Schema,
  options: Omit<OutputOptions, 'isBinary'> = {},
): Promise<TableWriter> {
  if (format === 'arrow') {
    return startArrow(await openStagedOutput(path, { ...options, isBinary: true }), schema);
  }
  const sink = createFileSink({ path, format, schema, onWait: options.onWait });
  const folder = await sink.open(options.signal);
  return new PlanWriter(sink, folder, schema, options.signal);
}

async function startArrow(output: StagedOutput, schema: arrow.Schema): Promise<TableWriter> {
  const encoder = new ArrowEncoder(schema, !output.isStream);
  await output.write(encoder.encodeHead());
  return {
    write: (batch) => output.write(encoder.encodeBatch(batch)),
    finish: async () => {
      await output.write(encoder.encodeEnd());
      return output.finish();
    },
    abort: () => output.abort(),
  };
}

/** A part of a file costs a few milliseconds beside its rows. */
const PART_ROWS = 2 ** 20;
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** Collects batches into parts, which plans write. */
class PlanWriter implements TableWriter {
  readonly #sink: NativeSink;
  readonly #folder: string;
  readonly #schemaBytes: Uint8Array;
  readonly #planner = buildMessagePlanner();
  readonly #signal: AbortSignal | undefined;
  #messages: Uint8Array[] = [];
  #rows = 0;
  #parts = 0;

  constructor(sink: NativeSink, folder: string, schema: arrow.Schema, signal: AbortSignal | undefined) {
    this.#sink = sink;
    this.#folder = folder;
    this.#schemaBytes = encodeSchema(schema);
    this.#signal = signal;
  }

  async write(batch: Batch): Promise<void> {
    for (let from = 0; from < batch.numRows; from += PART_ROWS) {
      const part = batch.numRows <= PART_ROWS ? batch : batch.slice(from, from + PART_ROWS);
      const plan = this.#planner(part);
      this.#messages.push(plan.writeTo(new Uint8Array(plan.sizeBytes)));
      this.#rows += part.numRows;
      if (this.#rows >= PART_ROWS) await this.#writePart();
    }
  }

  async finish(): Promise<readonly string[]> {
    if (this.#rows > 0 || this.#parts === 0) await this.#writePart();
    return this.#sink.finish();
  }

  abort(): Promise<void> {
    return this.#sink.abort();
  }

  async #writePart(): Promise<void> {
    const stream = Buffer.concat([this.#schemaBytes, ...this.#messages, END_OF_STREAM]);
    this.#messages = [];
    this.#rows = 0;
    const path = join(this.#folder, `part-${this.#parts}`);
    const frame = loadPolars().readIPCStream(stream).lazy();
    await runPlan(await this.#sink.write(frame, path, this.#parts), this.#signal);
    this.#parts++;
    await this.#sink.append(path);
  }
}
