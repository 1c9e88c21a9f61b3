// Tuning of real pipelines: runs until the best so far is within 5 % of the best there is, which was found by running them all;
// random search beside. And whether a stage that was made slower is named.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileSink, fileSource, filter, pipeline, workerStage } from '../../src/pipeline/index.ts';
import { autotune, findStageBottleneck } from '../../src/steer/tune/index.ts';
import type { JobConfiguration, JobKnobs, TrialRun } from '../../src/steer/tune/index.ts';
import { numberBatches, numberSchema } from '../support/pipeline/number-batches.ts';
import { createNormal } from '../support/dag/plans.ts';
import { createRandom } from '../support/random.ts';
import { createMadeJob } from '../support/steer/made-jobs.ts';
import { runThrottled, throttledStages } from '../support/steer/throttled-pipeline.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { quantile } from './harness.ts';

const bench = 'dag.autotune';
const module = join(import.meta.dirname, '../support/pipeline/transforms.ts');
const ROWS = 100_000;
const REPEATS = 4;
const MADE_JOBS = 200;
const SEARCHES = 200;
const NOISE = 0.06;
const GOOD = 0.95;

const start: JobConfiguration = { batchRows: 65_536, workers: 1, codec: 'none' };
const knobs: JobKnobs = {
  start,
  batchRows: [512, 4096, 16_384, 65_536],
  workers: [1, 2],
  codecs: ['none', 'gzip', 'zstd'],
};
const all = knobs.codecs.flatMap((codec) =>
  knobs.workers.flatMap((workers) => knobs.batchRows.map((batchRows) => ({ batchRows, workers, codec }))),
);

/** Rounds of arithmetic a row in the worker stage. */
const jobs = [2, 20, 100];

/** Each configuration with the run that stands for it. */
type Table = ReadonlyMap<string, TrialRun>;
const keyOf = (configuration: JobConfiguration): string => JSON.stringify(configuration);

/** Every configuration, each time in another order; the least disturbed run counts: a shared host makes runs slower, never faster. */
async function measureAll(folder: string, rounds: number): Promise<Table> {
  const runs = new Map<string, TrialRun>();
  const random = createRandom(rounds);
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const configuration of all.toSorted(() => random() - 0.5)) {
      const run = await runJob(folder, rounds, configuration);
      const before = runs.get(keyOf(configuration));
      if (!before || run.seconds < before.seconds) runs.set(keyOf(configuration), run);
    }
  }
  return runs;
}

async function runJob(
  folder: string,
  rounds: number,
  { batchRows, workers, codec }: JobConfiguration,
): Promise<TrialRun> {
  const path = join(folder, 'out.jsonl');
  const from = performance.now();
  const { progress } = await pipeline()
    .from(fileSource(join(folder, 'numbers.arrow')))
    .through(filter('number >= 0'))
    .through(workerStage({ module, exportName: 'compute', options: { rounds }, maxWorkers: workers! }))
    .to(createFileSink({ path, format: 'jsonl', compression: codec as 'none' | 'gzip' | 'zstd' }))
    .run({ batch: { rows: batchRows! } });
  return {
    rows: ROWS,
    seconds: (performance.now() - from) / 1000,
    bytes: (await stat(path)).size,
    legs: progress,
  };
}

const secondsOf = (table: Table, configuration: JobConfiguration): number =>
  table.get(keyOf(configuration))!.seconds;
const leastSeconds = (table: Table): number => Math.min(...[...table.values()].map(({ seconds }) => seconds));

