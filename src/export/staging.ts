// The folder in which an export is made, beside the target or, when that is a folder, inside it: the
// files, and what a later run needs to go on. Mode 0700: it holds the anonymiser's key. Removed when the
// export ends.
import { mkdtemp, readFile, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isStream, locateDestination, makeFolder, nameBeside, writeDurably } from '../files/index.ts';
import type { LocateOptions } from '../files/index.ts';
import { exportBusyError } from './errors.ts';
import { acquireStagingLock, isLockFile } from './staging-lock.ts';
import type { WriterStart } from './table-writer.ts';

/** How far a table is. */
export interface TableProgress extends WriterStart {
  readonly isDone: boolean;
}

/** What lies in the folder beside the files. */
export interface StagingState {
  readonly fingerprint: string;
  readonly secretState?: string | undefined;
  readonly tables: Readonly<Record<string, TableProgress>>;
}

const stateName = 'state.json';
/** Holds the pid of the process that writes, for the text of another's error. */
const ownerName = 'owner';

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
export async function locateStaging(path: string, options?: LocateOptions): Promise<string | null> {
  if (await isFolderTarget(path)) return join(path, '.ruvector.export');
  const destination = await locateDestination(path, options);
  return isStream(destination) ? null : nameBeside(destination.path, '.export');
}

/** A folder elsewhere, for a file whose own folder takes none, and for formats that cannot be streamed. */
export async function makeDistantStaging(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ruvector-export-'));
}

/** Reads what an interrupted run left; null when there is none, or it was another export. */
export async function readStaging(folder: string, fingerprint: string): Promise<StagingState | null> {
  try {
    const state = JSON.parse(await readFile(join(folder, stateName), 'utf8')) as StagingState;
    return state.fingerprint === fingerprint ? state : null;
  } catch {
    return null; // none, or cut short while it was made: either way there is nothing to go on with
  }
}

/** A folder that is this writer's alone. */
export interface StagingClaim {
  /** Removes the folder; folders made for it stay, the result is in them. */
  remove(): Promise<void>;
  /** Removes the folder, and folders that were made for it if they are empty. */
  discard(): Promise<void>;
}

/**
 * Makes the folder, and those above it, and claims it.
 * @throws RuvectorError `ERR_EXPORT_BUSY` while another writer is alive; system errors
 */
export async function claimStaging(folder: string, target: string): Promise<StagingClaim> {
  const parent = dirname(folder);
  const firstMade = await makeFolder(parent);
  await makeFolder(folder, 0o700);
  const lock = acquireStagingLock(folder);
  if (!lock) throw exportBusyError(target, await readOwner(folder));
  await writeFile(join(folder, ownerName), String(process.pid), { mode: 0o600 }).catch(() => undefined);
  const remove = async (): Promise<void> => {
    // Removed before it is released: nobody can begin in a folder that is being removed.
    await rm(folder, { recursive: true, force: true }).finally(() => lock.release());
  };
  return {
    remove,
    discard: async () => {
      await remove();
      if (firstMade !== undefined) await removeEmptyFolders(parent, firstMade);
    },
  };
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

/** Empties a claimed folder and begins anew. */
export async function beginStaging(folder: string, state: StagingState): Promise<void> {
  const names = await readdir(folder);
  const left = names.filter((name) => !isLockFile(name) && name !== ownerName);
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
  await saveStaging(folder, state);
}

/** Replaces the state; seen whole or not at all. */
export async function saveStaging(folder: string, state: StagingState): Promise<void> {
  await writeDurably(join(folder, stateName), JSON.stringify(state), { ifUnsynced: 'keep' });
}
