// A table of features and labels as the end of a pipeline: it goes to a file, and whoever trains reads that file. It is
// an Arrow IPC stream with what is known of the set in the metadata of its schema; python/src/ruvector/_client/read_dataset.py.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { buildBatch, labels, readNullableNumbers, sha256Of } from '../core/index.ts';
import type { Batch, Sink } from '../pipeline/index.ts';
import { noTrainingRowsError, trainingColumnsError, trainingLabelError } from './errors.ts';

/** What is known of a table. */
export interface TrainingTable {
  /** Columns that a model sees, in their order; other columns are left out. */
  readonly features: readonly string[];
  /** Tells tables apart whose features are computed in different ways. @default by the names of the features */
  readonly featureSpecSha256?: string | undefined;
  /** How far labels look ahead: rows to train on end so long before those to test on. @default 0 */
  readonly horizonMs?: number | undefined;
  /** Share of the rows, the newest, to test on, where no column `split` says it. @default 0.2 */
  readonly testFraction?: number | undefined;
}

/** Options of {@link createTableSink}. */
export interface TableSinkOptions extends TrainingTable {
  /** Called when all rows are in the file, which is removed behind it. */
  train(file: string, signal: AbortSignal): Promise<void>;
}

/**
 * Takes `timestamp`, the features and `label`: the name of a label or its number; and maybe `target`, what a forecast
 * learns, and `split`.
 * @throws RuvectorError `ERR_TRAIN_COLUMNS`, `ERR_TRAIN_LABEL`, `ERR_TRAIN_NO_ROWS`; what `train` throws
 */
export function createTableSink(options: TableSinkOptions): Sink & { readonly name: string } {
  return new TableSink(options);
}

/** A table that has rows. */
interface OpenTable {
  readonly folder: string;
  readonly path: string;
  readonly schema: arrow.Schema;
  readonly file: WriteStream;
  readonly writer: arrow.RecordBatchStreamWriter;
  readonly written: Promise<void>;
}

class TableSink implements Sink {
  readonly name = 'trainer';
  readonly isAtomic = true;
  readonly finishing = 'training';
  readonly #options: TableSinkOptions;
  readonly #stop = new AbortController();
  #table: OpenTable | null = null;

  constructor(options: TableSinkOptions) {
    this.#options = options;
  }

  async consume(batch: Batch): Promise<void> {
    this.#table ??= await openTable(batch.schema, this.#options);
    const { schema, file, writer } = this.#table;
    writer.write(pickColumns(schema, batch));
    if (file.writableNeedDrain) await once(file, 'drain');
  }

  async flush(): Promise<void> {}

  memoryUsage(): number {
    return this.#table?.file.writableLength ?? 0;
  }

  async finish(): Promise<void> {
    if (this.#table === null) throw noTrainingRowsError();
    const { writer, written, path, folder } = this.#table;
    try {
      writer.finish();
      await written;
      await this.#options.train(path, this.#stop.signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async abort(): Promise<void> {
    this.#stop.abort();
    if (this.#table === null) return;
    this.#table.file.destroy();
    await rm(this.#table.folder, { recursive: true, force: true });
  }
}

async function openTable(input: arrow.Schema, options: TrainingTable): Promise<OpenTable> {
  const schema = buildSchema(input, options);
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-training-'));
  const path = join(folder, 'table.arrow');
  const file = createWriteStream(path);
  const writer = new arrow.RecordBatchStreamWriter();
  const written = pump(writer, file);
  // Whoever finishes hears of it.
  written.catch(() => {});
  return { folder, path, schema, file, writer, written };
}

function buildSchema(input: arrow.Schema, options: TrainingTable): arrow.Schema {
  const { features, horizonMs = 0, testFraction = 0.2 } = options;
  const found = new Map(input.fields.map((field) => [field.name, field]));
  const missing = ['timestamp', ...features, 'label'].filter((name) => !found.has(name));
  if (missing.length > 0) throw trainingColumnsError(missing);
  const about = {
    id: `pipeline-${sha256Of(`${Date.now()} ${Math.random()}`).slice(0, 12)}`,
    labels,
    horizonMs,
    testFraction,
    features: features.map((name) => ({ name })),
    featureSpecSha256: options.featureSpecSha256 ?? sha256Of(JSON.stringify(features)),
  };
  return new arrow.Schema(
    [
      found.get('timestamp')!,
      ...features.map((name) => new arrow.Field(name, new arrow.Float32(), true)),
      new arrow.Field('label', new arrow.Int8(), false),
      ...(found.has('target') ? [new arrow.Field('target', new arrow.Float32(), true)] : []),
      ...(found.has('split') ? [new arrow.Field('split', new arrow.Utf8(), false)] : []),
    ],
    new Map([['ruvector.dataset', JSON.stringify(about)]]),
  );
}

async function pump(writer: arrow.RecordBatchStreamWriter, file: WriteStream): Promise<void> {
  for await (const bytes of writer) if (!file.write(bytes)) await once(file, 'drain');
  file.end();
  await once(file, 'close');
}

function pickColumns(schema: arrow.Schema, batch: Batch): Batch {
  const columns = schema.fields.map(({ name, type }) => {
    const column = batch.data.children[batch.schema.fields.findIndex((field) => field.name === name)]!;
    if (name === 'label') return toLabelIndexes(column);
    if (!arrow.DataType.isFloat(type as arrow.DataType)) return column;
    return arrow.makeData({
      type: new arrow.Float32(),
      data: Float32Array.from(readNullableNumbers(column)),
    });
  });
  return buildBatch(schema, batch.numRows, columns);
}

/** Labels by their names, or by their numbers as a training set has them. */
function toLabelIndexes(column: arrow.Data): arrow.Data {
  const data = Int8Array.from(arrow.makeVector(column), (value: unknown) => {
    const index = typeof value === 'string' ? labels.findIndex((label) => label === value) : Number(value);
    if (value === null || labels[index] === undefined) throw trainingLabelError(value, labels);
    return index;
  });
  return arrow.makeData({ type: new arrow.Int8(), data });
}
