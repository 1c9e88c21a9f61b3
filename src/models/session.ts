// One onnxruntime-node session behind a typed run. Loading and running block their thread, so this is only
// used in a worker or in the probe process, never on the main thread.
import { Tensor } from 'onnxruntime-common';
import type { InferenceSession } from 'onnxruntime-common';
import { createNativeSession } from './onnx-binding.ts';
import type { NativeSession } from './onnx-binding.ts';
import { modelLoadError, modelShapeError } from './errors.ts';
import { answerShapeOf } from './answer-shape.ts';
import type { AnswerShape } from './answer-shape.ts';
import { checkAnswers } from './answers.ts';
import type { BatchAnswer } from './answers.ts';
import { compareBatch, finishTally } from './golden.ts';
import type { GoldenReport, GoldenRows } from './golden.ts';
import type { ModelManifest } from './manifest.ts';

/** A loaded model. */
export interface ModelSession {
  readonly featureCount: number;
  readonly shape: AnswerShape;
  /** Answers `rows` rows; `features` is row-major and not kept. */
  run(features: Float32Array, rows: number): BatchAnswer;
  /** Frees the native session. */
  release(): void;
}

const sessionOptions: InferenceSession.SessionOptions = {
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
export function createSession(
  model: Uint8Array,
  manifest: Pick<ModelManifest, 'features' | 'task' | 'classes' | 'input' | 'outputs'>,
): ModelSession {
  const session = openNative(model);
  const featureCount = manifest.features.length;
  const shape = answerShapeOf(manifest);
  const { labelOutput, valuesOutput } = shape;
  const wanted = { ...(labelOutput !== null && { [labelOutput]: null }), [valuesOutput]: null };
  return {
    featureCount,
    shape,
    run: (features, rows) => {
      const input = new Tensor('float32', features, [rows, featureCount]);
      const outputs = session.run({ [manifest.input.name]: input }, wanted, {});
      const label = labelOutput === null ? null : outputs[labelOutput];
      return toAnswer(label, outputs[valuesOutput], rows, shape);
    },
    release: () => session.dispose(),
  };
}

function openNative(model: Uint8Array): NativeSession {
  const session = createNativeSession();
  try {
    session.loadModel(model.buffer as ArrayBuffer, model.byteOffset, model.byteLength, sessionOptions);
    return session;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw modelLoadError(`the runtime refuses it: ${reason}; export it again`, {}, cause);
  }
}

function toAnswer(
  label: Tensor | null | undefined,
  found: Tensor | undefined,
  rows: number,
  { width }: AnswerShape,
): BatchAnswer {
  const labels = label === null ? new BigInt64Array(rows) : label?.data;
  const values = found?.data;
  const isRight =
    labels instanceof BigInt64Array &&
    labels.length === rows &&
    values instanceof Float32Array &&
    values.length === rows * width;
  if (!isRight) {
    throw modelShapeError(`it answers ${rows} rows with label [${label?.dims.join(', ')}] and ${width} values each as [${found?.dims.join(', ')}]; export it again`,
    );
  }
  return { labels: Int32Array.from(labels, Number), values };
}

const SINGLE_ROWS = 32;
const ODD_BATCHES = [3, 7, 33];

/**
 * Replays golden rows in batches of 1, odd sizes and all at once.
 * @throws ModelRejectedError `ERR_MODEL_GOLDEN`, `ERR_MODEL_NAN`, `ERR_MODEL_PROBABILITIES`, or
 *   `ERR_MODEL_LOAD` when a run fails
 */
export function replayGolden(session: ModelSession, golden: GoldenRows): GoldenReport {
  const tally = { maxAbsDiff: 0, mismatched: new Set<number>() };
  for (const { start, end } of batchRanges(golden.rows)) {
    const features = golden.features.slice(start * session.featureCount, end * session.featureCount);
    const answer = runGolden(session, features, end - start);
    checkAnswers(answer, session.shape, (row) => `golden row ${start + row} (${golden.cases[start + row]})`);
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

function runGolden(session: ModelSession, features: Float32Array, rows: number): BatchAnswer {
  try {
    return session.run(features, rows);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw modelLoadError(`it fails on its golden rows: ${reason}; export it again`, {}, cause);
  }
}
