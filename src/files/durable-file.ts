// Files that are wholly there after a crash or not at all: written under a temporary name, synced, renamed, and the
// folder synced, without which a power cut takes the new name back. Every fsync of a file that is replaced and every
// rename of this package that must last stands here; what else lies on the path that a user named is place-file.ts.
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { temporarySuffix } from './name-beside.ts';

/** What is written: all at once, or in pieces that nobody has to join. */
export type FileData = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * What becomes of a new name whose folder cannot be synced: `fail` throws and leaves it, `remove` throws and takes it
 * away, `keep` holds that everybody reads the new state already, and a power cut may bring back the whole old one.
 */
export type IfUnsynced = 'fail' | 'remove' | 'keep';

/** How {@link writeDurably} writes. */
export interface DurableWriteOptions {
  /** Mode of the new file, less the umask. @default 0o600 */
  readonly mode?: number | undefined;
  /**
   * Its name until it is whole, in the same folder: one that nobody else uses and that is not there.
   * @default `<path>.tmp`, for a file with one writer: what a crash left of it is overwritten
   */
  readonly temporary?: string | undefined;
  /** @default 'fail' */
  readonly ifUnsynced?: IfUnsynced | undefined;
}

/**
 * Writes a file that appears whole under its name or not at all.
 * @throws system errors; no temporary file is left then
 */
export async function writeDurably(
  path: string,
  data: FileData,
  { mode = 0o600, temporary, ifUnsynced }: DurableWriteOptions = {},
): Promise<void> {
  const name = temporary ?? `${path}${temporarySuffix}`;
  try {
    await writeSynced(name, data, { mode, flag: temporary === undefined ? 'w' : 'wx' });
    await renameDurably(name, path, ifUnsynced);
  } catch (error) {
    await rm(name, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Renames, and makes the new name last. */
export async function renameDurably(
  from: string,
  to: string,
  ifUnsynced: IfUnsynced = 'fail',
): Promise<void> {
  await rename(from, to);
  try {
    await syncFolder(dirname(to));
  } catch (error) {
    if (ifUnsynced === 'keep') return;
    if (ifUnsynced === 'remove') await rm(to, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Writes a file under the name given and syncs it; the name itself does not last yet.
 * @param options `flag` @default 'wx', for a name that is not there
 */
export async function writeSynced(
  path: string,
  data: FileData,
  { flag = 'wx', mode }: { readonly flag?: 'w' | 'wx'; readonly mode?: number } = {},
): Promise<void> {
  await using file = await open(path, flag, mode);
  await writePieces(file, data);
  await file.sync();
}

/** Replaces what an open file holds and syncs it. Not in one step: a kill in the middle leaves a part. */
export async function overwriteSynced(file: FileHandle, data: FileData): Promise<void> {
  await file.truncate(await writePieces(file, data));
  await file.sync();
}

/** Syncs a file that something else wrote. */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  await file.sync();
}

/** Makes names that came into a folder, or left it, last. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; its renames are journalled.
  if (process.platform === 'win32') return;
  await using folder = await open(path, 'r');
  await folder.sync();
}

/**
 * Writes all bytes; a disk that fills in the middle ends in its error.
 * @param position where in the file. @default where the last write ended
 */
export async function writeAll(
  file: FileHandle,
  bytes: Uint8Array,
  position: number | null = null,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const at = position === null ? null : position + done;
    done += (await file.write(bytes, done, bytes.length - done, at)).bytesWritten;
  }
}

/** @returns the bytes written, from the start of the file */
async function writePieces(file: FileHandle, data: FileData): Promise<number> {
  let sizeBytes = 0;
  for await (const piece of piecesOf(data)) {
    await writeAll(file, piece, sizeBytes);
    sizeBytes += piece.length;
  }
  return sizeBytes;
}

function piecesOf(data: FileData): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof data === 'string') return [Buffer.from(data)];
  return data instanceof Uint8Array ? [data] : data;
}
