// wire.secure: Node → Python GB/s between hosts, over tcp on loopback, every cache line read: batches sealed with
// AES-256-GCM beside CURVE for bulk, which is what ZeroMQ brings, and beside our own bulk without encryption.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Push } from 'zeromq';
import { createBridgeServer } from '../../src/bridge/index.ts';
import type { BridgeServer, BulkKind } from '../../src/bridge/index.ts';
import { encodeRecordBatch } from '../../src/bridge/encode-record-batch.ts';
import { encodeSchema } from '../../src/core/index.ts';
import {
  DAEMON_NAME,
  allowClient,
  createKeyFile,
  createKeyPair,
  followClients,
  keyPath,
} from '../../src/keys/index.ts';
import { encodeZ85 } from '../../src/sockets/z85.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { DISTINCT_BATCHES, Peer, buildBatches, buildFeed, schema } from './wire-peer.ts';
import type { Job } from './wire-peer.ts';

interface Size {
  readonly name: string;
  readonly batchBytes: number;
  readonly batches: number;
  /** CURVE is some forty times slower. */
  readonly curveBatches: number;
}

const SIZES: readonly Size[] = [
  { name: '256 KiB', batchBytes: 2 ** 18, batches: 800, curveBatches: 80 },
  { name: '1 MiB', batchBytes: 2 ** 20, batches: 200, curveBatches: 20 },
  { name: '4 MiB', batchBytes: 2 ** 22, batches: 50, curveBatches: 5 },
];
const MIN_CURVE_RATIO = 10;
const MIN_PLAIN_RATIO = 0.8;
/** What the link between two hosts carries: sealing need not be faster. */
const LINK_GB_A_SECOND = 1;

/** A bridge for clients of other hosts, and the key of one. */
async function startServer(
  folder: string,
  bulk: BulkKind,
  cleanup: AsyncDisposableStack,
): Promise<{ server: BridgeServer; key: string }> {
  const own = await createKeyFile(folder, DAEMON_NAME, null);
  const client = await createKeyFile(folder, 'bench', own.publicKey);
  await allowClient(folder, 'bench', client.publicKey);
  const clients = cleanup.use(followClients(folder, () => {}));
  const server = cleanup.use(
    await createBridgeServer({
      controlEndpoint: 'tcp://127.0.0.1:0',
      dataEndpoint: 'tcp://127.0.0.1:0',
      token: '',
      remote: { keys: { own, clients }, bulk },
      feeds: { bench: buildFeed(SIZES.map(({ batchBytes }) => batchBytes)) },
    }),
  );
  return { server, key: keyPath(folder, 'bench') };
}

/** By the clock, or by the CPU time of both processes, which other work on the machine does not change. */
type Measure = 'clock' | 'cpu';

/** GB a second. */
async function read(
  peer: Peer,
  measure: Measure,
  job: Job,
  { batchBytes, batches }: Pick<Size, 'batchBytes' | 'batches'>,
): Promise<number> {
  const before = process.cpuUsage();
  const { seconds, cpuSeconds, seen } = await peer.run({ ...job, batchBytes, batches });
  if (seen !== batches) throw new Error(`${job.kind}: ${seen} of ${batches} batches arrived`);
  const { user, system } = process.cpuUsage(before);
  return (batches * batchBytes) / 1e9 / (measure === 'clock' ? seconds : cpuSeconds + (user + system) / 1e6);
}

/** What a program of one's own would do: CURVE for whole messages, nothing counted or acknowledged. */
async function runCurve(
  peer: Peer,
  measure: Measure,
  { batchBytes, curveBatches: batches }: Size,
): Promise<number> {
  const [daemon, client] = [createKeyPair(), createKeyPair()];
  const messages = buildBatches(batchBytes).map((batch) => encodeRecordBatch(batch));
  const curveSecretKey = encodeZ85(Buffer.from(daemon.secretKey, 'hex'));
  const push = new Push({ sendHighWaterMark: 16, linger: 0, curveServer: true, curveSecretKey });
  await push.bind('tcp://127.0.0.1:*');
  const sending = (async (): Promise<void> => {
    for (let i = 0; i < batches; i++) await push.send(messages[i % DISTINCT_BATCHES]!);
  })();
  const job = {
    kind: 'zeromq',
    endpoint: push.lastEndpoint,
    schema: Buffer.from(encodeSchema(schema)).toString('hex'),
    curve: [client.publicKey, client.secretKey, daemon.publicKey],
  } as const;
  const rate = await read(peer, measure, job, { batchBytes, batches });
  await sending;
  push.close();
  return rate;
}

const common = { bench: 'wire.secure', unit: 'GB/s', better: 'higher' } as const;

async function* cases(): AsyncGenerator<BenchCase> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const sealed = await startServer(join(folder, 'sealed'), 'aes-256-gcm', cleanup);
  const plain = await startServer(join(folder, 'plain'), 'plain', cleanup);
  const peer = cleanup.use(new Peer('consume'));
  const jobOf = ({ server, key }: typeof sealed): Job => ({
    kind: 'bridge',
    endpoint: server.endpoints.control,
    key,
  });
  for (const size of SIZES) {
    for (const measure of ['clock', 'cpu'] as const) {
      const ours = (): Promise<number> => read(peer, measure, jobOf(sealed), size);
      const how = measure === 'clock' ? common : { ...common, unit: 'GB a second of CPU of both processes' };
      yield {
        ...how,
        case: `${size.name} CURVE ${measure}`,
        anchorName: 'ZeroMQ PUSH and PULL over tcp with CURVE, ready messages, no credits, no ACK',
        ours,
        anchor: () => runCurve(peer, measure, size),
        goal: (_ours, ratio) => ratio !== null && ratio >= MIN_CURVE_RATIO,
      };
      const most = measure === 'clock' ? LINK_GB_A_SECOND : Infinity;
      yield {
        ...how,
        case: `${size.name} plain ${measure}`,
        anchorName: 'our own bulk over tcp without encryption; by the clock counted up to 1 GB/s',
        ours,
        anchor: async () => Math.min(most, await read(peer, measure, jobOf(plain), size)),
        goal: (_ours, ratio) => measure === 'cpu' || (ratio !== null && ratio >= MIN_PLAIN_RATIO),
      };
    }
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'wire.secure', cases }];
