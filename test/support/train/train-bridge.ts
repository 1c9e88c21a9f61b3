// A real bridge with a training stream of made-up but learnable rows and a real model registry behind
// `model.deploy`: what a trainer needs of a daemon, for tests of training alone.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { buildRecordBatch, labels, toArrowSchema, trainingKind } from '../../../src/core/index.ts';
import { openRegistry } from '../../../src/models/index.ts';
import type { ModelRegistry } from '../../../src/models/index.ts';
import type { TrainJob } from '../../../src/train/index.ts';
import { PROTOCOL_VERSION, createBridgeServer, writeBridgeFile } from '../../../src/bridge/index.ts';
import { createIpcEndpoints } from '../../../src/sockets/index.ts';
import type { BridgeServer, OpenedBatches, RequestHandler } from '../../../src/bridge/index.ts';
import { createRandom } from '../random.ts';

/** Names of the features the rows have. */
export const featureNames = ['usage_percent', 'usage_trend', 'process_count', 'pressure'] as const;

/** Fits for hours, returning to Python after every iteration, so that a signal is heard. */
export const endlessJob: TrainJob = {
  name: 'm',
  estimator: 'sklearn.HistGradientBoostingClassifier',
  parameters: { max_iter: 100_000_000, learning_rate: 1e-9, early_stopping: false, max_depth: 2 },
};

/** A model that arrived. */
export interface ArrivedModel {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly model: Uint8Array;
  readonly golden: Uint8Array;
  readonly activate: boolean | undefined;
  readonly version: string;
}

export interface TrainBridge extends AsyncDisposable {
  readonly bridgeFile: string;
  readonly directory: string;
  readonly registry: ModelRegistry;
  readonly arrived: ArrivedModel[];
  readonly server: BridgeServer;
}

/** Rows whose label follows two features, a tenth of them without the last; the same for the same seed. */
export function buildTrainingRows(rowCount: number, seed = 1): Record<string, number | string | null>[] {
  const random = createRandom(seed);
  return Array.from({ length: rowCount }, (_, i) => {
    const usage = random() * 100;
    const trend = random() * 10 - 5;
    const score = usage + 4 * trend + random() * 6;
    return {
      timestamp: 1_760_000_000_000 + i * 1000,
      usage_percent: usage,
      usage_trend: trend,
      process_count: Math.floor(random() * 400),
      pressure: random() < 0.1 ? null : random(),
      label: [30, 60, 85].filter((edge) => score > edge).length,
      split: i < rowCount * 0.75 ? 'train' : i < rowCount * 0.78 ? 'gap' : 'test',
    };
  });
}

/** Starts it in a temporary directory. */
export async function startTrainBridge(rowCount = 400): Promise<TrainBridge> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-train-'));
  const endpoints = await createIpcEndpoints(join(directory, 'run'));
  const registry = await openRegistry(join(directory, 'models'));
  const arrived: ArrivedModel[] = [];
  const token = 'a-token-for-tests';
  const server = await createBridgeServer({
    controlEndpoint: endpoints.control,
    dataEndpoint: endpoints.data,
    token,
    leaseMs: 2000,
    requests: { 'model.deploy': deployTo(registry, arrived) },
    feeds: { training: { open: async (params) => openTraining(params, rowCount) } },
  });
  const bridgeFile = join(directory, 'run', 'bridge.json');
  await writeBridgeFile(bridgeFile, {
    endpoints: server.endpoints,
    token,
    pid: process.pid,
    protocol: PROTOCOL_VERSION,
  });
  return {
    bridgeFile,
    directory,
    registry,
    arrived,
    server,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await endpoints.dispose();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function deployTo(registry: ModelRegistry, arrived: ArrivedModel[]): RequestHandler {
  return async (params, { attachments }) => {
    const { manifest, activate } = params as Pick<ArrivedModel, 'manifest' | 'activate'>;
    const [model, golden, heldOut] = attachments as [Uint8Array, Uint8Array, Uint8Array | undefined];
    const draft = { name: String(manifest['name']), manifest, model, golden, heldOut };
    const { name, version } = await registry.add(draft);
    arrived.push({ manifest, model, golden, activate, version });
    const isLive = activate !== false;
    const swap = isLive ? { version, totalMs: 1 } : null;
    return { result: { name, version, isLive, swap, reason: 'a test said so', gate: null } };
  };
}

function openTraining(params: unknown, rowCount: number): OpenedBatches {
  const { rows = rowCount } = params as { rows?: number };
  const kind = trainingKind(featureNames);
  const card = {
    id: `rows-${rows}`,
    sha256: 'cd'.repeat(32),
    featureSpecSha256: 'ab'.repeat(32),
    features: featureNames.map((name) => ({ name, dtype: 'float32' })),
    labels,
  };
  const batch = buildRecordBatch(kind, buildTrainingRows(rows));
  return { schema: toArrowSchema(kind), meta: card, batches: only(batch) };
}

async function* only(batch: RecordBatch): AsyncGenerator<RecordBatch> {
  yield batch;
}
