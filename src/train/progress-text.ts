// Where a training is, in the words behind a progress bar: `epoch 12/50 · loss 0.31 · about 8 s left`. Pure.
import type { TrainJob, TrainProgress } from './train-job.ts';

/** What a step of a fit is called: by its first part, an estimator's framework says it. */
const stepNames: readonly (readonly [begin: string, name: string])[] = [
  ['torch.', 'epoch'],
  ['keras.', 'epoch'],
  ['tfjs.', 'epoch'],
  ['lightgbm.', 'tree'],
  ['xgboost.', 'tree'],
  ['sklearn.MLP', 'epoch'],
  ['sklearn.SGD', 'epoch'],
];

/** What of a job names its steps. */
type WatchedJob = { readonly [K in 'estimator' | 'backend' | 'search']?: TrainJob[K] | undefined };

/** Says where a training is; the stage, where it has no steps. */
export function describeTrainProgress(
  { stage, message, step, of, loss, etaSeconds }: TrainProgress,
  job: WatchedJob = {},
): string {
  if (stage !== 'fit' || step === undefined || of === undefined || of <= 1) {
    return message === '' ? stage : message;
  }
  const parts = [
    `${nameStep(job)} ${Math.floor(step)}/${of}`,
    ...(loss === undefined ? [] : [`loss ${Number(loss.toPrecision(3))}`]),
    ...(etaSeconds === undefined ? [] : [`about ${describeSeconds(etaSeconds)} left`]),
  ];
  return parts.join(' · ');
}

function nameStep({ estimator = '', backend, search }: WatchedJob): string {
  if (search !== undefined) return 'trial';
  if (backend === 'tfjs') return 'epoch';
  return stepNames.find(([begin]) => estimator.startsWith(begin))?.[1] ?? 'step';
}

function describeSeconds(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
