// The folder of one model name as it is read: its versions, their packages and what each says of itself. Changes nothing.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRuvectorError } from '../core/index.ts';
import { aliasesOf, examineAliases } from './alias-file.ts';
import { namesIn } from './staged-files.ts';
import { manifestError, modelTaskError } from './errors.ts';
import { readCapped } from './load-model.ts';
import { MAX_MANIFEST_BYTES, parseManifest, taskOf } from './manifest.ts';
import type { ModelManifest, ModelTask } from './manifest.ts';
import { isVersion } from './reference.ts';
import type { Aliases } from './reference.ts';
import type { ModelId, ModelListing, ModelPackage, ModelSummary } from './registry-types.ts';
import { scoreMetrics } from './scores.ts';
import type { Interval } from './scores.ts';

/** Folder of what was set aside, beside the versions of a name. */
export const DAMAGED_FOLDER = '.damaged';

/** Names of the models in a directory. */
export async function listNames(directory: string): Promise<string[]> {
  const names = (await namesIn(directory)).filter((name) => !name.startsWith('.')).sort();
  const isFolder = await Promise.all(names.map((name) => isDirectory(join(directory, name))));
  return names.filter((_, i) => isFolder[i]);
}

/** Versions in the folder of a name, oldest first. */
export async function listVersions(folder: string): Promise<string[]> {
  return (await namesIn(folder)).filter(isVersion).sort();
}

/** Reads the manifest of a version. @throws ModelRejectedError `ERR_MODEL_MANIFEST`, `ERR_MODEL_FORMAT` */
export async function readPackage(directory: string, { name, version }: ModelId): Promise<ModelPackage> {
  const bytes = await readCapped(join(directory, name, version, 'manifest.json'), MAX_MANIFEST_BYTES);
  const manifest = parseManifest(new TextDecoder().decode(bytes));
  if (manifest.name !== name || manifest.version !== version) {
    throw manifestError(`its manifest is that of "${manifest.name}@${manifest.version}"`);
  }
  return { name, version, directory: join(directory, name, version), manifest };
}

/** One name with all its versions. */
export async function listModel(directory: string, name: string): Promise<ModelListing> {
  const folder = join(directory, name);
  const aliases = (await examineAliases(folder)).state?.aliases ?? null;
  const versions = await listVersions(folder);
  const summaries = await Promise.all(
    versions.map((version) => summarise(directory, { name, version }, aliases)),
  );
  const damaged = (await namesIn(join(folder, DAMAGED_FOLDER))).sort();
  return { name, aliases, versions, summaries, damaged };
}

/** True for a directory or a link to one. */
export async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}

async function summarise(directory: string, id: ModelId, aliases: Aliases | null): Promise<ModelSummary> {
  const manifest = await readManifest(directory, id);
  return {
    version: id.version,
    created: manifest?.created ?? null,
    estimator: manifest?.trainer.estimator ?? null,
    task: manifest && taskOf(manifest),
    macroF1: numberOrNull(manifest?.metrics['macroF1']),
    averagePrecision: numberOrNull(manifest?.metrics['averagePrecision']),
    mae: numberOrNull(manifest?.metrics['mae']),
    interval: intervalOrNull(manifest?.metrics['interval']),
    baselines: baselinesOf(manifest),
    aliases: aliasesOf(aliases, id.version),
  };
}

/**
 * Refuses a model of another task than those its name has: who asks for a name gets one kind of answer.
 * @throws ModelRejectedError `ERR_MODEL_TASK`
 */
export async function checkSameTask(
  directory: string,
  name: string,
  { versions, task }: { readonly versions: readonly string[]; readonly task: ModelTask },
): Promise<void> {
  for (const version of versions.toReversed()) {
    const manifest = await readManifest(directory, { name, version });
    if (manifest === null) continue;
    const own = taskOf(manifest);
    if (own === task) return;
    throw modelTaskError(
      `the models named "${name}" are for ${own} and it is for ${task}; deploy it under another name`,
      { name, task },
    );
  }
}

/** Null when it is damaged: a list shows the others all the same. */
async function readManifest(directory: string, id: ModelId): Promise<ModelManifest | null> {
  try {
    return (await readPackage(directory, id)).manifest;
  } catch (error) {
    if (isRuvectorError(error)) return null;
    throw error;
  }
}

/** In the measure of the model's own score. */
function baselinesOf(manifest: ModelManifest | null): Record<string, number | null> {
  if (manifest === null) return {};
  const metric = scoreMetrics[taskOf(manifest)];
  const found = Object.entries((manifest.metrics['baseline'] ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    found.map(([name, scores]) => [name, numberOrNull((scores as Record<string, unknown> | null)?.[metric])]),
  );
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function intervalOrNull(value: unknown): Interval | null {
  const isInterval = Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
  return isInterval ? (value as unknown as Interval) : null;
}
