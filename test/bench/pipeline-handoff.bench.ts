// What stages cost beside the work they do. `pipeline.handoff`: from the moment a stage has given its batch to the moment
// the next one is called with it, beside Node's own streams of objects. `pipeline.budget`: bytes of live batches beyond
// the budget, counted by the source and the sink themselves.
import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { runStages } from '../../src/pipeline/index.ts';
import type { Batch, Sink, TransformStage } from '../../src/pipeline/index.ts';
import { createMemoryBudget } from '../../src/pipeline/memory/budget.ts';
import { batchOf, numberBatch, numberSchema } from '../support/pipeline/number-batches.ts';
import { quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const BATCHES = 10_000;
const STAGES = 4;
const MICROSECONDS = 1000;

/** Notes when a stage gives a batch and when the next one gets it. */
class Stopwatch {
  readonly waits: number[] = [];
  #givenMs = 0;

  give(): void {
    this.#givenMs = performance.now();
  }

  get(): void {
    this.waits.push((performance.now() - this.#givenMs) * MICROSECONDS);
  }

  median(): number {
    return quantile(this.waits, 0.5);
  }
}

const noSink = (consume: (batch: Batch) => Promise<void>): Sink => ({
  consume,
  flush: async () => undefined,
  memoryUsage: () => 0,
});

/** A batch is asked for when the one before has arrived, so that what is measured is the way, not the queue. */
async function handOver(): Promise<number> {
  const watch = new Stopwatch();
  const batch = numberBatch(0, 1000);
  let left = BATCHES;
  let arrived = Promise.withResolvers<void>();
  arrived.resolve();
  const transforms = Array.from({ length: STAGES }, (_, at): TransformStage => ({
    name: `stage ${at}`,
    transform: (given) => {
      if (at > 0) watch.get();
      watch.give();
      return given;
    },
  }));
  await runStages({
    source: {
      schema: numberSchema,
      async nextBatch() {
        await arrived.promise;
        arrived = Promise.withResolvers<void>();
        return left-- > 0 ? batch : null;
      },
      sizeHint: () => left,
      memoryUsage: () => 0,
    },
    transforms,
    sink: noSink(async () => {
      watch.get();
      arrived.resolve();
    }),
    batch: { rows: 1000 },
    budget: createMemoryBudget(2 ** 24),
  });
  return watch.median();
}

async function handOverStreams(): Promise<number> {
  const watch = new Stopwatch();
  const batch = numberBatch(0, 1000);
  const first = new PassThrough({ objectMode: true });
  const stages = Array.from(
    { length: STAGES },
    (_, at) =>
      new Transform({
        objectMode: true,
        transform(given, _encoding, done) {
          if (at > 0) watch.get();
          watch.give();
          done(null, given);
        },
      }),
  );
  let left = BATCHES;
  const feed = (): void => void (left-- > 0 ? first.write(batch) : first.end());
  const last = new Writable({
    objectMode: true,
    write(_given, _encoding, done) {
      watch.get();
      setImmediate(feed);
      done();
    },
  });
  feed();
  await pipeline([first, ...stages, last]);
  return watch.median();
}

function* handoffCases(): Generator<BenchCase> {
  yield {
    bench: 'pipeline.handoff',
    case: `${BATCHES} batches of 1,000 rows, ${STAGES} stages, p50`,
    unit: 'µs a batch',
    better: 'lower',
    anchorName: 'Node streams in object mode',
    ours: handOver,
    anchor: handOverStreams,
    goal: (ours) => ours <= 10,
  };
  yield {
    bench: 'pipeline.handoff',
    case: `all in flight, whole run by batch and stage`,
    unit: 'µs a batch',
    better: 'lower',
    anchorName: 'Node streams in object mode',
    ours: runFull,
    anchor: runFullStreams,
  };
}

async function runFull(): Promise<number> {
  const batch = numberBatch(0, 1000);
  let left = BATCHES;
  const startedMs = performance.now();
  await runStages({
    source: {
      schema: numberSchema,
      nextBatch: async () => (left-- > 0 ? batch : null),
      sizeHint: () => left,
      memoryUsage: () => 0,
    },
    transforms: Array.from({ length: STAGES }, (_, at) => ({
      name: `stage ${at}`,
      transform: (given: Batch) => given,
    })),
    sink: noSink(async () => undefined),
    batch: { rows: 1000 },
    budget: createMemoryBudget(2 ** 24),
  });
  return ((performance.now() - startedMs) * MICROSECONDS) / (BATCHES * (STAGES + 1));
}

async function runFullStreams(): Promise<number> {
  const batch = numberBatch(0, 1000);
  const stages = Array.from({ length: STAGES }, () => new PassThrough({ objectMode: true }));
  const last = new Writable({ objectMode: true, write: (_given, _encoding, done) => done() });
  const startedMs = performance.now();
  await pipeline([Readable.from(Array<Batch>(BATCHES).fill(batch)), ...stages, last]);
  return ((performance.now() - startedMs) * MICROSECONDS) / (BATCHES * (STAGES + 1));
}

const LIMIT_BYTES = 2 ** 20;

/** Bytes of batches that live beyond the budget, with a sink a hundred times slower than the source. */
async function overshoot(): Promise<number> {
  const live = { bytes: 0, most: 0 };
  const grow = (bytes: number): void => {
    live.bytes += bytes;
    live.most = Math.max(live.most, live.bytes);
  };
  let left = 400_000;
  let sourceMs = 0;
  const budget = createMemoryBudget(LIMIT_BYTES);
  await runStages({
    source: {
      schema: numberSchema,
      async nextBatch(maxRows) {
        const rows = Math.min(left, maxRows);
        if (rows === 0) return null;
        const startedMs = performance.now();
        left -= rows;
        grow(rows * 8);
        const batch = numberBatch(left, rows);
        sourceMs = performance.now() - startedMs;
        return batch;
      },
      sizeHint: () => left,
      memoryUsage: () => 0,
    },
    transforms: [
      {
        name: 'copy',
        queue: { batches: 1000 },
        transform: (batch) => {
          grow(batch.numRows * 8);
          const copy = batchOf((batch.data.children[0]!.values as Float64Array).slice());
          // What was given is nobody's any more when this returns.
          queueMicrotask(() => grow(-batch.numRows * 8));
          return copy;
        },
      },
    ],
    sink: noSink(async (batch) => {
      const endMs = performance.now() + 100 * sourceMs;
      while (performance.now() < endMs) await nextTurn();
      grow(-batch.numRows * 8);
    }),
    sinkQueue: { batches: 1000 },
    budget,
  });
  return Math.max(0, live.most - LIMIT_BYTES, budget.peakBytes - LIMIT_BYTES);
}

function* budgetCases(): Generator<BenchCase> {
  yield {
    bench: 'pipeline.budget',
    case: 'overshoot, sink 100 × slower than its source, budget 1 MiB',
    unit: 'bytes',
    better: 'lower',
    anchorName: 'none: nothing comparable counts live bytes',
    ours: overshoot,
    anchor: null,
    goal: (ours) => ours === 0,
  };
}

export const topics: readonly BenchTopic[] = [
  {
    name: 'pipeline.handoff',
    cases: async function* () {
      yield* handoffCases();
    },
  },
  {
    name: 'pipeline.budget',
    cases: async function* () {
      yield* budgetCases();
    },
  },
];
