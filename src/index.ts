// The public API of `ruvector-memopt`. Explicit exports only; the command line and the daemon are src/app.
export { RuvectorError, isRuvectorError, labels, memoryKind, optimizationKind, processKind } from './core/index.ts';
export { toAdrMemorySnapshot, toAdrOptimizationEvent, toAdrProcessRecord } from './core/index.ts';
export type {
  AdrMemorySnapshot,
  AdrOptimizationEvent,
  AdrProcessRecord,
  Label,
  MemorySnapshot,
  OptimizationEvent,
  Prediction,
  Predictor,
  ProcessRecord,
} from './core/index.ts';
export { createCollector, sampleAtRate } from './collect/index.ts';
export type { Collector, CollectorOptions, Sample } from './collect/index.ts';
export { openHistory } from './store/index.ts';
export type { History, HistoryOptions } from './store/index.ts';
export {
  buildFeatureSpec,
  buildTrainingSet,
  createFeatureExtractor,
  datasetCard,
  featureSpecSha256,
  trainingBatches,
} from './prepare/index.ts';
export type { FeatureExtractor, FeatureSpec, TrainingSet, TrainingSetOptions } from './prepare/index.ts';
export { connectBridge, createBridgeServer, readBridgeFile } from './wire/index.ts';
export type { BridgeClient, BridgeServer, RequestHandler, StreamSource } from './wire/index.ts';
export { createModelHost, openRegistry } from './models/index.ts';
export type { ModelHost, ModelManifest, ModelRegistry, SwapReport } from './models/index.ts';
export { createOptimizer } from './optimize/index.ts';
export type { Actuator, Decision, HowMuchLaw, Optimizer, RegionSelector, WhetherPolicy } from './optimize/index.ts';
