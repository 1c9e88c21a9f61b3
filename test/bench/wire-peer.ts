// What the benchmarks of the wire share: batches that a bridge gives, and the Python process that reads them.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as arrow from 'apache-arrow';
import type { BatchFeed } from '../../src/bridge/index.ts';
import { buildFlatBatch } from '../support/bridge/wire-batches.ts';
import { python } from '../support/python.ts';

export const COLUMNS = 4;
export const DISTINCT_BATCHES = 4;

const peerScript = join(import.meta.dirname, 'wire-peer.py');

export interface Job {
  readonly kind: 'bridge' | 'flight' | 'zeromq' | 'multiprocessing' | 'lines';
  readonly [key: string]: unknown;
}

export interface Answer {
  readonly seconds: number;
  /** Of the Python process, all its threads. */
  readonly cpuSeconds: number;
  readonly seen: number;
  readonly allocated: number;
  readonly receiveUs?: number;
  readonly transport?: string;
}

/** A Python process that answers one JSON line to each line it gets. */
export class Peer implements AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(...args: string[]) {
    this.process = spawn(python, [peerScript, ...args]);
    this.process.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async next<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the Python process of the benchmark ended');
    return JSON.parse(value) as T;
  }

  async run(job: Job, body?: string): Promise<Answer> {
    this.process.stdin.write(`${JSON.stringify(job)}\n`);
    if (body) this.process.stdin.write(body);
    return this.next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.stdin.end();
    await exit;
  }
}

export const schema = new arrow.Schema(
  Array.from({ length: COLUMNS }, (_, i) => new arrow.Field(`c${i}`, new arrow.Float64(), false)),
);

export function buildBatches(batchBytes: number): arrow.RecordBatch[] {
  const rows = batchBytes / (8 * COLUMNS);
  return Array.from({ length: DISTINCT_BATCHES }, (_, b) => {
    const columns = schema.fields.map((_field, i) =>
      Float64Array.from({ length: rows }, (_v, r) => r + b + i),
    );
    return buildFlatBatch(schema, columns, rows);
  });
}

export function buildFeed(sizes: readonly number[]): BatchFeed {
  const known = new Map<number, arrow.RecordBatch[]>(
    sizes.map((batchBytes) => [batchBytes, buildBatches(batchBytes)] as const),
  );
  async function* produce(
    distinct: readonly arrow.RecordBatch[],
    count: number,
  ): AsyncGenerator<arrow.RecordBatch> {
    for (let i = 0; i < count; i++) yield distinct[i % DISTINCT_BATCHES]!;
  }
  return {
    async open(params) {
      const { batchBytes, batches } = params as { batchBytes: number; batches: number };
      return { schema, batches: produce(known.get(batchBytes)!, batches) };
    },
  };
}
