// models: the registry of ONNX packages, their verification, and the host that answers with the live one
// while versions are swapped. Trains nothing and decides nothing about memory. Spec: docs/design.md
export { aliasesOf } from './alias-file.ts';
export { ModelRegistryError, ModelRejectedError, ModelRuntimeError, modelTaskError } from './errors.ts';
export type { ModelRejectedCode } from './errors.ts';
export { decodeGolden } from './decode-golden.ts';
export { GOLDEN_TOLERANCE } from './golden.ts';
export type { GoldenReport, GoldenRows } from './golden.ts';
export type { ComparisonDetails } from './comparison-details.ts';
export type { ComparedModel, ModelComparison } from './comparison.ts';
export { GATE_MARGIN, MIN_GATE_ROWS } from './gate.ts';
export type { GateReport, GateRival } from './gate.ts';
export { MAX_HELD_OUT_ROWS } from './held-out.ts';
export type { HeldOutRows } from './held-out.ts';
export { modelStage } from './model-stage.ts';
export type { ModelStageOptions } from './model-stage.ts';
export { createModelHost, createTaskHost } from './host.ts';
export type {
  AliasesBehind,
  Judgement,
  LiveMark,
  ModelEvent,
  ModelHost,
  ModelHostOptions,
  RollbackReport,
  SwapReport,
} from './host-types.ts';
export type { LoadReport } from './load-model.ts';
export { modelTasks, taskOf } from './manifest.ts';
export type { ManifestDraft, ModelManifest, ModelOutputs, ModelTask } from './manifest.ts';
export { createProbe } from './probe.ts';
export type { Probe } from './probe.ts';
export { openRegistry } from './registry.ts';
export { DEFAULT_KEEP_VERSIONS } from './prune.ts';
export type { PruneReport, PrunedVersion } from './prune.ts';
export type {
  ModelDraft,
  ModelId,
  ModelListing,
  ModelPackage,
  ModelRegistry,
  ModelSummary,
  RegistryOptions,
  RepairFinding,
  RepairReport,
  RepairedModel,
} from './registry-types.ts';
export type { Aliases } from './reference.ts';
export { isHeldBy } from './window-rows.ts';
export type { HostWindows, WindowRows } from './window-rows.ts';
export { blockLengthOf, scoreAnswers, scorePair } from './scores.ts';
export type { Interval, ScoredRows } from './scores.ts';
export { verifyModelBytes } from './verify.ts';
export type { FeatureContract, ModelExpectations, ModelLimits } from './verify.ts';
export type { TaskAnswer } from './answer-shape.ts';
