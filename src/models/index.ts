// models: the registry of ONNX packages, their verification, and the host that answers with the live one
// while versions are swapped. Trains nothing and decides nothing about memory. Spec: docs/ARCHITECTURE.md
export { ModelRegistryError, ModelRejectedError, ModelRuntimeError } from './errors.ts';
export type { ModelRejectedCode } from './errors.ts';
export { decodeGolden } from './decode-golden.ts';
export { GOLDEN_TOLERANCE } from './golden.ts';
export type { GoldenReport, GoldenRows } from './golden.ts';
export { createModelHost } from './host.ts';
export type { ModelEvent, ModelHost, ModelHostOptions, RollbackReport, SwapReport } from './host-types.ts';
export type { LoadReport } from './load-model.ts';
export type { ManifestDraft, ModelManifest } from './manifest.ts';
export { openRegistry } from './registry.ts';
export type {
  ModelDraft,
  ModelId,
  ModelListing,
  ModelPackage,
  ModelRegistry,
  RegistryOptions,
} from './registry.ts';
export type { Aliases } from './reference.ts';
export { verifyModelBytes } from './verify.ts';
export type { FeatureContract, ModelExpectations, ModelLimits } from './verify.ts';
