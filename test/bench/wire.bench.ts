// wire.shm: Node → Python GB/s through the whole protocol (credits, sequence check, ACK), every cache line read, beside
// Flight DoGet, plain ZeroMQ over ipc, slots of Python's own shared memory, and JSON Lines over a pipe.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Push } from 'zeromq';
import { PROTOCOL_VERSION, createBridgeServer, writeBridgeFile } from '../../src/bridge/index.ts';
import { encodeRecordBatch } from '../../src/bridge/encode-record-batch.ts';
import { encodeSchema } from '../../src/core/index.ts';
import { createIpcEndpoints } from '../../src/sockets/index.ts';
import type { BridgeServer } from '../../src/bridge/index.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { COLUMNS, DISTINCT_BATCHES, Peer, buildBatches, buildFeed, schema } from './wire-peer.ts';
import type { Answer, Job } from './wire-peer.ts';

const CASES = [
  { name: '64 KiB', batchBytes: 64 * 1024, batches: 6000 },
  { name: '1 MiB', batchBytes: 2 ** 20, batches: 1000 },
  { name: '4 MiB', batchBytes: 4 * 2 ** 20, batches: 250 },
  { name: '16 MiB', batchBytes: 16 * 2 ** 20, batches: 96 },
] as const;
const JSON_ROWS = 40_000;
const MIN_FLIGHT_RATIO = 2.5;
const MIN_ZEROMQ_RATIO = 1.3;
const MAX_RECEIVE_US = 10;
/** Of the anchor with Python's shared memory. */
const SLOTS = 4;

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

async function runBatches(
  peer: Peer,
  job: Job,
  { batches, batchBytes }: (typeof CASES)[number],
): Promise<number> {
  const { seconds, seen, transport } = await peer.run({ ...job, batches, batchBytes });
  if (seen !== batches) throw new Error(`${job.kind}: ${seen} of ${batches} batches arrived`);
  if (job.kind === 'bridge' && transport !== 'shared')
    throw new Error(`batches came by "${transport}"; see \`ruvector-memopt doctor\``);
  return (batches * batchBytes) / seconds / 1e9;
}

/** What a program of one's own would do: whole messages, a few of them under way, nothing checked. */
async function runZeromq(peer: Peer, endpoint: string, size: (typeof CASES)[number]): Promise<number> {
  const messages = buildBatches(size.batchBytes).map((batch) => encodeRecordBatch(batch));
  const push = new Push({ sendHighWaterMark: 16, linger: 0 });
  await push.bind(endpoint);
  const sending = (async (): Promise<void> => {
    for (let i = 0; i < size.batches; i++) await push.send(messages[i % DISTINCT_BATCHES]!);
  })();
  const schemaHex = Buffer.from(encodeSchema(schema)).toString('hex');
  const rate = await runBatches(peer, { kind: 'zeromq', endpoint, schema: schemaHex }, size);
  await sending;
  push.close();
  return rate;
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
    feeds: { bench: buildFeed(CASES.map(({ batchBytes }) => batchBytes)) },
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

interface Ways {
  readonly peer: Peer;
  readonly bridgeFile: string;
  readonly flight: string;
  readonly zeromq: string;
}

const common = { bench: 'wire.shm', unit: 'GB/s', better: 'higher' } as const;

/** Ours beside each anchor, both in turns. */
function* casesOf(
  size: (typeof CASES)[number],
  { peer, bridgeFile, flight, zeromq }: Ways,
): Generator<BenchCase> {
  const ours = (): Promise<number> => runBatches(peer, { kind: 'bridge', bridgeFile }, size);
  yield {
    ...common,
    case: `${size.name} Flight`,
    anchorName: 'pyarrow Flight DoGet over loopback, same bytes, every cache line read',
    ours,
    anchor: () => runBatches(peer, { kind: 'flight', location: flight }, size),
    goal: (_ours, ratio) => ratio !== null && ratio >= MIN_FLIGHT_RATIO,
    runs: 9,
  };
  yield {
    ...common,
    case: `${size.name} ZeroMQ`,
    anchorName: 'ZeroMQ PUSH and PULL over ipc, ready messages, no credits, no ACK',
    ours,
    anchor: () => runZeromq(peer, zeromq, size),
    goal: (_ours, ratio) => ratio !== null && ratio >= MIN_ZEROMQ_RATIO,
    runs: 9,
  };
  yield {
    ...common,
    case: `${size.name} multiprocessing`,
    anchorName: 'multiprocessing.shared_memory between two Pythons, slots told over a pipe',
    ours,
    anchor: () => runBatches(peer, { kind: 'multiprocessing', slots: SLOTS }, size),
  };
  yield {
    ...common,
    case: `${size.name} JSON Lines`,
    anchorName: 'JSON Lines over a pipe',
    ours,
    anchor: () => runLines(peer),
    runs: 3,
  };
  const timed = (): Promise<Answer> =>
    peer.run({ kind: 'bridge', bridgeFile, timed: true, batches: size.batches, batchBytes: size.batchBytes });
  yield {
    ...common,
    case: `${size.name} receive`,
    unit: 'µs a batch, from the message to a batch that can be read',
    better: 'lower',
    anchorName: 'goal 10 µs',
    ours: async () => (await timed()).receiveUs!,
    anchor: null,
    goal: (us) => us <= MAX_RECEIVE_US,
  };
  yield {
    ...common,
    case: `${size.name} allocated`,
    unit: 'bytes by Arrow',
    better: 'lower',
    anchorName: 'goal 0',
    ours: async () => (await timed()).allocated,
    anchor: null,
    goal: (bytes) => bytes === 0,
    runs: 3,
  };
}

async function* cases(): AsyncGenerator<BenchCase> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  try {
    const { server, bridgeFile } = await startServer(directory);
    await using _closing = server;
    await using flightServer = new Peer('serve-flight', 'grpc://127.0.0.1:0');
    await using peer = new Peer('consume');
    const { port } = await flightServer.next<{ port: number }>();
    const flight = `grpc://127.0.0.1:${port}`;
    const zeromq = `ipc://${join(directory, 'anchor.sock')}`;
    for (const size of CASES) yield* casesOf(size, { peer, bridgeFile, flight, zeromq });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'wire.shm', cases }];
