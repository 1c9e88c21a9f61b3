// What is written under a temporary name in a models folder, and then renamed. Temporary names carry the process id,
// so that what a crash left is told from what is being written. How files last is files'.
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { isAlive, systemCodeOf } from '../core/plain/index.ts';
import { renameDurably, syncFolder, writeDurably, writeSynced } from '../files/index.ts';

/** Prefix of directories that are being written or removed; what a crash left under it is worthless. */
export const STAGING_PREFIX = '.staging-';
const TEMPORARY = /^\.(?:staging|[a-z.]+\.json)-(\d+)-[0-9a-f-]{36}(?:\.tmp)?$/;

/** Temporary names this process uses now: its id alone proves nothing, in a container it is always the same. */
const active = new Set<string>();

/** Mode of every file of a package and of the pointers to it: models are no secret. */
const FILE_MODE = 0o644;

/** Writes one file; readers see the old content or the new one, never a part. A link is followed. */
export async function writeShared(path: string, data: Uint8Array | string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}-${process.pid}-${randomUUID()}.tmp`);
  active.add(basename(temporary));
  try {
    await writeDurably(target, data, { mode: FILE_MODE, temporary, ifUnsynced: 'keep' });
  } finally {
    active.delete(basename(temporary));
  }
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
  for (const [name, data] of Object.entries(files)) {
    await writeSynced(join(staging, name), data, { mode: FILE_MODE });
  }
}

/** Gives a staged directory its final name, which must not exist. */
export async function publishDirectory(staging: string, path: string): Promise<void> {
  await syncFolder(staging);
  await renameDurably(staging, path, 'keep');
}

/** Takes a directory (or a link to one, never what it points to) away in one step; its bytes follow. */
export async function removeDirectory(path: string): Promise<void> {
  const doomed = join(dirname(path), `${STAGING_PREFIX}${process.pid}-${randomUUID()}`);
  await renameDurably(path, doomed, 'keep');
  // What is left of it has no name any more, and the next start removes it.
  await rm(doomed, { recursive: true, force: true }).catch(() => undefined);
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
