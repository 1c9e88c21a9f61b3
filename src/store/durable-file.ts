// Files and folders of the store, made so that they last; what fails is a typed error (errors.ts). How is files'.
import { dirname } from 'node:path';
import { makeFolder, syncFolder, writeDurably, writeNamed } from '../files/index.ts';
import type { IfUnsynced } from '../files/index.ts';
import { toStoreError } from './errors.ts';

/**
 * Writes a file that appears whole under its name or not at all.
 * @param ifUnsynced 'remove' where no older file of this name may be lost: a failure then leaves none
 */
export async function writeStored(path: string, bytes: Uint8Array, ifUnsynced?: IfUnsynced): Promise<void> {
  await writeDurably(path, bytes, { ifUnsynced }).catch((cause: unknown) => {
    throw toStoreError('write', path, cause);
  });
}

/**
 * The same for a path that a user named: its links are followed, mode and owner of the file there are kept.
 * @throws RuvectorError `ERR_FILES_TARGET` where it is no file
 */
export async function writeSamples(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  await writeNamed(path, pieces, 'samples').catch((cause: unknown) => {
    throw toStoreError('write', path, cause);
  });
}

/** Where a damaged file is kept for the user to look at. */
export const setAsidePath = (path: string, nowMs: number): string => `${path}.corrupt-${nowMs}`;

/** Makes a folder, mode 0700 as those missing above it. */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    const created = await makeFolder(directory, 0o700);
    if (created !== undefined) await syncFolder(dirname(created));
  } catch (cause) {
    throw toStoreError('create', directory, cause);
  }
}
