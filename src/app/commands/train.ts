// `train`: a model from the history, by the running host or by one opened for the purpose.
import type { TrainingAnswer } from '../../client/index.ts';
import { toWireName } from '../../core/index.ts';
import type { Home, OptionTable } from '../../core/index.ts';
import { exportArguments, trainingOptions } from '../../export/options/index.ts';
import type { Command } from 'commander';
import { trainModel } from '../training/train-model.ts';
import { describeTrainProgress, networkOptions, searchOptions, trainOptions } from '../../train/index.ts';
import type { TfjsLayer, TrainJob, TrainProgress } from '../../train/index.ts';
import { trainingSetOptions } from '../../prepare/index.ts';
import { writeFigure } from '../models/task-texts.ts';
import { searchlessError } from '../errors.ts';
import { parseLayers } from './layers.ts';
import { findingsOf, startProgress } from '../../client/index.ts';
import { abortOnSignals, formatRows, print, printJson } from '../terminal.ts';
import { homeOf, parseHours, parsePositive, parseSeconds } from './options.ts';
import { parseAssignment } from './assignment.ts';
import { addTableOptions, pickOptions } from './table-options.ts';

/** What commander hands over: these, and what the table names. */
interface TrainCommandOptions extends Readonly<Record<string, unknown>> {
  readonly name?: string;
  readonly layers?: readonly TfjsLayer[];
  readonly param: Readonly<Record<string, unknown>>;
  readonly activate?: boolean;
  readonly json?: boolean;
}

const { blocks, includeActed, horizonMs } = trainingOptions;
const { window } = trainingSetOptions;
const datasetOptions = {
  hours: exportArguments.hours,
  horizonMs: { ...horizonMs, flag: '--horizon <seconds>' },
  blocks,
  includeActed,
  window,
} as const satisfies OptionTable;

/** Adds the command. */
export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description(
      'train a model on the history, with the framework of your choice; it goes live when it is no worse than what answers now',
    )
    .option('--name <name>', 'name in the registry (default: the one that answers for the task on this host)')
    .option(
      '--param <name=value>',
      'estimator parameter, value as JSON or text (repeatable)',
      parseAssignment,
      {},
    );
  addTableOptions(command, datasetOptions, {
    parsers: { hours: parseHours, blocks: parsePositive },
  });
  addTableOptions(command, trainOptions);
  addTableOptions(command, searchOptions, { parsers: { timeoutSeconds: parseSeconds } });
  command.option(
    '--layers <list>',
    'of tf.js: the network, like dense:32:relu,dropout:0.2 (default: two dense layers)',
    parseLayers,
  );
  addTableOptions(command, networkOptions);
  command
    .option('--activate', 'make the model live whatever it is worth')
    .option('--no-activate', 'leave the model as the candidate')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt train --estimator sklearn.HistGradientBoostingClassifier --param max_iter=200\n' +
        '  $ ruvector-memopt train --task anomaly\n' +
        '  $ ruvector-memopt train --estimator torch.GRU --window 16x1s --search 10\n' +
        '  $ ruvector-memopt train --backend tfjs --layers dense:32:relu,dropout:0.2 --epochs 20',
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
  const search = pickOptions(searchOptions, options);
  if (Object.keys(search).length > 0 && search.trials === undefined) throw searchlessError();
  // Beyond now there are only rows of a clock that was ahead.
  const range = hours === undefined ? {} : { from_ms: nowMs - hours * 3_600_000, to_ms: nowMs + 1 };
  const { window: history, ...rows } = asked;
  const dataset = Object.entries(rows).map(([name, value]) => [toWireName(name), value]);
  return {
    ...pickOptions({ ...trainOptions, ...networkOptions }, options),
    ...(options.name !== undefined && { name: options.name }),
    ...(options.layers !== undefined && { layers: options.layers }),
    ...(history !== undefined && { window: history }),
    ...(search.trials !== undefined && { search }),
    parameters: options.param,
    dataset: { ...range, ...Object.fromEntries(dataset) },
    ...(options.activate !== undefined && { activate: options.activate }),
  } as Partial<TrainJob>;
}

async function train(home: Home, job: Partial<TrainJob>): Promise<TrainingAnswer> {
  using stop = abortOnSignals();
  using bar = startProgress('training', 1);
  const onProgress = (step: unknown): void => {
    const progress = step as TrainProgress;
    bar.update(progress.fraction, describeTrainProgress(progress, job));
  };
  return await trainModel(home, job, { signal: stop.signal, onProgress });
}

function describeFirstDecision(isLive: boolean, ms: number | null): string {
  if (!isLive) return 'none: what decided before goes on';
  return ms === null ? 'at the next start' : `${ms.toFixed(0)} ms after fit returned`;
}

/** Of a Python module of an earlier version. */
const UNCOMPARED = 'Not held against the rules: its trainer says no more than the scores below.';

/** Of a classifier, a detector or a forecast. */
type Score = Parameters<typeof writeFigure>[0] & { readonly interval?: readonly [number, number] | null };

function writeScore(score: Score): string {
  const figure = writeFigure(score);
  if (figure === undefined) return 'unknown: the rows to test on are all of one kind';
  const { interval } = score;
  return figure + (interval ? ` (95 % interval ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)})` : '');
}

/** A finished training as text: the first line says whether it is better than a rule. */
export function renderTraining({ manifest, deployment, fitToFirstDecisionMs }: TrainingAnswer): string {
  const { metrics, parity } = manifest;
  const baseline = (metrics['baseline'] ?? {}) as Record<string, Score | null>;
  const verdict = findingsOf(metrics).comparison?.sentence ?? UNCOMPARED;
  const rows = formatRows([
    ['model', `${deployment?.name}@${deployment?.version}`],
    ['estimator', manifest.trainer.estimator],
    ['dataset', `${manifest.dataset.rows} rows, ${manifest.dataset.id}`],
    ['score', writeScore(metrics)],
    ...Object.entries(baseline).map(([name, found]): [string, string] => [
      `baseline ${name}`,
      found ? writeScore(found) : 'the features lack what it looks at',
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
  return `${verdict}\n${rows}`;
}
