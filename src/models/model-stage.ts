// A model of the registry as a stage of a pipeline: its label for each row, and the probability of each, in a thread of
// its own.
import * as arrow from 'apache-arrow';
import { buildBatch, buildNames, readNullableNumbers } from '../core/index.ts';
import type { Batch, Transform } from '../pipeline/index.ts';
import { openBatchModel } from './batch-model.ts';
import type { BatchModel } from './batch-model.ts';
import { modelColumnsError } from './errors.ts';
import type { ModelManifest } from './manifest.ts';
import type { ModelPackage } from './registry-types.ts';

/** Options of {@link modelStage}. */
export interface ModelStageOptions {
  /** Name of the new column. @default 'predicted' */
  readonly label?: string;
  /** Adds the probability of each label, as `<column>_<label>`. @default false */
  readonly probabilities?: boolean;
}

/**
 * What a model answers to the columns that it names: numbers, float32 in the model. It is verified and loaded in a thread
 * of its own with the first batch.
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
    const { label, probabilities } = this.#answered;
    const shares = probabilities ? this.#manifest.classes.map((index) => this.#manifest.labels[index]!) : [];
    return new arrow.Schema([
      ...input.fields,
      new arrow.Field(label, new arrow.Utf8(), false),
      ...shares.map((name) => new arrow.Field(`${label}_${name}`, new arrow.Float32(), false)),
    ]);
  };

  async transform(batch: Batch): Promise<Batch> {
    const schema = this.schema(batch.schema);
    const { features, labels, classes } = this.#manifest;
    const rows = batch.numRows;
    const matrix = new Float32Array(rows * features.length);
    for (const [column, { name }] of features.entries()) {
      const values = readNullableNumbers(columnOf(batch, name));
      for (let row = 0; row < rows; row++) matrix[row * features.length + column] = values[row]!;
    }
    const model = await (this.#model ??= this.#open());
    const answers = await model.predict(matrix, rows);
    const names = buildNames(
      labels.map((text) => Buffer.from(text)),
      answers.labels,
    );
    const shares = this.#answered.probabilities
      ? classes.map((_, at) => pickColumn(answers.probabilities, at, classes.length))
      : [];
    return buildBatch(schema, rows, [...batch.data.children, names, ...shares]);
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
