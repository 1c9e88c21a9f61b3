// A model of the registry as a stage of a pipeline: what it answers to each row, in a thread of its own.
import * as arrow from 'apache-arrow';
import { buildBatch, buildNames, readNullableNumbers } from '../core/index.ts';
import type { Batch, Transform } from '../pipeline/index.ts';
import { openBatchModel } from './batch-model.ts';
import type { BatchAnswers, BatchModel } from './batch-model.ts';
import { modelColumnsError } from './errors.ts';
import { taskOf } from './manifest.ts';
import type { ModelManifest } from './manifest.ts';
import type { ModelPackage } from './registry-types.ts';

/** Options of {@link modelStage}. */
export interface ModelStageOptions {
  /** Name of the new column. @default 'predicted' */
  readonly label?: string;
  /** Adds the probability of each label of a classifier, as `<column>_<label>`. @default false */
  readonly probabilities?: boolean;
}

/**
 * What a model answers to the columns that it names: numbers, float32 in the model. A classifier gives its label, a
 * detector whether the row is odd and how much, as `<column>_score`, a forecast its value. It is verified and loaded in a
 * thread of its own with the first batch.
 * @example pipeline().from(source).through(modelStage(await registry.show('memopt@live'))).to(sink)
 */
export function modelStage(found: ModelPackage, options: ModelStageOptions = {}): Transform {
  const { label = 'predicted', probabilities = false } = options;
  return new ModelTransform(found.manifest, () => openBatchModel(found), { label, probabilities });
}

class ModelTransform implements Transform {
  readonly #manifest: ModelManifest;
  readonly #open: () => Promise<BatchModel>;
  readonly #answered: Required<ModelStageOptions>;
  #model: Promise<BatchModel> | null = null;

  constructor(manifest: ModelManifest, open: () => Promise<BatchModel>, answered: Required<ModelStageOptions>) {
    this.#manifest = manifest;
    this.#open = open;
    this.#answered = answered;
  }

  readonly schema = (input: arrow.Schema): arrow.Schema => {
    const found = new Map(input.fields.map(({ name, type }) => [name, type as arrow.DataType]));
    const lacking = this.#manifest.features.filter(({ name }) => !isNumber(found.get(name)));
    if (lacking.length > 0) {
      throw modelColumnsError(
        this.#manifest.name,
        lacking.map(({ name }) => name),
      );
    }
    return new arrow.Schema([...input.fields, ...this.#fields()]);
  };

  #fields(): arrow.Field[] {
    const { label, probabilities } = this.#answered;
    const { labels = [], classes = [] } = this.#manifest;
    const floats = (names: readonly string[]): arrow.Field[] =>
      names.map((name) => new arrow.Field(name, new arrow.Float32(), false));
    switch (taskOf(this.#manifest)) {
      case 'forecast':
        return floats([label]);
      case 'anomaly':
        return [new arrow.Field(label, new arrow.Bool(), false), ...floats([`${label}_score`])];
      default: {
        const shares = probabilities ? classes.map((index) => `${label}_${labels[index]!}`) : [];
        return [new arrow.Field(label, new arrow.Utf8(), false), ...floats(shares)];
      }
    }
  }

  async transform(batch: Batch): Promise<Batch> {
    const schema = this.schema(batch.schema);
    const { features } = this.#manifest;
    const rows = batch.numRows;
    const matrix = new Float32Array(rows * features.length);
    for (const [column, { name }] of features.entries()) {
      const values = readNullableNumbers(columnOf(batch, name));
      for (let row = 0; row < rows; row++) matrix[row * features.length + column] = values[row]!;
    }
    const model = await (this.#model ??= this.#open());
    const answers = await model.predict(matrix, rows);
    return buildBatch(schema, rows, [...batch.data.children, ...this.#columnsOf(answers)]);
  }

  #columnsOf({ labels, values }: BatchAnswers): arrow.Data[] {
    const { labels: names = [], classes = [] } = this.#manifest;
    switch (taskOf(this.#manifest)) {
      case 'forecast':
        return [pickColumn(values, 0, 1)];
      case 'anomaly':
        return [arrow.vectorFromArray([...labels].map(Boolean), new arrow.Bool()).data[0]!, pickColumn(values, 0, 1)];
      default: {
        const texts = buildNames(
          names.map((text) => Buffer.from(text)),
          labels,
        );
        const shares = this.#answered.probabilities ? classes : [];
        return [texts, ...shares.map((_, at) => pickColumn(values, at, classes.length))];
      }
    }
  }

  memoryUsage(): number {
    return 0;
  }

  async close(): Promise<void> {
    const model = await this.#model?.catch(() => null);
    await model?.[Symbol.asyncDispose]();
  }
}

const isNumber = (type: arrow.DataType | undefined): boolean =>
  type !== undefined &&
  (arrow.DataType.isFloat(type) || (arrow.DataType.isInt(type) && (type.bitWidth < 64 || type.isSigned)));

const columnOf = ({ data, schema }: Batch, name: string): arrow.Data =>
  data.children[schema.fields.findIndex((field) => field.name === name)]!;

function pickColumn(matrix: Float32Array, column: number, width: number): arrow.Data {
  const data = Float32Array.from(
    { length: matrix.length / width },
    (_, row) => matrix[row * width + column]!,
  );
  return arrow.makeData({ type: new arrow.Float32(), data });
}
