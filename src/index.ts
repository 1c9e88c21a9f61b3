// The public API of `ruvector-memopt`. Explicit exports only; the command line and the daemon are src/app.
export {
  RuvectorError,
  isRuvectorError,
  labels,
  memoryKind,
  optimizationKind,
  processKind,
  toAdrMemorySnapshot,
  toAdrOptimizationEvent,
  toAdrProcessRecord,
} from './core/index.ts';
export type {
  AdrMemorySnapshot,
  AdrOptimizationEvent,
  AdrProcessRecord,
  Label,
  MemoryFeatures,
  MemorySnapshot,
  OptimizationEvent,
  Prediction,
  Predictor,
  ProcessRecord,
  TrainingSample,
} from './core/index.ts';
export { createCollector, readProcessSample, sampleAtRate } from './collect/index.ts';
export type {
  Collector,
  CollectorHealth,
  CollectorOptions,
  ProcessSample,
  Sample,
  SampleAtRateOptions,
  SampleStream,
} from './collect/index.ts';
export {
  TunerDataCollector,
  cachePath,
  hardwareId,
  loadApr,
  loadOrCreate,
  openHistory,
  openSampleStore,
  readHardware,
  readSamples,
  saveApr,
} from './store/index.ts';
export type {
  CollectorSettings,
  FeedbackStats,
  HardwareFacts,
  History,
  HistoryKind,
  HistoryOptions,
  HistoryStats,
  QueryOptions,
  RetrainDue,
  SampleStore,
  SampleStoreOptions,
  TimeRange,
} from './store/index.ts';
export {
  PrepareOptionsError,
  TrainingHistoryError,
  anonymizeProcessRows,
  buildFeatureSpec,
  buildTrainingSet,
  createAnonymizingKey,
  createFeatureExtractor,
  createNameHasher,
  datasetCard,
  defaultThresholds,
  featureSpecSha256,
  featureTable,
  labelRules,
  labelSnapshots,
  trainingBatches,
} from './prepare/index.ts';
export type {
  DatasetCard,
  FeatureExtractor,
  FeatureSpec,
  FeatureSpecOptions,
  LabelThresholds,
  TrainingSet,
  TrainingSetOptions,
} from './prepare/index.ts';
export {
  WireErrorCode,
  connectBridge,
  createBridgeServer,
  readBridgeFile,
  writeBridgeFile,
} from './wire/index.ts';
export type {
  BridgeClient,
  BridgeServer,
  BridgeServerOptions,
  ClientStream,
  RequestHandler,
  StreamSource,
} from './wire/index.ts';
export {
  ModelRegistryError,
  ModelRejectedError,
  ModelRuntimeError,
  createModelHost,
  openRegistry,
  verifyModelBytes,
} from './models/index.ts';
export type {
  ModelEvent,
  ModelHost,
  ModelHostOptions,
  ModelManifest,
  ModelRegistry,
  RollbackReport,
  SwapReport,
} from './models/index.ts';
export { createTrainerPool, findPython, runTrainer } from './train/index.ts';
export type { TrainJob, TrainProgress, TrainResult, TrainerPool } from './train/index.ts';
export {
  OptimizeError,
  RULE_THRESHOLDS,
  createCgroupActuator,
  createGcActuator,
  createMadviseActuator,
  createModelPolicy,
  createOptimizer,
  createRegionSelector,
  createRulePolicy,
  createSenpaiLaw,
  readReclaimBackend,
  safeguards,
} from './optimize/index.ts';
export type {
  Actuator,
  ActuatorResult,
  Decision,
  DecisionInput,
  Explanation,
  HowMuchLaw,
  HowMuchState,
  Optimizer,
  OptimizerOptions,
  Outcome,
  Region,
  RegionSelector,
  TargetPlan,
  TargetSpec,
  WhetherDecision,
  WhetherPolicy,
} from './optimize/index.ts';
