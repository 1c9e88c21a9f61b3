// The SQLite file of an export. Rows go in by statements of many rows; each commit is what an
// interrupted export goes on from (WAL), and the finished file stands alone.
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import * as arrow from 'apache-arrow';
import { toNumbers } from '../core/index.ts';

type SqlValue = number | bigint | string | null;

/** Values of one statement: SQLite binds at most 32,766. */
const STATEMENT_VALUES = 480;

/** An open database file. */
export class DatabaseFile {
  readonly #database: DatabaseSync;
  #table = '';
  #columns = 0;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      `PRAGMA page_size = 16384; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
       PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -16384`,
    );
  }

  /** Begins or goes on with a table that holds `rows` rows for certain; what lies behind them is removed. */
  startTable(table: string, ddl: string, rows: number): void {
    this.#database.exec(ddl);
    this.#database.prepare(`DELETE FROM "${table}" WHERE rowid > ?`).run(rows);
    this.#assertHolds(table, rows);
    this.#table = table;
    this.#columns = this.#database.prepare(`PRAGMA table_info("${table}")`).all().length;
    this.#database.exec('BEGIN');
  }

  /** A power loss can take rows that were noted: commits are not synced. Going on would lose them. */
  #assertHolds(table: string, rows: number): void {
    const { last } = this.#database.prepare(`SELECT max(rowid) AS last FROM "${table}"`).get()!;
    const held = Number(last ?? 0);
    if (held === rows) return;
    throw new Error(
      `its interrupted database holds ${held} of ${rows} rows of "${table}", the others were lost with the power; start it again`,
    );
  }

  /** Inserts the rows of an Arrow IPC file. */
  insert(ipc: Uint8Array): void {
    for (const batch of arrow.tableFromIPC(ipc).batches) this.#insertBatch(batch);
  }

  commit(): void {
    this.#database.exec('COMMIT; BEGIN');
  }

  /** @param index column to index, if any */
  finishTable(index: string | null): void {
    this.#database.exec('COMMIT');
    if (index === null) return;
    this.#database.exec(
      `CREATE INDEX IF NOT EXISTS "${this.#table}_${index}" ON "${this.#table}" ("${index}")`,
    );
  }

  /** A whole file has no log beside it; one that is not keeps what was committed. */
  close(isWhole: boolean): void {
    if (isWhole) this.#database.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE');
    this.#database.close();
  }

  #insertBatch(batch: arrow.RecordBatch): void {
    const columns = batch.data.children.map(readColumn);
    const rowsAtOnce = Math.max(1, Math.floor(STATEMENT_VALUES / this.#columns));
    const many = this.#prepare(rowsAtOnce);
    const whole = batch.numRows - (batch.numRows % rowsAtOnce);
    insertRows(many, columns, 0, whole, rowsAtOnce);
    insertRows(this.#prepare(1), columns, whole, batch.numRows, 1);
  }

  readonly #statements = new Map<string, StatementSync>();

  #prepare(rows: number): StatementSync {
    const row = `(${Array.from({ length: this.#columns }, () => '?').join()})`;
    const sql = `INSERT INTO "${this.#table}" VALUES ${Array.from({ length: rows }, () => row).join()}`;
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

/** DDL of a table: typed and strict, so that no reader has to guess. */
export function buildTableDdl(table: string, schema: arrow.Schema): string {
  const columns = schema.fields.map((field) => {
    // NaN is NULL here, whatever the schema says.
    const mayBeNull = field.nullable || arrow.DataType.isFloat(field.type);
    return `"${field.name}" ${sqlTypeOf(field.type as arrow.DataType)}${mayBeNull ? '' : ' NOT NULL'}`;
  });
  return `CREATE TABLE IF NOT EXISTS "${table}" (${columns.join(', ')}) STRICT`;
}

function sqlTypeOf(type: arrow.DataType): string {
  if (arrow.DataType.isFloat(type)) return 'REAL';
  // SQLite's integers are signed: what may not fit is text.
  const isText =
    arrow.DataType.isUtf8(type) || (arrow.DataType.isInt(type) && type.bitWidth === 64 && !type.isSigned);
  return isText ? 'TEXT' : 'INTEGER';
}

function insertRows(
  statement: StatementSync,
  columns: readonly (readonly SqlValue[])[],
  from: number,
  to: number,
  rowsAtOnce: number,
): void {
  const values: SqlValue[] = Array.from({ length: rowsAtOnce * columns.length }, () => null);
  for (let row = from; row < to; row += rowsAtOnce) {
    let at = 0;
    for (let i = row; i < row + rowsAtOnce; i++) {
      for (let column = 0; column < columns.length; column++) values[at++] = columns[column]![i]!;
    }
    statement.run(...values);
  }
}

/** All values of a column as SQLite takes them; NaN, which it cannot hold, is NULL. */
function readColumn(column: arrow.Data): SqlValue[] {
  const values = convertValues(column);
  if (column.nullCount > 0) {
    for (let i = 0; i < column.length; i++) if (!column.getValid(i)) values[i] = null;
  }
  return values;
}

function convertValues(column: arrow.Data): SqlValue[] {
  const { type, length } = column;
  if (arrow.DataType.isUtf8(type)) return readTexts(column);
  if (arrow.DataType.isBool(type)) {
    const vector = arrow.makeVector(column);
    return Array.from({ length }, (_, i) => Number(vector.get(i)));
  }
  const raw = column.values as BigInt64Array | BigUint64Array | Float64Array;
  if (raw instanceof BigUint64Array) return readUnsigned(raw, length);
  if (raw instanceof BigInt64Array) return readIntegers(raw, length);
  const numbers: SqlValue[] = [];
  for (let i = 0; i < length; i++) {
    const value = raw[i]!;
    numbers.push(Number.isNaN(value) ? null : value);
  }
  return numbers;
}

/** Hashes come by the thousand from few names: their text is kept. */
const knownTexts = new Map<bigint, string>();
const MAX_KNOWN_TEXTS = 4096;

function readUnsigned(values: BigUint64Array, length: number): SqlValue[] {
  const texts: SqlValue[] = [];
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    let text = knownTexts.get(value);
    if (text === undefined) {
      text = String(value);
      if (knownTexts.size >= MAX_KNOWN_TEXTS) knownTexts.clear();
      knownTexts.set(value, text);
    }
    texts.push(text);
  }
  return texts;
}

/** Not by Arrow's own reader, which takes a byte order mark from the beginning of a text. */
function readTexts({ values, valueOffsets, length }: arrow.Data): SqlValue[] {
  const bytes = Buffer.from(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  return Array.from({ length }, (_, i) => bytes.toString('utf8', valueOffsets[i], valueOffsets[i + 1]));
}

/** Safe integers as numbers, which bind faster; the others as they are. */
function readIntegers(values: BigInt64Array, length: number): SqlValue[] {
  const numbers = toNumbers(values, length);
  const integers: SqlValue[] = [];
  for (let i = 0; i < length; i++) {
    const value = numbers[i]!;
    integers.push(Number.isSafeInteger(value) ? value : values[i]!);
  }
  return integers;
}