/** Runs of a search until its best is good, each with a noise of 6 %; all when it never is. */
async function countRuns(table: Table, seed: number, isRandom: boolean): Promise<number> {
  const random = createRandom(seed);
  const normal = createNormal(random);
  const enough = leastSeconds(table) / GOOD;
  let [found, count] = [all.length, 0];
  const note = (best: JobConfiguration): void => {
    if (secondsOf(table, best) <= enough) found = Math.min(found, count);
  };
  const run = async (configuration: JobConfiguration): Promise<TrialRun> => {
    count++;
    const trial = table.get(keyOf(configuration))!;
    return { ...trial, seconds: trial.seconds * Math.exp(NOISE * normal()) };
  };
  if (isRandom) {
    let [best, least] = [start, Infinity];
    for (const configuration of all.toSorted(() => random() - 0.5)) {
      const { seconds } = await run(configuration);
      if (seconds < least) [best, least] = [configuration, seconds];
      note(best);
    }
    return found;
  }
  const onTrial = (_: unknown, best: JobConfiguration): void => note(best);
  await autotune({ knobs, run, onTrial, cores: 2, maxTrials: all.length });
  return found;
}

async function countAll(tables: readonly Table[], isRandom: boolean): Promise<number[]> {
  const counts: number[] = [];
  for (let seed = 1; seed <= SEARCHES; seed++) {
    counts.push(await countRuns(tables[seed % tables.length]!, seed, isRandom));
  }
  return counts;
}

async function* searchCases(name: string, tables: readonly Table[]): AsyncGenerator<BenchCase> {
  const [ours, random] = [await countAll(tables, false), await countAll(tables, true)];
  for (const [q, most] of [
    [0.5, 6],
    [0.9, 15],
  ] as const) {
    yield {
      bench,
      case: `${name}: runs to ${GOOD * 100} % of the best of ${all.length}, p${q * 100}`,
      unit: 'runs',
      better: 'lower',
      anchorName: 'random search',
      ours: async () => quantile(ours, q),
      anchor: async () => quantile(random, q),
      goal: (runs) => runs <= most,
      runs: 1,
      warmup: false,
    };
  }
  const gains = tables.map((table) => secondsOf(table, start) / leastSeconds(table));
  yield {
    bench,
    case: `${name}: the best over the default, median of the jobs`,
    unit: '×',
    better: 'higher',
    anchorName: 'none: what there was to gain',
    ours: async () => quantile(gains, 0.5),
    anchor: null,
    runs: 1,
    warmup: false,
  };
}

async function* tuneCases(): AsyncGenerator<BenchCase> {
  const made = Array.from({ length: MADE_JOBS }, (_, at): Table => {
    const job = createMadeJob(at + 1);
    return new Map(all.map((configuration) => [keyOf(configuration), job(configuration)]));
  });
  yield* searchCases(`${MADE_JOBS} made jobs`, made);
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-bench-tune-'));
  try {
    await writeNumbers(folder);
    await runJob(folder, 1, start);
    const tables: Table[] = [];
    for (const rounds of jobs) tables.push(await measureAll(folder, rounds));
    yield* searchCases(`${jobs.length} real pipelines`, tables);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  yield throttleCase();
}

async function writeNumbers(folder: string): Promise<void> {
  const batches = numberBatches(ROWS / 10_000, 10_000);
  let at = 0;
  await pipeline()
    .from({
      schema: numberSchema,
      nextBatch: async () => batches[at++] ?? null,
      sizeHint: () => ROWS,
      memoryUsage: () => 0,
    })
    .to(createFileSink({ path: join(folder, 'numbers.arrow'), format: 'arrow' }))
    .run();
}

function throttleCase(): BenchCase {
  const random = createRandom(1);
  return {
    bench,
    case: 'stage made 2 to 5 times as slow is named, 200 trials',
    unit: 'share',
    better: 'higher',
    anchorName: 'none',
    anchor: null,
    ours: async () => {
      let named = 0;
      for (let trial = 0; trial < 200; trial++) {
        const stage = throttledStages[Math.floor(random() * throttledStages.length)]!;
        const progress = await runThrottled(stage, 2 + 3 * random());
        if (findStageBottleneck([progress])?.stage === stage) named++;
      }
      return named / 200;
    },
    goal: (share) => share >= 0.95,
    runs: 1,
    warmup: false,
  };
}

export const topics: readonly BenchTopic[] = [{ name: bench, cases: tuneCases }];
