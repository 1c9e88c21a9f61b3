// Ten thousand random runs: each must end, keep its rows and its order, stay within its bounds and give all memory back.
import { expect, it } from 'vitest';
import { isRuvectorError } from '../../../src/core/index.ts';
import { runStages } from '../../../src/pipeline/index.ts';
import type { PipelineProgress } from '../../../src/pipeline/index.ts';
import { createPrintedRandom, createRandom } from '../../support/random.ts';
import { buildRandomRun } from '../../support/pipeline/random-run.ts';
import type { RandomRun } from '../../support/pipeline/random-run.ts';

const RUNS = 10_000;
/** A turn of the event loop is needed by each, so several run side by side. */
const AT_ONCE = 50;
const STUCK_MS = 60_000;

it('runStages() ends, keeps rows and order and returns all memory on 10,000 random schedules', async () => {
  const random = createPrintedRandom('random schedules of stages');
  const seeds = Array.from({ length: RUNS }, () => Math.floor(random() * 2 ** 31));
  const endings = new Map<string, number>();
  const work = async (): Promise<void> => {
    for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
      const ending = await runSchedule(seed);
      endings.set(ending, (endings.get(ending) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  // Each way to end was taken often, or the test would show nothing.
  for (const ending of ['whole', 'drained', 'aborted', 'failed']) {
    expect(endings.get(ending) ?? 0, ending).toBeGreaterThan(RUNS / 50);
  }
}, 300_000);

/** Runs one and checks it. @returns how it ended */
async function runSchedule(seed: number): Promise<string> {
  const run = buildRandomRun(createRandom(seed));
  const stuck = Promise.withResolvers<never>();
  const timer = setTimeout(() => stuck.reject(new Error(`schedule ${seed} stands still`)), STUCK_MS);
  const outcome = await Promise.race([
    runStages(run.plan, run.options).then(
      (progress) => ({ progress, error: null }),
      (error: unknown) => ({ progress: null, error }),
    ),
    stuck.promise,
  ]);
  clearTimeout(timer);
  run.stopClocks();
  try {
    return outcome.progress ? checkWhole(run, outcome.progress) : checkFailed(run, outcome.error);
  } catch (error) {
    throw new Error(`schedule ${seed}`, { cause: error });
  }
}

function checkWhole(run: RandomRun, progress: PipelineProgress): string {
  const { seen } = run;
  expect(run.mustFail()).toBe(false);
  // In = out + skipped + dead, row by row: each number of the source's first rows is in one place, once.
  const everywhere = [...seen.written, ...seen.dead, ...seen.skipped].sort((a, b) => a - b);
  expect(everywhere.length).toBe(progress.rowsIn);
  expect(everywhere.findIndex((number, at) => number !== at)).toBe(-1);
  if (!run.isDrained()) expect(progress.rowsIn).toBe(run.totalRows);
  const lost = progress.stages.reduce((sum, { skippedRows, deadRows }) => sum + skippedRows + deadRows, 0);
  expect(progress.rowsOut + lost).toBe(progress.rowsIn);
  expect(seen.dead.length).toBe(progress.stages.reduce((sum, { deadRows }) => sum + deadRows, 0));
  if (run.plan.isOrdered !== false) {
    expect(seen.written.findIndex((number, at) => at > 0 && number < seen.written[at - 1]!)).toBe(-1);
  }
  expect(seen.ended).toEqual({
    source: 'closed',
    sink: 'finished',
    dead: run.hasDead ? 'finished' : 'unused',
  });
  checkBounds(run);
  return run.isDrained() ? 'drained' : 'whole';
}

function checkFailed(run: RandomRun, error: unknown): string {
  // An abort may come while a failed run is being cleaned up.
  const isAborted = run.isAborted() && error === run.options.signal!.reason;
  const isOutOfMemory = run.grows && isRuvectorError(error, 'ERR_PIPELINE_BUDGET');
  const isAsDrawn = run.mustFail() && isRuvectorError(error, 'ERR_PIPELINE_STAGE');
  expect(isAborted || isOutOfMemory || isAsDrawn, String(error)).toBe(true);
  expect(run.seen.ended).toEqual({
    source: 'closed',
    sink: 'aborted',
    dead: run.hasDead ? 'aborted' : 'unused',
  });
  checkBounds(run);
  if (isAborted) return 'aborted';
  return isOutOfMemory ? 'out of memory' : 'failed';
}

function checkBounds(run: RandomRun): void {
  const { budget } = run.plan;
  expect(budget.usedBytes).toBe(0);
  expect(budget.peakBytes).toBeLessThanOrEqual(budget.limitBytes);
  expect(run.seen.overlaps).toBe(0);
}
