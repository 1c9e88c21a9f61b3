// Static verification of a model package: what can be refused without running a byte of it.
// Supported versions are those onnxruntime-node 1.30 was seen to load.
import { sha256Of } from '../core/plain/index.ts';
import { modelBytesError, modelFeaturesError, modelShapeError, modelTooLargeError, opsetError, unknownDomainError } from './errors.ts';
import { answerShapeOf } from './answer-shape.ts';
import type { ModelManifest } from './manifest.ts';
import { decodeOnnxModel } from './onnx-model.ts';
import type { OnnxModel, StructureLimits, ValueInfo } from './onnx-model.ts';

/** Bounds on a package. */
export interface ModelLimits extends StructureLimits {
  /** Largest model file. @default 268435456 (256 MiB) */
  readonly maxModelBytes: number;
  /** Largest golden file. @default 67108864 (64 MiB) */
  readonly maxGoldenBytes: number;
  /** Largest file of held-out rows. @default 33554432 (32 MiB) */
  readonly maxHeldOutBytes: number;
}

/** Limits used when none are given. */
export const defaultModelLimits: ModelLimits = {
  maxModelBytes: 256 << 20,
  maxGoldenBytes: 64 << 20,
  maxHeldOutBytes: 32 << 20,
  maxNodes: 100_000,
  maxGraphDepth: 8,
};

/** What the host computes and therefore demands of a model's input. */
export interface FeatureContract {
  readonly featureNames: readonly string[];
  readonly featureSpecSha256: string;
  /** Ten times the distance of two samples: by it a model of another rate is told. */
  readonly rateWindowMs?: number;
}

/** What a model is held against. */
export interface ModelExpectations extends Partial<FeatureContract> {
  /** The model's own manifest; `version` and `checksum` are not looked at. */
  readonly manifest: Pick<
    ModelManifest,
    'features' | 'featureSpecSha256' | 'input' | 'task' | 'outputs' | 'classes'
  > & {
    readonly model: Pick<ModelManifest['model'], 'sha256' | 'sizeBytes'>;
  };
  readonly limits?: Partial<ModelLimits>;
}

const FLOAT32 = 1;
const INT64 = 7;
const IR_VERSIONS = [3, 13] as const;
const OPSETS: Readonly<Record<string, readonly [number, number]>> = { '': [7, 26], 'ai.onnx.ml': [1, 5] };

/**
 * Verifies model bytes against the manifest and, when given, against what the host computes.
 * Size and digest come first: a damaged file is called damaged, and nothing unknown is parsed for it.
 * @throws ModelRejectedError with the code of the first check that fails
 */
export function verifyModelBytes(bytes: Uint8Array, expectations: ModelExpectations): OnnxModel {
  const limits = { ...defaultModelLimits, ...expectations.limits };
  const { manifest, featureNames, featureSpecSha256 } = expectations;
  verifySize('model.onnx', bytes.length, limits.maxModelBytes);
  if (featureNames !== undefined && featureSpecSha256 !== undefined) {
    verifyFeatures(manifest, { featureNames, featureSpecSha256 });
  }
  verifyLength(bytes.length, manifest.model.sizeBytes);
  verifySha256('model.onnx', bytes, manifest.model.sha256);
  const model = decodeOnnxModel(bytes, limits);
  verifyVersions(model);
  verifyInput(model, manifest);
  verifyOutputs(model, manifest);
  return model;
}

/** Refuses a file by its size alone, before it is read. `ERR_MODEL_TOO_LARGE`. */
export function verifySize(what: string, sizeBytes: number, maxBytes: number): void {
  if (sizeBytes <= maxBytes) return;
  throw modelTooLargeError(`${what} has ${sizeBytes} bytes and at most ${maxBytes} are allowed; train a smaller model`,
    { sizeBytes, maxBytes },
  );
}

function verifyLength(sizeBytes: number, expected: number): void {
  if (sizeBytes === expected) return;
  throw modelBytesError(`model.onnx has ${sizeBytes} bytes and the manifest says ${expected}, it was cut or is another one; deploy it again`,
    { expected, actual: sizeBytes },
  );
}

/** Refuses bytes that are not those the manifest was written for. `ERR_MODEL_SHA256`. */
export function verifySha256(what: string, bytes: Uint8Array, expected: string): void {
  const actual = sha256Of(bytes);
  if (actual === expected) return;
  throw modelBytesError(`the sha256 of ${what} is not the manifest's, the file is damaged or another one; deploy it again`,
    { expected, actual },
  );
}

