// Package on disk → verified, golden-checked, warm session. Runs in the inference worker and, for bytes never
// seen before, first in the probe process. Steps in the order of cost; the first failure ends it.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemCodeOf } from '../core/plain/index.ts';
import { modelBytesError, modelStoreError } from './errors.ts';
import type { GoldenReport, GoldenRows } from './golden.ts';
import type { ModelManifest } from './manifest.ts';
import { createSession, replayGolden } from './session.ts';
import type { ModelSession } from './session.ts';
import { verifyModelBytes, verifySha256, verifySize } from './verify.ts';
import type { FeatureContract, ModelLimits } from './verify.ts';

/** What to load and what to hold it against. Crosses threads and processes, so plain data. */
export interface LoadRequest {
  readonly directory: string;
  readonly manifest: ModelManifest;
  readonly contract: FeatureContract;
  readonly limits: ModelLimits;
  /** Single-row runs before the model counts as warm. */
  readonly warmupRuns: number;
  /** Decoded already, by somebody who has Arrow loaded. @default read from the directory */
  readonly golden?: GoldenRows | undefined;
}

/** How long each step took, and the golden replay's result. */
export interface LoadReport extends GoldenReport {
  readonly verifyMs: number;
  readonly loadMs: number;
  readonly warmupMs: number;
}

/**
 * Loads a model package.
 * @throws ModelRejectedError with the first check that fails; nothing stays loaded then
 */
export async function loadModel(
  request: LoadRequest,
): Promise<{ session: ModelSession; report: LoadReport }> {
  const started = performance.now();
  const { model, golden } = await readVerified(request);
  const verified = performance.now();
  const session = createSession(model, request.manifest);
  const loaded = performance.now();
  try {
    const result = replayGolden(session, golden);
    warmUp(session, golden, request.warmupRuns);
    const report = {
      ...result,
      verifyMs: verified - started,
      loadMs: loaded - verified,
      warmupMs: performance.now() - loaded,
    };
    return { session, report };
  } catch (error) {
    session.release();
    throw error;
  }
}

async function readVerified(request: LoadRequest): Promise<{ model: Uint8Array; golden: GoldenRows }> {
  const { directory, manifest, contract, limits } = request;
  const model = await readCapped(join(directory, 'model.onnx'), limits.maxModelBytes);
  verifyModelBytes(model, { manifest, limits, ...contract });
  return { model, golden: request.golden ?? (await readGolden(request)) };
}

/**
 * Reads the golden rows of a package.
 * @throws ModelRejectedError `ERR_MODEL_TOO_LARGE`, `ERR_MODEL_SHA256` or `ERR_MODEL_GOLDEN`
 */
export async function readGolden({ directory, manifest, limits }: LoadRequest): Promise<GoldenRows> {
  const bytes = await readCapped(join(directory, 'golden.arrow'), limits.maxGoldenBytes);
  verifySha256('golden.arrow', bytes, manifest.golden.sha256);
  const { decodeGolden } = await import('./decode-golden.ts');
  return decodeGolden(bytes, manifest);
}

/**
 * Reads a package file, after its size was seen to be within `maxBytes`.
 * @throws ModelRejectedError `ERR_MODEL_TOO_LARGE`, `ERR_MODEL_SHA256` when the file is gone;
 *   ModelRegistryError `ERR_MODEL_STORE` when it cannot be read
 */
export async function readCapped(path: string, maxBytes: number): Promise<Uint8Array> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') {
      throw modelBytesError(`"${path}" is missing; deploy the model again`, { path }, cause);
    }
    throw modelStoreError('read', path, cause);
  }
  try {
    verifySize(path, (await file.stat()).size, maxBytes);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function warmUp(session: ModelSession, golden: GoldenRows, runs: number): void {
  const row = golden.features.slice(0, session.featureCount);
  for (let i = 0; i < runs; i++) session.run(row, 1);
}
