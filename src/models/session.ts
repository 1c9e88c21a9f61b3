// One onnxruntime-node session behind a typed run. create() and run() block their thread, so this is only
// used in a worker or in the probe process, never on the main thread.
import * as ort from 'onnxruntime-node';
import { rejected } from './errors.ts';
import { checkAnswers } from './answers.ts';
import type { BatchAnswer } from './answers.ts';
import { compareBatch, finishTally } from './golden.ts';
import type { GoldenReport, GoldenRows } from './golden.ts';
import type { ModelManifest } from './manifest.ts';

/** A loaded model. */
export interface ModelSession {
  readonly featureCount: number;
  /** Label index of each probability column. */
  readonly classes: readonly number[];
  /** Answers `rows` rows; `features` is row-major and not kept. */
  run(features: Float32Array, rows: number): Promise<BatchAnswer>;
  /** Frees the native session. */
  release(): Promise<void>;
}

const sessionOptions: ort.InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
  // An arena keeps what it once held; models here are small and come and go.
  enableCpuMemArena: false,
  enableMemPattern: false,
};

/**
 * Creates a session from verified model bytes.
 * @throws ModelRejectedError `ERR_MODEL_LOAD` when the runtime refuses it
 */
export async function createSession(
  model: Uint8Array,
  manifest: Pick<ModelManifest, 'features' | 'classes' | 'input' | 'outputs'>,
): Promise<ModelSession> {
  const session = await openNative(model);
  const featureCount = manifest.features.length;
  const classCount = manifest.classes.length;
  const { label, probabilities } = manifest.outputs;
  return {
    featureCount,
    classes: manifest.classes,
    run: async (features, rows) => {
      const input = new ort.Tensor('float32', features, [rows, featureCount]);
      const outputs = await session.run({ [manifest.input.name]: input });
      return toAnswer(outputs[label], outputs[probabilities], rows, classCount);
    },
    release: () => session.release(),
  };
}

async function openNative(model: Uint8Array): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, sessionOptions);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw rejected('ERR_MODEL_LOAD', `the runtime refuses it: ${reason}; export it again`, {}, cause);
  }
}

function toAnswer(
  label: ort.Tensor | undefined,
  probabilities: ort.Tensor | undefined,
  rows: number,
  classCount: number,
): BatchAnswer {
  const labels = label?.data;
  const values = probabilities?.data;
  const isRight =
    labels instanceof BigInt64Array &&
    labels.length === rows &&
    values instanceof Float32Array &&
    values.length === rows * classCount;
  if (!isRight) {
    throw rejected(
      'ERR_MODEL_SHAPE',
      `it answers ${rows} rows with label [${label?.dims.join(', ')}] and probabilities [${probabilities?.dims.join(', ')}]; export it again`,
    );
  }
  return { labels: Int32Array.from(labels, Number), probabilities: values };
}

const SINGLE_ROWS = 32;
const ODD_BATCHES = [3, 7, 33];

/**
 * Replays golden rows in batches of 1, odd sizes and all at once.
 * @throws ModelRejectedError `ERR_MODEL_GOLDEN`, `ERR_MODEL_NAN`, `ERR_MODEL_PROBABILITIES`, or
 *   `ERR_MODEL_LOAD` when a run fails
 */
export async function replayGolden(session: ModelSession, golden: GoldenRows): Promise<GoldenReport> {
  const tally = { maxAbsDiff: 0, mismatched: new Set<number>() };
  for (const { start, end } of batchRanges(golden.rows)) {
    const features = golden.features.slice(start * session.featureCount, end * session.featureCount);
    const answer = await runGolden(session, features, end - start);
    checkAnswers(answer, session.classes, (row) => `golden row ${start + row} (${golden.cases[start + row]})`);
    compareBatch(golden, answer, { start, end }, tally);
  }
  return finishTally(golden, tally);
}

/** The batches of a replay: all rows, odd batches at the front and the back, then single rows spread over all. */
function batchRanges(rows: number): { start: number; end: number }[] {
  const odd = ODD_BATCHES.filter((size) => size < rows);
  const step = Math.max(1, Math.floor(rows / SINGLE_ROWS));
  const singles = Array.from({ length: Math.ceil(rows / step) }, (_, i) => i * step);
  return [
    { start: 0, end: rows },
    ...odd.map((size) => ({ start: 0, end: size })),
    ...odd.map((size) => ({ start: rows - size, end: rows })),
    ...singles.map((start) => ({ start, end: start + 1 })),
  ];
}

async function runGolden(session: ModelSession, features: Float32Array, rows: number): Promise<BatchAnswer> {
  try {
    return await session.run(features, rows);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw rejected('ERR_MODEL_LOAD', `it fails on its golden rows: ${reason}; export it again`, {}, cause);
  }
}
