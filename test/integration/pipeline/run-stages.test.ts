// What a run of stages does while nothing goes wrong: order, batch sizes, back-pressure, drain, figures.
import { describe, expect, it } from 'vitest';
import { createMemoryBudget } from '../../../src/pipeline/memory/budget.ts';
import { bottleneck, createArraySink, createArraySource, runStages } from '../../../src/pipeline/index.ts';
import type { Batch, PipelineProgress, Sink, Source } from '../../../src/pipeline/index.ts';
import {
  batchOf,
  numberBatch,
  numberBatches,
  numberSchema,
  numbersOf,
  padBatch,
} from '../../support/pipeline/number-batches.ts';
import { createNumberSource } from '../../support/pipeline/number-source.ts';

const ROW_BYTES = 8;
const MIB = 2 ** 20;
const countUp = (rows: number): number[] => Array.from({ length: rows }, (_, i) => i);
const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => void setImmediate(resolve));
};
const valuesOf = (batch: Batch): Float64Array => batch.data.children[0]!.values as Float64Array;

describe('runStages()', () => {
  it('keeps the order of rows with several workers of different speed', async () => {
    const sink = createArraySink();
    await runStages({
      source: createNumberSource(2000),
      budget: createMemoryBudget(MIB),
      batch: { rows: 10 },
      transforms: [
        {
          name: 'uneven',
          workers: 4,
          transform: async (batch) => {
            await turns(valuesOf(batch)[0]! % 7);
            return batch;
          },
        },
      ],
      sink,
    });
    expect(numbersOf(sink.batches)).toEqual(countUp(2000));
    expect(sink.ending).toBe('finished');
  });

  it('lets later rows pass where order is not wanted', async () => {
    const sink = createArraySink();
    const first = Promise.withResolvers<void>();
    await runStages({
      source: createNumberSource(100),
      budget: createMemoryBudget(MIB),
      isOrdered: false,
      batch: { rows: 10 },
      transforms: [
        {
          name: 'second first',
          workers: 2,
          transform: async (batch) => {
            // The batch of 10 waits until another one is written.
            if (valuesOf(batch)[0] === 10) await first.promise;
            if (valuesOf(batch)[0] === 30) first.resolve();
            return batch;
          },
        },
      ],
      sink,
    });
    const numbers = numbersOf(sink.batches);
    expect(numbers).not.toEqual(countUp(100));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(countUp(100));
  });

  it('cuts large batches without copying them', async () => {
    const whole = numberBatch(0, 1000);
    const sink = createArraySink();
    const source: Source = {
      ...createArraySource([whole]),
      schema: numberSchema,
      sizeHint: () => null,
      memoryUsage: () => 0,
    };
    let isGiven = false;
    source.nextBatch = async () => {
      if (isGiven) return null;
      isGiven = true;
      return whole;
    };
    await runStages({ source, budget: createMemoryBudget(MIB), batch: { rows: 64 }, sink });
    expect(sink.batches.map(({ numRows }) => numRows)).toEqual([...Array<number>(15).fill(64), 40]);
    expect(new Set(sink.batches.map((batch) => valuesOf(batch).buffer))).toEqual(
      new Set([valuesOf(whole).buffer]),
    );
  });

  it('joins small batches into the wanted number of rows', async () => {
    const sink = createArraySink();
    await runStages({
      source: createArraySource(numberBatches(100, 7)),
      budget: createMemoryBudget(MIB),
      batch: { rows: 50 },
      sink,
    });
    expect(sink.batches.map(({ numRows }) => numRows)).toEqual(Array<number>(14).fill(50));
    expect(numbersOf(sink.batches)).toEqual(countUp(700));
  });

  it('hands rows on that wait too long for others', async () => {
    const more = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let reads = 0;
    const source: Source = {
      schema: numberSchema,
      sizeHint: () => null,
      memoryUsage: () => 0,
      async nextBatch() {
        if (reads++ === 0) return numberBatch(0, 3);
        await more.promise;
        return null;
      },
    };
    const sink = createArraySink();
    const consume = sink.consume.bind(sink);
    sink.consume = async (batch) => {
      await consume(batch);
      reached.resolve();
    };
    const run = runStages({
      source,
      sink,
      budget: createMemoryBudget(MIB),
      batch: { rows: 100, lingerMs: 5 },
    });
    await reached.promise;
    expect(sink.rows).toBe(3);
    more.resolve();
    await run;
  });

  it('asks the source only when there is memory, and holds no more than the budget with a slow sink', async () => {
    const budget = createMemoryBudget(64 * 1024);
    const live = { bytes: 0, most: 0 };
    const source = createNumberSource(40_000);
    const nextBatch = source.nextBatch.bind(source);
    source.nextBatch = async (maxRows, signal) => {
      // What it will read is leased, beside all that is under way.
      expect(budget.usedBytes).toBeGreaterThanOrEqual(live.bytes + Math.min(maxRows, 1) * ROW_BYTES);
      const batch = await nextBatch(maxRows, signal);
      live.bytes += (batch?.numRows ?? 0) * ROW_BYTES;
      live.most = Math.max(live.most, live.bytes);
      return batch;
    };
    const sink: Sink = {
      async consume(batch) {
        await turns(5);
        live.bytes -= batch.numRows * ROW_BYTES;
      },
      flush: async () => undefined,
      memoryUsage: () => 0,
    };
    const queue = { batches: 1000 };
    const copy = (batch: Batch): Batch => batchOf(valuesOf(batch).slice());
    await runStages({
      source,
      sink,
      budget,
      sinkQueue: queue,
      transforms: [{ name: 'copy', transform: copy, queue }],
    });
    expect(live.most).toBeGreaterThan(budget.limitBytes / 8);
    expect(live.most).toBeLessThanOrEqual(budget.limitBytes);
    expect(budget.peakBytes).toBeLessThanOrEqual(budget.limitBytes);
    expect(budget.usedBytes).toBe(0);
  });

  it('keeps queues within their batches and bytes', async () => {
    const seen = { batches: 0, bytes: 0 };
    let look = (): void => undefined;
    const sink: Sink = {
      async consume() {
        await turns(2);
        look();
      },
      flush: async () => undefined,
      memoryUsage: () => 0,
    };
    const run = runStages(
      {
        source: createNumberSource(3000),
        sink,
        budget: createMemoryBudget(MIB),
        batch: { rows: 10 },
        transforms: [{ name: 'same', transform: (batch) => batch, workers: 4, queue: { batches: 3 } }],
        sinkQueue: { batches: 100, bytes: 200 },
      },
      {
        progressEveryMs: 1,
        onProgress: ({ stages }) => {
          seen.batches = Math.max(seen.batches, stages[1]!.queuedBatches);
          seen.bytes = Math.max(seen.bytes, stages[2]!.queuedBytes);
        },
      },
    );
    look = () => undefined;
    await run;
    expect(seen.batches).toBeLessThanOrEqual(3);
    expect(seen.bytes).toBeLessThanOrEqual(200);
  });

  it('leases what stages make larger, and stays within the budget when they do so suddenly', async () => {
    const budget = createMemoryBudget(100_000);
    const sink: Sink = { consume: () => turns(1), flush: async () => undefined, memoryUsage: () => 0 };
    const progress = await runStages({
      source: createNumberSource(20_000),
      sink,
      budget,
      batch: { rows: 100 },
      transforms: [
        // From the middle on a batch of 800 bytes becomes one of 40,800.
        {
          name: 'grow',
          workers: 3,
          transform: (batch) => (valuesOf(batch)[0]! < 10_000 ? batch : padBatch(batch, 50)),
        },
        { name: 'shrink', transform: (batch) => padBatch(batch, 0) },
      ],
    });
    expect(progress.rowsOut).toBe(20_000);
    expect(budget.peakBytes).toBeLessThanOrEqual(budget.limitBytes);
    expect(budget.usedBytes).toBe(0);
  });

  it('says which stage made a batch that memory can never hold', async () => {
    const budget = createMemoryBudget(100_000);
    const run = runStages({
      source: createNumberSource(20_000),
      sink: createArraySink(),
      budget,
      batch: { rows: 100 },
      transforms: [{ name: 'explode', transform: (batch) => padBatch(batch, 200) }],
    });
    await expect(run).rejects.toMatchObject({ code: 'ERR_PIPELINE_BUDGET', details: { stage: 'explode' } });
    expect(budget.usedBytes).toBe(0);
  });

  it('shares a budget with another run', async () => {
    const budget = createMemoryBudget(20_000);
    const make = (): Promise<PipelineProgress> =>
      runStages({
        source: createNumberSource(10_000),
        sink: { consume: () => turns(1), flush: async () => undefined, memoryUsage: () => 0 },
        budget,
        transforms: [{ name: 'copy', workers: 2, transform: (batch) => batchOf(valuesOf(batch).slice()) }],
      });
    const all = await Promise.all([make(), make(), make()]);
    expect(all.map(({ rowsOut }) => rowsOut)).toEqual([10_000, 10_000, 10_000]);
    expect(budget.usedBytes).toBe(0);
  });

  it('drains: what was read reaches the sink, which finishes', async () => {
    const drain = new AbortController();
    const sink = createArraySink();
    const source = createNumberSource(1e9);
    const progress = await runStages(
      {
        source,
        sink,
        budget: createMemoryBudget(MIB),
        batch: { rows: 100 },
        transforms: [{ name: 'same', transform: (batch) => batch }],
      },
      {
        drain: drain.signal,
        progressEveryMs: 1,
        onProgress: ({ rowsOut }) => rowsOut > 1000 && drain.abort(),
      },
    );
    expect(progress.rowsIn).toBeLessThan(1e9);
    expect(numbersOf(sink.batches)).toEqual(countUp(progress.rowsIn));
    expect(sink.ending).toBe('finished');
  });

  it('drains a source that waits for rows, whether or not it heeds its signal', async () => {
    for (const isHeedful of [true, false]) {
      const drain = new AbortController();
      const source: Source = {
        schema: numberSchema,
        sizeHint: () => null,
        memoryUsage: () => 0,
        nextBatch: (_maxRows, signal) => {
          drain.abort();
          return new Promise((_resolve, reject) => {
            if (isHeedful) reject(signal.reason as Error);
          });
        },
      };
      const sink = createArraySink();
      const progress = await runStages(
        { source, sink, budget: createMemoryBudget(MIB) },
        { drain: drain.signal },
      );
      expect([progress.rowsOut, sink.ending]).toEqual([0, 'finished']);
    }
  });

  it('writes the rows that a transform still holds at the end', async () => {
    let kept: number[] = [];
    const sink = createArraySink();
    await runStages({
      source: createNumberSource(25),
      sink,
      budget: createMemoryBudget(MIB),
      batch: { rows: 10 },
      transforms: [
        {
          name: 'one behind',
          transform: {
            schema: (input) => input,
            transform(batch) {
              const given = kept;
              kept = numbersOf([batch]);
              return given.length === 0 ? null : batchOf(Float64Array.from(given));
            },
            flush: () => batchOf(Float64Array.from(kept)),
            memoryUsage: () => kept.length * ROW_BYTES,
            reset() {
              kept = [];
            },
          },
        },
        { name: 'same', transform: (batch) => batch },
      ],
    });
    expect(numbersOf(sink.batches)).toEqual(countUp(25));
  });

  it('asks how many workers there may be before each batch', async () => {
    let [allowed, running, most] = [1, 0, 0];
    await runStages({
      source: createNumberSource(400),
      sink: createArraySink(),
      budget: createMemoryBudget(MIB),
      batch: { rows: 10 },
      transforms: [
        {
          name: 'adaptive',
          workers: () => allowed,
          transform: async (batch) => {
            most = Math.max(most, ++running);
            if (valuesOf(batch)[0]! < 200) expect(running).toBe(1);
            else allowed = 3;
            await turns(2);
            running--;
            return batch;
          },
        },
      ],
    });
    expect(most).toBe(3);
  });

  it('tells rows, time left and who holds the run up while it runs, and all of it at the end', async () => {
    const told: PipelineProgress[] = [];
    const final = await runStages(
      {
        source: createNumberSource(2000),
        sink: createArraySink(),
        budget: createMemoryBudget(MIB),
        names: { source: 'numbers', sink: 'list' },
        batch: { rows: 20 },
        transforms: [
          { name: 'quick', transform: (batch) => batch },
          { name: 'slow', transform: async (batch) => (await turns(100), batch) },
        ],
      },
      { progressEveryMs: 5, onProgress: (progress) => told.push(progress) },
    );
    const middle = told.find(({ rowsIn, rowsOut }) => rowsIn < 2000 && rowsOut > 0)!;
    expect(middle.totalRows).toBe(2000);
    expect(middle.etaSeconds).toBeGreaterThan(0);
    expect(told.at(-1)).toBe(final);
    expect(final).toMatchObject({ rowsIn: 2000, rowsOut: 2000, totalRows: 2000, etaSeconds: 0 });
    expect(final.stages.map(({ name, rows, batches }) => [name, rows, batches])).toEqual([
      ['numbers', 2000, 100],
      ['quick', 2000, 100],
      ['slow', 2000, 100],
      ['list', 2000, 100],
    ]);
    expect(bottleneck(final)).toMatchObject({ stage: 'slow' });
    const [numbers, , slow, list] = final.stages;
    expect(slow!.busyMs).toBeGreaterThan(list!.busyMs);
    expect(list!.starvedMs).toBeGreaterThan(list!.busyMs);
    expect(numbers!.blockedMs).toBeGreaterThan(numbers!.busyMs);
    expect(slow!.p99Ms).toBeGreaterThanOrEqual(slow!.p50Ms);
  });

  it('tells what the sink is at behind the last row, and no time to go meanwhile', async () => {
    const told: PipelineProgress[] = [];
    const seen = Promise.withResolvers<void>();
    const final = await runStages(
      {
        source: createNumberSource(100),
        sink: Object.assign(createArraySink(), { finishing: 'training', finish: () => seen.promise }),
        budget: createMemoryBudget(MIB),
      },
      {
        progressEveryMs: 5,
        onProgress: (progress) => {
          told.push(progress);
          if (progress.finishing !== null) seen.resolve();
        },
      },
    );
    const training = told.find(({ finishing }) => finishing !== null);
    expect(training).toMatchObject({ finishing: 'training', etaSeconds: null, rowsIn: 100, totalRows: 100 });
    expect(final).toMatchObject({ finishing: null, etaSeconds: 0 });
  });

  it('counts what a sink does at the end as time that it was busy', async () => {
    const final = await runStages({
      source: createNumberSource(10),
      budget: createMemoryBudget(MIB),
      sink: {
        consume: async () => {},
        flush: async () => {},
        memoryUsage: () => 0,
        finish: () => new Promise((resolve) => void setTimeout(resolve, 300)),
      },
      names: { source: 'numbers', sink: 'trainer' },
    });
    expect(final.stages.at(-1)!.busyMs).toBeGreaterThanOrEqual(290);
    expect(bottleneck(final)).toMatchObject({ stage: 'trainer' });
  });

  it('refuses a plan with all its mistakes, and closes what it was given', async () => {
    const sink = createArraySink();
    let isClosed = false;
    const source: Source = {
      ...createArraySource(numberBatches(1, 1)),
      schema: numberSchema,
      close: async () => void (isClosed = true),
    };
    delete source.seek;
    const run = runStages({
      source,
      sink,
      budget: createMemoryBudget(MIB),
      transforms: [
        { name: 'sink', transform: (batch) => batch, workers: 0, timeoutMs: -1 },
        { name: 'sink', transform: (batch) => batch, onError: { deadLetter: sink } },
      ],
      checkpoint: { path: '/nowhere', identity: 'x' },
    });
    await expect(run).rejects.toMatchObject({
      code: 'ERR_PIPELINE_OPTIONS',
      details: { problems: expect.any(Array) },
    });
    const { details } = (await run.catch((error: unknown) => error)) as { details: { problems: string[] } };
    expect(details.problems).toHaveLength(6);
    expect([sink.ending, isClosed]).toEqual(['aborted', true]);
  });

  it('refuses checkpoints of a sink that writes all rows or none', async () => {
    const run = runStages({
      source: createArraySource(numberBatches(1, 1)),
      sink: Object.assign(createArraySink(), { isAtomic: true as const }),
      budget: createMemoryBudget(MIB),
      checkpoint: { path: '/nowhere', identity: 'x' },
    });
    await expect(run).rejects.toThrow('the sink writes all rows or none');
  });
});
