// Says what is wrong with a history that cannot be trained on, and what a reader of scores should
// know about one that can. No silent repair.
import { labels } from '../core/index.ts';
import { countClasses } from './balance.ts';
import { oneClassError, tooFewRowsError } from './errors.ts';
import { aboutSeconds, minimumTrainRows, secondsToTrain } from './seconds-to-train.ts';
import { splitNames } from './split.ts';
import type { SplitName, SplitOptions } from './split.ts';
import type { TrainingTask } from './training-set-options.ts';

interface Labelled {
  readonly labels: Int8Array;
  readonly splits: Uint8Array;
  readonly timestamps: Float64Array;
}
interface Asked extends SplitOptions {
  readonly task: TrainingTask;
  readonly spec: { readonly rateWindowMs: number };
}
interface Skipped {
  readonly warmup: number;
  readonly unlabelled: number;
  readonly acted: number;
}
type Counts = Readonly<Record<SplitName, readonly number[]>>;

/** Throws unless the train part holds at least 10 rows, of two classes where they are to be told apart, and the test part one row. */
export function assertTrainable(rows: Labelled, asked: Asked, skipped: Skipped): void {
  const counts = countsOf(rows);
  const [train, test] = [total(counts.train), total(counts.test)];
  if (train < minimumTrainRows || test === 0) throw tooFewRows(rows, asked, { counts, ...skipped });
  const present = namesOf(counts.train);
  if (present.length < 2 && asked.task === 'classification') {
    throw oneClassError(
      `all ${train} rows to train on are ${present[0]} (in all: ${describe(sumOf(counts))})${describeActed(skipped)}`,
      `${adviseOneClass(present[0]!, namesOf(sumOf(counts)).length > 1)}${adviseActed(skipped)}`,
      { counts, ...skipped },
    );
  }
}

/** What is missing: rows under pressure, calm ones, or only their being in the part to train on. */
function adviseOneClass(label: string, isElsewhere: boolean): string {
  const [collect, threshold] =
    label === labels[0]
      ? ['collect while the host is under memory pressure', 'lower']
      : ['collect while the host is calm too', 'higher'];
  const blocks = isElsewhere
    ? 'use more blocks (--blocks), since the other classes are only in the test part; or '
    : '';
  return `${blocks}${collect}, train for anomalies or a forecast (--task), or set ${threshold} thresholds`;
}

/** In seconds of collecting, with the flag that shortens them: a horizon lies between the rows to train and to test on. */
function tooFewRows(
  { timestamps }: Labelled,
  asked: Asked,
  found: Skipped & { readonly counts: Counts },
): Error {
  const horizon = `a horizon of ${asked.horizonMs / 1000} s`;
  const seconds = secondsToTrain({ ...asked, timestamps, skipped: found });
  if (seconds === null) {
    return tooFewRowsError(
      `${horizon} and a test share of ${asked.testFraction} in ${asked.blocks} blocks leave nothing to train on`,
      'use fewer blocks (--blocks), a smaller test share or a shorter horizon (--horizon)',
      { ...found },
    );
  }
  const { held, needed, more } = seconds;
  return tooFewRowsError(
    `the history gives ${held} s of labelled rows${describeActed(found)}, and it takes ${needed} s to train and to test on rows that are ${horizon} apart`,
    `collect ${aboutSeconds(more)} more, or use a shorter horizon (--horizon)${adviseActed(found)}`,
    { ...found, secondsMore: more },
  );
}

function describeActed({ acted }: Skipped): string {
  return acted === 0 ? '' : `, ${acted} rows were left out because an action of the optimizer reaches them`;
}

function adviseActed({ acted }: Skipped): string {
  return acted === 0
    ? ''
    : ', or collect without acting (serve without --act), or keep those rows (--include-acted)';
}

/** Sentences about what the scores of this set cannot show. */
export function noteProblems(
  counts: Counts,
  skipped: { readonly undersampled: number; readonly acted: number },
  acted: Uint8Array,
): string[] {
  const notes: string[] = [];
  const missing = namesOf(counts.train).filter((name) => !namesOf(counts.test).includes(name));
  const unseen = namesOf(counts.test).filter((name) => !namesOf(counts.train).includes(name));
  if (missing.length > 0) {
    notes.push(
      `The test part holds no ${missing.join(', ')}: scores say nothing about it. More blocks or a longer history would.`,
    );
  }
  if (unseen.length > 0) {
    notes.push(
      `The train part holds no ${unseen.join(', ')}, which the test part does: no model can get these rows right.`,
    );
  }
  const kept = acted.reduce((sum, mark) => sum + mark, 0);
  if (skipped.acted > 0) {
    notes.push(
      `${skipped.acted} rows were left out because an action of the optimizer reaches them: nobody knows what would have happened without it.`,
    );
  }
  if (kept > 0) {
    notes.push(
      `${kept} rows are in the set although an action of the optimizer reaches them: their labels say what happened with it.`,
    );
  }
  if (skipped.undersampled > 0) {
    notes.push(
      `Undersampling left ${total(counts.train)} of ${total(counts.train) + skipped.undersampled} train rows.`,
    );
  }
  return notes;
}

function countsOf(rows: Labelled): Counts {
  const entries = splitNames.map((name, split) => [name, countClasses(rows.labels, rows.splits, split)]);
  return Object.fromEntries(entries) as Counts;
}

function sumOf(counts: Counts): number[] {
  return labels.map((_, label) => splitNames.reduce((sum, split) => sum + counts[split][label]!, 0));
}

function describe(counts: readonly number[]): string {
  return labels.map((name, label) => `${name} ${counts[label]}`).join(', ');
}

function namesOf(counts: readonly number[]): string[] {
  return labels.filter((_, label) => counts[label]! > 0);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
