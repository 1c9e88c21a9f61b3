// One writer a history directory or sample file: the lock is SQLite's on `lock.db` (files/sqlite-lock.ts), and
// `lock.json` only names the owner for the error text.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tryLock } from '../files/index.ts';
import type { FileLock } from '../files/index.ts';
import { lockedError, toStoreError } from './errors.ts';
import type { RuvectorError } from '../core/index.ts';
import { findOwnerPid, writeOwner } from './lock-owner.ts';

/**
 * Takes the writer's lock of a directory.
 * @throws RuvectorError `ERR_STORE_LOCKED` with the owner's pid while another writer is alive
 */
export function acquireLock(directory: string): FileLock {
  return acquireNamedLock(join(directory, 'lock'), `history "${directory}"`);
}

/**
 * The same for anything else that may have one writer only.
 * @param base path of the lock's two files, without `.db` and `.json`
 * @param thing what it guards, for the error text
 */
export function acquireNamedLock(base: string, thing: string): FileLock {
  const path = `${base}.db`;
  const ownerPath = `${base}.json`;
  const lock = tryStoreLock(path);
  if (!lock) throw locked(path, ownerPath, thing);
  writeOwner(ownerPath);
  return {
    release() {
      rmSync(ownerPath, { force: true });
      lock.release();
    },
  };
}

function tryStoreLock(path: string): FileLock | null {
  try {
    return tryLock(path);
  } catch (cause) {
    throw toStoreError('lock', path, cause);
  }
}

function locked(path: string, ownerPath: string, thing: string): RuvectorError {
  const directory = dirname(path);
  const pid = findOwnerPid(path, ownerPath);
  const owner = pid === null ? 'another process' : `process ${pid}`;
  return lockedError(thing, owner, directory, pid);
}
