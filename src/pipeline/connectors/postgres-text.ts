// Arrow columns as the text form of PostgreSQL's COPY: each server type takes it through its own input function, so
// that a column of integers may fill one of numeric, json or an enumeration.
// https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2
import * as arrow from 'apache-arrow';
import { createGetter } from './column-reader.ts';
import type { Getter, DatabaseValue } from './column-reader.ts';
import { quoteName } from './postgres-client.ts';

/** The text of a value in a row, escaped; `\N` is null. */
type Write = (row: number) => string;

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const special = /[\\\n\r\t]/;

const escape = (text: string): string =>
  special.test(text) ? text.replaceAll(/[\\\n\r\t]/g, (char) => escapes[char]!) : text;

/** Writes rows of a batch, each with a final line break. */
export function createRowText(batch: arrow.RecordBatch): (row: number) => string {
  const writes = batch.data.children.map((column) => createWrite(column));
  return (row) => {
    let line = writes[0]!(row);
    for (let i = 1; i < writes.length; i++) line += `\t${writes[i]!(row)}`;
    return `${line}\n`;
  };
}

function createWrite(column: arrow.Data): Write {
  const get: Getter = createGetter(column);
  const toText = textOf(column.type);
  return (row) => {
    const value = get(row);
    return value === null ? '\\N' : escape(toText(value));
  };
}

/** Text of a value that is there, not escaped. */
function textOf(type: arrow.DataType): (value: DatabaseValue) => string {
  if (arrow.DataType.isDictionary(type)) return textOf(type.dictionary);
  if (arrow.DataType.isTimestamp(type))
    return (value) => writeTime(value as bigint, type.timezone ? '+00' : '');
  if (arrow.DataType.isDate(type)) return (value) => writeTime(value as bigint, '').replace(/ .*/, '');
  if (arrow.DataType.isBinary(type) || arrow.DataType.isLargeBinary(type)) {
    return (value) => `\\x${Buffer.from(value as Uint8Array).toString('hex')}`;
  }
  if (arrow.DataType.isList(type)) return writeList(textOf(type.valueType as arrow.DataType));
  return String;
}

const writeList =
  (item: (value: DatabaseValue) => string) =>
  (list: DatabaseValue): string =>
    `{${(list as readonly DatabaseValue[]).map((value) => (value === null ? 'NULL' : quoteItem(item(value)))).join()}}`;

const quoteItem = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;

/** `2026-01-31 12:00:00.000001+00`; years before 1 and after 9999 as PostgreSQL writes them. */
function writeTime(us: bigint, zone: string): string {
  const fraction = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const moment = new Date(Number((us - fraction) / 1000n));
  const year = moment.getUTCFullYear();
  const digits = String(year > 0 ? year : 1 - year).padStart(4, '0');
  const rest = moment
    .toISOString()
    .replace(/^[+-]?\d+/, '')
    .slice(0, 15);
  const text = `${digits}${rest.replace('T', ' ')}.${String(fraction).padStart(6, '0')}${zone}`;
  return year > 0 ? text : `${text} BC`;
}

/** The table that holds columns of a schema. */
export function buildPostgresDdl(table: string, schema: arrow.Schema): string {
  const columns = schema.fields.map(({ name, type }) => `${quoteName(name)} ${sqlTypeOf(type)}`);
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`;
}

function sqlTypeOf(type: arrow.DataType): string {
  if (arrow.DataType.isDictionary(type)) return sqlTypeOf(type.dictionary);
  if (arrow.DataType.isInt(type)) return integerType(type);
  if (arrow.DataType.isFloat(type))
    return type.precision === arrow.Precision.DOUBLE ? 'double precision' : 'real';
  if (arrow.DataType.isBool(type)) return 'boolean';
  if (arrow.DataType.isTimestamp(type)) return type.timezone ? 'timestamptz' : 'timestamp';
  if (arrow.DataType.isDate(type)) return 'date';
  if (arrow.DataType.isBinary(type) || arrow.DataType.isLargeBinary(type)) return 'bytea';
  return arrow.DataType.isList(type) ? `${sqlTypeOf(type.valueType as arrow.DataType)}[]` : 'text';
}

/** Unsigned ones need the next width. */
function integerType({ bitWidth, isSigned }: arrow.Int): string {
  const bits = isSigned ? bitWidth : bitWidth * 2;
  if (bits > 64) return 'numeric(20)';
  return bits <= 16 ? 'smallint' : bits === 32 ? 'integer' : 'bigint';
}
