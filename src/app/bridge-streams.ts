// What can be streamed over the bridge: the record kinds (history, then live) and training sets.
import {
  buildRecordBatch,
  memoryKind,
  optimizationKind,
  processKind,
  rowsOf,
  toArrowSchema,
  trainingKind,
} from '../core/index.ts';
import type { ProcessRecord } from '../core/index.ts';
import {
  anonymizeProcessRows,
  anonymousProcessKind,
  datasetCard,
  trainingBatches,
} from '../prepare/index.ts';
import type { NameHasher } from '../prepare/index.ts';
import type { OpenedStream, StreamSource } from '../wire/index.ts';
import type { LiveFeed } from './live-feed.ts';
import { parseParams } from './params.ts';
import type { DatasetParams, DatasetService } from './dataset-service.ts';
import { datasetParams } from './dataset-service.ts';

/** What the streams read from. */
export interface StreamInputs {
  readonly feeds: Readonly<Record<'memory' | 'process' | 'optimization', LiveFeed>>;
  readonly datasets: DatasetService;
  readonly hashName: NameHasher;
}

const rangeParams = { from_ms: 'number', to_ms: 'number', follow: 'boolean' } as const;
const processParams = { ...rangeParams, anonymize: 'boolean' } as const;
const replayParams = { batch_bytes: 'number', batches: 'number' } as const;

/** Builds the table of streams. */
export function buildStreams(inputs: StreamInputs): Record<string, StreamSource> {
  return {
    memory: followSource('memory', inputs.feeds.memory),
    optimization: followSource('optimization', inputs.feeds.optimization),
    process: { open: (params, signal) => openProcesses(inputs, params, signal) },
    training: { open: (params, signal) => openTraining(inputs.datasets, params, signal) },
    replay: { open: (params, signal) => openReplay(inputs.datasets, params, signal) },
  };
}

function followSource(name: 'memory' | 'optimization', feed: LiveFeed): StreamSource {
  const kind = name === 'memory' ? memoryKind : optimizationKind;
  return {
    open: async (params, signal) => {
      const { from_ms, to_ms, follow } = parseParams(name, rangeParams, params);
      return {
        schema: toArrowSchema(kind),
        meta: { kind: name, version: kind.version },
        batches: feed.follow({ fromMs: from_ms, toMs: to_ms, follow }, signal),
      };
    },
  };
}

/** Process names leave hashed unless the client asks for them by name. */
async function openProcesses(
  inputs: StreamInputs,
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const { from_ms, to_ms, follow, anonymize = true } = parseParams('process', processParams, params);
  const kind = anonymize ? anonymousProcessKind : processKind;
  const batches = inputs.feeds.process.follow({ fromMs: from_ms, toMs: to_ms, follow }, signal);
  return {
    schema: toArrowSchema(kind),
    meta: { kind: 'process', version: kind.version, anonymized: anonymize },
    batches: anonymize ? hashNames(batches, inputs.hashName) : batches,
  };
}

async function* hashNames(batches: OpenedStream['batches'], hashName: NameHasher): OpenedStream['batches'] {
  for await (const batch of batches) {
    const rows = rowsOf(processKind, batch) as ProcessRecord[];
    yield buildRecordBatch(anonymousProcessKind, anonymizeProcessRows(rows, hashName));
  }
}

async function openTraining(
  datasets: DatasetService,
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const set = await datasets.build(parseParams('training', datasetParams, params) as DatasetParams, signal);
  const kind = trainingKind(set.featureNames);
  return {
    schema: toArrowSchema(kind),
    meta: datasetCard(set),
    batches: toAsync(trainingBatches(set, kind)),
  };
}

/** The training set over and over in batches of one size: what the demo measures the bridge with. */
async function openReplay(
  datasets: DatasetService,
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const { batch_bytes = 2 ** 20, batches = 64 } = parseParams('replay', replayParams, params);
  const batch = await datasets.buildReplayBatch(batch_bytes, signal);
  return { schema: batch.schema, meta: { batches }, batches: repeat(batch, batches) };
}

async function* toAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

async function* repeat<T>(item: T, times: number): AsyncGenerator<T> {
  for (let i = 0; i < times; i++) yield item;
}
