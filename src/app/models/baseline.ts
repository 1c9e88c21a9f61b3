// What decides on first use: the rule as a model package, bound to the columns this host computes at the rate it
// samples. Installed into a home in which nothing of the deciding name is live, and verified like any other
// model. The bundled package (models/, by scripts/build-baseline.mjs) says what the rule scores.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRegistry } from '../../models/index.ts';
import type { ModelListing, ModelPackage, ModelRegistry } from '../../models/index.ts';
import { RULE_ESTIMATOR, buildRulePackage } from './rule-package.ts';
import type { RulePackage } from './rule-package.ts';

/** The registry that is part of the package. */
export const bundledModels: string = fileURLToPath(new URL('../../../models', import.meta.url));
const BUNDLED_NAME = 'memopt';
/** Learned models that were bundled once and scored no better than a threshold: their copies give way to the rule. */
const RETIRED_STAMPS: readonly string[] = ['4fb56379'];

/** Options of {@link installBaseline}. */
export interface BaselineOptions {
  readonly registry: ModelRegistry;
  /** Name of the model that decides. */
  readonly name: string;
  /** What this host computes. */
  readonly featureNames: readonly string[];
  readonly featureSpecSha256: string;
  /** False leaves the home as it is. */
  readonly isWanted: boolean;
  /** @default bundledModels */
  readonly directory?: string;
  readonly onLog?: ((text: string) => void) | undefined;
}

/** The rule on this host. */
export interface RuleBaseline {
  /** The end of the version of its copies, by which they are known; null when there is none here. */
  readonly stamp: string | null;
  /** What a new model is held against where nothing is live, because the rule decides there. */
  readonly rule: ModelPackage | null;
}

/**
 * Makes the rule live where nothing else is, or where the live copy of it was made for another rate.
 * @throws ModelRejectedError, ModelRegistryError when the registry cannot take it
 */
export async function installBaseline(options: BaselineOptions): Promise<RuleBaseline> {
  const { registry, name, isWanted, onLog, directory = bundledModels } = options;
  const bundled = existsSync(join(directory, BUNDLED_NAME))
    ? await (await openRegistry(directory)).show(BUNDLED_NAME)
    : null;
  const built = buildRulePackage({
    ...options,
    created: bundled?.manifest.created ?? '2026-01-01T00:00:00.000Z',
    ...(bundled && { measured: bundled.manifest }),
  });
  if (built === null) {
    onLog?.('this host computes no feature of the rule: decisions follow the rule outside the models');
    return { stamp: null, rule: null };
  }
  const stamp = built.manifest.model.sha256.slice(0, 8);
  const baseline = { stamp, rule: bundled && bind(bundled, built) };
  const own = (await registry.list()).find((listing) => listing.name === name);
  if (!isWanted || !(await isMissing(own, registry, options))) return baseline;
  const { version } = await registry.add({ name, ...built });
  await registry.setLive(name, version);
  onLog?.(`no learned model of "${name}" is live: deciding by the rule, ${name}@${version}`);
  return baseline;
}

/** True for a copy of the package with this stamp. */
export function isBaseline(liveVersion: string | null, stamp: string | null): boolean {
  return liveVersion !== null && stamp !== null && stampOf(liveVersion) === stamp;
}

/** The part of a version that is of the model's content, not of the time. */
const stampOf = (version: string): string => version.slice(version.lastIndexOf('-') + 1);

/** Damaged pointers are left as they are: what was live is not ours to guess. */
async function isMissing(
  own: ModelListing | undefined,
  registry: ModelRegistry,
  { featureSpecSha256 }: Pick<BaselineOptions, 'featureSpecSha256'>,
): Promise<boolean> {
  if (own === undefined) return true;
  if (own.aliases === null) return false;
  const { live } = own.aliases;
  if (live === null || RETIRED_STAMPS.includes(stampOf(live))) return true;
  const manifest = await registry.show(`${own.name}@${live}`).then(
    (found) => found.manifest,
    () => null,
  );
  return manifest?.trainer.estimator === RULE_ESTIMATOR && manifest.featureSpecSha256 !== featureSpecSha256;
}

/** The bundled files under this host's specification: the graph reads columns by place, so their order must be the same. */
function bind(bundled: ModelPackage, { manifest }: RulePackage): ModelPackage | null {
  if (bundled.manifest.model.sha256 !== manifest.model.sha256) return null;
  const { featureSpecSha256 } = manifest;
  return { ...bundled, manifest: { ...bundled.manifest, featureSpecSha256 } };
}
