// CSV (RFC 4180, LF), JSON Lines and one JSON array, plain or as gzip members or zstd frames: one member
// a checkpoint, so that an interrupted file can be cut there and gone on with. Members are concatenable
// by RFC 1952 and RFC 8878.
import { promisify } from 'node:util';
import type { FileHandle } from 'node:fs/promises';
import { gzip, zstdCompress } from 'node:zlib';
import type * as arrow from 'apache-arrow';
import { formatColumn } from './column-text.ts';
import type { TextRules } from './column-text.ts';
import type { Compression, ExportFormat } from '../file-contract.ts';
import { writeAll } from './table-writer.ts';
import type { TableWriter, WriterStart } from './table-writer.ts';

const csvRules: TextRules = {
  missing: '',
  // An empty text is quoted: nothing between commas is a missing value.
  quote: (text) => (text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text),
};
const jsonRules: TextRules = { missing: 'null', quote: (text) => JSON.stringify(text) };

interface Shape {
  readonly rules: TextRules;
  readonly head: (names: readonly string[]) => string;
  readonly tail: string;
  /** Between two rows. */
  readonly separator: string;
  /** After the last row of a batch. */
  readonly batchEnd: string;
}

const header = (names: readonly string[]): string => `${names.map(csvRules.quote).join(',')}\n`;
const shapes: Partial<Record<ExportFormat, Shape>> = {
  csv: { rules: csvRules, head: header, tail: '', separator: '\n', batchEnd: '\n' },
  jsonl: { rules: jsonRules, head: () => '', tail: '', separator: '\n', batchEnd: '\n' },
  json: { rules: jsonRules, head: () => '[', tail: '\n]\n', separator: ',\n', batchEnd: '' },
};

type Pack = (bytes: Uint8Array) => Promise<Uint8Array>;
const packers: Readonly<Record<string, Pack>> = {
  gzip: promisify(gzip),
  zstd: promisify(zstdCompress),
};

/** Text held before it is compressed and written. */
const PART_BYTES = 4 * 2 ** 20;

/** Writes one of csv, jsonl, json to an open file. */
export function createTextWriter(
  file: FileHandle,
  schema: arrow.Schema,
  format: ExportFormat,
  compression: Compression,
  start: WriterStart,
): TableWriter {
  return new TextWriter(file, schema, shapes[format]!, packers[compression] ?? null, start);
}

class TextWriter implements TableWriter {
  readonly #file: FileHandle;
  readonly #names: readonly string[];
  readonly #shape: Shape;
  readonly #pack: Pack | null;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #rows: number;
  #bytes: number;

  constructor(file: FileHandle, schema: arrow.Schema, shape: Shape, pack: Pack | null, start: WriterStart) {
    this.#file = file;
    this.#names = schema.names as string[];
    this.#shape = shape;
    this.#pack = pack;
    this.#rows = start.rows;
    this.#bytes = start.bytes;
    if (start.bytes === 0) this.#add(shape.head(this.#names));
  }

  async write(batch: arrow.RecordBatch): Promise<void> {
    const { rules, separator, batchEnd } = this.#shape;
    const lines = buildLines(batch, this.#names, this.#shape);
    const isJsonArray = rules === jsonRules && batchEnd === '';
    const before = isJsonArray ? (this.#rows > 0 ? separator : '\n') : '';
    this.#add(before + lines.join(separator) + batchEnd);
    this.#rows += batch.numRows;
    if (this.#partBytes >= PART_BYTES) await this.#flush();
  }

  async checkpoint(): Promise<{ readonly bytes: number }> {
    await this.#flush();
    await this.#file.sync();
    return { bytes: this.#bytes };
  }

  async finish(): Promise<void> {
    this.#add(this.#shape.tail);
    await this.checkpoint();
    await this.#file.close();
  }

  async abort(): Promise<void> {
    await this.#file.close();
  }

  #add(text: string): void {
    if (text === '') return;
    const bytes = Buffer.from(text);
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
  }

  async #flush(): Promise<void> {
    if (this.#partBytes === 0) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    const bytes = this.#pack ? await this.#pack(whole) : whole;
    await writeAll(this.#file, bytes);
    this.#bytes += bytes.length;
  }
}

function buildLines(batch: arrow.RecordBatch, names: readonly string[], { rules }: Shape): string[] {
  const columns = batch.data.children.map((column) => formatColumn(column, batch.numRows, rules));
  const keys =
    rules === jsonRules ? names.map((name, at) => `${at > 0 ? ',' : '{'}${JSON.stringify(name)}:`) : null;
  const end = keys ? '}' : '';
  return Array.from({ length: batch.numRows }, (_, row) => {
    let line = '';
    for (let at = 0; at < columns.length; at++) {
      line += keys ? keys[at]! : at > 0 ? ',' : '';
      line += columns[at]![row]!;
    }
    return line + end;
  });
}
