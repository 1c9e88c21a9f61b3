// Jobs made of numbers: a reader, a transform and a writer with costs a row and a batch, two cores, codecs that cost time.
import type { JobConfiguration, TrialRun } from '../../../src/steer/tune/index.ts';
import { createNormal } from '../dag/plans.ts';
import { createRandom } from '../random.ts';

const ROWS = 100_000;
/** What no model of stages explains: settings that happen to fit. */
const UNEXPLAINED = 0.05;

/** A job of random costs; the same configuration always takes the same time. */
export function createMadeJob(seed: number): (configuration: JobConfiguration) => TrialRun {
  const random = createRandom(seed);
  const normal = createNormal(random);
  const between = (low: number, high: number): number => low * (high / low) ** random();
  // µs a row; µs a batch.
  const row = { read: between(0.3, 3), work: between(0.3, 12), write: between(0.3, 3) };
  const codec = { none: 0, gzip: between(1, 6), zstd: between(0.2, 1.5) };
  const batch = { any: between(50, 4000), worker: between(20, 800) };
  const largeBatches = between(1, 1.6);
  const runs = new Map<string, TrialRun>();
  const run = ({ batchRows, workers, codec: name }: JobConfiguration): TrialRun => {
    const [rows, count] = [batchRows!, workers!];
    const slowdown = rows >= 65_536 ? largeBatches : rows >= 16_384 ? Math.sqrt(largeBatches) : 1;
    const read = row.read + batch.any / rows;
    const work = row.work * slowdown + (batch.any + batch.worker * count) / rows;
    const write = row.write + codec[name as keyof typeof codec];
    const micros = Math.max(read, work / Math.min(count, 2), (read + work) / 2) + write;
    const stage = (stageName: string, kind: string, microsPerRow: number, threads: number) => ({
      name: stageName,
      kind,
      rows: ROWS,
      busyMs: (microsPerRow * ROWS) / 1000,
      workers: threads,
    });
    return {
      rows: ROWS,
      seconds: (micros * ROWS * Math.exp(UNEXPLAINED * normal())) / 1e6,
      bytes: null,
      legs: [
        { stages: [stage('read', 'source', read, 1), stage('work', 'transform', work, count)] },
        { stages: [stage('write', 'plan', write, 1)] },
      ],
    };
  };
  return (configuration) => {
    const key = JSON.stringify(configuration);
    const found = runs.get(key) ?? run(configuration);
    runs.set(key, found);
    return found;
  };
}
