// The SQLite file of an export, made by one writer in a folder of its own: without a journal, by statements of many rows.
// Its rows come as the parts that plans wrote: Arrow IPC files.
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import * as arrow from 'apache-arrow';
import { toNumbers } from '../../core/index.ts';
import { readArrowBlocks, readArrowFooter } from './arrow-file.ts';
import { encodeArrowSchema } from './arrow-message.ts';

type SqlValue = number | bigint | string | null;

/** Values of one statement: SQLite binds at most 32,766. */
const STATEMENT_VALUES = 480;
const SLICE_ROWS = 1024;

/** An open database file. */
export class DatabaseFile {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #table = '';
  #columns: readonly string[] = [];

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      `PRAGMA page_size = 16384; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;
       PRAGMA synchronous = OFF; PRAGMA cache_size = -16384`,
    );
  }

  /** Begins a table. @param schema unset is that of its first part */
  startTable(table: string, schema: arrow.Schema | null): void {
    this.#table = table;
    this.#columns = [];
    if (schema) this.#create(schema);
  }

  /** Inserts the rows of an Arrow IPC file. */
  async insertFile(path: string): Promise<void> {
    const footer = await readArrowFooter(path);
    if (this.#columns.length === 0) this.#create(footer.schema);
    const head = encodeArrowSchema(footer.schema);
    this.#database.exec('BEGIN');
    for await (const { bytes } of readArrowBlocks(path, footer)) {
      // Read where it lies: nothing of it is left when the next one comes.
      const [batch] = arrow.RecordBatchReader.from([head, bytes]);
      // All values of a slice are objects at once.
      for (let at = 0; at < batch!.numRows; at += SLICE_ROWS) {
        this.#insertBatch(batch!.slice(at, Math.min(batch!.numRows, at + SLICE_ROWS)));
      }
    }
    this.#database.exec('COMMIT');
  }

  /** Completes a table: rows are looked for by their time. */
  finishTable(): void {
    if (!this.#columns.includes('timestamp')) return;
    const table = quoteName(this.#table);
    this.#database.exec(`CREATE INDEX ${quoteName(`${this.#table}_timestamp`)} ON ${table} ("timestamp")`);
  }

  close(): void {
    this.#database.close();
  }

  #create(schema: arrow.Schema): void {
    this.#columns = schema.names as string[];
    this.#database.exec(buildTableDdl(this.#table, schema));
  }

  #insertBatch(batch: arrow.RecordBatch): void {
    const columns = batch.data.children.map(readColumn);
    const rowsAtOnce = Math.max(1, Math.floor(STATEMENT_VALUES / this.#columns.length));
    const many = this.#prepare(rowsAtOnce);
    const whole = batch.numRows - (batch.numRows % rowsAtOnce);
    insertRows(many, columns, 0, whole, rowsAtOnce);
    insertRows(this.#prepare(1), columns, whole, batch.numRows, 1);
  }

  #prepare(rows: number): StatementSync {
    const row = `(${this.#columns.map(() => '?').join()})`;
    const sql = `INSERT INTO ${quoteName(this.#table)} VALUES ${Array.from({ length: rows }, () => row).join()}`;
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** DDL of a table with types, so that no reader has to guess; not STRICT, which SQLite before 3.37 cannot read. */
export function buildTableDdl(table: string, schema: arrow.Schema): string {
  const columns = schema.fields.map((field) => {
    // NaN is NULL here, whatever the schema says.
    const mayBeNull = field.nullable || arrow.DataType.isFloat(field.type);
    return `${quoteName(field.name)} ${sqlTypeOf(field.type as arrow.DataType)}${mayBeNull ? '' : ' NOT NULL'}`;
  });
  return `CREATE TABLE ${quoteName(table)} (${columns.join(', ')})`;
}

const isText = (type: arrow.DataType): boolean =>
  arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type);

function sqlTypeOf(type: arrow.DataType): string {
  if (arrow.DataType.isFloat(type)) return 'REAL';
  // SQLite's integers are signed: what may not fit is text.
  const isSpelt = isText(type) || (arrow.DataType.isInt(type) && type.bitWidth === 64 && !type.isSigned);
  return isSpelt ? 'TEXT' : 'INTEGER';
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
  if (isText(type)) return readTexts(column);
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
  if (length === 0) return []; // some writers then leave out the offsets
  const bytes = Buffer.from(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const offsets: ArrayLike<number> =
    valueOffsets instanceof BigInt64Array ? toNumbers(valueOffsets, length + 1) : valueOffsets;
  return Array.from({ length }, (_, i) => bytes.toString('utf8', offsets[i], offsets[i + 1]));
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
