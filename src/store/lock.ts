// One writer a history directory or sample file. The lock is SQLite's own byte-range lock on `lock.db`, held by an
// open exclusive transaction: the kernel drops it with the process, so kill -9 leaves nothing stale,
// a reused pid cannot fool it, and two containers on one volume still see each other.
// `lock.json` only names the owner for the error text. Node has no flock of its own.
import { closeSync, openSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemCodeOf } from '../core/index.ts';
import type { RuvectorError } from '../core/index.ts';
import { lockedError, toStoreError } from './errors.ts';
import { findOwnerPid, writeOwner } from './lock-owner.ts';

const SQLITE_BUSY = 5;

/** A held lock; `release()` may be called once. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes the writer's lock of a directory.
 * @throws RuvectorError `ERR_STORE_LOCKED` with the owner's pid while another writer is alive
 */
export function acquireLock(directory: string): DirectoryLock {
  return acquireNamedLock(join(directory, 'lock'), `history "${directory}"`);
}

/**
 * The same for anything else that may have one writer only.
 * @param base path of the lock's two files, without `.db` and `.json`
 * @param thing what it guards, for the error text
 */
export function acquireNamedLock(base: string, thing: string): DirectoryLock {
  const path = `${base}.db`;
  const ownerPath = `${base}.json`;
  const database = openExclusive(path, ownerPath, thing);
  writeOwner(ownerPath);
  return {
    release() {
      rmSync(ownerPath, { force: true });
      database.close();
    },
  };
}

function openExclusive(path: string, ownerPath: string, thing: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (cause) {
    database?.close();
    if (resultCodeOf(cause) === SQLITE_BUSY) throw locked(path, ownerPath, thing, cause);
    throw toStoreError('lock', path, withSystemCode(cause, path));
  }
}

function locked(path: string, ownerPath: string, thing: string, cause: unknown): RuvectorError {
  const directory = dirname(path);
  const pid = findOwnerPid(path, ownerPath);
  const owner = pid === null ? 'another process' : `process ${pid}`;
  return lockedError(thing, owner, directory, pid, cause);
}

function resultCodeOf(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error)) return 0;
  return Number(error.errcode) & 0xff;
}

/** SQLite's result codes that stand for one system code, or for its most common cause. */
const systemCodes: Readonly<Record<number, string>> = { 8: 'EROFS', 10: 'EIO', 13: 'ENOSPC', 14: 'EACCES' };

/** That SQLite cannot open a file has many causes; opening it ourselves tells which one. */
function withSystemCode(error: unknown, path: string): unknown {
  const systemCode = systemCodes[resultCodeOf(error)];
  if (systemCode === undefined) return error;
  const code = readOpenFailure(path) ?? systemCode;
  return Object.assign(new Error(`SQLite: ${String(error)}`, { cause: error }), { code });
}

function readOpenFailure(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'a'));
    return undefined;
  } catch (error) {
    return systemCodeOf(error);
  }
}
