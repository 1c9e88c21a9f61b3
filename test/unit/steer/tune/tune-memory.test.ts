// What was best for kinds of jobs, to a file and back.
import { expect, it } from 'vitest';
import { encodeTuneMemory, parseTuneMemory, rememberJob, signJob } from '../../../../src/steer/tune/index.ts';
import type { JobKind, TunedJob } from '../../../../src/steer/tune/index.ts';

const kind: JobKind = {
  stages: ['csv', 'filter', 'jsonl'],
  bytesPerRow: 100,
  selectivity: 0.5,
  hardwareId: 'a',
};
const job: TunedJob = {
  signature: signJob(kind),
  hardwareId: 'a',
  configuration: { batchRows: 4096, workers: null, codec: 'zstd' },
  speedup: 1.5,
};

it('signJob() is the same when jobs are alike, and another one when they are not', () => {
  expect(signJob({ ...kind, bytesPerRow: 120, selectivity: 0.55 })).toBe(job.signature);
  const others = [
    { stages: ['csv', 'jsonl'] },
    { bytesPerRow: 10_000 },
    { bytesPerRow: null },
    { selectivity: 0.001 },
    { hardwareId: 'b' },
  ];
  for (const other of others) expect(signJob({ ...kind, ...other })).not.toBe(job.signature);
});

it('parseTuneMemory() gives what encodeTuneMemory() was given when it is whole', () => {
  expect(parseTuneMemory(encodeTuneMemory([job]))).toEqual([job]);
});

it('rememberJob() puts a job in front, once, when it is tuned again', () => {
  const other = { ...job, signature: 'other' };
  expect(rememberJob([other, job], { ...job, speedup: 2 })).toEqual([{ ...job, speedup: 2 }, other]);
  const many = Array.from({ length: 200 }, (_, at) => ({ ...job, signature: String(at) }));
  expect(rememberJob(many, job)).toHaveLength(200);
});

it.each([
  ['', 'no JSON'],
  ['[]', 'version 1'],
  ['{"version":2,"jobs":[]}', 'version 1'],
  [JSON.stringify({ version: 1, jobs: [{ ...job, speedup: 'fast' }] }), 'jobs\\[0\\]'],
  [
    JSON.stringify({
      version: 1,
      jobs: [{ ...job, configuration: { batchRows: -1, workers: null, codec: null } }],
    }),
    'jobs\\[0\\]',
  ],
  [JSON.stringify({ version: 1, jobs: [null] }), 'jobs\\[0\\]'],
])('parseTuneMemory() refuses %j as damaged', (text, state) => {
  expect(() => parseTuneMemory(text)).toThrow(
    expect.objectContaining({ code: 'ERR_STEER_STATE', message: expect.stringMatching(state) }),
  );
});
