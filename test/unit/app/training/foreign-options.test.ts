import { expect, it } from 'vitest';
import { refuseForeignOptions } from '../../../../src/app/training/foreign-options.ts';
import type { TrainJob } from '../../../../src/train/index.ts';

it.each<[Partial<TrainJob>, RegExp]>([
  [{ layers: [{ type: 'dense' }] }, /: layers is of networks of tf\.js/],
  [{ backend: 'python', epochs: 3, batchSize: 2 }, /epochs is of .*; batchSize is of /],
  [{ estimator: 'torch.GRU', earlyStopping: 4 }, /earlyStopping is of /],
  [{ backend: 'tfjs', estimator: 'sklearn.SVC' }, /estimator is of Python/],
  [{ backend: 'tfjs', parameters: { max_iter: 1 } }, /parameters are of Python/],
])('refuseForeignOptions() refuses %j', (job, wanted) => {
  expect(() => refuseForeignOptions(job)).toThrow(wanted);
  expect(() => refuseForeignOptions(job)).toThrow(expect.objectContaining({ code: 'ERR_APP_PARAMS' }));
});

it.each<Partial<TrainJob>>([
  {},
  { estimator: 'torch.GRU', parameters: { hidden: 8 } },
  { backend: 'tfjs', parameters: {}, layers: [{ type: 'dense' }], epochs: 3 },
])('refuseForeignOptions() takes %j', (job) => {
  expect(() => refuseForeignOptions(job)).not.toThrow();
});
