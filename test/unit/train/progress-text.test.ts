import { expect, it } from 'vitest';
import { describeTrainProgress } from '../../../src/train/progress-text.ts';

const fit = { stage: 'fit', fraction: 0.4, message: 'fitting x on 10 rows' } as const;

it('describeTrainProgress() says step, loss and the time left', () => {
  const step = { ...fit, step: 12, of: 50, loss: 0.3101, etaSeconds: 7.4 };
  expect(describeTrainProgress(step, { estimator: 'torch.MLP' })).toBe(
    'epoch 12/50 · loss 0.31 · about 8 s left',
  );
});

it.each([
  ['lightgbm.LGBMClassifier', {}, 'tree 3/9'],
  ['sklearn.GradientBoostingClassifier', {}, 'step 3/9'],
  ['torch.GRU', { search: { trials: 9 } }, 'trial 3/9'],
  [undefined, { backend: 'tfjs' as const }, 'epoch 3/9'],
])('describeTrainProgress() names the steps of %s %j', (estimator, parts, text) => {
  expect(describeTrainProgress({ ...fit, step: 3, of: 9 }, { estimator, ...parts })).toBe(text);
});

it('describeTrainProgress() says the stage where there are no steps, or one', () => {
  expect(describeTrainProgress({ ...fit, step: 1, of: 1 })).toBe(fit.message);
  expect(describeTrainProgress({ stage: 'stream', fraction: 0, message: '' })).toBe('stream');
});
