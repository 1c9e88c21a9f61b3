// A model of the registry on the columns of a batch: its label, and the probability of each, in a thread of its own.
import * as arrow from 'apache-arrow';
import { buildBatch, buildNames, readNullableNumbers } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { openBatchModel, openRegistry } from '../../models/index.ts';
import type { BatchModel, ModelManifest } from '../../models/index.ts';
import { defineTransform } from '../../pipeline/index.ts';
import type { Batch, Transform, TransformEntry } from '../../pipeline/index.ts';
import { makeHome } from '../home.ts';

export const onnxPart = (home: Home): TransformEntry =>
  defineTransform({
    name: 'onnx',
    about: 'what a model of this home answers to the columns that it names',
    options: {
      model: { type: 'text', about: '`name`, `name@version` or `name@candidate`', example: 'memopt@live' },
      label: { type: 'text', default: 'predicted', about: 'name of the new column', example: 'state' },
      probabilities: {
        type: 'boolean',
        default: false,
        about: 'add the probability of each label, as `<column>_<label>`',
        example: true,
      },
    },
    required: ['model'],
    create: async ({ model, label, probabilities }) => {
      makeHome(home);
      const found = await (await openRegistry(home.models)).show(model);
      return new ModelTransform(found.manifest, () => openBatchModel(found), { label, probabilities });
    },
  });

interface Answered {
  readonly label: string;
  readonly probabilities: boolean;
}

class ModelTransform implements Transform {
  readonly #manifest: ModelManifest;
  readonly #open: () => Promise<BatchModel>;
  readonly #answered: Answered;
  #model: Promise<BatchModel> | null = null;

  constructor(manifest: ModelManifest, open: () => Promise<BatchModel>, answered: Answered) {
    this.#manifest = manifest;
    this.#open = open;
    this.#answered = answered;
  }

  readonly schema = (input: arrow.Schema): arrow.Schema => {
    const found = new Map(input.fields.map(({ name, type }) => [name, type as arrow.DataType]));
    const lacking = this.#manifest.features.filter(({ name }) => !isNumber(found.get(name)));
    if (lacking.length > 0) {
      const names = lacking.map(({ name }) => `"${name}"`).join(', ');
      throw new TypeError(
        `Cannot run model "${this.#manifest.name}": it reads ${names}, which reach it neither as numbers nor at all`,
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
