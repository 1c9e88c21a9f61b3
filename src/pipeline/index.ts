// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';
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
