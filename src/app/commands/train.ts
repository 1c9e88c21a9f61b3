// `train`: a model from the history, by the running host or by one opened for the purpose.
import type { TrainingAnswer } from '../../client/index.ts';
import { toWireName } from '../../core/index.ts';
import type { Home, OptionTable } from '../../core/index.ts';
import { exportArguments, trainingOptions } from '../../export/options/index.ts';
import type { Command } from 'commander';
import { trainModel } from '../training/train-model.ts';
import { defaultEstimator } from '../training/training-service.ts';
import type { TrainJob } from '../../train/index.ts';
import { startProgress } from '../../client/index.ts';
import { abortOnSignals, formatRows, print, printJson } from '../terminal.ts';
import { homeOf, parsePositive } from './options.ts';
import { parseAssignment } from './assignment.ts';
import { addTableOptions, pickOptions } from './table-options.ts';

/** What commander hands over: these, and what the table names. */
interface TrainCommandOptions extends Readonly<Record<string, unknown>> {
  readonly estimator: string;
  readonly param: Readonly<Record<string, unknown>>;
  readonly activate?: boolean;
  readonly json?: boolean;
}

const { blocks, includeActed, horizonMs } = trainingOptions;
const datasetOptions = {
  hours: exportArguments.hours,
  horizonMs: { ...horizonMs, flag: '--horizon <seconds>' },
  blocks,
  includeActed,
} as const satisfies OptionTable;

/** Adds the command. */
export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description(
      'train a model on the history with scikit-learn; it goes live when it is not below what decides now',
    )
    .option(
      '--estimator <name>',
      'any scikit-learn classifier, e.g. sklearn.HistGradientBoostingClassifier',
      defaultEstimator,
    )
    .option(
      '--param <name=value>',
      'estimator parameter, value as JSON or text (repeatable)',
      parseAssignment,
      {},
    );
  addTableOptions(command, datasetOptions, {
    parsers: { hours: parsePositive, blocks: parsePositive },
  });
  command
    .option('--activate', 'make the model live whatever it is worth')
    .option('--no-activate', 'leave the model as the candidate')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt train --estimator sklearn.HistGradientBoostingClassifier --param max_iter=200',
    )
    .action(async (options: TrainCommandOptions, self: Command) => {
      const report = await train(homeOf(self), buildJob(options));
      if (options.json) printJson(report);
      else print(renderTraining(report));
    });
}

function buildJob(options: TrainCommandOptions): Partial<TrainJob> {
  const nowMs = Date.now();
  const { hours, ...asked } = pickOptions(datasetOptions, options);
  // Beyond now there are only rows of a clock that was ahead.
  const range = hours === undefined ? {} : { from_ms: nowMs - hours * 3_600_000, to_ms: nowMs + 1 };
  const dataset = Object.entries(asked).map(([name, value]) => [toWireName(name), value]);
  return {
    estimator: options.estimator,
    parameters: options.param,
    dataset: { ...range, ...Object.fromEntries(dataset) },
    ...(options.activate !== undefined && { activate: options.activate }),
  };
}

async function train(home: Home, job: Partial<TrainJob>): Promise<TrainingAnswer> {
  using stop = abortOnSignals();
  using bar = startProgress('training', 1);
  const onProgress = (step: unknown): void => {
    const { fraction = 0, message = '' } = step as { fraction?: number; message?: string };
    bar.update(fraction, message);
  };
  return await trainModel(home, job, { signal: stop.signal, onProgress });
}

function describeFirstDecision(isLive: boolean, ms: number | null): string {
  if (!isLive) return 'none: what decided before goes on';
  return ms === null ? 'at the next start' : `${ms.toFixed(0)} ms after fit returned`;
}

interface Score {
  readonly macroF1: number;
  readonly interval?: readonly [number, number];
}

/** A finished training as text. */
export function renderTraining({ manifest, deployment, fitToFirstDecisionMs }: TrainingAnswer): string {
  const { metrics, parity } = manifest;
  const baseline = metrics['baseline'] as Record<string, Score | null>;
  const score = ({ macroF1, interval }: Score): string =>
    macroF1.toFixed(3) +
    (interval ? ` (95 % interval ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})` : '');
  return formatRows([
    ['model', `${deployment?.name}@${deployment?.version}`],
    ['estimator', manifest.trainer.estimator],
    ['dataset', `${manifest.dataset.rows} rows, ${manifest.dataset.id}`],
    ['macro-F1', score(metrics as unknown as Score)],
    ...Object.entries(baseline).map(([name, found]): [string, string] => [
      `baseline ${name}`,
      found ? score(found) : 'the features lack what it looks at',
    ]),
    [
      'parity',
      `${parity.rows} golden rows, largest difference ${parity.maxAbsDiff}, ${parity.labelMismatches} labels differ`,
    ],
    [
      deployment?.isLive ? 'live' : 'candidate',
      `${deployment?.reason}${deployment?.swap ? `; after ${deployment.swap.totalMs.toFixed(0)} ms` : ''}`,
    ],
    ...(deployment && !deployment.isLive
      ? [
          ['force it', `ruvector-memopt models activate ${deployment.name}@${deployment.version}`] as [
            string,
            string,
          ],
        ]
      : []),
    ['first decision', describeFirstDecision(deployment?.isLive ?? false, fitToFirstDecisionMs)],
  ]);
}
