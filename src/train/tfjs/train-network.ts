// From labelled rows to a model package: chooses the backend, fits, exports to ONNX, proves that onnxruntime answers like
// tf.js, measures. Runs in a thread of its own (fit-worker.ts).
import { isRuvectorError, labels as hostLabels, messageOf, sha256Of } from '../../core/index.ts';
import { GOLDEN_TOLERANCE } from '../../models/index.ts';
import type { GoldenReport, GoldenRows } from '../../models/index.ts';
import { createSession, replayGolden } from '../../models/runtime/index.ts';
import type { ModelSession } from '../../models/runtime/index.ts';
import { chooseEngines } from './engine-choice.ts';
import type { EngineChoice } from './engine-choice.ts';
import { backendError, tfjsParityError } from './errors.ts';
import { exportNetwork } from './export-network.ts';
import type { NetworkWeights } from './export-network.ts';
import type { FitOutcome, FitRequest, FitStep, FitSummary, TfjsArtifacts } from './fit-messages.ts';
import { answerRows, buildModel, compileModel, fitModel, saveModel, tryStep } from './fit-network.ts';
import type { FittedNetwork } from './fit-network.ts';
import { buildDataRows, buildGoldenRows } from './golden-candidates.ts';
import type { Answer } from './golden-candidates.ts';
import { loadEngine } from './load-engine.ts';
import type { Tfjs } from './load-engine.ts';
import { measure, pick } from './measure.ts';
import type { Measurement } from './measure.ts';
import { findNativeLibrary } from './native/native-library.ts';
import { checkNetwork, layersOfTopology } from './network.ts';
import type { Network } from './network.ts';
import { OPSET } from './onnx/onnx-graph.ts';
import { encodeGoldenRows, encodeHeldOutRows } from './package-files.ts';
import { computeScaling, scaleRows } from './scaling.ts';
import type { Scaling } from './scaling.ts';
import { featureRowsOf } from './tfjs-dataset.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';
import { findTrainedRanges } from './training-times.ts';

/** Told of each step, and when the fit is done. */
export interface NetworkWatch {
  readonly onStep: (step: FitStep) => void;
  readonly onExport: () => void;
}

/** What is known once the fit is done. */
interface Trained {
  readonly request: FitRequest;
  readonly network: Network;
  readonly scaling: Scaling;
  readonly artifacts: TfjsArtifacts;
  readonly fitted: FittedNetwork;
  readonly summary: FitSummary;
  readonly answer: Answer;
  readonly versions: Readonly<Record<string, string>>;
}

/** Trains one network. @throws RuvectorError `ERR_TRAIN_*` */
export async function trainNetwork(request: FitRequest, watch: NetworkWatch): Promise<FitOutcome> {
  const { dataset, classes, fit, source } = request;
  const startedMs = performance.now();
  const topology =
    source.kind === 'layers' ? source.layers : layersOfTopology(source.artifacts.modelTopology);
  const network = checkNetwork(topology, { width: dataset.featureNames.length, classes: classes.length });
  const { tfjs, choice } = await openEngine(request, network);
  const train = featureRowsOf(dataset, 'train');
  const width = dataset.featureNames.length;
  const period = width / (dataset.spec?.window?.steps ?? 1);
  const scaling = computeScaling(dataset.features, train, { width, period });
  const model = await buildModel(tfjs, source, fit.seed);
  compileModel(tfjs, model, fit.learningRate);
  const rows = {
    features: scaleRows(dataset.features, train, scaling),
    classes: Int32Array.from(train, (row) => classes.indexOf(dataset.labels[row]!)),
    shape: network.inputShape,
    classCount: classes.length,
  };
  const fitted = await fitModel(tfjs, model, rows, fit, watch.onStep);
  const answer: Answer = (features, count) => {
    const all = Int32Array.from({ length: count }, (_, row) => row);
    return answerRows(tfjs, model, scaleRows(features, all, scaling), network.inputShape);
  };
  const trained: Trained = {
    request,
    network,
    scaling,
    artifacts: await saveModel(model),
    fitted,
    answer,
    summary: {
      engine: choice.engine,
      why: choice.why,
      epochs: fitted.epochs,
      rowsPerSecond: (train.length * fitted.epochs) / fitted.seconds,
    },
    versions: { node: process.versions.node, tfjs: tfjs.core.version_core },
  };
  const measured = measure(dataset, await predictTest(trained));
  watch.onExport();
  const measuredMs = performance.now();
  const outcome = await packTrained(trained, measured);
  return {
    ...outcome,
    timings: {
      fitAndMeasureMs: measuredMs - startedMs,
      exportMs: performance.now() - measuredMs,
      fitReturnedMonotonicNs: fitted.returnedNs,
    },
  };
}

