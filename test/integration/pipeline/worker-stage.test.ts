// Transforms of modules as stages of a whole pipeline.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  createArraySink,
  createArraySource,
  filter,
  pipeline,
  workerStage,
} from '../../../src/pipeline/index.ts';
import { batchOf, numbersOf } from '../../support/pipeline/number-batches.ts';

const module = pathToFileURL(join(import.meta.dirname, '../../support/pipeline/transforms.ts')).href;

describe('workerStage()', () => {
  it('runs between native stages, in order, and explain() says that workers run it', async () => {
    const batches = Array.from({ length: 20 }, (_, at) => batchOf([at * 2, at * 2 + 1]));
    const sink = createArraySink();
    const whole = pipeline()
      .from(createArraySource(batches))
      .through(filter('number < 30'))
      .through(workerStage({ module, exportName: 'multiply', options: { factor: 3 } }))
      .through(filter('product > 3'))
      .to(sink);
    const plan = await whole.plan();
    expect(JSON.stringify(await plan.explain())).toMatch(/"multiply","runs":"worker"/);
    await whole.run();
    expect(numbersOf(sink.batches)).toEqual(Array.from({ length: 28 }, (_, at) => (at + 2) * 3));
  });

  it('ends the run with the error of its module', async () => {
    const run = pipeline()
      .from(createArraySource([batchOf([1])]))
      .through(workerStage({ module, exportName: 'missing' }))
      .to(createArraySink())
      .run();
    await expect(run).rejects.toMatchObject({ code: 'ERR_PIPELINE_MODULE' });
  });
});
