// A real pipeline whose stages do a little work and take a stated time a batch, so that one of them can be made slower.
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryBudget, runStages } from '../../../src/pipeline/index.ts';
import type {
  Batch,
  PipelineProgress,
  Sink,
  Source,
  TransformFunction,
} from '../../../src/pipeline/index.ts';
import { createNumberSource } from '../pipeline/number-source.ts';

/** In the order of the rows. */
export const throttledStages = ['source', 'scale', 'check', 'round', 'sink'] as const;
export type ThrottledStage = (typeof throttledStages)[number];

/** What each stage takes for a batch; timers are exact to a millisecond. */
const BATCH_MS = 4;
const BATCH_ROWS = 500;
const BATCHES = 25;

/** Runs it with one stage `factor` times as slow as the others. */
export async function runThrottled(slow: ThrottledStage, factor: number): Promise<PipelineProgress> {
  const serve = (stage: ThrottledStage): Promise<void> => sleep(BATCH_MS * (stage === slow ? factor : 1));
  const transform =
    (name: ThrottledStage): TransformFunction =>
    async (batch: Batch) => {
      sum(batch);
      await serve(name);
      return batch;
    };
  const numbers = createNumberSource(BATCHES * BATCH_ROWS);
  const source: Source = {
    ...numbers,
    nextBatch: async (rows, signal) => {
      const batch = await numbers.nextBatch(rows, signal);
      if (batch) await serve('source');
      return batch;
    },
  };
  const sink: Sink = {
    consume: async (batch) => {
      sum(batch);
      await serve('sink');
    },
    flush: async () => {},
    memoryUsage: () => 0,
  };
  return runStages({
    source,
    transforms: (['scale', 'check', 'round'] as const).map((name) => ({ name, transform: transform(name) })),
    sink,
    budget: createMemoryBudget(16 * 2 ** 20),
    batch: { rows: BATCH_ROWS },
  });
}

function sum(batch: Batch): number {
  let total = 0;
  for (const value of batch.getChildAt(0)!) total += value as number;
  return total;
}
