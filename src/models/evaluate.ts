// Models answer rows in batches and are scored on them. Runs in the probe process: nothing of it is on the
// daemon's main thread, and a model that ends its process ends only that one.
import { labels as hostLabels } from '../core/index.ts';
import { join } from 'node:path';
import { checkAnswers } from './answers.ts';
import { compareAnswers } from './comparison.ts';
import type { ComparedModel, ModelComparison } from './comparison.ts';
import { judge, rowsNotIn } from './gate.ts';
import type { GateReport, LiveAnswers } from './gate.ts';
import { decodeHeldOut, pickHeldOutRows } from './held-out.ts';
import type { HeldOutRows } from './held-out.ts';
import { loadModel, readCapped } from './load-model.ts';
import type { LoadReport, LoadRequest } from './load-model.ts';
import type { ModelManifest } from './manifest.ts';
import { verifySha256 } from './verify.ts';
import type { Interval } from './scores.ts';

/** A new model and what decides now. */
export interface GateTask {
  readonly candidate: LoadRequest;
  /** Null when neither a model nor the rule is known to decide. */
  readonly live: LoadRequest | null;
}

/** Two models, and rows seen after both trainings if there are any. */
export interface ComparisonTask {
  readonly a: LoadRequest;
  readonly b: LoadRequest;
  /** Null takes the held-out rows of the newer one. */
  readonly history: { readonly rows: HeldOutRows; readonly horizonMs: number } | null;
}

/** The verdict, and how the candidate loaded. */
export interface GateResult {
  readonly gate: GateReport;
  readonly report: LoadReport;
}

const BATCH_ROWS = 1024;

/**
 * Loads the candidate and the live model, lets both answer the candidate's held-out rows and judges.
 * @throws ModelRejectedError when the candidate cannot be loaded or gives no answers on its rows; a live model
 *   that fails is no rival
 */
export async function runGate({ candidate, live }: GateTask): Promise<GateResult> {
  const rows = await readHeldOut(candidate);
  const { predicted, report } = await answerRows(candidate, rows);
  const { manifest } = candidate;
  const liveAnswers = live && (await answersOf(live, rows).catch(() => null));
  const gate = judge({
    name: `${manifest.name}@${manifest.version}`,
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
export async function runComparison({ a, b, history }: ComparisonTask): Promise<ModelComparison> {
  const [older, newer] = a.manifest.version < b.manifest.version ? [a, b] : [b, a];
  const source = [newer, older].find(({ manifest }) => manifest.heldOut !== undefined);
  const held = history || !source ? null : await readUnseen(source, [a, b]);
  const rows = history?.rows ?? held ?? NO_ROWS;
  const answersA = await answerRows(a, rows);
  const answersB = await answerRows(b, rows);
  return compareAnswers(
    {
      a: describeModel(a.manifest),
      b: describeModel(b.manifest),
      rows,
      source: history ? 'history' : 'held-out',
      averagedOver: [],
      horizonMs: history?.horizonMs ?? horizonOf(newer.manifest),
    },
    answersA.predicted,
    answersB.predicted,
  );
}

const NO_ROWS: HeldOutRows = {
  rows: 0,
  timestamps: null,
  features: new Float32Array(),
  labels: new Int8Array(),
  baselines: {},
};

/** The held-out rows of one package that none of the models was trained on. */
async function readUnseen(source: LoadRequest, models: readonly LoadRequest[]): Promise<HeldOutRows> {
  const rows = await readHeldOut(source);
  return pickHeldOutRows(rows, rowsNotIn(rows, models.flatMap(({ manifest }) => trainedOnOf(manifest))));
}

function describeModel(manifest: ModelManifest): ComparedModel {
  const { name, version, trainer, created } = manifest;
  const reference = `${name}@${version}`;
  return { reference, estimator: trainer.estimator, created, macroF1: null, interval: null };
}

/**
 * Reads the held-out rows of a package.
 * @throws ModelRejectedError `ERR_MODEL_SHA256`, `ERR_MODEL_HELD_OUT`
 */
async function readHeldOut({
  directory,
  manifest,
  limits,
}: Pick<LoadRequest, 'directory' | 'manifest' | 'limits'>): Promise<HeldOutRows> {
  const bytes = await readCapped(join(directory, 'heldout.arrow'), limits.maxHeldOutBytes);
  verifySha256('heldout.arrow', bytes, manifest.heldOut!.sha256);
  return decodeHeldOut(bytes, manifest);
}

/** Ranges of time a model was trained on; empty for one that learned nothing or does not say. */
function trainedOnOf({ dataset }: Pick<ModelManifest, 'dataset'>): Interval[] {
  const ranges = dataset['trainedOn'];
  if (!Array.isArray(ranges)) return [];
  return ranges.filter(
    (range): range is [number, number] => Array.isArray(range) && range.length === 2 && range.every(Number.isFinite),
  );
}

/** How far the labels of a model's data set look ahead. */
function horizonOf({ dataset }: Pick<ModelManifest, 'dataset'>): number | null {
  const { horizonMs } = dataset;
  return typeof horizonMs === 'number' && horizonMs > 0 ? horizonMs : null;
}

/** Label indexes a manifest's macro-F1 is averaged over, so that the gate's figures are those of the report. */
function averagedOver({ metrics }: Pick<ModelManifest, 'metrics'>): number[] {
  const names = metrics['averagedOver'];
  if (!Array.isArray(names)) return [];
  return names.map((name) => hostLabels.indexOf(name as never)).filter((label) => label >= 0);
}

async function answersOf(request: LoadRequest, rows: HeldOutRows): Promise<LiveAnswers> {
  const { predicted } = await answerRows(request, rows);
  const { manifest } = request;
  return { name: `${manifest.name}@${manifest.version}`, predicted, trainedOn: trainedOnOf(manifest) };
}

async function answerRows(
  request: LoadRequest,
  { rows, features }: HeldOutRows,
): Promise<{ predicted: Int8Array; report: LoadReport }> {
  const { session, report } = await loadModel(request);
  try {
    const predicted = new Int8Array(rows);
    const width = session.featureCount;
    for (let start = 0; start < rows; start += BATCH_ROWS) {
      const end = Math.min(rows, start + BATCH_ROWS);
      const answer = session.run(features.slice(start * width, end * width), end - start);
      checkAnswers(answer, session.shape, (row) => `held-out row ${start + row}`);
      predicted.set(Int8Array.from(answer.labels), start);
    }
    return { predicted, report };
  } finally {
    session.release();
  }
}
