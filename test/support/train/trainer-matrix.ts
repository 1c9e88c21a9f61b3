// A running host and one Python process that fits, exports and deploys trainers to it, one after the other, on the data
// set of this repository and on what the host captures meanwhile: what the matrix of the tests and its benchmark look at.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import polars from 'nodejs-polars';
import { buildConfig } from '../../../src/app/host/config.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import { openHost } from '../../../src/app/host/host.ts';
import { connectDaemon } from '../../../src/bridge/index.ts';
import type { ModelManifest } from '../../../src/models/index.ts';
import { createSession } from '../../../src/models/session.ts';
import {
  defaultThresholds,
  featureSpecSha256,
  readFeatureRows,
  withWindow,
} from '../../../src/prepare/index.ts';
import { findPython, trainTfjs } from '../../../src/train/index.ts';
import type { TfjsDataset, TfjsLayer, TfjsTraining } from '../../../src/train/index.ts';
import { answerRows } from '../../../src/train/tfjs/fit-network.ts';
import { loadEngine } from '../../../src/train/tfjs/load-engine.ts';
import { computeScaling, scaleRows } from '../../../src/train/tfjs/scaling.ts';
import { featureRowsOf } from '../../../src/train/tfjs/tfjs-dataset.ts';
import { createTestHome } from '../daemon.ts';
import { until } from '../until.ts';

/** Windows of trainers that look at some. */
const window = { steps: 4, everyMs: 1000 };
const dataset = join(import.meta.dirname, '../../../datasets/memory-pressure-1hz');
const ROWS = 2048;
/** Samples of a capture at least: 15 s. */
const CAPTURED = 300;
/** Beside the trainers of Python. */
export const NETWORK = 'tf.js';
const layers: readonly TfjsLayer[] = [
  { type: 'dense', units: 16, activation: 'relu' },
  { type: 'batchNormalization' },
];

/** One trainer of a matrix. */
export interface MatrixTrainer {
  /** As `ruvector.fit` takes it, or of matrix_objects.py. */
  readonly name: string;
  /** @default {} */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Whether its rows are windows of the history. @default false */
  readonly window?: boolean;
  /** Fitted without us, and deployed out of a file with this ending. */
  readonly file?: 'joblib' | 'skops';
  /** On what the host captured until then, not on the data set. @default false */
  readonly isFresh?: boolean;
}

/** What came of one. */
export interface MatrixLine {
  readonly name: string;
  /** What stopped it, and its code. */
  readonly error?: string;
  readonly code?: string | null;
  /** That Python and Node are held to. */
  readonly rows: number;
  /** Of the set. */
  readonly trainedOn: number;
  readonly isFresh: boolean;
  readonly fitSeconds: number;
  /** To ONNX, with the proof of parity. */
  readonly exportMs: number;
  /** To the host, which verifies, warms up and swaps. */
  readonly deployMs: number;
  /** Largest |Δ| / (1 + |y|) of ONNX and the framework in Python. */
  readonly maxDifference: number;
  readonly version: string;
  readonly isLive: boolean;
  readonly manifest: ModelManifest;
}

/** A matrix that was run; its host still answers. */
export interface TrainerMatrix extends AsyncDisposable {
  readonly host: Host;
  /** In their order; the networks of tf.js are the last. */
  readonly lines: readonly MatrixLine[];
  /** What Python wrote beside. */
  readonly log: string;
  /** Largest |Δ| / (1 + |y|) of what Node answers to the rows, and what the framework does. */
  compareInNode(line: MatrixLine): Promise<number>;
}

