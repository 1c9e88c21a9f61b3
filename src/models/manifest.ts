// manifest.json of a model package: its type, its checks and its checksum. No I/O.
import { findWindowFlaw, labels as hostLabels, parseWindowColumn, sha256Of, windowColumns } from '../core/plain/index.ts';
import type { FeatureWindow } from '../core/plain/index.ts';
import { manifestError, manifestFormatError } from './errors.ts';

/** What a model answers: a label, how odd a row is, or the memory that will be available. */
export const modelTasks = ['classification', 'anomaly', 'forecast'] as const;
/** One of {@link modelTasks}. */
export type ModelTask = (typeof modelTasks)[number];

/** Names of the graph's outputs, by task. */
export type ModelOutputs =
  | { readonly label: string; readonly probabilities: string }
  | { readonly label: string; readonly score: string }
  | { readonly value: string };

/** What travels with a model. `checksum` and `version` are written by the registry. */
export interface ModelManifest {
  readonly format: 1;
  readonly name: string;
  /** `YYYYMMDDTHHMMSSsss-<first 8 hex of the model's sha256>`, UTC. */
  readonly version: string;
  /** ISO 8601. */
  readonly created: string;
  /** Input columns, in order. */
  readonly features: readonly { readonly name: string; readonly dtype: 'float32' }[];
  readonly featureSpecSha256: string;
  readonly input: {
    readonly name: string;
    readonly dtype: 'float32';
    readonly shape: readonly [null, number];
  };
  /** @default 'classification' */
  readonly task?: ModelTask;
  /** Absent for a row of one moment; else the features are those of all moments, `<name>@-<k>`, oldest first. */
  readonly window?: FeatureWindow;
  /** Label and probabilities, label and score, or value: by task. */
  readonly outputs: ModelOutputs;
  /** Of a classifier. */
  readonly labels?: readonly string[];
  /** Label index of each probability column of a classifier, ascending. */
  readonly classes?: readonly number[];
  readonly trainer: { readonly estimator: string } & Readonly<Record<string, unknown>>;
  /** With `trainedOn`, ranges of time in ms, and `horizonMs`, when the data set says. */
  readonly dataset: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly parity: Readonly<Record<string, unknown>>;
  readonly golden: { readonly sha256: string; readonly rows: number };
  /** heldout.arrow; a package without it can only be made live by name. */
  readonly heldOut?: { readonly sha256: string; readonly rows: number };
  readonly model: {
    readonly sha256: string;
    readonly sizeBytes: number;
    readonly opset: Readonly<Record<string, number>>;
  };
  /** sha256 of the manifest without this key; tells a flipped bit. */
  readonly checksum: string;
}

/** A manifest as a trainer hands it in. */
export type ManifestDraft = Omit<ModelManifest, 'version' | 'checksum'>;

/** Most bytes of a manifest file. */
export const MAX_MANIFEST_BYTES = 1 << 20;

/** Builds the stored manifest: the draft, its version and a checksum over both. */
export function buildManifest(draft: ManifestDraft, version: string): ModelManifest {
  const { checksum: _old, ...rest } = { checksum: '', ...draft, version };
  return { ...rest, checksum: checksumOf(rest) };
}

/**
 * Parses a stored manifest and checks its checksum.
 * @throws ModelRejectedError `ERR_MODEL_MANIFEST`
 */
export function parseManifest(text: string): ModelManifest {
  const draft = parseManifestDraft(parseJson(text));
  const { checksum, ...rest } = draft as ModelManifest;
  if (typeof rest.version !== 'string') throw invalid('"version" is missing');
  if (checksum !== checksumOf(rest)) throw invalid('its checksum does not match; the file is damaged');
  return draft as ModelManifest;
}

/**
 * Checks a manifest as handed in by a trainer, before it has a version.
 * @throws ModelRejectedError `ERR_MODEL_MANIFEST` with the first thing that is wrong
 */
export function parseManifestDraft(value: unknown): ManifestDraft {
  const manifest = objectOf(value, 'manifest') as unknown as ManifestDraft;
  if (manifest.format !== 1) throw otherFormat(manifest.format);
  if (typeof manifest.name !== 'string') throw invalid('"name" is not text');
  if (typeof manifest.created !== 'string') throw invalid('"created" is not text');
  for (const key of ['trainer', 'dataset', 'metrics', 'parity'] as const) objectOf(manifest[key], key);
  if (typeof manifest.trainer.estimator !== 'string') throw invalid('"trainer.estimator" is not text');
  checkEngine(manifest.trainer);
  checkTask(manifest);
  checkFeatures(manifest);
  checkWindow(manifest);
  checkOutputs(manifest);
  checkClasses(manifest);
  checkDigest(objectOf(manifest.golden, 'golden'), 'golden', 'rows');
  if (manifest.heldOut !== undefined) checkDigest(objectOf(manifest.heldOut, 'heldOut'), 'heldOut', 'rows');
  checkDigest(objectOf(manifest.model, 'model'), 'model', 'sizeBytes');
  return manifest;
}

