// The rows of a query of a SQLite file, through node:sqlite. SQLite types values, not columns: a declared type counts
// (https://www.sqlite.org/datatype3.html), what is computed is typed by its first rows. The driver gives rows and is
// synchronous: a batch of 8,192 rows of ten columns holds its thread for about 30 ms.
import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Batch, Source } from '../contract.ts';
import { queryError } from './errors.ts';
import { createRowColumns, inferColumns, parseRowColumns } from './row-columns.ts';
import type { RowColumn, RowColumns } from './row-columns.ts';

/** What is read. */
export interface SqliteSourceOptions {
  readonly path: string;
  readonly query: string;
  /** `name:type` of columns that are not what the database says. */
  readonly types?: readonly string[];
  /** The query gives its rows in the same order each time: a run that was killed can go on. @default false */
  readonly ordered?: boolean;
}

/** Rows by which columns without a declared type are typed. */
const INFER_ROWS = 4096;

/**
 * Opens a query.
 * @throws RuvectorError `ERR_PIPELINE_QUERY`, `ERR_PIPELINE_SCHEMA`; reading throws `ERR_PIPELINE_SOURCE_VALUE`
 */
export function openSqliteSource(options: SqliteSourceOptions): Source {
  const database = open(options);
  try {
    return createSource(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

function open({ path, query }: SqliteSourceOptions): DatabaseSync {
  return ask(path, query, () => new DatabaseSync(path, { readOnly: true }));
}

function ask<T>(path: string, query: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw queryError(`SQLite file "${path}"`, query, cause);
  }
}

type Row = readonly SQLOutputValue[];

function createSource(database: DatabaseSync, options: SqliteSourceOptions): Source {
  const { path, query, ordered = false } = options;
  const statement = ask(path, query, () => database.prepare(query));
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  let rows = ask(path, query, () => statement.iterate() as unknown as IterableIterator<Row>);
  const next = (): Row | null => {
    const { value, done } = ask(path, query, () => rows.next());
    return done === true ? null : value;
  };
  let first = readFirst(next);
  const columns = typesOf(statement, options.types ?? [], first);
  const collected = createRowColumns(`query of SQLite file "${path}"`, columns);
  let isClosed = false;
  return {
    schema: collected.schema,
    nextBatch: async (maxRows, signal) => {
      signal.throwIfAborted();
      let row: Row | null = null;
      while (collected.rows < maxRows && (row = first.shift() ?? next()) !== null) collected.push(row);
      return finish(collected);
    },
    sizeHint: () => null,
    memoryUsage: () => collected.sizeBytes,
    ...(ordered && {
      seek: async (count: number) => {
        rows = ask(path, query, () => statement.iterate() as unknown as IterableIterator<Row>);
        first = [];
        for (let i = 0; i < count && next() !== null; i++);
      },
    }),
    close: async () => {
      if (!isClosed) database.close();
      isClosed = true;
    },
  };
}

function finish(collected: RowColumns): Batch | null {
  return collected.rows === 0 ? null : collected.finish();
}

function readFirst(next: () => Row | null): Row[] {
  const first: Row[] = [];
  let row: Row | null = null;
  while (first.length < INFER_ROWS && (row = next()) !== null) first.push(row);
  return first;
}

function typesOf(statement: StatementSync, declared: readonly string[], first: readonly Row[]): RowColumn[] {
  const given = new Map(parseRowColumns(declared).map(({ name, type }) => [name, type]));
  const columns = statement.columns().map(({ name, type }): RowColumn => ({
    name,
    type: given.get(name) ?? declaredType(type),
  }));
  return inferColumns(columns, first);
}

/** Only what says more than an affinity: a column declared INTEGER may hold text, which then is an error that says so. */
function declaredType(text: string | null): RowColumn['type'] {
  const type = (text ?? '').toUpperCase();
  if (/BOOL/.test(type)) return 'bool';
  if (/INT/.test(type)) return 'int64';
  if (/CHAR|CLOB|TEXT/.test(type)) return 'text';
  if (/BLOB/.test(type)) return 'binary';
  if (/REAL|FLOA|DOUB|NUMERIC|DECIMAL/.test(type)) return 'float64';
  return /TIMESTAMP|DATETIME/.test(type) ? 'timestamp' : null;
}
