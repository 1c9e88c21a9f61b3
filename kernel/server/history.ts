// Input history over sessions, in SQLite: tail, range and search as the messaging specification asks.
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type * as SqliteNamespace from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';
import { numberField, textField } from '../protocol/message.ts';
import type { JsonObject } from '../protocol/message.ts';

/** Loaded by the caller, late: it takes milliseconds that starting has not. */
type SqliteModule = typeof SqliteNamespace;

/** One cell: session, line, input and, when asked for, its result as text. */
type Entry = [session: number, line: number, input: string | [string, string | null]];

/** A history of cells. */
export interface CellHistory {
  append(line: number, input: string): void;
  setOutput(line: number, output: string): void;
  read(request: JsonObject): Entry[];
  close(): void;
}

/** `$RUVECTOR_KERNEL_HISTORY`, else in the XDG state directory; `:memory:`, which keeps it for this kernel only, without a home. */
export function historyPath(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['RUVECTOR_KERNEL_HISTORY'];
  if (named) return named;
  const state = findStateFolder(env);
  return state === null ? ':memory:' : join(state, 'ruvector-memopt', 'kernel-history.sqlite');
}

/** Relative paths are ignored, as the XDG specification asks; null without a home of any kind. */
function findStateFolder(env: NodeJS.ProcessEnv): string | null {
  const [state, home] = [env['XDG_STATE_HOME'], env['HOME']];
  if (state && isAbsolute(state)) return state;
  try {
    const userHome = home && isAbsolute(home) ? home : userInfo().homedir;
    return join(userHome, '.local', 'state');
  } catch {
    return null; // no passwd entry
  }
}

/** A cell is answered first; what comes within this time is written together. */
const WRITE_AFTER_MS = 50;

/** Opens the history; where the disk refuses, it is kept in memory. */
export function openCellHistory(sqlite: SqliteModule, path: string): CellHistory {
  const { db, session } = openSession(sqlite, path);
  const insert = db.prepare('INSERT OR REPLACE INTO history(session, line, input) VALUES (?, ?, ?)');
  const update = db.prepare('UPDATE history SET output = ? WHERE session = ? AND line = ?');
  const waiting: (() => unknown)[] = [];
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    if (timer) clearTimeout(timer);
    timer = null;
    if (waiting.length > 0) writeTogether(db, waiting.splice(0));
  };
  const write = (statement: () => unknown): void => {
    waiting.push(statement);
    timer ??= setTimeout(flush, WRITE_AFTER_MS);
  };
  return {
    append: (line, input) => write(() => insert.run(session, line, input)),
    setOutput: (line, output) => write(() => update.run(stripVTControlCharacters(output), session, line)),
    read: (request) => {
      flush();
      return readHistory(db, session, request);
    },
    close: () => {
      flush();
      db.close();
    },
  };
}

/** A full disk or a database that another kernel locks costs some lines of history, never a cell. */
function writeTogether(db: DatabaseSync, statements: readonly (() => unknown)[]): void {
  try {
    db.exec('BEGIN IMMEDIATE');
    for (const run of statements) run();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    process.stderr.write(`Cannot write the input history: ${String(error)}\n`);
  }
}

interface HistorySession {
  readonly db: DatabaseSync;
  readonly session: number;
}

function openSession(sqlite: SqliteModule, path: string): HistorySession {
  try {
    // Node's recursive mkdir never returns below /proc, where nothing can be made.
    if (path !== ':memory:' && !resolve(path).startsWith('/proc/'))
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return createSession(new sqlite.DatabaseSync(path));
  } catch {
    return createSession(new sqlite.DatabaseSync(':memory:'));
  }
}

function createSession(db: DatabaseSync): HistorySession {
  db.exec(`PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS sessions(session INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT);
    CREATE TABLE IF NOT EXISTS history(session INTEGER, line INTEGER, input TEXT, output TEXT, PRIMARY KEY(session, line))`);
  const insert = db.prepare('INSERT INTO sessions(started) VALUES (?)');
  return { db, session: Number(insert.run(new Date().toISOString()).lastInsertRowid) };
}

interface Row {
  session: number;
  line: number;
  input: string;
  output: string | null;
}

function readHistory(db: DatabaseSync, session: number, request: JsonObject): Entry[] {
  const rows = selectRows(db, session, request);
  return rows.map((row) => [row.session, row.line, request['output'] ? [row.input, row.output] : row.input]);
}

function selectRows(db: DatabaseSync, session: number, request: JsonObject): Row[] {
  const count = Math.max(0, Math.trunc(numberField(request, 'n', 1000)));
  const all = (sql: string, ...values: (string | number)[]): Row[] =>
    db.prepare(sql).all(...values) as unknown as Row[];
  switch (request['hist_access_type']) {
    case 'range': {
      const asked = Math.trunc(numberField(request, 'session', 0));
      // 0 is this session, negative numbers count back from it.
      const wanted = asked > 0 ? asked : session + asked;
      const start = Math.trunc(numberField(request, 'start', 0));
      const stop = Math.trunc(numberField(request, 'stop', Number.MAX_SAFE_INTEGER));
      return all(
        'SELECT * FROM history WHERE session = ? AND line >= ? AND line < ? ORDER BY line',
        wanted,
        start,
        stop,
      );
    }
    case 'search': {
      const pattern = textField(request, 'pattern', '*');
      const unique = request['unique'] ? 'AND rowid IN (SELECT max(rowid) FROM history GROUP BY input)' : '';
      return all(
        `SELECT * FROM history WHERE input GLOB ? ${unique} ORDER BY session DESC, line DESC LIMIT ?`,
        pattern,
        request['n'] === undefined || request['n'] === null ? -1 : count,
      ).reverse();
    }
    default:
      return all('SELECT * FROM history ORDER BY session DESC, line DESC LIMIT ?', count).reverse();
  }
}
