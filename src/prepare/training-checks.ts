// Says what is wrong with a history that cannot be trained on, and what a reader of scores should
// know about one that can. No silent repair.
import { labels } from '../core/index.ts';
import { countClasses } from './balance.ts';
import { oneClassError, tooFewRowsError } from './errors.ts';
import { splitNames } from './split.ts';
import type { SplitName } from './split.ts';
import type { TrainingTask } from './training-set-options.ts';

interface Labelled {
  readonly labels: Int8Array;
  readonly splits: Uint8Array;
}
interface Asked {
  readonly task: TrainingTask;
  readonly horizonMs: number;
  readonly spec: { readonly rateWindowMs: number };
  readonly testFraction: number;
}
interface Skipped {
  readonly warmup: number;
  readonly unlabelled: number;
  readonly acted: number;
}
type Counts = Readonly<Record<SplitName, readonly number[]>>;

const minimumTrainRows = 10;

/** Throws unless the train part holds at least 10 rows, of two classes where they are to be told apart, and the test part one row. */
export function assertTrainable(rows: Labelled, asked: Asked, skipped: Skipped): void {
  const counts = countsOf(rows);
  const [train, test] = [total(counts.train), total(counts.test)];
  if (train < minimumTrainRows || test === 0) {
    throw tooFewRowsError(
      `the history gives ${rows.labels.length} labelled rows (${train} to train, ${total(counts.gap)} in the gap, ${test} to test), ` +
        `${skipped.warmup} snapshots fell to the warm-up of ${asked.spec.rateWindowMs} ms and ${skipped.unlabelled} rows have no full horizon of ${asked.horizonMs} ms${describeActed(skipped)}`,
      `collect for longer, or use a shorter horizonMs${adviseActed(skipped)}`,
      { counts, ...skipped },
    );
  }
  const present = namesOf(counts.train);
  if (present.length < 2 && asked.task === 'classification') {
    throw oneClassError(
      `all ${train} rows to train on are ${present[0]} (in all: ${describe(sumOf(counts))})${describeActed(skipped)}`,
      `collect while the host is under memory pressure, train for anomalies or a forecast (task), or set lower thresholds, or more blocks when the other classes are only in the test part${adviseActed(skipped)}`,
      { counts, ...skipped },
    );
  }
}

function describeActed({ acted }: Skipped): string {
  return acted === 0 ? '' : `, ${acted} rows were left out because an action of the optimizer reaches them`;
}

function adviseActed({ acted }: Skipped): string {
  return acted === 0
    ? ''
    : ', or collect without acting (serve without --act), or keep those rows with includeActed';
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
