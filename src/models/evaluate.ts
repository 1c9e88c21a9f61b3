// Models answer rows in batches and are scored on them. Runs in the probe process: nothing of it is on the
// daemon's main thread, and a model that ends its process ends only that one.
import { labels as hostLabels } from '../core/index.ts';
import { checkAnswers } from './answers.ts';
import { otherTasksError } from './errors.ts';
import { compareAnswers } from './comparison.ts';
import { buildComparisonDetails } from './comparison-details.ts';
import type { ComparisonDetails } from './comparison-details.ts';
import type { ComparedModel, ModelComparison } from './comparison.ts';
import { judge, rowsNotIn } from './gate.ts';
import type { GateReport, LiveAnswers } from './gate.ts';
import { heldOutSource, readHeldOut } from './held-out-file.ts';
import { pickHeldOutRows } from './held-out.ts';
import type { HeldOutRows } from './held-out.ts';
import { loadModel } from './load-model.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';
import { horizonOf, taskOf } from './manifest.ts';
import type { ModelManifest } from './manifest.ts';
import type { Interval } from './scores.ts';
import { pickRows, rowsTakenBy } from './window-rows.ts';
import type { AskedRows, WindowRows } from './window-rows.ts';

/** A new model and what decides now. */
export interface GateTask {
  readonly candidate: LoadRequest;
  /** Null when neither a model nor the rule is known to decide. */
  readonly live: LoadRequest | null;
  /** The candidate's held-out rows over the window of the live model, where they do not hold it. */
  readonly others: readonly WindowRows[];
}

/** Two models, and rows seen after both trainings if there are any. */
export interface ComparisonTask {
  readonly a: LoadRequest;
  readonly b: LoadRequest;
  /** Null takes the held-out rows of the newer one. */
  readonly history: (AskedRows & { readonly horizonMs: number }) | null;
  /** Those held-out rows over the windows that they do not hold. */
  readonly others: readonly WindowRows[];
}

/** The verdict, and how the candidate loaded. */
export interface GateResult {
  readonly gate: GateReport;
  readonly report: LoadReport;
}

const BATCH_ROWS = 1024;

/** Label indexes, the scores of a detector, or values. */
type Answers = Int8Array | Float32Array;

/** What a model answered, how it loaded. */
interface AnsweredRows {
  readonly predicted: Answers;
  /** Of the answered label; null unless it classifies. */
  readonly probabilities: Float32Array | null;
  readonly report: LoadReport;
}

/**
 * Loads the candidate and the live model, lets both answer the candidate's held-out rows and judges.
 * @throws ModelRejectedError when the candidate cannot be loaded or gives no answers on its rows; a live model
 *   that fails is no rival
 */
export async function runGate({ candidate, live, others }: GateTask): Promise<GateResult> {
  const { manifest } = candidate;
  const rows = await readHeldOut(candidate);
  const { predicted, report } = await answerRows(candidate, rows);
  const source = { rows, window: manifest.window, others };
  const liveAnswers = live && (await answersOf(live, source).catch(() => null));
  const gate = judge({
    name: `${manifest.name}@${manifest.version}`,
    task: taskOf(manifest),
    rows,
    predicted,
    live: liveAnswers,
    averagedOver: averagedOver(manifest),
    horizonMs: horizonOf(manifest),
  });
  return { gate, report };
}

/**
 * Lets two models answer rows that neither was trained on and compares them.
 * @throws ModelRejectedError when one cannot be loaded or gives no answers
 */
export async function runComparison({ a, b, history, others }: ComparisonTask): Promise<ModelComparison> {
  if (taskOf(a.manifest) !== taskOf(b.manifest)) throw otherTasksError(a.manifest, b.manifest);
  const source = history ?? (await readUnseen({ a, b }, others));
  const taken = [a, b].map((request) => ({ request, ...rowsTakenBy(request.manifest, source) }));
  const both = Array.from({ length: source.rows.rows }, (_, row) => row).filter((row) =>
    taken.every(({ found }) => found === null || found[row] === 1),
  );
  const rows = both.length === source.rows.rows ? source.rows : pickHeldOutRows(source.rows, both);
  const answers: AnsweredRows[] = [];
  for (const { request, features } of taken) {
    const asked = { rows: both.length, features: pickRows(features, both, request.manifest.features.length) };
    answers.push(await answerRows(request, asked));
  }
  const [ours, theirs] = answers as [AnsweredRows, AnsweredRows];
  const newer = a.manifest.version < b.manifest.version ? b : a;
  const comparison = compareAnswers(
    {
      task: taskOf(newer.manifest),
      a: describeModel(a.manifest),
      b: describeModel(b.manifest),
      rows,
      source: history ? 'history' : 'held-out',
      unanswerable: source.rows.rows - both.length,
      averagedOver: [],
      horizonMs: history?.horizonMs ?? horizonOf(newer.manifest),
    },
    ours.predicted,
    theirs.predicted,
  );
  return { ...comparison, details: describeAnswers(rows, ours, theirs) };
}

