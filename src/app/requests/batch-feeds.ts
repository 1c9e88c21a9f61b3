// What record batches can be read over the bridge: the record kinds (history, then live) and training sets.
import {
  buildRecordBatch,
  memoryKind,
  optimizationKind,
  processKind,
  rowsOf,
  toArrowSchema,
} from '../../core/index.ts';
import type { BatchSource, RecordKind } from '../../core/index.ts';
import { createTrainingSource, datasetCard } from '../../prepare/index.ts';
import type { LiveAnonymizer } from '../../prepare/index.ts';
import type { OpenedBatches, BatchFeed } from '../../bridge/index.ts';
import { followTable } from './follow-table.ts';
import type { FollowSource, FollowView } from './follow-table.ts';
import { parseParams } from './params.ts';
import type { DatasetService } from '../training/dataset-service.ts';
import { parseDataset } from '../training/dataset-service.ts';

/** What the batches are read from. */
export interface BatchInputs {
  readonly followed: FollowSource;
  readonly datasets: DatasetService;
  readonly anonymizer: LiveAnonymizer;
}

const rangeParams = { from_ms: 'number', to_ms: 'number', follow: 'boolean' } as const;
const namingParams = { ...rangeParams, anonymize: 'boolean' } as const;
const replayParams = { batch_bytes: 'number', batches: 'number' } as const;

/** Builds the table of what can be opened. */
export function buildBatchFeeds(inputs: BatchInputs): Record<string, BatchFeed> {
  return {
    memory: { open: (params, signal) => openMemory(inputs.followed, params, signal) },
    process: { open: (params, signal) => openNaming(inputs, 'process', params, signal) },
    optimization: { open: (params, signal) => openNaming(inputs, 'optimization', params, signal) },
    training: { open: (params, signal) => openTraining(inputs.datasets, params, signal) },
    replay: { open: (params, signal) => openReplay(inputs.datasets, params, signal) },
  };
}

/** Snapshots name nobody and stay exact: what comes over the bridge is trained on, on this host. */
async function openMemory(
  followed: FollowSource,
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedBatches> {
  const { from_ms, to_ms, follow } = parseParams('memory', rangeParams, params);
  const range = { fromMs: from_ms, toMs: to_ms, follow };
  return {
    schema: toArrowSchema(memoryKind),
    meta: { kind: 'memory', version: memoryKind.version },
    batches: followTable(followed, 'memory', range, buildStoredView(memoryKind), signal),
  };
}

/** Processes and events leave without names and free text unless the client asks for them. */
async function openNaming(
  { followed, anonymizer }: BatchInputs,
  name: 'process' | 'optimization',
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedBatches> {
  const { from_ms, to_ms, follow, anonymize = true } = parseParams(name, namingParams, params);
  const native = name === 'process' ? processKind : optimizationKind;
  const view = anonymize ? buildAnonymousView(name, native, anonymizer) : buildStoredView(native);
  return {
    schema: toArrowSchema(view.kind),
    meta: { kind: name, version: native.version, anonymized: anonymize },
    batches: followTable(followed, name, { fromMs: from_ms, toMs: to_ms, follow }, view, signal),
  };
}

/** Batches of one kind. */
interface BatchView extends FollowView {
  readonly kind: RecordKind;
}

function buildStoredView(kind: RecordKind): BatchView {
  return { kind, apply: (batch) => batch, fromRows: (rows) => buildRecordBatch(kind, rows) };
}

function buildAnonymousView(
  name: 'process' | 'optimization',
  native: RecordKind,
  anonymizer: LiveAnonymizer,
): BatchView {
  const kind = anonymizer.kindOf(name);
  const fromRows: BatchView['fromRows'] = (rows) => buildRecordBatch(kind, anonymizer.apply(name, rows));
  return { kind, apply: (batch) => fromRows(rowsOf(native, batch)), fromRows };
}

async function openTraining(
  datasets: DatasetService,
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedBatches> {
  const set = await datasets.build(parseDataset('training', params), signal);
  const source: BatchSource = createTrainingSource(set, { withTarget: true });
  return { schema: source.schema, meta: datasetCard(set), batches: source.open(0, signal) };
}

/** The training set over and over in batches of one size: what the demo measures the bridge with. */
async function openReplay(
  datasets: DatasetService,
  params: unknown,
  signal: AbortSignal,
): Promise<OpenedBatches> {
  const { batch_bytes = 2 ** 20, batches = 64 } = parseParams('replay', replayParams, params);
  const batch = await datasets.buildReplayBatch(batch_bytes, signal);
  return { schema: batch.schema, meta: { batches }, batches: repeat(batch, batches) };
}

async function* repeat<T>(item: T, times: number): AsyncGenerator<T> {
  for (let i = 0; i < times; i++) yield item;
}
