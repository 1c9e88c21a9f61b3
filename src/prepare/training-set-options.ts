// The options of a training set: which rows, labelled how far ahead, split and balanced how. `train`, the bridge, `export
// --training` and `publish` take theirs from here.
import { defaultsOf } from '../core/index.ts';
import type { OptionTable } from '../core/index.ts';

export const trainingSetOptions = {
  horizonMs: {
    type: 'number',
    unit: 'ms',
    default: 60_000,
    range: { above: 0 },
    wanted: 'a positive number of milliseconds',
    about: 'how far a label looks ahead',
    detail: 'Also the gap between train and test.',
    example: 30_000,
  },
  testFraction: {
    type: 'number',
    default: 0.2,
    range: { above: 0, below: 1 },
    wanted: 'between 0 and 1',
    about: 'share of the rows, the newest of each block, to test on',
    example: 0.25,
  },
  blocks: {
    type: 'integer',
    default: 1,
    range: { min: 1 },
    wanted: 'a whole number above 0',
    about: 'blocks of time that are each split by themselves: for short histories with repeating phases',
    example: 4,
  },
  balance: {
    type: 'choice',
    choices: ['weights', 'undersample', 'none'],
    default: 'weights',
    about: 'how classes of unequal size are dealt with in the rows to train on',
    example: 'undersample',
  },
  window: {
    type: 'window',
    about: 'how many feature rows a row holds, and how far apart they are; without it the newest one alone',
    detail:
      'For models that look at the history, such as `torch.GRU`. The host computes the same windows for the model that is live. They reach back at most ten minutes at one sample a second, ten times `trendWindowMs`.',
    example: { steps: 16, everyMs: 1000 },
  },
  includeActed: {
    type: 'boolean',
    default: false,
    about: 'keep rows that an action of the optimizer reaches',
    detail:
      'Their labels describe the host with that action: a model trained on them learns from its predecessor.',
    example: true,
  },
} as const satisfies OptionTable;

export const trainingSetDefaults = defaultsOf(trainingSetOptions);

/** What a set is for: labels to tell apart, rows that are odd, or the memory that will be available. */
export const trainingTasks = ['classification', 'anomaly', 'forecast'] as const;

export type TrainingTask = (typeof trainingTasks)[number];

export type Balance = (typeof trainingSetOptions.balance.choices)[number];
