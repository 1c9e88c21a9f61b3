// Transforms in worker threads: values, several workers, state, and every way to fail.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import * as arrow from 'apache-arrow';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createMemoryBudget,
  createSlab,
  createWorkerTransform,
  releaseBatch,
  slotOf,
} from '../../../src/pipeline/index.ts';
import type {
  Batch,
  OwnedSlab,
  WorkerTransform,
  WorkerTransformOptions,
} from '../../../src/pipeline/index.ts';
import { batchOf, numberSchema, numbersOf } from '../../support/pipeline/number-batches.ts';
import type { Death } from '../../support/pipeline/transforms.ts';
import { until } from '../../support/until.ts';

const module = pathToFileURL(join(import.meta.dirname, '../../support/pipeline/transforms.ts')).href;
const KIB = 1024;

const budget = createMemoryBudget(64 * KIB * KIB);
const open: WorkerTransform[] = [];
const slabs: OwnedSlab[] = [];

async function createSlots(slots = 4, slotBytes = 64 * KIB): Promise<OwnedSlab> {
  const slab = await createSlab(budget, [{ slotBytes, slots }]);
  slabs.push(slab);
  return slab;
}

async function start(
  exportName: string,
  options: unknown = {},
  more: Partial<WorkerTransformOptions> = {},
): Promise<WorkerTransform> {
  const made = await createWorkerTransform({
    module,
    exportName,
    options,
    inputSchema: numberSchema,
    budget,
    maxWorkers: 2,
    ...more,
  });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  for (const slab of slabs.splice(0)) {
    await until(() => slab.freeSlots === 4, 'all slots were free');
    slab.close();
  }
  await until(() => budget.usedBytes === 0, 'the budget had all its bytes back');
});

const numbersIn = (batch: Batch | null): number[] | null => batch && numbersOf([batch]);
const good = batchOf([1, 2, 3]);
const bad = batchOf([-1]);

