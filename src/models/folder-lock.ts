// One change of a models folder at a time, whatever process makes it: SQLite's own lock on `.lock.db`, which the
// kernel frees with the process. Readers need none: everything they see is renamed into place whole.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { modelsLockedError } from './errors.ts';

/** Name of the lock's file in a models folder. */
export const LOCK_FILE = '.lock.db';

/** A change takes milliseconds; who holds the lock for longer hangs. */
const WAIT_MS = 30_000;
const RETRY_MS = 10;
const SQLITE_BUSY = 5;
/** What SQLite says of a file it cannot use, as the system codes they stand for. */
const systemCodes: Readonly<Record<number, string>> = { 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC', 14: 'EACCES' };

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
    lock.close();
  }
}

async function acquire(path: string, directory: string): Promise<DatabaseSync> {
  const deadlineMs = performance.now() + WAIT_MS;
  for (;;) {
    const lock = tryAcquire(path);
    if (lock) return lock;
    if (performance.now() > deadlineMs) throw modelsLockedError(directory, WAIT_MS);
    await sleep(RETRY_MS);
  }
}

/** Null while somebody else has it. */
function tryAcquire(path: string): DatabaseSync | null {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    const code = Number((cause as { errcode?: number }).errcode) & 0xff;
    if (code === SQLITE_BUSY) return null;
    const message = `${systemCodes[code] ?? 'EIO'}: the lock "${path}" cannot be taken`;
    throw Object.assign(new Error(message, { cause }), { code: systemCodes[code] ?? 'EIO' });
  }
}
