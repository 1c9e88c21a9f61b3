// One writer at a time of anything that has a folder. Node has no flock of its own, so the lock is SQLite's byte-range
// lock on a file, held by an open exclusive transaction: the kernel drops it with the process (or the thread), so
// kill -9 leaves nothing stale, a reused pid fools nobody, and two containers on one volume still see each other.
// https://sqlite.org/lockingv3.html and https://sqlite.org/rescode.html
import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { systemCodeOf } from '../core/plain/index.ts';

/** A held lock; `release()` may be called once. */
export interface FileLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/** What is locked stays locked though its holder forgets the lock: the collector would close the database, and free it. */
const heldDatabases = new Set<DatabaseSync>();

/**
 * Takes the lock of a file, which is made when missing.
 * @returns null while another writer has it
 * @throws Error with a system code where the file cannot be locked; SQLite's own where that stands for none
 */
export function tryLock(path: string): FileLock | null {
  // Loaded by the first lock: some releases of Node 24 warn that it is experimental.
  const sqlite = process.getBuiltinModule('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new sqlite.DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    const held = database;
    heldDatabases.add(held);
    return {
      release: () => {
        heldDatabases.delete(held);
        held.close();
      },
    };
  } catch (cause) {
    database?.close();
    const resultCode = resultCodeOf(cause);
    if (resultCode === SQLITE_BUSY) return null;
    throw withSystemCode(cause, resultCode, path);
  }
}

function resultCodeOf(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error)) return 0;
  return Number(error.errcode) & 0xff;
}

/** SQLite's result codes that stand for one system code, or for its most common cause. */
const systemCodes: Readonly<Record<number, string>> = { 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC', 14: 'EACCES' };

/** That SQLite cannot open a file has many causes; opening it ourselves tells which one. */
function withSystemCode(cause: unknown, resultCode: number, path: string): unknown {
  const usual = systemCodes[resultCode];
  if (usual === undefined) return cause;
  const code = readOpenFailure(path) ?? usual;
  return Object.assign(new Error(`${code}: the lock "${path}" cannot be taken`, { cause }), { code });
}

function readOpenFailure(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'a'));
    return undefined;
  } catch (error) {
    return systemCodeOf(error);
  }
}
