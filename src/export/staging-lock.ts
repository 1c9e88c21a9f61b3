// One writer a staging folder. The lock is SQLite's byte-range lock on a file, held by an open exclusive
// transaction: the kernel drops it with the process (or the thread), so kill -9 leaves nothing stale, and
// a reused pid fools nobody.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;
const lockName = 'lock.db';

/** What the lock leaves in the folder. */
export const isLockFile = (name: string): boolean => name.startsWith(lockName);

/** A held lock. */
export interface StagingLock {
  release(): void;
}

/** Takes the lock; null when another writer has it. */
export function acquireStagingLock(folder: string): StagingLock | null {
  const path = join(folder, lockName);
  for (;;) {
    const database = openLocked(path);
    if (database === 'busy') return null;
    // A writer that ended between our opening and locking has removed the file: that lock guards nothing.
    if (database === null || existsSync(path)) return { release: () => database?.close() };
    database.close();
  }
}

/** Null where the file system has no locks or takes no file: writing there tells what is wrong with it. */
function openLocked(path: string): DatabaseSync | 'busy' | null {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    return code === SQLITE_BUSY ? 'busy' : null;
  }
}
