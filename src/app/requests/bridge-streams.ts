// What can be streamed over the bridge: the record kinds (history, then live) and training sets.
import {
  buildRecordBatch,
  memoryKind,
  optimizationKind,
  processKind,
  rowsOf,
  toArrowSchema,
  trainingKind,
} from '../../core/index.ts';
import { datasetCard, trainingBatches } from '../../prepare/index.ts';
import type { LiveAnonymizer } from '../../prepare/index.ts';
import type { OpenedStream, StreamSource } from '../../bridge/index.ts';
import type { LiveFeed } from './live-feed.ts';
import { parseParams } from './params.ts';
import type { DatasetService } from '../training/dataset-service.ts';
import { parseDataset } from '../training/dataset-service.ts';

/** What the streams read from. */
export interface StreamInputs {
  readonly feeds: Readonly<Record<'memory' | 'process' | 'optimization', LiveFeed>>;
  readonly datasets: DatasetService;
  readonly anonymizer: LiveAnonymizer;
}

const rangeParams = { from_ms: 'number', to_ms: 'number', follow: 'boolean' } as const;
const namingParams = { ...rangeParams, anonymize: 'boolean' } as const;
const replayParams = { batch_bytes: 'number', batches: 'number' } as const;

/** Builds the table of streams. */
export function buildStreams(inputs: StreamInputs): Record<string, StreamSource> {
  return {
    memory: followMemory(inputs.feeds.memory),
    process: { open: (params, signal) => openNaming(inputs, 'process', params, signal) },
    optimization: { open: (params, signal) => openNaming(inputs, 'optimization', params, signal) },
    training: { open: (params, signal) => openTraining(inputs.datasets, params, signal) },
    replay: { open: (params, signal) => openReplay(inputs.datasets, params, signal) },
  };
}

/** Snapshots name nobody and stay exact: what comes over the bridge is trained on, on this host. */
function followMemory(feed: LiveFeed): StreamSource {
  return {
    open: async (params, signal) => {
      const { from_ms, to_ms, follow } = parseParams('memory', rangeParams, params);
      return {
        schema: toArrowSchema(memoryKind),
        meta: { kind: 'memory', version: memoryKind.version },
        batches: feed.follow({ fromMs: from_ms, toMs: to_ms, follow }, signal),
      };
    },
  };
}

/** Processes and events leave without names and free text unless the client asks for them. */
async function openNaming(
  { feeds, anonymizer }: StreamInputs,
  name: 'process' | 'optimization',
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const { from_ms, to_ms, follow, anonymize = true } = parseParams(name, namingParams, params);
  const native = name === 'process' ? processKind : optimizationKind;
  const kind = anonymize ? anonymizer.kindOf(name) : native;
  const batches = feeds[name].follow({ fromMs: from_ms, toMs: to_ms, follow }, signal);
  return {
    schema: toArrowSchema(kind),
    meta: { kind: name, version: native.version, anonymized: anonymize },
    batches: anonymize ? anonymizeBatches(batches, name, anonymizer) : batches,
  };
}

async function* anonymizeBatches(
  batches: OpenedStream['batches'],
  name: 'process' | 'optimization',
  anonymizer: LiveAnonymizer,
): OpenedStream['batches'] {
  const native = name === 'process' ? processKind : optimizationKind;
  for await (const batch of batches) {
    yield buildRecordBatch(anonymizer.kindOf(name), anonymizer.apply(name, rowsOf(native, batch)));
  }
}

async function openTraining(
  datasets: DatasetService,
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedStream> {
  const set = await datasets.build(parseDataset('training', params), signal);
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
