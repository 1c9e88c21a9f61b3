// A table of features and labels for the trainer: Python fits on it, and the model is deployed as that of `train` is:
// live when it is not below what decides now.
import type { Home, OptionMapping } from '../../core/index.ts';
import { defineSink } from '../../pipeline/index.ts';
import type { SinkEntry } from '../../pipeline/index.ts';
import { featureSpecSha256 } from '../../prepare/index.ts';
import { createTableSink } from '../../train/index.ts';
import { tell } from '../terminal.ts';
import { trainModel } from '../training/train-model.ts';
import { defaultEstimator } from '../training/training-service.ts';
import { readFeatureSettings } from './feature-settings.ts';

export const trainerSink = (home: Home): SinkEntry =>
  defineSink({
    name: 'trainer',
    about: 'a model of the features and labels that reach it, of `training-set` or of `label` and `features`',
    options: {
      estimator: {
        type: 'text',
        default: defaultEstimator,
        about: 'any scikit-learn classifier',
        example: 'sklearn.HistGradientBoostingClassifier',
      },
      parameters: {
        type: 'mapping',
        defaultText: "the estimator's own",
        about: 'parameters of it',
        example: { max_iter: 200 },
      },
      activate: {
        type: 'choice',
        choices: ['gate', 'always', 'never'],
        default: 'gate',
        about: 'make it live when it is no worse than what decides now, whatever it is worth, or not',
        example: 'never',
      },
      testFraction: {
        type: 'number',
        range: { above: 0, below: 1 },
        wanted: 'a number between 0 and 1',
        default: 0.2,
        about: 'share of the rows, the newest, to test on, where no `split` reaches it',
        example: 0.3,
      },
    },
    create: ({ testFraction, ...options }) => {
      const { spec, horizonMs } = readFeatureSettings(home);
      return createTableSink({
        features: spec.names,
        featureSpecSha256: featureSpecSha256(spec),
        horizonMs,
        testFraction,
        train: (file, signal) => train(home, options, { file, signal }),
      });
    },
  });

interface TrainerOptions {
  readonly estimator: string;
  readonly parameters?: OptionMapping | undefined;
  readonly activate: 'gate' | 'always' | 'never';
}

async function train(
  home: Home,
  { estimator, parameters = {}, activate }: TrainerOptions,
  { file, signal }: { readonly file: string; readonly signal: AbortSignal },
): Promise<void> {
  const job = {
    estimator,
    parameters,
    dataset: { file },
    ...(activate !== 'gate' && { activate: activate === 'always' }),
  };
  const { deployment } = await trainModel(home, job, { signal, onProgress: () => {} });
  tell(`${deployment?.name}@${deployment?.version}: ${deployment?.reason}`);
}
