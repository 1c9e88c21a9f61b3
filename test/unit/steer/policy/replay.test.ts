// Replays of the public matrices, of small and odd ones. Figures over 20 seeds are in docs/steer.md.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseLatencyMatrix, replayMatrix } from '../../../../src/steer/policy/index.ts';

const folder = join(import.meta.dirname, '../../../fixtures/limeqo');
const read = (name: string) => parseLatencyMatrix(readFileSync(join(folder, name), 'utf8'), { name });

it('replayMatrix() reaches what was asked of it when DSB is replayed', { timeout: 60_000 }, async () => {
  const { offline, online, unseen } = await replayMatrix(read('dsb.csv'), { seeds: 2 });
  expect(offline.regressions).toBe(0);
  expect(offline.ratio).toBeLessThanOrEqual(0.71);
  expect(offline.ratio).toBeLessThan(offline.greedy);
  expect(offline.ratio).toBeLessThan(offline.random);
  expect(offline.oracle).toBeCloseTo(0.5776, 3);
  expect(offline.bestSingle).toBeCloseTo(1 / 1.24, 2);
  expect(online.ratio).toBeLessThanOrEqual(0.78);
  expect(online.safeRatio).toBeLessThanOrEqual(0.8);
  expect(online.safeSlowerShare).toBeLessThanOrEqual(0.035);
  expect(unseen.ratio).toBeLessThanOrEqual(1.02);
});

it('replayMatrix() gives the same report when it is asked again', async () => {
  const matrix = read('job.csv');
  const report = await replayMatrix(matrix, { seeds: 2 });
  expect(await replayMatrix(matrix, { seeds: 2 })).toEqual(report);
  expect(report.offline.regressions).toBe(0);
  expect(report.offline.ratio).toBeLessThanOrEqual(0.7);
  expect(report.intervals['offline.ratio']!.low).toBeLessThanOrEqual(report.offline.ratio);
});

it.each([
  ['one arm', 'q,0\na1,1\na2,2\n'],
  ['one query', 'q,0,1,2\na1,3,1,2\n'],
  ['one template', 'q,0,1\nt_1,3,1\nt_2,2,1\nt_3,4,1\nt_4,2,3\nt_5,2,1\n'],
  ['nothing but stopped runs beside the default', 'q,0,1\na,3,>9\nb,2,inf\n'],
  ['missing cells', 'q,0,1,2\na,3,,\nb,2,,1\n'],
  ['a stopped default', 'q,0,1\na,>3,1\nb,2,4\n'],
])('replayMatrix() gives a whole report when the matrix has %s', async (_, text) => {
  const report = await replayMatrix(parseLatencyMatrix(text, { name: 'small' }), { seeds: 2 });
  const { offline, online, unseen } = report;
  for (const value of [
    offline.ratio,
    offline.greedy,
    offline.random,
    online.ratio,
    online.safeRatio,
    unseen.ratio,
  ]) {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(5);
  }
  expect(offline.regressions).toBe(0);
  expect(offline.ratio).toBeLessThanOrEqual(1);
  expect(offline.oracle).toBeLessThanOrEqual(offline.ratio);
});

it.each([
  [{ seeds: 0 }, 'seeds'],
  [{ budget: -1 }, 'budget'],
  [{ rank: 1.5 }, 'rank'],
  [{ arms: ['0', 'nine'] }, 'arms'],
])('replayMatrix() refuses %j naming the option', async (options, name) => {
  const matrix = parseLatencyMatrix('q,0,1\na,1,2\n', { name: 'small' });
  await expect(replayMatrix(matrix, options)).rejects.toMatchObject({
    code: 'ERR_STEER_OPTION',
    details: { option: name },
  });
});
