// Tuning before jobs that are functions of their settings, with noise.
import { expect, it } from 'vitest';
import { autotune, findStageBottleneck } from '../../../../src/steer/tune/index.ts';
import type { JobConfiguration, JobKnobs, TrialRun, TuneOptions } from '../../../../src/steer/tune/index.ts';
import { createRandom } from '../../../support/random.ts';

const start: JobConfiguration = { batchRows: null, workers: 1, codec: 'none' };
const knobs: JobKnobs = {
  batchRows: [null, 1024, 4096, 16_384],
  workers: [1, 2],
  codecs: ['none', 'gzip', 'zstd'],
  start,
};
const bytesOf = { none: 100, gzip: 20, zstd: 30 } as const;
type Rate = (configuration: JobConfiguration) => number;

/** A transform that two workers run twice as fast; gzip costs half, zstd a tenth. */
const usual: Rate = ({ batchRows, workers, codec }) =>
  1000 *
  (workers === 2 ? 1.7 : 1) *
  (batchRows === 4096 ? 1.3 : batchRows === 1024 ? 0.8 : 1) *
  (codec === 'gzip' ? 0.5 : codec === 'zstd' ? 0.9 : 1);

function createJob(rate: Rate, noise = 0.03, seed = 1): Pick<TuneOptions, 'knobs' | 'run' | 'cores'> {
  const random = createRandom(seed);
  return {
    knobs,
    cores: 2,
    run: async (configuration): Promise<TrialRun> => {
      const seconds = 10_000 / (rate(configuration) * (1 + noise * (2 * random() - 1)));
      const stage = (name: string, kind: string, share: number) => ({
        name,
        kind,
        rows: 10_000,
        busyMs: seconds * 1000 * share,
        workers: 1,
      });
      return {
        rows: 10_000,
        seconds,
        bytes: 10_000 * bytesOf[configuration.codec as keyof typeof bytesOf],
        legs: [
          {
            stages: [
              stage('read', 'source', 0.2),
              stage('score', 'transform', 0.9),
              stage('write', 'sink', 0.3),
            ],
          },
        ],
      };
    },
  };
}

it('autotune() finds settings near the best in few runs when the job is steady', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { configuration, trials, bottleneck, speedup } = await autotune(createJob(usual, 0.03, seed));
    expect(usual(configuration)).toBeGreaterThanOrEqual(0.95 * 1000 * 1.7 * 1.3);
    expect(trials.filter(({ step }) => step !== 'verify').length).toBeLessThanOrEqual(10);
    expect(bottleneck?.stage).toBe('score');
    expect(speedup).toBeGreaterThan(1.5);
  }
});

it('autotune() keeps the default when nothing is faster', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const rate: Rate = (configuration) =>
      configuration.batchRows === null && configuration.workers === 1 ? 1000 : 970;
    const { configuration } = await autotune(createJob(rate, 0.05, seed));
    expect(rate(configuration)).toBeGreaterThanOrEqual(970);
  }
});

it('autotune() does not keep what looked best by chance when pairs do not show it', async () => {
  let calls = 0;
  // Every run is as fast as any other, but for one that happened to be lucky.
  const { run, ...job } = createJob(() => 1000, 0);
  const lucky: TuneOptions['run'] = async (configuration) => {
    const trial = await run(configuration);
    return ++calls === 3 ? { ...trial, seconds: trial.seconds / 2 } : trial;
  };
  const result = await autotune({ ...job, run: lucky });
  expect(result).toMatchObject({ configuration: start, isDefault: true, speedup: 1 });
  expect(result.reason).toMatch(/not kept/);
});

it('autotune() keeps to the bytes allowed when the fastest codec has more', async () => {
  const { configuration } = await autotune({ ...createJob(usual), maxBytesPerRow: 40, maxTrials: 24 });
  expect(configuration.codec).toBe('zstd');
  const tight = await autotune({ ...createJob(usual), maxBytesPerRow: 25, maxTrials: 24 });
  expect(tight.configuration.codec).toBe('gzip');
  const impossible = await autotune({ ...createJob(usual), maxBytesPerRow: 1, maxTrials: 24 });
  expect(impossible.configuration.codec).toBe('gzip');
});

it('autotune() checks what is known in two runs and the pairs when it is told of it', async () => {
  const warmStart = { batchRows: 4096, workers: 2, codec: 'none' };
  const { configuration, trials } = await autotune({ ...createJob(usual), warmStart });
  expect(configuration).toEqual(warmStart);
  expect(trials.filter(({ step }) => step !== 'verify').map(({ step }) => step)).toEqual(['profile', 'warm']);
});

it('autotune() gives the error on when a run fails', async () => {
  const error = new Error('disk full');
  await expect(autotune({ ...createJob(usual), run: () => Promise.reject(error) })).rejects.toBe(error);
});

it.each([
  [{ maxTrials: 0 }, 'maxTrials'],
  [{ verifyPairs: 0 }, 'verifyPairs'],
  [{ maxBytesPerRow: 0 }, 'maxBytesPerRow'],
  [{ knobs: { ...knobs, start: { ...start, workers: 9 } } }, 'start'],
  [{ knobs: { ...knobs, workers: [1, 1] } }, 'knobs'],
])('autotune() refuses %j naming the option', async (options, option) => {
  await expect(autotune({ ...createJob(usual), ...options })).rejects.toMatchObject({
    code: 'ERR_STEER_TUNE',
    details: { option },
  });
});

it('findStageBottleneck() looks at the leg that takes longest when there are several', () => {
  const stage = (name: string, busyMs: number, workers = 1) => ({
    name,
    kind: 'transform',
    rows: 100,
    busyMs,
    workers,
  });
  const legs = [
    { stages: [stage('read', 10), stage('clean', 80)] },
    { stages: [stage('plan', 5), stage('train', 400, 2)] },
  ];
  expect(findStageBottleneck(legs)).toMatchObject({ stage: 'train', leg: 2 });
  expect(findStageBottleneck([])).toBeNull();
  expect(findStageBottleneck([{ stages: [stage('idle', 0)] }])).toBeNull();
});