/** Where a model was trained, when that was not in one process: `trainer.engine`, for whoever has to trust it. */
function checkEngine({ engine }: ManifestDraft['trainer']): void {
  if (engine === undefined) return;
  const { name, workers, rounds, hosts, privacy } = objectOf(engine, 'trainer.engine');
  const counts = { ray: { workers }, flower: { rounds, hosts } }[String(name)];
  if (counts === undefined) throw invalid('"trainer.engine.name" is none of ray, flower');
  for (const [key, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || (count as number) < 1) {
      throw invalid(`"trainer.engine.${key}" is not a whole number above 0`);
    }
  }
  if (privacy === undefined || privacy === null) return;
  const { epsilon, delta } = objectOf(privacy, 'trainer.engine.privacy');
  const isBound = typeof epsilon === 'number' && epsilon >= 0 && typeof delta === 'number' && delta > 0 && delta < 1;
  if (!isBound) throw invalid('"trainer.engine.privacy" has no epsilon from 0 and delta between 0 and 1');
}

function checkFeatures(manifest: ManifestDraft): void {
  const { features } = manifest;
  if (!Array.isArray(features) || features.length === 0) throw invalid('"features" is empty');
  const names = new Set<string>();
  for (const feature of features as ManifestDraft['features']) {
    const { name, dtype } = objectOf(feature, 'features');
    if (typeof name !== 'string' || dtype !== 'float32')
      throw invalid('a feature is not float32 with a name');
    names.add(name);
  }
  if (names.size !== features.length) throw invalid('two features share a name');
  if (!isHex(manifest.featureSpecSha256)) throw invalid('"featureSpecSha256" is not a sha256');
  const { name, dtype, shape } = objectOf(manifest.input, 'input') as unknown as ManifestDraft['input'];
  const isShaped =
    Array.isArray(shape) && shape.length === 2 && shape[0] === null && shape[1] === features.length;
  if (typeof name !== 'string' || dtype !== 'float32' || !isShaped) {
    throw invalid(`"input" is not float32 [null, ${features.length}]`);
  }
}

/** Names of the outputs of each task. */
const outputNames: Readonly<Record<ModelTask, readonly string[]>> = {
  classification: ['label', 'probabilities'],
  anomaly: ['label', 'score'],
  forecast: ['value'],
};

/** The task of a model; classification for a manifest that was not checked and says none of ours. */
export function taskOf({ task }: { readonly task?: unknown }): ModelTask {
  return modelTasks.find((known) => known === task) ?? 'classification';
}

/** How far the labels of a model's data set look ahead. */
export function horizonOf({ dataset }: Pick<ModelManifest, 'dataset'>): number | null {
  const { horizonMs } = dataset;
  return typeof horizonMs === 'number' && horizonMs > 0 ? horizonMs : null;
}

function checkTask({ task }: ManifestDraft): void {
  if (task === undefined || modelTasks.includes(task)) return;
  throw invalid(`"task" is none of ${modelTasks.join(', ')}`);
}

/** Its columns are those of its window, so that a model without one can be asked on the last of them. */
function checkWindow({ features, window }: ManifestDraft): void {
  if (window === undefined) return;
  const flaw = findWindowFlaw(window);
  if (flaw !== null) throw invalid(`"window" cannot be used: ${flaw}`);
  const columns = features.map(({ name }) => name);
  const names = columns.slice(-columns.length / window.steps).map((column) => parseWindowColumn(column).name);
  if (windowColumns(names, window).join('\n') === columns.join('\n')) return;
  throw invalid(`"features" are not the columns of a window of ${window.steps} rows, "${names[0]}@-${window.steps - 1}" first`);
}

function checkOutputs(manifest: ManifestDraft): void {
  const names = outputNames[taskOf(manifest)];
  const outputs = objectOf(manifest.outputs, 'outputs');
  if (names.some((name) => typeof outputs[name] !== 'string')) {
    throw invalid(`"outputs" does not name ${names.join(' and ')}`);
  }
}

function checkClasses(manifest: ManifestDraft): void {
  const { labels, classes } = manifest;
  if (taskOf(manifest) !== 'classification') {
    if (labels === undefined && classes === undefined) return;
    throw invalid(`"labels" and "classes" are there, and its task is ${taskOf(manifest)}`);
  }
  const isOurs = Array.isArray(labels) && labels.join('\n') === hostLabels.join('\n');
  if (!isOurs) throw invalid(`"labels" is not ${hostLabels.join(', ')}`);
  const isAscending =
    Array.isArray(classes) &&
    classes.length > 0 &&
    classes.every((c, i) => Number.isInteger(c) && c >= 0 && c < labels.length && c > (classes[i - 1] ?? -1));
  if (!isAscending) throw invalid('"classes" is not an ascending list of label indexes');
}

function checkDigest(part: Record<string, unknown>, key: string, count: string): void {
  if (!isHex(part['sha256'])) throw invalid(`"${key}.sha256" is not a sha256`);
  if (!Number.isSafeInteger(part[count])) throw invalid(`"${key}.${count}" is not a whole number`);
}

function checksumOf(manifest: Omit<ModelManifest, 'checksum'>): string {
  return sha256Of(JSON.stringify(manifest));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw manifestError('manifest.json is not JSON, the file is damaged; add the model again',
      {},
      cause,
    );
  }
}

function objectOf(value: unknown, key: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`"${key}" is not an object`);
  }
  return value as Record<string, unknown>;
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/** A package of another release is sound: it is refused, and stays where it is. */
function otherFormat(format: unknown): Error {
  if (typeof format !== 'number') return invalid('"format" is not 1');
  return manifestFormatError(`its manifest is of format ${format} and this release reads format 1; deploy the model again, or use the release that wrote it`,
    { format },
  );
}

function invalid(what: string): Error {
  return manifestError(`in its manifest ${what}; write the manifest again`);
}