describe('createWorkerTransform()', () => {
  it('transform() gives what the transform of the module gives, by slot and by buffer', async () => {
    for (const slab of [await createSlots(), undefined]) {
      const multiply = await start('multiply', { factor: 3 }, slab && { slab });
      expect(multiply.schema(numberSchema).fields.map(({ name }) => name)).toEqual(['product']);
      expect(numbersIn(await multiply.transform(good))).toEqual([3, 6, 9]);
      expect(numbersIn(await multiply.transform(good.slice(1, 2)))).toEqual([6]);
      expect(numbersIn(await multiply.transform(batchOf([])))).toEqual([]);
      await multiply.close();
    }
    const nothing = await start('nothing');
    expect(await nothing.transform(good)).toBeNull();
  });

  it('transform() gives every type that passes through it, also dictionaries', async () => {
    const table = arrow.tableFromArrays({
      text: ['a', null, 'b'],
      flag: [true, false, null],
      list: [[1, 2], [], [3]].map((each) => Float32Array.from(each)),
    });
    const [batch] = table.batches;
    const same = await start('same', undefined, { inputSchema: batch!.schema, slab: await createSlots() });
    const rows = (given: arrow.RecordBatch): string => JSON.stringify([...given]);
    expect(rows((await same.transform(batch!))!)).toBe(rows(batch!));
  });

  it('transform() takes a batch that is larger than a slot by a buffer, used again for the next', async () => {
    const same = await start('same', undefined, { slab: await createSlots() });
    const large = batchOf(Float64Array.from({ length: 20_000 }, (_, i) => i));
    for (let i = 0; i < 3; i++) expect((await same.transform(large))!.numRows).toBe(20_000);
    expect(budget.usedBytes - slabs[0]!.memory.buffer.byteLength).toBe(256 * KIB);
    expect(same.memoryUsage()).toBe(256 * KIB);
    await expect(
      start('same', undefined, { budget: createMemoryBudget(KIB) }).then((tight) => tight.transform(large)),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_BUDGET' });
  });

  it('transform() hands a batch from one stage to the next in its slot, until releaseBatch()', async () => {
    const slab = await createSlots();
    const first = await start('multiply', { factor: 2 }, { slab, isShared: true });
    const inputSchema = first.schema(numberSchema);
    const second = await start('multiply', { factor: 5 }, { slab, inputSchema });
    const between = (await first.transform(good))!;
    expect([slab.freeSlots, slotOf(between) !== null]).toEqual([3, true]);
    const last = await second.transform(between);
    expect([numbersIn(last), slotOf(last!)]).toEqual([[10, 20, 30], null]);
    releaseBatch(between);
    expect(slab.freeSlots).toBe(4);
  });

  it('transform() grows to several workers while batches wait for them and it pays, and works in one otherwise', async () => {
    const slow = await start('slow', { ms: 10 }, { slab: await createSlots() });
    expect([slow.workers, slow.concurrency]).toEqual([1, 3]);
    const threads = new Set<number>();
    const enough = new AbortController();
    const push = async (): Promise<void> => {
      while (!enough.signal.aborted) threads.add(numbersIn(await slow.transform(good))![0]!);
    };
    const pushing = Promise.all(Array.from({ length: slow.concurrency }, push));
    await until(() => slow.workers === 2 && threads.size === 2, 'two workers worked');
    enough.abort();
    await pushing;
    await until(async () => {
      await slow.transform(good);
      // The pace of a source that is slower than one worker.
      await sleep(10);
      return slow.workers === 1;
    }, 'one worker was left');
  });

  it('transform() works in fewer workers while the factor of a pressure handler is small', async () => {
    const slow = await start('slow', { ms: 5 }, { factor: () => 0.25 });
    const threads = await Promise.all(
      Array.from({ length: 30 }, async () => numbersIn(await slow.transform(good))![0]!),
    );
    expect(new Set(threads).size).toBe(1);
  });

  it('transform() keeps what a transform with state keeps, in one worker and in memory of its own', async () => {
    const sums = await start('sums', undefined, { slab: await createSlots() });
    expect(sums.concurrency).toBe(1);
    const all = await Promise.all([1, 2, 3, 4].map((value) => sums.transform(batchOf([value]))));
    expect(all.map((batch) => numbersIn(batch)![0])).toEqual([1, 3, 6, 10]);
    expect(sums.memoryUsage()).toBe(32);
    sums.reset!();
    expect(numbersIn(await sums.transform(good))).toEqual([6]);
  });

  it('close() closes the transforms of its workers, and refuses batches', async () => {
    const closed = new SharedArrayBuffer(4);
    const closing = await start('closing', { closed });
    await closing.transform(good);
    await closing.close();
    expect(new Int32Array(closed)[0]).toBe(1);
    await expect(closing.transform(good)).rejects.toMatchObject({ code: 'ERR_PIPELINE_CLOSED' });
    await closing.close();
  });
});

describe('createWorkerTransform() names module and export', () => {
  const code = 'ERR_PIPELINE_MODULE';
  it.each([
    ['missing', {}, /it has no such function; it exports .*"multiply"/],
    ['halfMade', {}, /what it gives has no function transform, memoryUsage/],
  ])('createWorkerTransform() refuses export "%s"', async (exportName, options, message) => {
    const refused = start(exportName, options);
    await expect(refused).rejects.toMatchObject({ code, details: { module, exportName } });
    await expect(refused).rejects.toThrow(message);
  });

  it('createWorkerTransform() refuses modules that are not there, and options that cannot travel', async () => {
    await expect(start('x', {}, { module: 'file:///nowhere.mjs' })).rejects.toMatchObject({ code });
    await expect(start('x', {}, { module: './relative.ts' })).rejects.toMatchObject({ code });
    await expect(start('multiply', { factor: () => 3 })).rejects.toMatchObject({ code });
  });

  it('createWorkerTransform() refuses columns that the transform does not take', async () => {
    await expect(start('picky')).rejects.toMatchObject({
      code: 'ERR_PIPELINE_TRANSFORM',
      message: expect.stringContaining('column "price" is missing'),
    });
    const same = await start('neverOnMain');
    const other = new arrow.Schema([new arrow.Field('other', new arrow.Utf8(), true)]);
    expect(() => same.schema(other)).toThrow(expect.objectContaining({ code: 'ERR_PIPELINE_TRANSFORM' }));
  });
});

describe('transform() when a worker fails', () => {
  it('transform() throws what the transform throws, and goes on with the next batch', async () => {
    const refusing = await start('refusing', undefined, { slab: await createSlots() });
    await expect(refusing.transform(bad)).rejects.toMatchObject({
      code: 'ERR_PIPELINE_TRANSFORM',
      details: { module, exportName: 'refusing' },
      cause: { message: 'negative values', code: 'E_NEGATIVE' },
    });
    expect(numbersIn(await refusing.transform(good))).toEqual([1, 2, 3]);
  });

  const deaths: Death[] = ['exit', 'exit code', 'uncaught error', 'unhandled rejection', 'out of memory'];
  it.each(deaths)('transform() fails by name after a second try when the worker dies of %s', async (way) => {
    const options = { resourceLimits: { maxOldGenerationSizeMb: 64 }, slab: await createSlots() };
    const deadly = await start('deadly', { way }, options);
    const results = await Promise.allSettled([bad, good, good].map((batch) => deadly.transform(batch)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(results[0]).toMatchObject({
      reason: { code: 'ERR_PIPELINE_WORKER', details: { module, exportName: 'deadly' } },
    });
    expect(numbersIn(await deadly.transform(good))).toEqual([1, 2, 3]);
  });

  it('transform() gives the batch of a worker that died once from the next worker, also without a slab', async () => {
    for (const slab of [await createSlots(), undefined]) {
      const lives = new SharedArrayBuffer(4);
      const deadly = await start('deadly', { way: 'exit', lives }, slab && { slab });
      expect(numbersIn(await deadly.transform(bad))).toEqual([-1]);
      expect(new Int32Array(lives)[0]).toBe(2);
      await deadly.close();
    }
    const lives = new SharedArrayBuffer(4);
    const once = await start('deadly', { way: 'exit', lives }, { isRetried: false });
    await expect(once.transform(bad)).rejects.toMatchObject({ code: 'ERR_PIPELINE_WORKER' });
    expect(numbersIn(await once.transform(bad))).toEqual([-1]);
  });

  it.each([true, false])(
    'transform() ends a transform that never returns at its time limit (busy: %s)',
    async (isBusy) => {
      const endless = await start('endless', { isBusy }, { timeoutMs: 200, slab: await createSlots() });
      await endless.transform(good);
      const startMs = performance.now();
      await expect(endless.transform(bad)).rejects.toMatchObject({ code: 'ERR_PIPELINE_TIMEOUT' });
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(195);
      expect(numbersIn(await endless.transform(good))).toEqual([1, 2, 3]);
    },
  );

  it('transform() ends a transform that never returns when it is aborted or closed', async () => {
    const endless = await start('endless', { isBusy: true }, { slab: await createSlots() });
    const abort = new AbortController();
    const reason = new Error('stopped');
    const stuck = endless.transform(bad, abort.signal);
    setImmediate(() => abort.abort(reason));
    await expect(stuck).rejects.toBe(reason);
    expect(numbersIn(await endless.transform(good))).toEqual([1, 2, 3]);
    const again = endless.transform(bad);
    again.catch(() => {});
    await endless.close();
    await expect(again).rejects.toMatchObject({ code: 'ERR_PIPELINE_CLOSED' });
  });

  it('transform() knows no state any more after the worker that had it died, until reset()', async () => {
    const abort = new AbortController();
    const sums = await start('sums');
    await sums.transform(good);
    const stuck = sums.transform(good, abort.signal);
    abort.abort(new Error('stopped'));
    await expect(stuck).rejects.toThrow('stopped');
    await expect(sums.transform(good)).rejects.toMatchObject({ code: 'ERR_PIPELINE_WORKER' });
    sums.reset!();
    expect(numbersIn(await sums.transform(good))).toEqual([6]);
  });

  it('createWorkerTransform() ends with its signal, whatever its workers do', async () => {
    const abort = new AbortController();
    const endless = await start('endless', { isBusy: true }, { signal: abort.signal });
    const stuck = endless.transform(bad);
    const reason = new Error('stopped');
    abort.abort(reason);
    await expect(stuck).rejects.toBe(reason);
    await expect(start('same', {}, { signal: abort.signal })).rejects.toBe(reason);
  });
});
