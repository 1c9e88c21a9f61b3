// The folder in which a file is made, beside the target or, when that is a folder, inside it. Mode 0700: what is in it
// may not be for everybody's eyes yet. Removed when its writer ends; what a killed one left, the next one removes.
import { mkdtemp, readFile, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRefusal, isStream, locateDestination, makeFolder, nameBeside } from '../../files/index.ts';
import type { Destination, LocateOptions } from '../../files/index.ts';
import { acquireStagingLock, isLockFile } from './staging-lock.ts';

/** Holds the pid of the process that writes, for the text of another's error. */
const ownerName = 'owner';
const REMOVE_TRIES = 5;

/** True for an existing folder. */
async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** True when tables go into the path, not to it. */
export async function isFolderTarget(path: string): Promise<boolean> {
  return path.endsWith('/') || (await isDirectory(path));
}

/**
 * The folder of an export to this path: in the file system of the file that it will become, where its links end.
 * Null for what is no file: nothing is kept beside it.
 */
async function locateStaging(path: string, options?: LocateOptions): Promise<string | null> {
  if (await isFolderTarget(path)) return join(path, '.ruvector.export');
  const destination = await locateDestination(path, options);
  return isStream(destination) ? null : nameBeside(destination.path, '.export');
}

/** A folder that is this writer's alone. */
export interface StagingClaim {
  readonly folder: string;
  /** Removes the folder; folders made for it stay, the result is in them. */
  remove(): Promise<void>;
  /** Removes the folder, and folders that were made for it if they are empty. */
  discard(): Promise<void>;
}

/** How a folder is claimed. */
export interface ClaimOptions extends LocateOptions {
  /** What the path is for each file that goes to it. */
  readonly destinations: readonly Destination[];
  /** The error of a folder that another writer has; its pid is null where nobody knows it. */
  readonly busyError: (pid: number | null) => Error;
}

/**
 * Claims a folder beside the target; elsewhere for what is no file, and where the target's folder takes no other file
 * than those that are there. It is empty.
 */
export async function claimStaging(path: string, options: ClaimOptions): Promise<StagingClaim> {
  const { destinations, busyError, hasDescriptors } = options;
  try {
    const folder = await locateStaging(path, { hasDescriptors });
    if (folder !== null) return await claimFolder(folder, busyError);
  } catch (error) {
    if (!isRefusal(error) || destinations.some(({ kind }) => kind === 'new')) throw error;
  }
  return claimFolder(await mkdtemp(join(tmpdir(), 'ruvector-export-')), busyError);
}

/** Makes the folder, and those above it, and claims it. */
async function claimFolder(folder: string, busyError: ClaimOptions['busyError']): Promise<StagingClaim> {
  const parent = dirname(folder);
  const firstMade = await makeFolder(parent);
  await makeFolder(folder, 0o700);
  const lock = acquireStagingLock(folder);
  if (!lock) throw busyError(await readOwner(folder));
  await empty(folder);
  await writeFile(join(folder, ownerName), String(process.pid), { mode: 0o600 }).catch(() => undefined);
  const remove = async (): Promise<void> => {
    // Removed before it is released: nobody can begin in a folder that is being removed. A plan that was just started
    // may make its file meanwhile.
    await rm(folder, { recursive: true, force: true, maxRetries: REMOVE_TRIES }).finally(() => lock.release());
  };
  return {
    folder,
    remove,
    discard: async () => {
      await remove();
      if (firstMade !== undefined) await removeEmptyFolders(parent, firstMade);
    },
  };
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!isLockFile(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function readOwner(folder: string): Promise<number | null> {
  const pid = Number(await readFile(join(folder, ownerName), 'utf8').catch(() => Number.NaN));
  return Number.isInteger(pid) ? pid : null;
}

async function removeEmptyFolders(from: string, last: string): Promise<void> {
  for (let folder = from; folder.length >= last.length; folder = dirname(folder)) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}
