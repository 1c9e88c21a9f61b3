// wire.stream: Node → Python GB/s through the whole protocol (credits, sequence check, ACK), every
// cache line read, beside Flight DoGet and JSON Lines over a pipe.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as arrow from 'apache-arrow';
import { PROTOCOL_VERSION, createBridgeServer, writeBridgeFile } from '../../src/bridge/index.ts';
import { createIpcEndpoints } from '../../src/sockets/index.ts';
import type { BridgeServer, BatchFeed } from '../../src/bridge/index.ts';
import { buildFlatBatch } from '../support/bridge/wire-batches.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';

const COLUMNS = 4;
const DISTINCT_BATCHES = 4;
const CASES = [
  { name: '64 KiB', batchBytes: 64 * 1024, batches: 6000 },
  { name: '1 MiB', batchBytes: 2 ** 20, batches: 1000 },
  { name: '4 MiB', batchBytes: 4 * 2 ** 20, batches: 250 },
] as const;
const JSON_ROWS = 40_000;
const GOAL_RATIO = 1.5;

const peerScript = join(import.meta.dirname, 'wire-peer.py');

interface Job {
  readonly kind: 'wire' | 'flight' | 'lines';
  readonly [key: string]: unknown;
}

/** A Python process that answers one JSON line to each line it gets. */
class Peer implements AsyncDisposable {
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

  async run(job: Job, body?: string): Promise<{ seconds: number; seen: number; allocated: number }> {
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

const schema = new arrow.Schema(
  Array.from({ length: COLUMNS }, (_, i) => new arrow.Field(`c${i}`, new arrow.Float64(), false)),
);

function buildBatches(batchBytes: number): arrow.RecordBatch[] {
  const rows = batchBytes / (8 * COLUMNS);
  return Array.from({ length: DISTINCT_BATCHES }, (_, b) => {
    const columns = schema.fields.map((_field, i) =>
      Float64Array.from({ length: rows }, (_v, r) => r + b + i),
    );
    return buildFlatBatch(schema, columns, rows);
  });
}

function buildFeed(): BatchFeed {
  const known = new Map<number, arrow.RecordBatch[]>(
    CASES.map(({ batchBytes }) => [batchBytes, buildBatches(batchBytes)] as const),
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

/** JSON rows of the same columns; made while the clock runs, as a sender would. */
function jsonRows(count: number): string {
  const lines: string[] = [];
  for (let r = 0; r < count; r++) {
    const row: Record<string, number> = {};
    for (let i = 0; i < COLUMNS; i++) row[`c${i}`] = r + i;
    lines.push(JSON.stringify(row));
  }
  return `${lines.join('\n')}\n`;
}

async function runBatches(peer: Peer, job: Job, batches: number, batchBytes: number): Promise<number> {
  const { seconds, seen } = await peer.run(job);
  if (seen !== batches) throw new Error(`${job.kind}: ${seen} of ${batches} batches arrived`);
  return (batches * batchBytes) / seconds / 1e9;
}

async function runLines(peer: Peer): Promise<number> {
  const startedMs = performance.now();
  await peer.run({ kind: 'lines', rows: JSON_ROWS }, jsonRows(JSON_ROWS));
  return (JSON_ROWS * COLUMNS * 8) / ((performance.now() - startedMs) / 1e3) / 1e9;
}

async function startServer(directory: string): Promise<{ server: BridgeServer; bridgeFile: string }> {
  const endpoints = await createIpcEndpoints(directory);
  const server = await createBridgeServer({
    controlEndpoint: endpoints.control,
    dataEndpoint: endpoints.data,
    token: 'benchmark',
    feeds: { bench: buildFeed() },
  });
  const bridgeFile = join(directory, 'bridge.json');
  const { endpoints: bound } = server;
  await writeBridgeFile(bridgeFile, {
    endpoints: bound,
    token: 'benchmark',
    pid: process.pid,
    protocol: PROTOCOL_VERSION,
  });
  return { server, bridgeFile };
}

async function* cases(): AsyncGenerator<BenchCase> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  try {
    const { server, bridgeFile } = await startServer(directory);
    await using _closing = server;
    await using flightServer = new Peer('serve-flight', 'grpc://127.0.0.1:0');
    await using peer = new Peer('consume');
    const { port } = await flightServer.next<{ port: number }>();
    const location = `grpc://127.0.0.1:${port}`;
    const common = { bench: 'wire.stream', unit: 'GB/s', better: 'higher' } as const;
    for (const { name, batchBytes, batches } of CASES) {
      const ours = (): Promise<number> =>
        runBatches(peer, { kind: 'wire', bridgeFile, batchBytes, batches }, batches, batchBytes);
      yield {
        ...common,
        case: `${name} Flight`,
        anchorName: 'pyarrow Flight DoGet over loopback, same bytes, every cache line read',
        ours,
        anchor: () =>
          runBatches(peer, { kind: 'flight', location, batchBytes, batches }, batches, batchBytes),
        goal: (_ours, ratio) => ratio !== null && ratio >= GOAL_RATIO,
        runs: 9,
      };
      yield {
        ...common,
        case: `${name} JSON Lines`,
        anchorName: 'JSON Lines over a pipe',
        ours,
        anchor: () => runLines(peer),
      };
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'wire.stream', cases }];
