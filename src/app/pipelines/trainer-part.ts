// A table of features and labels for the trainer: it goes to a file, Python fits on it, and the model is deployed as that
// of `train` is: live when it is not below what decides now.
import { createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { buildBatch, labels, readNullableNumbers, sha256Of } from '../../core/index.ts';
import type { Home, OptionMapping } from '../../core/index.ts';
import { defineSink } from '../../pipeline/index.ts';
import type { Batch, Sink, SinkEntry } from '../../pipeline/index.ts';
import type { FeatureSpec } from '../../prepare/index.ts';
import { featureSpecSha256 } from '../../prepare/index.ts';
import { trainerColumnsError } from '../errors.ts';
import { tell } from '../terminal.ts';
import { trainModel } from '../training/train-model.ts';
import { defaultEstimator } from '../training/training-service.ts';
import { readFeatureSettings } from './feature-settings.ts';

export const trainerSink = (home: Home): SinkEntry =>
  defineSink({
    name: 'trainer',
    about: 'a model of the features and labels that reach it, of `training-set` or of `label` and `features`',
    options: {
      estimator: {
        type: 'text',
        default: defaultEstimator,
        about: 'any scikit-learn classifier',
        example: 'sklearn.HistGradientBoostingClassifier',
      },
      parameters: {
        type: 'mapping',
        defaultText: "the estimator's own",
        about: 'parameters of it',
        example: { max_iter: 200 },
      },
      activate: {
        type: 'choice',
        choices: ['gate', 'always', 'never'],
        default: 'gate',
        about: 'make it live when it is no worse than what decides now, whatever it is worth, or not',
        example: 'never',
      },
      testFraction: {
        type: 'number',
        range: { above: 0, below: 1 },
        wanted: 'a number between 0 and 1',
        default: 0.2,
        about: 'share of the rows, the newest, to test on, where no `split` reaches it',
        example: 0.3,
      },
    },
    create: (options) => {
      const { spec, horizonMs } = readFeatureSettings(home);
      return { name: 'trainer', open: async () => openTrainerSink(home, { ...options, spec, horizonMs }) };
    },
  });

interface TrainerOptions {
  readonly estimator: string;
  readonly parameters?: OptionMapping | undefined;
  readonly activate: 'gate' | 'always' | 'never';
  readonly testFraction: number;
  readonly spec: FeatureSpec;
  readonly horizonMs: number;
}

async function openTrainerSink(home: Home, options: TrainerOptions): Promise<Sink> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-training-'));
  return new TrainerSink(home, options, folder);
}

class TrainerSink implements Sink {
  readonly #home: Home;
  readonly #options: TrainerOptions;
  readonly #folder: string;
  readonly #path: string;
  readonly #stop = new AbortController();
  readonly #writer = new arrow.RecordBatchStreamWriter();
  #file: WriteStream | null = null;
  #pumped: Promise<void> | null = null;
  #schema: arrow.Schema | null = null;

  constructor(home: Home, options: TrainerOptions, folder: string) {
    this.#home = home;
    this.#options = options;
    this.#folder = folder;
    this.#path = join(folder, 'table.arrow');
  }

  async consume(batch: Batch): Promise<void> {
    this.#schema ??= this.#begin(batch.schema);
    this.#writer.write(pickColumns(this.#schema, batch));
    if (this.#file!.writableNeedDrain) await once(this.#file!, 'drain');
  }

  #begin(input: arrow.Schema): arrow.Schema {
    const { spec, horizonMs, testFraction } = this.#options;
    const found = new Set(input.fields.map(({ name }) => name));
    const missing = ['timestamp', ...spec.names, 'label'].filter((name) => !found.has(name));
    if (missing.length > 0) throw trainerColumnsError(missing);
    const meta = {
      id: `pipeline-${sha256Of(`${Date.now()} ${this.#folder}`).slice(0, 12)}`,
      labels,
      horizonMs,
      testFraction,
      features: spec.names.map((name) => ({ name })),
      featureSpecSha256: featureSpecSha256(spec),
    };
    this.#file = createWriteStream(this.#path);
    this.#pumped = this.#pump(this.#file);
    this.#pumped.catch(() => {});
    return new arrow.Schema(
      [
        input.fields.find(({ name }) => name === 'timestamp')!,
        ...spec.names.map((name) => new arrow.Field(name, new arrow.Float32(), true)),
        new arrow.Field('label', new arrow.Int8(), false),
        ...(found.has('split') ? [new arrow.Field('split', new arrow.Utf8(), false)] : []),
      ],
      new Map([['ruvector.dataset', JSON.stringify(meta)]]),
    );
  }

  async #pump(file: WriteStream): Promise<void> {
    for await (const bytes of this.#writer) if (!file.write(bytes)) await once(file, 'drain');
    file.end();
    await once(file, 'close');
  }

  async flush(): Promise<void> {}

  memoryUsage(): number {
    return this.#file?.writableLength ?? 0;
  }

  async finish(): Promise<void> {
    const { estimator, parameters = {}, activate } = this.#options;
    try {
      if (this.#pumped === null) throw trainerColumnsError(['any row']);
      this.#writer.finish();
      await this.#pumped;
      const job = {
        estimator,
        parameters,
        dataset: { file: this.#path },
        ...(activate !== 'gate' && { activate: activate === 'always' }),
      };
      const watch = { signal: this.#stop.signal, onProgress: () => {} };
      const { deployment } = await trainModel(this.#home, job, watch);
      tell(`${deployment?.name}@${deployment?.version}: ${deployment?.reason}`);
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  async abort(): Promise<void> {
    this.#stop.abort();
    this.#file?.destroy();
    await rm(this.#folder, { recursive: true, force: true });
  }
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
  const vector = arrow.makeVector(column);
  const data = Int8Array.from(vector, (value: unknown) =>
    typeof value === 'string' ? labels.findIndex((label) => label === value) : Number(value),
  );
  return arrow.makeData({ type: new arrow.Int8(), data });
}