/** Refuses a model trained on other features, or on the same in another order. `ERR_MODEL_FEATURES`. */
export function verifyFeatures(
  manifest: Pick<ModelManifest, 'features' | 'featureSpecSha256'> & Partial<Pick<ModelManifest, 'dataset'>>,
  contract: FeatureContract,
): void {
  const names = manifest.features.map((feature) => feature.name);
  const at = contract.featureNames.findIndex((name, i) => names[i] !== name);
  if (at >= 0 || names.length !== contract.featureNames.length) {
    const index = at >= 0 ? at : contract.featureNames.length;
    throw modelFeaturesError(`feature ${index} is "${names[index]}" and the host computes "${contract.featureNames[index]}"; ` +
        'train on the columns of this host in their order',
      { expected: contract.featureNames, actual: names },
    );
  }
  if (manifest.featureSpecSha256 !== contract.featureSpecSha256) {
    throw modelFeaturesError(
      describeOtherRate(manifest.dataset?.['rateWindowMs'], contract.rateWindowMs) ??
        'its features have the right names but were computed by another specification; export and train again',
      { expected: contract.featureSpecSha256, actual: manifest.featureSpecSha256 },
    );
  }
}

/** Both rates in samples a second, where it is they that differ. */
function describeOtherRate(trainedMs: unknown, hostMs: number | undefined): string | null {
  if (typeof trainedMs !== 'number' || hostMs === undefined || trainedMs === hostMs) return null;
  const [trained, host] = [trainedMs, hostMs].map((ms) => Number((10_000 / ms).toFixed(3)));
  return (
    `it was trained on samples taken at ${trained} Hz, and this host takes them at ${host} Hz, over which features mean ` +
    `something else; serve with --hz ${trained}, or train again at ${host} Hz`
  );
}

function verifyVersions(model: OnnxModel): void {
  for (const domain of model.domains) {
    if (Object.hasOwn(OPSETS, domain)) continue;
    throw unknownDomainError(`it uses operators of the domain "${domain}"; export with ai.onnx and ai.onnx.ml only`,
      { domain },
    );
  }
  const [irLow, irHigh] = IR_VERSIONS;
  if (model.irVersion < irLow || model.irVersion > irHigh) {
    throw opsetError(`its IR version is ${model.irVersion}; export with IR ${irLow} to ${irHigh}`,
    );
  }
  for (const domain of model.domains) verifyOpset(domain, model.opset.get(domain) ?? 0);
}

function verifyOpset(domain: string, version: number): void {
  const [low, high] = OPSETS[domain]!;
  if (version >= low && version <= high) return;
  const name = domain || 'ai.onnx';
  throw opsetError(`it asks for opset ${version} of "${name}"; export with opset ${low} to ${high}`,
    { domain: name, version },
  );
}

function verifyInput(model: OnnxModel, manifest: ModelExpectations['manifest']): void {
  const width = manifest.features.length;
  const [input] = model.inputs;
  const isRight =
    model.inputs.length === 1 &&
    input?.name === manifest.input.name &&
    input.elementType === FLOAT32 &&
    input.shape?.length === 2 &&
    isSymbolic(input.shape[0]) &&
    input.shape[1] === width;
  if (!isRight) {
    throw modelShapeError(`it needs one input "${manifest.input.name}", float32 [None, ${width}], and has ${describe(model.inputs)}; export it again`,
    );
  }
}

function verifyOutputs(model: OnnxModel, manifest: ModelExpectations['manifest']): void {
  const { task, labelOutput, valuesOutput, width } = answerShapeOf(manifest);
  const find = (name: string | null): ValueInfo | undefined =>
    model.outputs.find((output) => output.name === name);
  const columns = task === 'classification' ? [width] : [];
  const isLabelled = labelOutput === null || hasType(find(labelOutput), INT64, []);
  if (isLabelled && hasType(find(valuesOutput), FLOAT32, columns)) return;
  const wanted =
    (labelOutput === null ? '' : `"${labelOutput}" int64 [None] and `) +
    `"${valuesOutput}" float32 [${['None', ...columns].join(', ')}]`;
  throw modelShapeError(`it needs outputs ${wanted} and has ${describe(model.outputs)}; export ${task === 'classification' ? 'with zipmap=False' : 'it again'}`);
}

/** @param columns sizes behind that of the rows; one that an exporter did not write is taken for right */
function hasType(value: ValueInfo | undefined, elementType: number, columns: readonly number[]): boolean {
  if (value?.elementType !== elementType) return false;
  const sizes = value.shape?.slice(1) ?? columns;
  return sizes.length === columns.length && sizes.every((size, at) => (size ?? columns[at]) === columns[at]);
}

function isSymbolic(size: number | null | undefined): boolean {
  // Some exporters write an unknown size as 0 or -1 (which reads as a huge varint) instead of a name.
  return size === null || size === undefined || size === 0 || size > Number.MAX_SAFE_INTEGER;
}

function describe(values: readonly ValueInfo[]): string {
  const parts = values
    .slice(0, 4)
    .map((v) => `"${v.name}" type ${v.elementType} [${v.shape?.join(', ') ?? '?'}]`);
  return parts.join(' and ') || 'none';
}
