// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';
export { runStages } from './run/run-stages.ts';
export { bottleneck } from './run/bottleneck.ts';
export type { Bottleneck } from './run/bottleneck.ts';
export { createArraySink, createArraySource } from './run/in-memory.ts';
export type { ArraySink } from './run/in-memory.ts';
export type {
  BatchLimits,
  CheckpointOptions,
  QueueLimits,
  RunOptions,
  StagesPlan,
  TransformFunction,
  TransformStage,
} from './run/run-contract.ts';
export { createFileSink } from './files/index.ts';
export type { FileCompression, FileFormat, FileKind, FileSinkOptions } from './files/index.ts';
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
export type { FileSourceOptions, SourceFormat } from './plan/file-source.ts';
export type { Expression } from './plan/expression.ts';
export { pipeline } from './plan/pipeline.ts';
export type { EmptyPipeline, OpenPipeline, Pipeline } from './plan/pipeline.ts';
export type { PipelinePlan, PlanOptions } from './plan/plan.ts';
export type { PipelineResult, PipelineRunOptions } from './plan/run-legs.ts';
export type { ExplainedStage, Explanation, StageRuns } from './plan/explain.ts';
export type { Estimate } from './plan/estimate.ts';
export type {
  AnySink,
  AnySource,
  AnyStage,
  OpenableSink,
  OpenableSource,
  StageOptions,
} from './plan/pipeline-parts.ts';
export { registerPipelineMetrics } from './monitor/metrics.ts';
export type { PipelineMetrics } from './monitor/metrics.ts';
export { renderStages } from './monitor/render-stages.ts';
export { rowsPerSecondOf, timeSharesOf } from './monitor/stage-rates.ts';
export type { TimeShares } from './monitor/stage-rates.ts';
export { traceRun } from './monitor/spans.ts';
export type { TraceOptions } from './monitor/spans.ts';
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
export { openPipelineFile } from './file/open-pipeline-file.ts';
export type { PipelineFile, PipelineFileOptions } from './file/open-pipeline-file.ts';
export { runOptions } from './file/read-pipeline-file.ts';
export { limitOptions } from './plugins/connector-parts.ts';
