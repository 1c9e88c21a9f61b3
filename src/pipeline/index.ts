// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';

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
