// Unattended retraining: never forces, and says what became of each model.
import { expect, it } from 'vitest';
import { runRetraining } from '../../../../src/app/training/retraining.ts';
import type { Host } from '../../../../src/app/host/host-types.ts';

it('runRetraining() lets the gate decide and logs its sentence', async () => {
  const stop = new AbortController();
  const log: string[] = [];
  const jobs: unknown[] = [];
  const deployment = { name: 'memopt', version: 'v', isLive: false, swap: null, gate: null };
  const host = {
    config: { retrainMinutes: 0, retrainSamples: 100 },
    samples: { waitUntilDue: () => Promise.resolve(jobs.length === 0) },
    training: {
      train: (job: unknown) => {
        jobs.push(job);
        return Promise.resolve({ deployment: { ...deployment, reason: 'macro-F1 0.146 is below' } });
      },
    },
  } as unknown as Host;
  await runRetraining(host, stop.signal, (text) => log.push(text));
  expect(jobs).toEqual([{}]);
  expect(log).toEqual(['trained memopt@v: it stays a candidate, macro-F1 0.146 is below']);
});
