// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';

// Memory, workers, types.
export {
  buildBatchReader,
  buildBatchWriter,
  holdSlot,
  releaseBatch,
  slotOf,
  splitBatch,
} from './memory/batch-slots.ts';
export type { BatchReader, BatchWriter } from './memory/batch-slots.ts';
export { createMemoryBudget } from './memory/budget.ts';
export { createBufferPool } from './memory/buffer-pool.ts';
export type { BufferPool, PooledBuffer } from './memory/buffer-pool.ts';
export { createPressureHandler } from './memory/pressure.ts';
export type { CgroupReading, PressureHandler, PressureOptions, PressureReading } from './memory/pressure.ts';
export { readMemoryPressure } from './memory/read-memory-pressure.ts';
export { encodeTable } from './memory/encode-table.ts';
export { isSameSchema } from './memory/same-schema.ts';
export { attachSlab, createSlab } from './memory/slab.ts';
export type { OwnedSlab, Slab, SlabMemory, Slot, SlotClass, SlotTicket } from './memory/slab.ts';
export { createWorkerTransform } from './workers/worker-transform.ts';
export { workerStage } from './workers/worker-stage.ts';
export type { WorkerStageOptions } from './workers/worker-stage.ts';
export type {
  TransformReference,
  WorkerTransform,
  WorkerTransformOptions,
} from './workers/worker-transform.ts';
export type { ThreadLimits } from './workers/worker-pool.ts';
export { assembleBatch, buildBlockBatch, readBlock } from './types/blocks.ts';
export type { ColumnBlock, NumberArray } from './types/blocks.ts';
export { conformBatch } from './types/conform.ts';
export { fromPolars, toPolars } from './types/polars.ts';
export { buildTensorColumn, buildTensorField, readTensorLayout, readTensors } from './types/tensor.ts';
export type { TensorColumn, TensorLayout } from './types/tensor.ts';
export {
  buildEmbeddingField,
  buildSparseColumn,
  buildSparseField,
  readEmbeddings,
  readSparseRows,
} from './types/vectors.ts';
export type { SparseRows } from './types/vectors.ts';

// Batches in stages.
export { runStages } from './run/run-stages.ts';
export { bottleneck } from './run/bottleneck.ts';
export type { Bottleneck } from './run/bottleneck.ts';
export { createArraySink, createArraySource } from './run/in-memory.ts';
export type { ArraySink } from './run/in-memory.ts';
export type {
  BatchLimits,
  CheckpointOptions,
  QueueLimits,
  StagesOptions,
  StagesPlan,
  TransformFunction,
  TransformStage,
} from './run/run-contract.ts';

// Native plans.
export {
  asOfStrategies,
  bin,
  cast,
  castTypes,
  drop,
  dropValues,
  fill,
  filter,
  groupBy,
  jitter,
  join,
  joinKinds,
  joinOnTime,
  normalize,
  normalizeMethods,
  oneHot,
  rename,
  sample,
  select,
  sort,
  windowed,
  windowFunctions,
  withColumns,
} from './plan/stages/index.ts';
export type * from './plan/stages/index.ts';
export { fileSource, sourceFormats } from './plan/file-source.ts';
export { historySource } from './plan/history-source.ts';
export type { FileSourceOptions, SourceFormat } from './plan/file-source.ts';
export type { Expression } from './plan/expression.ts';
export { pipeline } from './plan/pipeline.ts';
export type { EmptyPipeline, OpenPipeline, Pipeline } from './plan/pipeline.ts';
export type { PipelinePlan, PipelinePlanOptions } from './plan/plan.ts';
export type { PipelineResult, PipelineRunOptions } from './plan/run-legs.ts';
export type { ExplainedStage, PipelineExplanation, StageRuns } from './plan/explain.ts';
export type { Estimate } from './plan/estimate.ts';
export type {
  AnySink,
  AnySource,
  AnyStage,
  OpenableSink,
  OpenableSource,
  OpenableTransform,
  OpenedTransform,
  OpeningRun,
  StageOptions,
} from './plan/pipeline-parts.ts';

// Watching.
export { registerPipelineMetrics } from './monitor/metrics.ts';
export type { PipelineMetrics } from './monitor/metrics.ts';
export { renderStages } from './monitor/render-stages.ts';
export { rowsPerSecondOf, timeSharesOf } from './monitor/stage-rates.ts';
export type { TimeShares } from './monitor/stage-rates.ts';
export { traceRun } from './monitor/spans.ts';
export type { TraceOptions } from './monitor/spans.ts';

// Files
export { createFileSink } from './files/index.ts';
export type { FileCompression, FileFormat, FileKind, FileSinkOptions } from './files/index.ts';

// Sources, sinks, plugins, the file.
export { openPostgresSink } from './connectors/postgres-sink.ts';
export type { PostgresSinkOptions } from './connectors/postgres-sink.ts';
export { openPostgresSource } from './connectors/postgres-source.ts';
export type { PostgresSourceOptions } from './connectors/postgres-source.ts';
export { openSqliteSource } from './connectors/sqlite-source.ts';
export type { SqliteSourceOptions } from './connectors/sqlite-source.ts';
export { openSqliteTableSink } from './connectors/sqlite-table-sink.ts';
export type { SqliteTableOptions } from './connectors/sqlite-table-sink.ts';
export { openWebSocketSource } from './connectors/websocket-source.ts';
export type { WebSocketSourceOptions } from './connectors/websocket-source.ts';
export { openZeromqSink } from './connectors/zeromq-sink.ts';
export type { ZeromqSinkOptions } from './connectors/zeromq-sink.ts';
export { openZeromqSource } from './connectors/zeromq-source.ts';
export type { ZeromqSourceOptions } from './connectors/zeromq-source.ts';
export { registerBuiltIns } from './plugins/built-in-parts.ts';
export { defineSink, defineSource, defineTransform } from './plugins/define-part.ts';
export { createRegistry } from './plugins/registry.ts';
export type { OptionProblem, RegisteredPart, Registry } from './plugins/registry.ts';
export type {
  PartContext,
  PartEntry,
  PartKind,
  PartOptions,
  PartRegistry,
  PluginModule,
  SinkEntry,
  SourceEntry,
  TransformEntry,
} from './plugins/plugin-entry.ts';
export { FileNodes, describeNode } from './file/file-nodes.ts';
export { openPipelineFile } from './file/open-pipeline-file.ts';
export type { PipelineFile, PipelineFileOptions } from './file/open-pipeline-file.ts';
export type { PipelineFileParts, PipelineFileSettings } from './file/file-settings.ts';
export { runOptions } from './file/read-pipeline-file.ts';
export { limitOptions } from './plugins/connector-parts.ts';
export { learningStage } from './plan/stages/learn.ts';
