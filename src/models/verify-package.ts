// The static checks of a package that is added: sizes, manifest, hashes, graph, golden and held-out rows. Cheap
// for what is small; a large one is read and checked in a thread of its own, so that the caller's loop stays free.
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { checkName } from './reference.ts';
import { decodeGolden } from './decode-golden.ts';
import { heldOutRowsError, manifestError, modelCrashedError, rebuiltRejectionError } from './errors.ts';
import type { ErrorMessage } from './errors.ts';
import { decodeHeldOut } from './held-out.ts';
import { MAX_MANIFEST_BYTES, parseManifestDraft } from './manifest.ts';
import type { ManifestDraft } from './manifest.ts';
import type { ModelDraft } from './registry-types.ts';
import { verifyModelBytes, verifySha256, verifySize } from './verify.ts';
import type { ModelLimits } from './verify.ts';

/** Bytes up to which a package is checked at once: they take less than 10 ms. */
export const MAX_BYTES_AT_ONCE = 2 << 20;

/** The files of a package besides its manifest. */
export type PackageFiles = Pick<ModelDraft, 'model' | 'golden' | 'heldOut'>;

/** What {@link verifyStaged} is asked for, in a thread. */
export interface StagedPackage {
  readonly directory: string;
  readonly manifest: ManifestDraft;
  readonly hasHeldOut: boolean;
  readonly limits: ModelLimits;
}

/**
 * Checks all that does not need the bytes: name, sizes, manifest.
 * @throws ModelRejectedError, ModelRegistryError `ERR_MODEL_NAME`
 */
export function verifyDraft(draft: ModelDraft, limits: ModelLimits): ManifestDraft {
  checkName(draft.name);
  verifySize('model.onnx', draft.model.length, limits.maxModelBytes);
  verifySize('golden.arrow', draft.golden.length, limits.maxGoldenBytes);
  if (draft.heldOut) verifySize('heldout.arrow', draft.heldOut.length, limits.maxHeldOutBytes);
  const manifest = parseManifestDraft(draft.manifest);
  if (manifest.name !== draft.name) {
    throw manifestError(`its manifest names "${manifest.name}" and it is added as "${draft.name}"`,
    );
  }
  // Half of what can be read again: version, checksum and indentation are still to come.
  verifySize('manifest.json', JSON.stringify(manifest).length, MAX_MANIFEST_BYTES / 2);
  verifyHeldOutNamed(manifest, draft.heldOut !== undefined);
  return manifest;
}

/** Checks the bytes against the manifest. @throws ModelRejectedError with the first check that fails */
export function verifyFiles(
  { model, golden, heldOut }: PackageFiles,
  manifest: ManifestDraft,
  limits: ModelLimits,
): void {
  verifyModelBytes(model, { manifest, limits });
  verifySha256('golden.arrow', golden, manifest.golden.sha256);
  decodeGolden(golden, manifest);
  if (manifest.heldOut === undefined || heldOut === undefined) return;
  verifySha256('heldout.arrow', heldOut, manifest.heldOut.sha256);
  decodeHeldOut(heldOut, manifest);
}

/** Checks files that were written already. Runs in the thread. */
export async function verifyStaged({ directory, manifest, hasHeldOut, limits }: StagedPackage): Promise<void> {
  const read = (name: string): Promise<Uint8Array> => readFile(join(directory, name));
  const files = {
    model: await read('model.onnx'),
    golden: await read('golden.arrow'),
    heldOut: hasHeldOut ? await read('heldout.arrow') : undefined,
  };
  verifyFiles(files, manifest, limits);
}

/** What the thread answers: nothing, or what {@link verifyStaged} threw. */
export interface VerifyReply {
  readonly error: ErrorMessage | null;
}

/** Runs {@link verifyStaged} in a thread. @throws as it does, `ERR_MODEL_CRASHED` when the thread ends */
export async function verifyInThread(staged: StagedPackage): Promise<void> {
  const path = new URL(`./verify-worker${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(path, { workerData: staged, name: 'verify-package' });
  const { promise, resolve, reject } = Promise.withResolvers<VerifyReply>();
  const crash = (how: unknown): void =>
    reject(modelCrashedError(`checking it ended the thread that did (${String(how)}); export it again`));
  worker.once('message', resolve).once('error', crash).once('exit', crash);
  try {
    const { error } = await promise;
    if (error) throw rebuiltRejectionError(error);
  } finally {
    await worker.terminate();
  }
}

function verifyHeldOutNamed(manifest: ManifestDraft, came: boolean): void {
  if ((manifest.heldOut !== undefined) === came) return;
  const state = came ? 'held-out rows came and' : 'no held-out rows came though';
  throw heldOutRowsError(`${state} its manifest ${came ? 'has no' : 'has a'} "heldOut"; send heldout.arrow as the manifest describes it`,
  );
}
