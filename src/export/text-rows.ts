// Rows → CSV or JSON text, value by value into one buffer. Which bytes stand between the values is the
// format's; how values are spelt is in text-values.ts and text-strings.ts.
import type * as arrow from 'apache-arrow';
import { VALUE_BYTES, toWords } from './text-buffer.ts';
import type { TextBuffer, Words } from './text-buffer.ts';
import { toTextColumn } from './text-columns.ts';
import type { TextColumn } from './text-columns.ts';
import { ESCAPED_BYTES, writeCsvString, writeJsonString } from './text-strings.ts';
import {
  TextCache,
  TimeWriter,
  spellUint64,
  writeFloat32,
  writeFloat64,
  writeInt64,
  writeInteger,
} from './text-values.ts';

/** What a format puts around values. */
export interface RowSyntax {
  readonly isJson: boolean;
  /** Before the value of each column. */
  readonly before: readonly string[];
  /** After the last one. */
  readonly end: string;
}

const TRUE = toWords('true');
const FALSE = toWords('false');

/** Writes rows of one schema. */
export class RowWriter {
  readonly #isJson: boolean;
  readonly #before: readonly Words[];
  readonly #end: Words;
  readonly #missing: Words;
  /** Around times and 64-bit hashes, which JavaScript would round as numbers. */
  readonly #quote: string;
  readonly #times: TimeWriter;
  readonly #caches: readonly TextCache[];
  /** What a row takes at most, without its strings. */
  readonly #rowBytes: number;

  constructor({ isJson, before, end }: RowSyntax) {
    this.#isJson = isJson;
    this.#before = before.map(toWords);
    this.#end = toWords(end);
    this.#missing = toWords(isJson ? 'null' : '');
    this.#quote = isJson ? '"' : '';
    this.#times = new TimeWriter(this.#quote);
    this.#caches = before.map(() => new TextCache());
    const around = [...this.#before, this.#end];
    this.#rowBytes = around.reduce((sum, { bytes }) => sum + bytes + VALUE_BYTES, 0);
  }

  write(out: TextBuffer, batch: arrow.RecordBatch): void {
    const columns = batch.data.children.map(toTextColumn);
    const strings = columns.filter(({ kind }) => kind === 'utf8');
    for (let row = 0; row < batch.numRows; row++) {
      out.reserve(this.#rowBytes + stringBytes(strings, row));
      for (let at = 0; at < columns.length; at++) {
        out.words(this.#before[at]!);
        this.#writeCell(out, columns[at]!, at, row);
      }
      out.words(this.#end);
    }
  }

  #writeCell(out: TextBuffer, column: TextColumn, at: number, row: number): void {
    const { validity, bitOffset } = column;
    const isThere = validity.length === 0 || bitOf(validity, bitOffset + row);
    if (isThere) this.#writeValue(out, column, at, row);
    else out.words(this.#missing);
  }

  #writeValue(out: TextBuffer, column: TextColumn, at: number, row: number): void {
    const { ints } = column;
    switch (column.kind) {
      case 'float64':
        return this.#writeFloat64(out, column.float64, row);
      case 'float32':
        return this.#writeFloat32(out, column.float32, row);
      case 'int32':
        return writeInteger(out, ints[row]!);
      case 'int64':
        return writeInt64(out, ints[2 * row]!, ints[2 * row + 1]!);
      case 'uint64':
        return this.#writeUint64(out, ints[2 * row]!, ints[2 * row + 1]!, at);
      case 'timestamp':
        return this.#times.write(out, ints[2 * row]!, ints[2 * row + 1]!);
      case 'bool':
        return out.words(bitOf(column.bytes, column.bitOffset + row) ? TRUE : FALSE);
      case 'utf8':
        return this.#writeString(out, column.bytes, ints[row]!, ints[row + 1]!);
    }
  }

  #writeFloat64(out: TextBuffer, values: Float64Array, row: number): void {
    if (Number.isFinite(values[row])) writeFloat64(out, values, row);
    else this.#writeNotFinite(out, values[row]!);
  }

  #writeFloat32(out: TextBuffer, values: Float32Array, row: number): void {
    if (Number.isFinite(values[row])) writeFloat32(out, values, row);
    else this.#writeNotFinite(out, values[row]!);
  }

  #writeNotFinite(out: TextBuffer, value: number): void {
    if (this.#isJson) out.words(this.#missing);
    else out.ascii(Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf');
  }

  #writeUint64(out: TextBuffer, low: number, high: number, at: number): void {
    const cache = this.#caches[at]!;
    if (cache.write(out, low, high)) return;
    const text = `${this.#quote}${spellUint64(low, high)}${this.#quote}`;
    cache.add(low, high, text);
    out.ascii(text);
  }

  #writeString(out: TextBuffer, bytes: Uint8Array, from: number, to: number): void {
    if (this.#isJson) writeJsonString(out, bytes, from, to);
    else writeCsvString(out, bytes, from, to);
  }
}

function bitOf(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3]! >> (at & 7)) & 1) === 1;
}

function stringBytes(strings: readonly TextColumn[], row: number): number {
  let bytes = 0;
  for (const { ints } of strings) bytes += (ints[row + 1]! - ints[row]!) * ESCAPED_BYTES;
  return bytes;
}
