// Files that are either whole or absent: written under a temporary name, fsynced, renamed, directory fsynced.
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';

/** Writes one file durably; readers see the old content or the new one, never a part. */
export async function writeFileDurably(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}-${randomUUID()}.tmp`);
  try {
    await writeSynced(temporary, data);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Writes a directory of files durably under its final name, which must not exist. */
export async function writeDirectoryDurably(
  path: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  const staging = join(dirname(path), `${STAGING_PREFIX}${randomUUID()}`);
  try {
    await mkdir(staging, { recursive: true });
    for (const [name, data] of Object.entries(files)) await writeSynced(join(staging, name), data);
    await syncDirectory(staging);
    await rename(staging, path);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Prefix of directories that were still being written; what a crash left under it is worthless. */
export const STAGING_PREFIX = '.staging-';

async function writeSynced(path: string, data: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
