// The model that comes with the product, so that decisions work on first use: trained from the published
// dataset of the repository (scripts/build-baseline.mjs). It is copied into a home that has no model of the
// deciding name, and verified there like any other.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRegistry } from '../models/index.ts';
import type { ModelPackage, ModelRegistry } from '../models/index.ts';

/** The registry that is part of the package. */
export const bundledModels: string = fileURLToPath(new URL('../../models', import.meta.url));
const BUNDLED_NAME = 'memopt';

/** Options of {@link installBaseline}. */
export interface BaselineOptions {
  readonly registry: ModelRegistry;
  /** Name of the model that decides. */
  readonly name: string;
  /** What this host computes. */
  readonly featureSpecSha256: string;
  /** False leaves the home as it is. */
  readonly isWanted: boolean;
  /** @default bundledModels */
  readonly directory?: string;
  readonly onLog?: ((text: string) => void) | undefined;
}

/**
 * Makes the bundled model live in a registry without one of that name, when it takes what this host computes.
 * @returns the end of the version of that model, by which its copies are known; null when there is none here
 * @throws ModelRejectedError, ModelRegistryError when the registry cannot take it
 */
export async function installBaseline(options: BaselineOptions): Promise<string | null> {
  const { registry, name, isWanted, onLog, directory = bundledModels } = options;
  if (!existsSync(join(directory, BUNDLED_NAME))) return null;
  const bundled = await (await openRegistry(directory)).show(BUNDLED_NAME);
  const stamp = stampOf(bundled.version);
  const own = (await registry.list()).find((listing) => listing.name === name);
  if (!isWanted || (own && own.versions.length > 0)) return stamp;
  if (bundled.manifest.featureSpecSha256 !== options.featureSpecSha256) {
    onLog?.(
      'the bundled baseline takes features at 1 Hz: this host samples at another rate and decides by rules',
    );
    return stamp;
  }
  const { version } = await copyInto(registry, name, bundled);
  onLog?.(`no model named "${name}" yet: deciding by the bundled baseline ${name}@${version}`);
  return stamp;
}

/** True for a copy of the model with this stamp. */
export function isBaseline(liveVersion: string | null, stamp: string | null): boolean {
  return liveVersion !== null && stamp !== null && stampOf(liveVersion) === stamp;
}

/** The part of a version that is of the model's content, not of the time. */
const stampOf = (version: string): string => version.slice(version.lastIndexOf('-') + 1);

async function copyInto(
  registry: ModelRegistry,
  name: string,
  { directory, manifest }: ModelPackage,
): Promise<{ version: string }> {
  const { version: _version, checksum: _checksum, ...draft } = manifest;
  const { version } = await registry.add({
    name,
    model: await readFile(join(directory, 'model.onnx')),
    golden: await readFile(join(directory, 'golden.arrow')),
    manifest: { ...draft, name },
  });
  await registry.setLive(name, version);
  return { version };
}