/** Runs all of them, and beside them a network of tf.js on the data set, and one on a capture where any is. */
export async function runTrainerMatrix(trainers: readonly MatrixTrainer[]): Promise<TrainerMatrix> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-matrix-'));
  const home = await createTestHome();
  const config = buildConfig({ hz: 20, processIntervalMs: 60_000, keepModels: 0 });
  // What verifies the next one starts while Python fits it, as it does for the host's own trainings.
  const host = await openHost(home, config, { onDeployment: () => host.models.prewarm() });
  const stop = new AbortController();
  const sampling = host.run(stop.signal);
  await until(() => host.latest?.features != null, 'the host had its first features');
  const asked = {
    root: dataset,
    folder,
    models: home.models,
    bridgeFile: home.bridgeFile,
    host: {
      featureNames: host.spec.names,
      sha256: featureSpecSha256(host.spec),
      windowSha256: featureSpecSha256(withWindow(host.spec, window)),
    },
    trainers,
  };
  const isFresh = trainers.some((each) => each.isFresh);
  const { lines, log } = await fitAll(asked, async () => {
    const set = readDataset(host);
    const networks = [await fitNetwork(host, folder, set, set)];
    if (isFresh) networks.push(await fitNetwork(host, folder, await captureDataset(host), set));
    return networks;
  });
  return {
    host,
    lines,
    log,
    compareInNode: (line) => compareInNode(folder, home.models, line),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await sampling;
      await host.close();
      await home[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function fitAll(
  asked: object,
  fitOthers: () => Promise<object[]>,
): Promise<Pick<TrainerMatrix, 'lines' | 'log'>> {
  const script = join(import.meta.dirname, 'trainer-matrix.py');
  const child = spawn(await findPython(), [script, JSON.stringify(asked)], {
    env: { ...process.env, OMP_NUM_THREADS: '1', KERAS_BACKEND: 'torch', TORCHDYNAMO_DISABLE: '1' },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  child.stdin.on('error', () => {});
  // Python holds them against its runtime when it is done with its own.
  const others = fitOthers().then((made) =>
    child.stdin.end(made.map((line) => `${JSON.stringify(line)}\n`).join('')),
  );
  const lines: MatrixLine[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line) as MatrixLine);
  }
  await others;
  return { lines, log };
}

/** A network of tf.js, through the bridge to the same host; held to its rows, and where they are few to those of `base`. */
async function fitNetwork(host: Host, folder: string, set: TfjsDataset, base: TfjsDataset): Promise<object> {
  const trained = await trainTfjs(layers, set, { epochs: 2, batchSize: 256 });
  const { manifest, model, golden, heldOut } = trained.package;
  const startedMs = performance.now();
  await using client = await connectDaemon(host.home.bridgeFile);
  const { result } = await client.request(
    'model.deploy',
    { manifest, activate: true },
    { attachments: [model, golden, heldOut] },
  );
  const { version, isLive } = result as { version: string; isLive: boolean };
  const rows = firstValues([set.features, base.features], ROWS * set.featureNames.length);
  await writeFile(join(folder, `${version}.x`), bytesOf(rows));
  await writeFile(join(folder, `${version}.y`), bytesOf(await answerByTfjs(trained, set, rows)));
  return {
    name: NETWORK,
    isFresh: set !== base,
    rows: ROWS,
    trainedOn: set.rowCount,
    fitSeconds: trained.timings.fitAndMeasureMs / 1000,
    exportMs: trained.timings.exportMs,
    deployMs: performance.now() - startedMs,
    version,
    isLive,
    manifest,
    model: join(host.home.models, manifest.name, version, 'model.onnx'),
  };
}

function readDataset({ spec }: Host): TfjsDataset {
  const [train, test] = ['train', 'test'].map((split) =>
    polars.readParquet(join(dataset, 'data', `${split}-00000-of-00001.parquet`)),
  );
  const frame = polars.concat([train!, test!]);
  const width = spec.names.length;
  const features = new Float32Array(frame.height * width);
  for (const [column, name] of spec.names.entries()) {
    for (const [row, value] of frame.getColumn(name).toArray().entries()) {
      features[row * width + column] = (value as number | null) ?? Number.NaN;
    }
  }
  const label = frame.getColumn('label').cast(polars.Int8).toArray();
  return {
    id: 'memory-pressure-1hz',
    sha256: 'ab'.repeat(32),
    specSha256: featureSpecSha256(spec),
    featureNames: spec.names,
    rowCount: frame.height,
    features,
    labels: Int8Array.from(label),
    splits: Uint8Array.from(label, (_, row) => (row < train!.height ? 0 : 2)),
    timestamps: Float64Array.from(label, (_, row) => 1000 * row),
    horizonMs: 5000,
    thresholds: defaultThresholds,
  };
}

/** What the host saw since it started, labelled as in trainer-matrix.py. */
async function captureDataset(host: Host): Promise<TfjsDataset> {
  await until(() => host.status().samples >= CAPTURED, 'the host saw enough to fit on');
  const set = await host.datasets.build({ task: 'forecast', horizonMs: 500 });
  const order = Int32Array.from({ length: set.rowCount }, (_, row) => row);
  order.sort((a, b) => set.targets[a]! - set.targets[b]! || a - b);
  const labels = new Int8Array(set.rowCount);
  for (const row of order.subarray(0, Math.floor(order.length / 2))) labels[row] = 1;
  return { ...set, labels, features: await readFeatureRows(set, [0, set.rowCount]) };
}

function firstValues(parts: readonly Float32Array[], count: number): Float32Array {
  const values = new Float32Array(count);
  let at = 0;
  for (const part of parts) {
    const taken = part.subarray(0, count - at);
    values.set(taken, at);
    at += taken.length;
  }
  return values;
}

/** What the network says in tf.js' own plain JavaScript, which did not train it. */
async function answerByTfjs(
  { artifacts }: TfjsTraining,
  set: TfjsDataset,
  rows: Float32Array,
): Promise<Float32Array> {
  const width = set.featureNames.length;
  const tfjs = await loadEngine('cpu');
  const network = await tfjs.layers.loadLayersModel(tfjs.core.io.fromMemory(artifacts));
  const scaling = computeScaling(set.features, featureRowsOf(set, 'train'), { width, period: width });
  const all = Int32Array.from({ length: ROWS }, (_, row) => row);
  return answerRows(tfjs, network, scaleRows(rows, all, scaling), [width]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

async function compareInNode(folder: string, models: string, line: MatrixLine): Promise<number> {
  const { name, manifest, version, rows } = line;
  const floats = async (kind: string): Promise<Float32Array> => {
    const bytes = await readFile(join(folder, `${version}.${kind}`));
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  };
  const session = createSession(await readFile(join(models, manifest.name, version, 'model.onnx')), manifest);
  const expected = await floats('y');
  const { values } = session.run(await floats('x'), rows);
  session.release();
  if (values.length !== expected.length) {
    throw new Error(`Cannot compare "${name}": ${values.length} values beside ${expected.length}`);
  }
  return Math.max(...values.map((value, i) => Math.abs(value - expected[i]!) / (1 + Math.abs(expected[i]!))));
}
