// SQLite: typed columns, times as INTEGER milliseconds with an index, all tables in one database that
// stands alone (no journal, no WAL beside it). An interrupted database is started anew.
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import * as arrow from 'apache-arrow';
import type { TableWriter } from './table-writer.ts';

type SqlValue = number | bigint | string | null;

/** A database that is being written. */
export interface DatabaseWriter {
  /** Creates the table and a writer of its rows. */
  openTable(name: string, schema: arrow.Schema): TableWriter;
  close(): void;
}

/** Creates the database file; nobody reads it before it is renamed, so it needs no journal. */
export function createDatabaseWriter(path: string): DatabaseWriter {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE');
  return {
    openTable: (name, schema) => openTable(database, name, schema),
    close: () => database.close(),
  };
}

function openTable(database: DatabaseSync, name: string, schema: arrow.Schema): TableWriter {
  const columns = schema.fields.map(
    (field) => `"${field.name}" ${sqlType(field.type as arrow.DataType)}${field.nullable ? '' : ' NOT NULL'}`,
  );
  database.exec(`CREATE TABLE "${name}" (${columns.join(', ')}) STRICT`);
  const places = schema.fields.map(() => '?').join(', ');
  const insert = database.prepare(`INSERT INTO "${name}" VALUES (${places})`);
  return {
    write: async (batch) => {
      database.exec('BEGIN');
      insertRows(insert, batch);
      database.exec('COMMIT');
    },
    finish: async () => {
      if (schema.names.includes('timestamp')) {
        database.exec(`CREATE INDEX "${name}_timestamp" ON "${name}" ("timestamp")`);
      }
    },
    abort: async () => {},
  };
}

function insertRows(insert: StatementSync, batch: arrow.RecordBatch): void {
  const columns = batch.data.children.map(toSqlColumn);
  const row: SqlValue[] = columns.map(() => null);
  for (let i = 0; i < batch.numRows; i++) {
    for (let at = 0; at < columns.length; at++) row[at] = columns[at]![i]!;
    insert.run(...row);
  }
}

function toSqlColumn(column: arrow.Data): SqlValue[] {
  const vector = arrow.makeVector(column);
  const raw = column.type instanceof arrow.Timestamp ? (column.values as BigInt64Array) : null;
  return Array.from({ length: column.length }, (_, i) => {
    if (!column.getValid(i)) return null;
    const value: unknown = raw ? raw[i] : vector.get(i);
    if (typeof value === 'boolean') return Number(value);
    // SQLite's integers are signed: the upper half of uint64 keeps its bits.
    if (typeof value === 'bigint') return BigInt.asIntN(64, value);
    return Number.isNaN(value) ? null : (value as SqlValue);
  });
}

function sqlType(type: arrow.DataType): string {
  if (type instanceof arrow.Float) return 'REAL';
  return type instanceof arrow.Utf8 ? 'TEXT' : 'INTEGER';
}
