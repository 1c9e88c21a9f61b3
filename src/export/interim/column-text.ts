// Columns of a record batch → text of each value, for CSV and JSON. One pass a column, no row objects.
import * as arrow from 'apache-arrow';

/** How a format writes what is not a number. */
export interface TextRules {
  readonly missing: string;
  readonly quote: (text: string) => string;
}

/** The text of every value of a column. */
export function formatColumn(column: arrow.Data, length: number, rules: TextRules): string[] {
  const values = valuesOf(column, length, rules);
  if (column.nullCount === 0) return values;
  for (let i = 0; i < length; i++) if (!column.getValid(i)) values[i] = rules.missing;
  return values;
}

function valuesOf(column: arrow.Data, length: number, rules: TextRules): string[] {
  const { type } = column;
  if (type instanceof arrow.Timestamp) return formatTimes(column.values as BigInt64Array, length, rules);
  if (type instanceof arrow.Utf8) return formatText(column, length, rules);
  if (type instanceof arrow.Bool) return formatBits(column, length);
  const values = column.values as ArrayLike<number | bigint>;
  const isFloat = type instanceof arrow.Float;
  const isSingle = values instanceof Float32Array;
  return Array.from({ length }, (_, i) => {
    const value = values[i]!;
    if (isFloat && !Number.isFinite(value)) return rules.missing;
    return isSingle ? shortestSingle(value as number) : String(value);
  });
}

/** The shortest text that reads back as the same float32: 0.1, not 0.10000000149011612. */
function shortestSingle(value: number): string {
  for (const digits of [6, 7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

const times = new Map<bigint, string>();

/** Process rows share a time by the hundred, and anonymised ones by the thousand. */
function formatTimes(values: BigInt64Array, length: number, { quote }: TextRules): string[] {
  times.clear();
  return Array.from({ length }, (_, i) => {
    const known = times.get(values[i]!);
    if (known !== undefined) return known;
    const text = quote(new Date(Number(values[i])).toISOString());
    times.set(values[i]!, text);
    return text;
  });
}

const decoder = new TextDecoder();

function formatText(column: arrow.Data, length: number, { quote }: TextRules): string[] {
  const offsets = column.valueOffsets as Int32Array;
  const bytes = column.values as Uint8Array;
  return Array.from({ length }, (_, i) => quote(decoder.decode(bytes.subarray(offsets[i], offsets[i + 1]))));
}

function formatBits(column: arrow.Data, length: number): string[] {
  const bits = column.values as Uint8Array;
  return Array.from({ length }, (_, i) => {
    const at = column.offset + i;
    return (bits[at >> 3]! >> (at & 7)) & 1 ? 'true' : 'false';
  });
}
