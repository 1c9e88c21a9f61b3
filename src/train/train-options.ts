// The options of a training, beside the data set's own (src/prepare/training-set-options.ts). `train`, the bridge, the
// client and docs/trainers.md take theirs from here.
import type { OptionTable } from '../core/index.ts';
import { modelTasks } from '../models/index.ts';

/** Options of every training. */
export const trainOptions = {
  estimator: {
    type: 'text',
    flag: '--estimator <name>',
    defaultText: 'the one of the task: `sklearn.RandomForestClassifier`, or as docs/trainers.md says',
    about:
      'what is fitted, of any framework: `sklearn.HistGradientBoostingClassifier`, `lightgbm.LGBMClassifier`, `torch.GRU`',
    detail:
      'A name that is not known is answered with the near ones, a framework that is not installed with the line that installs it.',
    example: 'sklearn.HistGradientBoostingClassifier',
  },
  task: {
    type: 'choice',
    choices: modelTasks,
    defaultText: 'that of the estimator',
    about: 'what the model answers: a label, how odd a sample is, or the memory that will be available',
    detail: 'An estimator of another task is refused.',
    example: 'forecast',
  },
  seed: {
    type: 'integer',
    range: { min: 0, max: 2 ** 32 - 1 },
    wanted: 'a whole number from 0 to 4294967295',
    default: 0,
    about: 'of whatever is drawn: the same data and seed give the same model',
    example: 7,
  },
  logger: {
    type: 'choice',
    choices: ['mlflow'],
    defaultText: 'nowhere',
    about: 'where the run is logged beside the registry; MLflow is told where by `MLFLOW_TRACKING_URI`',
    example: 'mlflow',
  },
  backend: {
    type: 'choice',
    choices: ['python', 'tfjs'],
    default: 'python',
    about: 'what fits: Python, or tf.js in a worker of the daemon, without Python',
    example: 'tfjs',
  },
} as const satisfies OptionTable;

/** Options of a network of tf.js, beside its layers. Their values are checked where it is fitted. */
export const networkOptions = {
  epochs: {
    type: 'integer',
    range: { min: 1 },
    wanted: 'a whole number above 0',
    defaultText: '40',
    about: 'of tf.js: times that each row is seen',
    example: 20,
  },
  batchSize: {
    type: 'integer',
    range: { min: 1 },
    wanted: 'a whole number above 0',
    defaultText: '128',
    about: 'of tf.js: rows of one step',
    example: 64,
  },
  learningRate: {
    type: 'number',
    range: { above: 0 },
    wanted: 'a number above 0',
    defaultText: '0.003',
    about: 'of tf.js: the learning rate of Adam',
    example: 0.001,
  },
  earlyStopping: {
    type: 'integer',
    range: { min: 1 },
    wanted: 'a whole number above 0',
    defaultText: 'never',
    about: 'of tf.js: epochs without a better loss on the newest rows after which it stops',
    example: 5,
  },
} as const satisfies OptionTable;

/** Options of a search for parameters. */
export const searchOptions = {
  trials: {
    type: 'integer',
    range: { min: 1 },
    wanted: 'a whole number above 0',
    flag: '--search <trials>',
    defaultText: 'no search',
    about: 'look for better parameters first, in at most so many trials',
    example: 20,
  },
  folds: {
    type: 'integer',
    range: { min: 1 },
    wanted: 'a whole number above 0',
    flag: '--search-folds <count>',
    defaultText: '4',
    about:
      'of a search: parts of the history that each trial is measured on, each after what it was fitted on',
    example: 4,
  },
  gapMs: {
    type: 'number',
    unit: 'ms',
    range: { min: 0 },
    wanted: 'a number of milliseconds from 0',
    flag: '--search-gap <seconds>',
    defaultText: 'what a label looks ahead and a feature looks back',
    about: 'of a search: left out between the rows fitted on and those measured on',
    example: 60_000,
  },
  timeoutSeconds: {
    type: 'number',
    range: { above: 0 },
    wanted: 'a number of seconds above 0',
    flag: '--search-timeout <s>',
    defaultText: 'none',
    about: 'of a search: seconds after which no further trial is begun',
    example: 300,
  },
} as const satisfies OptionTable;