/** The first backend of the choice that loads and has every kernel. */
async function openEngine(
  { source, classes, fit }: FitRequest,
  network: Network,
): Promise<{ tfjs: Tfjs; choice: EngineChoice }> {
  const { problem } = findNativeLibrary();
  const facts = {
    stepSize: network.multiplyAdds * fit.batchSize,
    wanted: fit.engine,
    nativeProblem: problem,
  };
  const passed: string[] = [];
  for (const { engine, why } of chooseEngines(facts)) {
    try {
      const tfjs = await loadEngine(engine);
      await tryStep(tfjs, source, { shape: network.inputShape, classCount: classes.length });
      return { tfjs, choice: { engine, why: [why, ...passed].join('; ') } };
    } catch (error) {
      passed.push(`${engine}: ${briefly(error)}`);
    }
  }
  throw backendError(fit.engine ?? 'auto', passed.join('; '), 'use other layers, or leave engine out');
}

/** tf.js explains a missing kernel in many words. */
function briefly(error: unknown): string {
  const text = messageOf(error);
  const kernel = /Kernel '(\w+)' not registered/.exec(text)?.[1];
  return kernel === undefined ? text.split('\n')[0]! : `it has no kernel ${kernel}`;
}

async function predictTest({ request: { dataset, classes }, answer }: Trained): Promise<Int8Array> {
  const test = featureRowsOf(dataset, 'test');
  const shares = await answer(takeRows(dataset, test), test.length);
  return Int8Array.from(test, (_, at) => {
    const row = shares.subarray(at * classes.length, (at + 1) * classes.length);
    return classes[row.indexOf(Math.max(...row))]!;
  });
}

function takeRows(
  { features, featureNames: { length: width } }: TfjsDataset,
  rows: Int32Array,
): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, at) => taken.set(features.subarray(row * width, (row + 1) * width), at * width));
  return taken;
}

async function packTrained(trained: Trained, measured: Measurement): Promise<Omit<FitOutcome, 'timings'>> {
  const { request, network, scaling, artifacts, summary } = trained;
  const { dataset, classes } = request;
  const model = exportNetwork({
    network,
    weights: readWeights(artifacts),
    scaling,
    classes,
    metadata: describeFile(dataset),
  });
  const seen = takeRows(dataset, joinRows(featureRowsOf(dataset, 'train'), featureRowsOf(dataset, 'test')));
  const asked = { features: seen, width: dataset.featureNames.length, classes, answer: trained.answer };
  const golden = await buildGoldenRows(asked);
  const parity = proveParity(model, trained, golden, await buildDataRows(asked));
  const goldenBytes = encodeGoldenRows(golden, dataset.featureNames);
  const heldOut = encodeHeldOutRows(dataset, measured.baselines);
  const manifest = {
    ...describeModel(trained),
    metrics: measured.metrics,
    parity,
    golden: { sha256: sha256Of(goldenBytes), rows: golden.rows },
    heldOut: { sha256: sha256Of(heldOut.bytes), rows: heldOut.rows },
    model: { sha256: sha256Of(model), sizeBytes: model.length, opset: { '': OPSET } },
  };
  const known = pick(
    dataset.labels,
    Int32Array.from({ length: dataset.rowCount }, (_, row) => row),
  );
  return {
    package: { name: request.name, model, golden: goldenBytes, heldOut: heldOut.bytes, manifest },
    artifacts,
    summary,
    classCounts: Object.fromEntries(
      hostLabels.map((label, index) => [label, known.filter((value) => value === index).length]),
    ),
  };
}

