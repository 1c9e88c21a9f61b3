// Files that are either wholly there after a crash or not at all: write, sync, rename, sync the
// directory. Errors are typed (errors.ts).
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { locateDestination, nameBeside, placeFile, requireFile } from '../files/index.ts';
import { toStoreError } from './errors.ts';

/** Suffix of files that a crash may leave half-written; they are removed at open. */
export const temporarySuffix = '.tmp';

/** Writes a file that appears whole under its name or not at all. */
export async function writeDurably(
  path: string,
  bytes: Uint8Array,
  options?: { readonly isNew: boolean },
): Promise<void> {
  await writePiecesDurably(path, [bytes], options);
}

/**
 * The same for bytes in pieces, so that nobody has to join them.
 * @param options `isNew` says that no older file of this name may be lost: a failure then leaves none
 */
export async function writePiecesDurably(
  path: string,
  pieces: readonly Uint8Array[],
  options: { readonly isNew: boolean } = { isNew: false },
): Promise<void> {
  await writeTemporary(path, `${path}${temporarySuffix}`, pieces, async (temporary) => {
    await rename(temporary, path);
    try {
      await syncDirectory(dirname(path));
    } catch (error) {
      // A segment that is there although writing it failed would claim a log that goes on taking rows.
      if (options.isNew) await rm(path, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

/**
 * The same for a path that a user named: its links are followed, mode and owner of the file there are kept.
 * @throws RuvectorError `ERR_FILES_TARGET` where it is no file
 */
export async function writeNamedDurably(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const destination = requireFile(await locateDestination(path), 'samples');
  const name = nameBeside(destination.path, temporarySuffix);
  await writeTemporary(path, name, pieces, async (temporary) => {
    await placeFile(temporary, destination);
  });
}

async function writeTemporary(
  path: string,
  temporary: string,
  pieces: readonly Uint8Array[],
  place: (temporary: string) => Promise<void>,
): Promise<void> {
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      let offset = 0;
      for (const piece of pieces) {
        await writeAll(handle, piece, offset);
        offset += piece.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw toStoreError('write', path, cause);
  }
}

/** Writes all bytes at an offset; a disk that fills in the middle ends in its error. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

/** Makes renames and removals in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open a directory; its renames are journalled.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
