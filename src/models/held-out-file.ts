// The held-out rows of a package on disk.
import { join } from 'node:path';
import { decodeHeldOut } from './held-out.ts';
import type { HeldOutRows } from './held-out.ts';
import { readCapped } from './load-model.ts';
import type { LoadRequest } from './load-model.ts';
import { verifySha256 } from './verify.ts';

/**
 * Reads the held-out rows of a package.
 * @throws ModelRejectedError `ERR_MODEL_SHA256`, `ERR_MODEL_HELD_OUT`
 */
export async function readHeldOut({
  directory,
  manifest,
  limits,
}: Pick<LoadRequest, 'directory' | 'manifest' | 'limits'>): Promise<HeldOutRows> {
  const bytes = await readCapped(join(directory, 'heldout.arrow'), limits.maxHeldOutBytes);
  verifySha256('heldout.arrow', bytes, manifest.heldOut!.sha256);
  return decodeHeldOut(bytes, manifest);
}

/** The package whose held-out rows two models are compared on: that of the newer, else that of the other. */
export function heldOutSource({ a, b }: { readonly a: LoadRequest; readonly b: LoadRequest }): LoadRequest | undefined {
  const newest = a.manifest.version < b.manifest.version ? [b, a] : [a, b];
  return newest.find(({ manifest }) => manifest.heldOut !== undefined);
}
