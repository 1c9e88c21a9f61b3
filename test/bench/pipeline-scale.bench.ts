// What a second worker is worth to a JavaScript transform that computes on columns.
import { join } from 'node:path';
import { createMemoryBudget, createSlab, createWorkerTransform } from '../../src/pipeline/index.ts';
import type { Batch, WorkerTransform } from '../../src/pipeline/index.ts';
import { batchOf, numberSchema } from '../support/pipeline/number-batches.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const MIB = 1024 * 1024;
const ROWS = 32_768;
const module = join(import.meta.dirname, '../support/pipeline/transforms.ts');

/** Keeps as many batches under way as the transform takes. */
async function pump(transform: WorkerTransform, batch: Batch, batches: number): Promise<void> {
  let left = batches;
  const push = async (): Promise<void> => {
    while (left-- > 0) await transform.transform(batch);
  };
  await Promise.all(Array.from({ length: transform.concurrency }, push));
}

async function rowsPerSecond(transform: WorkerTransform, batch: Batch, batches: number): Promise<number> {
  const startMs = performance.now();
  await pump(transform, batch, batches);
  return Math.round((batches * ROWS) / ((performance.now() - startMs) / 1000));
}

async function* scaleCases(): AsyncGenerator<BenchCase> {
  const budget = createMemoryBudget(64 * MIB);
  const slab = await createSlab(budget, [{ slotBytes: MIB, slots: 8 }]);
  const options = { module, exportName: 'compute', inputSchema: numberSchema, budget, slab };
  const [one, two] = await Promise.all(
    [1, 2].map((maxWorkers) => createWorkerTransform({ ...options, maxWorkers })),
  );
  const batch = batchOf(Float64Array.from({ length: ROWS }, (_, i) => i));
  try {
    // Both are warm, and the second has found that two workers pay, where they do.
    await pump(one!, batch, 30);
    for (let i = 0; i < 20 && two!.workers < 2; i++) await pump(two!, batch, 20);
    yield {
      bench: 'pipeline.scale',
      case: `compute, batches of ${ROWS} rows`,
      unit: 'rows/s',
      better: 'higher',
      anchorName: 'one worker',
      ours: () => rowsPerSecond(two!, batch, 80),
      anchor: () => rowsPerSecond(one!, batch, 40),
      goal: (_ours, ratio) => ratio !== null && ratio >= 1.7,
      runs: 7,
    };
  } finally {
    await Promise.all([one!.close(), two!.close()]);
    slab.close();
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'pipeline.scale', cases: scaleCases }];
