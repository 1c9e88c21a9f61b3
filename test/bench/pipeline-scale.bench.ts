// What a second worker is worth to a JavaScript transform that computes on columns, and what it costs to hand a batch to
// a worker: in a slot of the slab beside what postMessage does by itself, a structured clone of the same columns.
import { once } from 'node:events';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import {
  buildBatchReader,
  buildBatchWriter,
  createMemoryBudget,
  createSlab,
  createWorkerTransform,
} from '../../src/pipeline/index.ts';
import type { Batch, WorkerTransform } from '../../src/pipeline/index.ts';
import { numberBatch, numberSchema } from '../support/pipeline/value-batches.ts';
import { median } from './harness.ts';
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
  const batch = numberBatch(Float64Array.from({ length: ROWS }, (_, i) => i));
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

/** Answers each message, having looked at the last value of what it got. */
const echo = `
const { parentPort } = require('node:worker_threads');
parentPort.once('message', ({ port }) => {
  port.on('message', ({ bytes, at }) => port.postMessage(bytes[at]));
});`;

async function roundTrip(port: MessagePort, message: { bytes: Uint8Array; at: number }): Promise<void> {
  port.postMessage(message);
  await once(port, 'message');
}

/** Median time of one hand-over, µs. */
async function handOverUs(send: () => Promise<void>, times: number): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const startMs = performance.now();
    await send();
    took.push((performance.now() - startMs) * 1000);
  }
  return median(took);
}

async function* slabCases(): AsyncGenerator<BenchCase> {
  const slab = await createSlab(createMemoryBudget(64 * MIB), [{ slotBytes: 9 * MIB, slots: 2 }]);
  const worker = new Worker(echo, { eval: true });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ port: port2 }, [port2]);
  const [writer, reader] = [buildBatchWriter(), buildBatchReader()];
  try {
    for (const mib of [0.25, 1, 8]) {
      const batch = numberBatch(Float64Array.from({ length: (mib * MIB) / 8 }, (_, i) => i));
      const values = batch.data.children[0]!.values as Float64Array;
      const own = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const bySlot = async (): Promise<void> => {
        const plan = writer.layOut(batch);
        const slot = slab.tryTake(plan.sizeBytes)!;
        const bytes = plan.writeTo(slot.bytes);
        // The worker's share, done here: a view of the slot as columns.
        reader.read(writer.schemaBytesOf(batch), bytes);
        await roundTrip(port1, { bytes, at: bytes.length - 1 });
        slot.release();
      };
      yield {
        bench: 'pipeline.slab',
        case: `${mib} MiB to a worker and an answer`,
        unit: 'µs',
        better: 'lower',
        anchorName: 'postMessage of the columns, cloned',
        ours: () => handOverUs(bySlot, 100),
        anchor: () => handOverUs(() => roundTrip(port1, { bytes: own, at: own.length - 1 }), 100),
      };
    }
  } finally {
    port1.close();
    await worker.terminate();
    slab.close();
  }
}

export const topics: readonly BenchTopic[] = [
  { name: 'pipeline.scale', cases: scaleCases },
  { name: 'pipeline.slab', cases: slabCases },
];
