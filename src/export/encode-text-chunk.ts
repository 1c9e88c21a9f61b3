// A chunk of rows → CSV (RFC 4180), JSON Lines or the inside of a JSON array, plain or as one gzip
// member or zstd frame: such members are concatenable (RFC 1952, RFC 8878), so a file can be cut there.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import type { TextEndJob, TextJob } from './encode-pool.ts';
import type { Compression } from './file-contract.ts';
import { TextBuffer } from './text-buffer.ts';
import { RowWriter } from './text-rows.ts';
import type { RowSyntax } from './text-rows.ts';
import { writeCsvString } from './text-strings.ts';

/** Used again for every chunk of this thread: new memory costs more than what is written to it. */
const out = new TextBuffer(2 ** 20);

/** Encodes one chunk. */
export function encodeTextChunk({ format, compression, ipc, isFirst }: TextJob): Uint8Array {
  const { schema, batches } = arrow.tableFromIPC(ipc);
  const names = schema.fields.map((field) => field.name);
  out.length = 0;
  if (format === 'csv' && isFirst) writeHeader(names);
  const rows = rowWriterOf(format, names);
  for (const batch of batches) rows.write(out, batch);
  const text = out.bytes.subarray(0, out.length);
  // Every row has a comma before it; what stands before the first one of the file is the opening bracket.
  if (format === 'json' && isFirst) {
    if (text.length === 0) return compress(Buffer.from('['), compression);
    text[0] = OPEN;
  }
  // A copy: the buffer is written again, and what is sent to another thread is gone here.
  return compression === 'none' ? text.slice() : compress(text, compression);
}

/** The writer of the chunk before: what it remembers is used again. */
let known = { key: '', rows: null as RowWriter | null };

function rowWriterOf(format: TextJob['format'], names: readonly string[]): RowWriter {
  const key = JSON.stringify([format, names]);
  if (known.rows === null || known.key !== key) known = { key, rows: new RowWriter(syntaxes[format](names)) };
  return known.rows!;
}

const OPEN = 0x5b;

/** Encodes what ends a JSON array. */
export function encodeTextEnd({ compression }: TextEndJob): Uint8Array {
  return compress(Buffer.from(']\n'), compression);
}

function compress(bytes: Uint8Array, compression: Compression): Uint8Array {
  if (compression === 'gzip') return gzipSync(bytes);
  return compression === 'zstd' ? zstdCompressSync(bytes) : bytes;
}

const syntaxes: Readonly<Record<TextJob['format'], (names: readonly string[]) => RowSyntax>> = {
  csv: (names) => ({ isJson: false, before: names.map((_, at) => (at > 0 ? ',' : '')), end: '\n' }),
  jsonl: (names) => ({ isJson: true, before: jsonKeys(names, '{'), end: '}\n' }),
  json: (names) => ({ isJson: true, before: jsonKeys(names, ',{'), end: '}' }),
};

function jsonKeys(names: readonly string[], open: string): string[] {
  return names.map((name, at) => `${at > 0 ? ',' : open}${JSON.stringify(name)}:`);
}

function writeHeader(names: readonly string[]): void {
  for (const [at, name] of names.entries()) {
    const bytes = Buffer.from(name);
    out.reserve(bytes.length * 2 + 4);
    if (at > 0) out.byte(COMMA);
    writeCsvString(out, bytes, 0, bytes.length);
  }
  out.reserve(1);
  out.byte(LINE_FEED);
}

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
