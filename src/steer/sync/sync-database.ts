// The file that everything of sync which has to survive a crash stands in: what was spent, what waits to be sent, what came.
// One SQLite database, so that a spend, a sequence number and the bundles they are for are one transaction, and so that
// two daemons on one home count together. https://sqlite.org/atomiccommit.html
import { closeSync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../core/index.ts';
import { syncStateError } from './errors.ts';

const SCHEMA_VERSION = 1;
/** How long a transaction of another process is waited for; its own take milliseconds. */
const BUSY_MS = 5000;

const schema = `
  CREATE TABLE spend (day INTEGER NOT NULL, at_ms INTEGER NOT NULL, epsilon_micro INTEGER NOT NULL,
    delta_pico INTEGER NOT NULL, patterns INTEGER NOT NULL, sequence INTEGER NOT NULL) STRICT;
  CREATE TABLE sent (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE seen (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE sequence (last INTEGER NOT NULL) STRICT;
  CREATE TABLE outbox (sequence INTEGER NOT NULL, peer TEXT NOT NULL, at_ms INTEGER NOT NULL, bundle BLOB NOT NULL,
    PRIMARY KEY (peer, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE taken (peer TEXT PRIMARY KEY, sequence INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    bundles INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE inbox (peer TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL,
    epsilon REAL NOT NULL, content TEXT NOT NULL, PRIMARY KEY (peer, kind, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE verdict (key TEXT NOT NULL, arm TEXT NOT NULL, verdict TEXT NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (key, arm)) STRICT, WITHOUT ROWID;
  CREATE TABLE trust (peer TEXT PRIMARY KEY, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO sequence VALUES (0);
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** An open database. */
export interface SyncDatabase extends Disposable {
  readonly path: string;
  all(sql: string, ...values: SqlValue[]): Record<string, SqlValue>[];
  run(sql: string, ...values: SqlValue[]): number;
  /** All of what `act` does, or nothing; on the disk when it returns. */
  transact<T>(act: () => T): T;
}

export type SqlValue = string | number | Uint8Array;

/** Opens it, mode 0600, and makes what is missing. @throws RuvectorError `ERR_STEER_SYNC_STATE` */
export function openSyncDatabase(path: string): SyncDatabase {
  try {
    closeSync(openSync(path, 'a', 0o600));
    // Loaded when it is used: some releases of Node 24 warn that it is experimental.
    const sqlite = process.getBuiltinModule('node:sqlite');
    const database = new OpenDatabase(path, new sqlite.DatabaseSync(path, { timeout: BUSY_MS }));
    try {
      database.prepare();
      return database;
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    throw asStateError(path, error);
  }
}

function asStateError(path: string, error: unknown): unknown {
  if (!isSqliteFailure(error)) {
    const isSystem = error instanceof Error && 'syscall' in error;
    return isSystem ? syncStateError(path, messageOf(error), 'see that it can be written', error) : error;
  }
  const nextStep = /busy|locked/.test(error.message)
    ? 'end the process that holds it'
    : 'bring back a copy; to remove it forgets what was spent today and what was taken already';
  return syncStateError(path, messageOf(error), nextStep, error);
}

function isSqliteFailure(error: unknown): error is Error {
  return error instanceof Error && 'errcode' in error;
}

class OpenDatabase implements SyncDatabase {
  readonly path: string;
  readonly #database: DatabaseSync;

  constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
  }

  prepare(): void {
    // EXTRA also syncs the folder: a journal that comes back after a power cut would undo a spend.
    this.#database.exec(
      'PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA trusted_schema = OFF',
    );
    this.transact(() => {
      const version = Number(this.all('PRAGMA user_version')[0]!['user_version']);
      if (version === SCHEMA_VERSION) return;
      if (version !== 0)
        throw syncStateError(this.path, `it is of version ${version}`, 'use the release that wrote it');
      this.#database.exec(schema);
    });
  }

  all(sql: string, ...values: SqlValue[]): Record<string, SqlValue>[] {
    return this.#guard(() => this.#database.prepare(sql).all(...values) as Record<string, SqlValue>[]);
  }

  run(sql: string, ...values: SqlValue[]): number {
    return this.#guard(() => Number(this.#database.prepare(sql).run(...values).changes));
  }

  transact<T>(act: () => T): T {
    return this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = act();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #guard<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw asStateError(this.path, error);
    }
  }
}
