// Checks a stored package as a swap would, without making it live.
import type { LoadReport } from './load-model.ts';
import { probeModel } from './probe.ts';
import type { ModelRegistry } from './registry.ts';
import type { FeatureContract } from './verify.ts';

/** What a check found. */
export interface VerificationReport extends LoadReport {
  readonly name: string;
  readonly version: string;
}

const TIMEOUT_MS = 30_000;

/**
 * Verifies hash, graph, features and golden rows in a process of its own.
 * @param reference `name`, `name@version` or `name@live|previous|candidate`
 * @throws ModelRejectedError with the first check that fails, ModelRegistryError `ERR_MODEL_NOT_FOUND`
 */
export async function verifyPackage(
  registry: ModelRegistry,
  reference: string,
  contract: FeatureContract,
): Promise<VerificationReport> {
  const { name, version, directory, manifest } = await registry.show(reference);
  const { featureNames, featureSpecSha256 } = contract;
  const request = {
    directory,
    manifest,
    contract: { featureNames, featureSpecSha256 },
    limits: registry.limits,
    warmupRuns: 1,
  };
  return { name, version, ...(await probeModel(request, TIMEOUT_MS)) };
}
