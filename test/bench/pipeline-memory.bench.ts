// What it costs to hand a batch to a worker, in a slot of the slab beside what postMessage does by itself (a structured
// clone of the same columns), and what a mapped read keeps out of a process's own memory.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import {
  buildBatchReader,
  buildBatchWriter,
  buildBlockBatch,
  createMemoryBudget,
  createSlab,
  encodeTable,
} from '../../src/pipeline/index.ts';
import { batchOf } from '../support/pipeline/number-batches.ts';
import { median } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const MIB = 1024 * 1024;
const run = promisify(execFile);

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
      const batch = batchOf(Float64Array.from({ length: (mib * MIB) / 8 }, (_, i) => i));
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

/** Sums one column of two in a process of its own; says how many MB of memory that nobody shares it took. */
const sums = {
  mapped: `(path) => pl.scanIPC(path).select(pl.col('a').sum()).collectSync()`,
  read: `(path) => {
    let sum = 0;
    for (const batch of arrow.tableFromIPC(fs.readFileSync(path)).batches)
      for (const value of batch.getChild('a').data[0].values) sum += value;
    return sum;
  }`,
} as const;

async function privateMegabytes(how: keyof typeof sums, path: string): Promise<number> {
  const script = `
    import fs from 'node:fs'; import * as arrow from 'apache-arrow'; import pl from 'nodejs-polars';
    const anonymousKib = () => Number(/^Anonymous: +([0-9]+)/m.exec(fs.readFileSync('/proc/self/smaps_rollup', 'utf8'))[1]);
    const before = anonymousKib();
    const sum = (${sums[how]})(${JSON.stringify(path)});
    if (!sum) throw new Error('no sum');
    console.log((anonymousKib() - before) / 1024);`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return Number(stdout);
}

async function* mappedCases(): AsyncGenerator<BenchCase> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  const path = join(folder, 'numbers.arrow');
  try {
    const numbers = Float64Array.from({ length: 10_000_000 }, (_, i) => i);
    const batch = buildBlockBatch({ a: numbers, b: numbers });
    await writeFile(path, encodeTable(batch.schema, [batch], 'file'));
    yield {
      bench: 'pipeline.mapped',
      case: 'sum of one column of an Arrow file of 153 MiB',
      unit: 'MiB of its own',
      better: 'lower',
      anchorName: 'the file read, apache-arrow',
      ours: () => privateMegabytes('mapped', path),
      anchor: () => privateMegabytes('read', path),
      runs: 3,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const topics: readonly BenchTopic[] = [
  { name: 'pipeline.slab', cases: slabCases },
  { name: 'pipeline.mapped', cases: mappedCases },
];
