// The parts of a run that know no time: batch sizes, bytes, growth, latency, the bottleneck, and batches in memory.
import * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildBatch } from '../../../src/core/index.ts';
import { bottleneck, createArraySink, createArraySource } from '../../../src/pipeline/index.ts';
import type { Batch, PipelineProgress, StageStats } from '../../../src/pipeline/index.ts';
import { bytesOf, compareMemory, guessRowBytes, memoryOf } from '../../../src/pipeline/run/batch-bytes.ts';
import { Growth } from '../../../src/pipeline/run/growth.ts';
import { LatencyHistogram } from '../../../src/pipeline/run/latency-histogram.ts';
import { Rebatcher } from '../../../src/pipeline/run/rebatcher.ts';
import {
  numberBatch,
  numberBatches,
  numberSchema,
  numbersOf,
  padBatch,
} from '../../support/pipeline/number-batches.ts';

const columnBatch = (values: readonly unknown[], type: arrow.DataType): Batch => {
  const column = arrow.vectorFromArray(values as never[], type) as arrow.Vector;
  return buildBatch(new arrow.Schema([new arrow.Field('column', type, true)]), values.length, [
    column.data[0]!,
  ]);
};

describe('Rebatcher.take()', () => {
  it('gives the rows in their order, within rows and bytes, and never fewer than wanted before the end', () => {
    const bounds = fc.record({
      rows: fc.integer({ min: 1, max: 30 }),
      bytes: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 })),
        bounds,
        fc.nat(30),
        (sizes, { rows, bytes }, least) => {
          const limits = { rows, bytes, minRows: Math.min(rows, Math.max(1, least)) };
          const rebatcher = new Rebatcher<number>();
          const numbers: number[] = [];
          let from = 0;
          const take = (isLast: boolean): void => {
            for (let parts = rebatcher.take(limits, isLast); parts; parts = rebatcher.take(limits, isLast)) {
              const taken = parts.flatMap(({ batch }) => numbersOf([batch]));
              const takenBytes = parts.reduce((sum, part) => sum + part.bytes, 0);
              expect(taken.length).toBeLessThanOrEqual(rows);
              expect(taken.length === 1 || takenBytes <= bytes).toBe(true);
              numbers.push(...taken);
            }
          };
          for (const [owner, size] of sizes.entries()) {
            rebatcher.add({ batch: numberBatch(from, size), bytes: size * 8, owner });
            from += size;
            take(false);
            expect(rebatcher.rows).toBeLessThan(limits.minRows);
          }
          take(true);
          expect(numbers).toEqual(Array.from({ length: from }, (_, i) => i));
          expect([rebatcher.rows, rebatcher.bytes, rebatcher.parts]).toEqual([0, 0, []]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('bytesOf()', () => {
  it('counts the rows of a slice, not what it was cut from', () => {
    const texts = columnBatch(['a', 'bcd', '', 'ef', null], new arrow.Utf8());
    const offsets = 4;
    expect(bytesOf(texts)).toBe(6 + 6 * offsets + 1);
    expect(bytesOf(texts.slice(1, 3))).toBe(3 + 3 * offsets + 1);
    expect(bytesOf(numberBatch(0, 100).slice(10, 30))).toBe(20 * 8);
    const lists = columnBatch(
      [[1, 2], [3], [4, 5, 6]],
      new arrow.List(new arrow.Field('item', new arrow.Float64(), false)),
    );
    const twoMore = bytesOf(lists.slice(2)) - bytesOf(lists.slice(1, 2));
    expect(twoMore).toBeGreaterThanOrEqual(2 * 8);
    expect(twoMore).toBeLessThan(3 * 8);
  });

  it('is about what guessRowBytes() says of types of fixed width', () => {
    for (const type of [new arrow.Int32(), new arrow.Float64(), new arrow.Int64(), new arrow.Int8()]) {
      const values = Array.from({ length: 64 }, (_, i) => (type instanceof arrow.Int64 ? BigInt(i) : i));
      const batch = columnBatch(values, type);
      expect(Math.round(bytesOf(batch) / 64)).toBe(guessRowBytes(batch.schema));
    }
  });
});

describe('compareMemory()', () => {
  it('tells what a stage made from what it passed on', () => {
    const batch = numberBatch(0, 10);
    const memory = memoryOf(batch);
    expect(compareMemory(batch.slice(2, 4), memory)).toEqual({ freshBytes: 0, isShared: true });
    expect(compareMemory(padBatch(batch, 2), memory)).toEqual({ freshBytes: 160, isShared: true });
    expect(compareMemory(numberBatch(0, 10), memory)).toEqual({ freshBytes: 80, isShared: false });
  });
});

describe('Growth.needOf()', () => {
  it('is the most that two neighbouring batches take, by what stages made of those before', () => {
    const growth = new Growth(2);
    expect(growth.needOf(0, 100, 0)).toBe(200);
    growth.observe(0, { inBytes: 10, outBytes: 50, freshBytes: 50 });
    growth.observe(1, { inBytes: 50, outBytes: 5, freshBytes: 5 });
    // The second still counts as one that copies, for the most part.
    expect(growth.needOf(0, 100, 0)).toBeGreaterThan(900);
    expect(growth.needOf(2, 100, 30)).toBe(30);
  });
});

describe('LatencyHistogram.quantileMs()', () => {
  it('is right to a fifth from microseconds to minutes', () => {
    for (const ms of [0.003, 0.5, 20, 60_000]) {
      const histogram = new LatencyHistogram();
      for (let i = 0; i < 98; i++) histogram.record(ms);
      for (let i = 0; i < 2; i++) histogram.record(ms * 100);
      expect(histogram.quantileMs(0.5) / ms).toBeCloseTo(1, 0.7);
      expect(histogram.quantileMs(0.99) / (ms * 100)).toBeCloseTo(1, 0.7);
    }
    expect(new LatencyHistogram().quantileMs(0.5)).toBe(0);
  });
});

describe('bottleneck()', () => {
  const stage = (
    name: string,
    kind: StageStats['kind'],
    [busyMs, starvedMs, blockedMs]: [number, number, number],
  ): StageStats => ({
    name,
    kind,
    busyMs,
    starvedMs,
    blockedMs,
    batches: 1,
    rows: 1,
    skippedRows: 0,
    deadRows: 0,
    p50Ms: 1,
    p99Ms: 1,
    queuedBatches: 0,
    queuedBytes: 0,
    memoryBytes: 0,
    workers: kind === 'transform' ? 2 : 1,
  });
  const progressOf = (stages: StageStats[], peakBytes = 0): PipelineProgress => ({
    rowsIn: 1,
    rowsOut: 1,
    totalRows: null,
    rowsPerSecond: 1,
    etaSeconds: null,
    finishing: null,
    budget: { limitBytes: 100, usedBytes: 0, peakBytes },
    stages,
  });
  const quick = stage('read', 'source', [10, 0, 90]);

  it('names the stage that is busy while others wait, and what would help', () => {
    const progress = progressOf([
      quick,
      stage('parse', 'transform', [190, 10, 0]),
      stage('file', 'sink', [20, 80, 0]),
    ]);
    expect(bottleneck(progress)).toEqual({
      stage: 'parse',
      busyShare: 0.95,
      reason:
        'the 2 workers of transform "parse" are busy 95 % of the time; more workers would help while there are cores for them',
    });
    const slowSink = progressOf([quick, stage('file', 'sink', [99, 1, 0])]);
    expect(bottleneck(slowSink)).toMatchObject({
      stage: 'file',
      reason: expect.stringContaining('wait for room'),
    });
  });

  it('names memory where that is what is waited for, and nobody where nothing happened', () => {
    const full = progressOf([quick, stage('parse', 'transform', [40, 160, 0])], 99);
    expect(bottleneck(full)!.reason).toContain('a larger budget would help');
    expect(bottleneck(progressOf([stage('read', 'source', [0, 0, 0])]))).toBeNull();
  });
});

describe('createArraySource()', () => {
  it('gives all rows from wherever it is told to, and says how many are left', async () => {
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    for (const from of [0, 1, 5, 12, 20]) {
      const source = createArraySource(numberBatches(4, 5));
      await source.seek!(from);
      expect(source.sizeHint()).toBe(20 - from);
      const given: Batch[] = [];
      const { signal } = new AbortController();
      for (let batch = await source.nextBatch(3, signal); batch; batch = await source.nextBatch(3, signal))
        given.push(batch);
      expect(numbersOf(given)).toEqual(numbers.slice(from));
      expect(Math.max(0, ...given.map(({ numRows }) => numRows))).toBeLessThanOrEqual(3);
    }
  });

  it('needs a schema where there is no batch', () => {
    expect(() => createArraySource([])).toThrow('it has no batches');
    expect(createArraySource([], numberSchema).sizeHint()).toBe(0);
  });
});

describe('createArraySink()', () => {
  it('keeps what it gets, and nothing when it is aborted', async () => {
    const sink = createArraySink();
    await sink.consume(numberBatch(0, 5));
    expect([sink.rows, sink.memoryUsage()]).toEqual([5, 40]);
    await sink.abort!();
    expect([sink.rows, sink.batches, sink.memoryUsage(), sink.ending]).toEqual([0, [], 0, 'aborted']);
  });
});
