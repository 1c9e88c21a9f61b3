// Rows into a table of a SQLite file, in one transaction: all of them or none. Not a file of its own: that is the
// format `sqlite` of the file sinks, which needs no row in JavaScript.
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import * as arrow from 'apache-arrow';
import { RuvectorError } from '../../core/index.ts';
import type { Batch, Sink } from '../contract.ts';
import { tableError, unwritableColumnError } from './errors.ts';
import { createGetter, isReadable } from './column-reader.ts';
import type { Getter, DatabaseValue } from './column-reader.ts';

/** Where rows go. */
export interface SqliteTableOptions {
  readonly path: string;
  readonly table: string;
  /** Makes the table when it is missing. @default true */
  readonly create?: boolean;
  /** Removes the rows that the table has, in the same transaction. @default false */
  readonly replace?: boolean;
}

/** Values of one statement: more do not make it faster. */
const STATEMENT_VALUES = 480;

/** Opens a file, which is made when missing. @throws RuvectorError `ERR_PIPELINE_TABLE` */
export function openSqliteTableSink(options: SqliteTableOptions): Sink {
  return new SqliteTable(options);
}

class SqliteTable implements Sink {
  readonly isAtomic = true;
  readonly #options: SqliteTableOptions;
  readonly #isNew: boolean;
  readonly #database: DatabaseSync;
  #insert: { readonly many: StatementSync; readonly one: StatementSync; readonly rows: number } | null = null;

  constructor(options: SqliteTableOptions) {
    this.#options = options;
    this.#isNew = !existsSync(options.path);
    this.#database = this.#ask(() => new DatabaseSync(options.path, { timeout: 5000 }));
    try {
      this.#ask(() => this.#database.exec('BEGIN IMMEDIATE'));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  async consume(batch: Batch): Promise<void> {
    this.#ask(() => this.#write(batch));
  }

  #write(batch: Batch): void {
    const { many, one, rows } = (this.#insert ??= this.#prepare(batch.schema));
    const getters = batch.data.children.map((column) => sqlGetter(column));
    const whole = batch.numRows - (batch.numRows % rows);
    insertRows(many, getters, { from: 0, to: whole, step: rows });
    insertRows(one, getters, { from: whole, to: batch.numRows, step: 1 });
  }

  #prepare(schema: arrow.Schema) {
    const { table, create = true, replace = false } = this.#options;
    const bad = schema.fields.filter(({ type }) => !isReadable(type) || arrow.DataType.isList(type));
    if (bad.length > 0) throw unwritableColumnError(`SQLite table "${table}"`, bad);
    const columns = schema.fields.map(({ name, type }) => `${quote(name)} ${sqlType(type)}`);
    if (create) this.#database.exec(`CREATE TABLE IF NOT EXISTS ${quote(table)} (${columns.join()})`);
    if (replace) this.#database.exec(`DELETE FROM ${quote(table)}`);
    const rows = Math.max(1, Math.floor(STATEMENT_VALUES / columns.length));
    const row = `(${columns.map(() => '?').join()})`;
    const names = schema.fields.map(({ name }) => quote(name)).join();
    const prepare = (count: number): StatementSync =>
      this.#database.prepare(
        `INSERT INTO ${quote(table)} (${names}) VALUES ${Array.from({ length: count }, () => row).join()}`,
      );
    return { many: prepare(rows), one: prepare(1), rows };
  }

  /** What makes rows last is the commit at the end. */
  async flush(): Promise<void> {}

  memoryUsage(): number {
    return 0;
  }

  async finish(): Promise<void> {
    this.#ask(() => this.#database.exec('COMMIT'));
    this.#database.close();
  }

  async abort(): Promise<void> {
    // Closing rolls back.
    if (this.#database.isOpen) this.#database.close();
    if (this.#isNew) rmSync(this.#options.path, { force: true });
  }

  #ask<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      if (cause instanceof RuvectorError) throw cause;
      throw tableError(`table "${this.#options.table}" of SQLite file "${this.#options.path}"`, cause);
    }
  }
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

function sqlType(type: arrow.DataType): string {
  if (arrow.DataType.isFloat(type)) return 'REAL';
  if (arrow.DataType.isBinary(type) || arrow.DataType.isLargeBinary(type)) return 'BLOB';
  if (arrow.DataType.isBool(type)) return 'BOOLEAN';
  const isInteger =
    arrow.DataType.isInt(type) || arrow.DataType.isTimestamp(type) || arrow.DataType.isDate(type);
  return isInteger ? 'INTEGER' : 'TEXT';
}

/** Booleans as 0 and 1, times as whole milliseconds since the epoch, as exports have them. */
function sqlGetter(column: arrow.Data): (row: number) => SQLInputValue {
  const get: Getter = createGetter(column);
  const { type } = column;
  if (arrow.DataType.isBool(type)) return (row) => toBit(get(row));
  if (arrow.DataType.isTimestamp(type) || arrow.DataType.isDate(type)) {
    return (row) => {
      const value = get(row) as bigint | null;
      return value === null ? null : value / 1000n;
    };
  }
  return get as (row: number) => SQLInputValue;
}

const toBit = (value: DatabaseValue): SQLInputValue => (value === null ? null : Number(value));

interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

function insertRows(
  statement: StatementSync,
  getters: readonly ((row: number) => SQLInputValue)[],
  { from, to, step }: Range,
): void {
  const values: SQLInputValue[] = Array.from({ length: step * getters.length }, () => null);
  for (let row = from; row < to; row += step) {
    let at = 0;
    for (let i = row; i < row + step; i++) for (const get of getters) values[at++] = get(i);
    statement.run(...values);
  }
}
