// Files that are either whole or absent: written under a temporary name, fsynced, renamed, directory fsynced.
// Temporary names carry the process id, so that what a crash left is told from what is being written.
import { mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { systemCodeOf } from '../core/plain/index.ts';

/** Prefix of directories that are being written or removed; what a crash left under it is worthless. */
export const STAGING_PREFIX = '.staging-';
const TEMPORARY = /^\.(?:staging|[a-z.]+\.json)-(\d+)-[0-9a-f-]{36}(?:\.tmp)?$/;

/** Temporary names this process uses now: its id alone proves nothing, in a container it is always the same. */
const active = new Set<string>();

/** Writes one file durably; readers see the old content or the new one, never a part. A link is followed. */
export async function writeFileDurably(path: string, data: Uint8Array | string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}-${process.pid}-${randomUUID()}.tmp`);
  active.add(basename(temporary));
  try {
    await writeSynced(temporary, data);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    active.delete(basename(temporary));
  }
  await syncRenamed(dirname(target));
}

/** A directory that is being written; what is not published is removed when it is disposed. */
export interface StagedDirectory extends AsyncDisposable {
  readonly path: string;
}

/** Makes a directory for {@link publishDirectory} to rename. */
export async function stageDirectory(parent: string): Promise<StagedDirectory> {
  const name = `${STAGING_PREFIX}${process.pid}-${randomUUID()}`;
  const path = join(parent, name);
  await mkdir(path);
  active.add(name);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
      active.delete(name);
    },
  };
}

/** Writes files into a staged directory; they are on the disk when the promise resolves. */
export async function writeStaged(
  staging: string,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<void> {
  for (const [name, data] of Object.entries(files)) await writeSynced(join(staging, name), data);
}

/** Gives a staged directory its final name, which must not exist. */
export async function publishDirectory(staging: string, path: string): Promise<void> {
  await syncDirectory(staging);
  await rename(staging, path);
  await syncRenamed(dirname(path));
}

/** Takes a directory (or a link to one, never what it points to) away in one step; its bytes follow. */
export async function removeDirectory(path: string): Promise<void> {
  const doomed = join(dirname(path), `${STAGING_PREFIX}${process.pid}-${randomUUID()}`);
  await rename(path, doomed);
  // What is left of it has no name any more, and the next start removes it.
  await rm(doomed, { recursive: true, force: true }).catch(() => undefined);
  await syncRenamed(dirname(path));
}

/** Whether a name is a temporary one: of somebody who lives, or left by a crash (or by an earlier release). */
export function temporaryState(entry: string): 'written' | 'left' | null {
  const [, pid] = TEMPORARY.exec(entry) ?? [];
  if (pid === undefined) {
    return entry.startsWith(STAGING_PREFIX) || /^\..+\.tmp$/.test(entry) ? 'left' : null;
  }
  const isWritten = Number(pid) === process.pid ? active.has(entry) : isAlive(Number(pid));
  return isWritten ? 'written' : 'left';
}

/** True while a process lives, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

/** Names in a directory; none where there is no such directory. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

async function writeSynced(path: string, data: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * After a rename the new state is what everybody reads, so a failure here undoes nothing and is none of the change.
 * A power cut may then bring back the state before, which is whole too.
 */
async function syncRenamed(path: string): Promise<void> {
  await syncDirectory(path).catch(() => undefined);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