/** The part of a manifest that says what the model is. */
function describeModel({ request, fitted, summary, versions }: Trained): Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly features: readonly { readonly name: string; readonly dtype: 'float32' }[];
  readonly labels: readonly string[];
  readonly classes: readonly number[];
  readonly input: {
    readonly name: string;
    readonly dtype: 'float32';
    readonly shape: readonly [null, number];
  };
  readonly outputs: { readonly label: string; readonly probabilities: string };
  readonly trainer: FitOutcome['package']['manifest']['trainer'];
  readonly dataset: FitOutcome['package']['manifest']['dataset'];
} {
  const { dataset, classes, fit } = request;
  const { engine, why, epochs } = summary;
  return {
    format: 1,
    name: request.name,
    created: new Date().toISOString(),
    features: dataset.featureNames.map((name) => ({ name, dtype: 'float32' as const })),
    featureSpecSha256: dataset.specSha256,
    ...(dataset.spec?.window && { window: dataset.spec.window }),
    input: { name: 'X', dtype: 'float32', shape: [null, dataset.featureNames.length] },
    outputs: { label: 'label', probabilities: 'probabilities' },
    labels: hostLabels,
    classes,
    trainer: {
      estimator: request.source.kind === 'layers' ? 'tfjs.Sequential' : 'tfjs.LayersModel',
      parameters: { ...request.asked, ...fit, engine, why, epochsRun: epochs },
      sampleWeight: 'balanced',
      fitSeconds: fitted.seconds,
      versions,
    } as FitOutcome['package']['manifest']['trainer'],
    dataset: {
      id: dataset.id,
      sha256: dataset.sha256,
      rows: dataset.rowCount,
      ...(dataset.horizonMs !== null && { horizonMs: dataset.horizonMs }),
      ...(dataset.spec?.rateWindowMs !== undefined && { rateWindowMs: dataset.spec.rateWindowMs }),
      trainedOn: findTrainedRanges(dataset),
    } as FitOutcome['package']['manifest']['dataset'],
  };
}

/** Facts that the file carries by itself. */
function describeFile({ featureNames, sha256, spec }: TfjsDataset): Readonly<Record<string, string>> {
  return {
    features: JSON.stringify(featureNames),
    labels: JSON.stringify(hostLabels),
    dataset_sha256: sha256,
    ...(spec?.window && { window: JSON.stringify(spec.window) }),
  };
}

function readWeights({ weightSpecs = [], weightData = [] }: TfjsArtifacts): NetworkWeights {
  const parts = weightData instanceof ArrayBuffer ? [weightData] : weightData;
  const bytes = Buffer.concat(parts.map((part) => new Uint8Array(part)));
  let at = 0;
  return new Map(
    weightSpecs.map(({ name, shape }) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      new Uint8Array(values.buffer).set(bytes.subarray(at, at + values.byteLength));
      at += values.byteLength;
      return [name, { shape, values }];
    }),
  );
}

/** Golden rows and rows of the data through onnxruntime, in batches of 1, odd sizes and all at once. */
function proveParity(
  model: Uint8Array,
  trained: Trained,
  golden: GoldenRows,
  data: GoldenRows,
): FitOutcome['package']['manifest']['parity'] & Readonly<Record<string, unknown>> {
  if (golden.rows === 0) throw tfjsParityError('it gives no row a finite answer that is no tie', {});
  const { features, classes, input, outputs } = describeModel(trained);
  const session = createSession(model, { features, classes, input, outputs });
  try {
    const reports = [golden, data].map((rows) => replay(session, rows));
    const cases = new Map<string, number>();
    for (const name of [...golden.cases, ...data.cases]) cases.set(name, (cases.get(name) ?? 0) + 1);
    return {
      rows: golden.rows + data.rows,
      maxAbsDiff: Math.max(...reports.map(({ maxAbsDiff }) => maxAbsDiff)),
      labelMismatches: 0,
      tolerance: GOLDEN_TOLERANCE,
      cases: Object.fromEntries(cases),
    };
  } finally {
    session.release();
  }
}

function replay(session: ModelSession, rows: GoldenRows): GoldenReport {
  try {
    return replayGolden(session, rows);
  } catch (error) {
    if (!isRuvectorError(error)) throw error;
    throw tfjsParityError(`onnxruntime answers otherwise than tf.js (${error.message})`, error.details);
  }
}

function joinRows(a: Int32Array, b: Int32Array): Int32Array {
  const joined = new Int32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