function describeAnswers(rows: HeldOutRows, ours: AnsweredRows, theirs: AnsweredRows): ComparisonDetails | null {
  if (rows.rows === 0 || ours.probabilities === null || theirs.probabilities === null) return null;
  return buildComparisonDetails(
    rows,
    { labels: ours.predicted, probabilities: ours.probabilities },
    { labels: theirs.predicted, probabilities: theirs.probabilities },
  );
}

const NO_ROWS: HeldOutRows = {
  rows: 0,
  timestamps: null,
  features: new Float32Array(),
  labels: new Int8Array(),
  baselines: {},
};

/** The held-out rows that the newer package brings and none of the models was trained on. */
async function readUnseen(
  pair: { readonly a: LoadRequest; readonly b: LoadRequest },
  others: readonly WindowRows[],
): Promise<AskedRows> {
  const package_ = heldOutSource(pair);
  if (package_ === undefined) return { rows: NO_ROWS, window: undefined, others: [] };
  const rows = await readHeldOut(package_);
  const picked = rowsNotIn(rows, [pair.a, pair.b].flatMap(({ manifest }) => trainedOnOf(manifest)));
  return {
    rows: pickHeldOutRows(rows, picked),
    window: package_.manifest.window,
    others: others.map(({ window, features, found }) => ({
      window,
      features: pickRows(features, picked, features.length / rows.rows),
      found: Uint8Array.from(picked, (row) => found[row]!),
    })),
  };
}

function describeModel(manifest: ModelManifest): ComparedModel {
  const { name, version, trainer, created } = manifest;
  const reference = `${name}@${version}`;
  return { reference, estimator: trainer.estimator, created, macroF1: null, interval: null };
}

/** Ranges of time a model was trained on; empty for one that learned nothing or does not say. */
function trainedOnOf({ dataset }: Pick<ModelManifest, 'dataset'>): Interval[] {
  const ranges = dataset['trainedOn'];
  if (!Array.isArray(ranges)) return [];
  return ranges.filter(
    (range): range is [number, number] => Array.isArray(range) && range.length === 2 && range.every(Number.isFinite),
  );
}

/** Label indexes a manifest's macro-F1 is averaged over, so that the gate's figures are those of the report. */
function averagedOver({ metrics }: Pick<ModelManifest, 'metrics'>): number[] {
  const names = metrics['averagedOver'];
  if (!Array.isArray(names)) return [];
  return names.map((name) => hostLabels.indexOf(name as never)).filter((label) => label >= 0);
}

async function answersOf(request: LoadRequest, source: AskedRows): Promise<LiveAnswers> {
  const { manifest } = request;
  const { features, found } = rowsTakenBy(manifest, source);
  const { predicted } = await answerRows(request, { rows: source.rows.rows, features });
  const { name, version, window } = manifest;
  return { name: `${name}@${version}`, predicted, found, window, trainedOn: trainedOnOf(manifest) };
}

async function answerRows(
  request: LoadRequest,
  { rows, features }: Pick<HeldOutRows, 'rows' | 'features'>,
): Promise<AnsweredRows> {
  const { session, report } = await loadModel(request);
  try {
    const isLabel = session.shape.task === 'classification';
    const predicted = isLabel ? new Int8Array(rows) : new Float32Array(rows);
    const probabilities = isLabel ? new Float32Array(rows) : null;
    const width = session.featureCount;
    for (let start = 0; start < rows; start += BATCH_ROWS) {
      const end = Math.min(rows, start + BATCH_ROWS);
      const answer = session.run(features.slice(start * width, end * width), end - start);
      checkAnswers(answer, session.shape, (row) => `held-out row ${start + row}`);
      predicted.set(isLabel ? Int8Array.from(answer.labels) : answer.values, start);
      probabilities?.set(highestOf(answer.values, session.shape.width), start);
    }
    return { predicted, probabilities, report };
  } finally {
    session.release();
  }
}

/** The label of an answer is that of its highest probability. */
function highestOf(values: Float32Array, width: number): Float32Array {
  return Float32Array.from({ length: values.length / width }, (_, row) =>
    Math.max(...values.subarray(row * width, (row + 1) * width)),
  );
}
