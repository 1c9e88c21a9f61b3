// One change of a models folder at a time, whatever process makes it: SQLite's lock on `.lock.db`
// (files/sqlite-lock.ts). Readers need none: everything they see is renamed into place whole.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../core/plain/index.ts';
import { tryLock } from '../files/index.ts';
import type { FileLock } from '../files/index.ts';
import { modelsLockedError } from './errors.ts';

/** Name of the lock's file in a models folder. */
export const LOCK_FILE = '.lock.db';

/** A change takes milliseconds; who holds the lock for longer hangs. */
const WAIT_MS = 30_000;
const RETRY_MS = 10;

/**
 * Runs `change` while no other process changes the folder.
 * @throws ModelRegistryError `ERR_MODEL_LOCKED` when another process holds the lock for 30 s; an error with a
 *   system code where the lock cannot be taken
 */
export async function withFolderLock<T>(directory: string, change: () => Promise<T>): Promise<T> {
  const lock = await acquire(join(directory, LOCK_FILE), directory);
  try {
    return await change();
  } finally {
    lock.release();
  }
}

async function acquire(path: string, directory: string): Promise<FileLock> {
  const deadlineMs = performance.now() + WAIT_MS;
  for (;;) {
    const lock = tryFolderLock(path);
    if (lock) return lock;
    if (performance.now() > deadlineMs) throw modelsLockedError(directory, WAIT_MS);
    await sleep(RETRY_MS);
  }
}

/** Null while somebody else has it. What SQLite alone has a name for counts as a failure of the device. */
function tryFolderLock(path: string): FileLock | null {
  try {
    return tryLock(path);
  } catch (cause) {
    if (systemCodeOf(cause)?.startsWith('ERR_') !== true) throw cause;
    const message = `EIO: the lock "${path}" cannot be taken`;
    throw Object.assign(new Error(message, { cause }), { code: 'EIO' });
  }
}
