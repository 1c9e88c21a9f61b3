// One writer a staging folder: the lock is SQLite's (files/sqlite-lock.ts) on a file that is removed with the folder.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tryLock } from '../../files/index.ts';
import type { FileLock } from '../../files/index.ts';

const lockName = 'lock.db';

/** What the lock leaves in the folder. */
export const isLockFile = (name: string): boolean => name.startsWith(lockName);

/** Takes the lock; null when another writer has it. */
export function acquireStagingLock(folder: string): FileLock | null {
  const path = join(folder, lockName);
  for (;;) {
    const lock = tryStagingLock(path);
    // A writer that ended between our opening and locking has removed the file: that lock guards nothing.
    if (lock === null || lock === 'none' || existsSync(path)) return lock === 'none' ? noLock : lock;
    lock.release();
  }
}

const noLock: FileLock = { release() {} };

/** `none` where the file system has no locks or takes no file: writing there tells what is wrong with it. */
function tryStagingLock(path: string): FileLock | 'none' | null {
  try {
    return tryLock(path);
  } catch {
    return 'none';
  }
}
