// The bytes of a write-ahead log → rows (wal-layout.ts). No I/O; damaged input is data, not an error.
import * as arrow from 'apache-arrow';
import { rowsOf } from '../core/index.ts';
import type { AnyRow, RecordKind } from '../core/index.ts';
import { frameHeaderBytes, headerChecksum, messageChecksum, walMagic } from './wal-layout.ts';

/** A stretch of a file, `to` exclusive. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** What a log file holds. */
export interface DecodedWal {
  readonly rows: AnyRow[];
  /** Offset after the last whole frame; what follows it is a torn tail. */
  readonly goodEnd: number;
  /** Stretches that are neither whole frames nor a torn tail. Empty for a healthy file. */
  readonly damages: readonly ByteRange[];
}

type Frame = { readonly message: Uint8Array; readonly end: number } | 'torn' | 'damaged';

const marker = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/**
 * Decodes a whole log file. Rows before and after damage are kept: the next frame behind a damaged
 * stretch is found by its checksums.
 * @param knownHead head of a log of this kind as written today, used when the file's own is damaged
 */
export function decodeWal(kind: RecordKind, bytes: Uint8Array, knownHead: Uint8Array): DecodedWal {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ownSchema = readSchema(file);
  const schema = ownSchema ?? readSchema(Buffer.from(knownHead));
  if (!schema) throw new TypeError('Cannot decode log: the known head is damaged itself');
  const start = ownSchema ? ownSchema.end : 0;
  const { messages, goodEnd, damages } = scanFrames(file, start, messageChecksum(schema.message, 0));
  return { rows: decodeMessages(kind, schema.message, messages), goodEnd, damages };
}

function readSchema(file: Buffer): { message: Uint8Array; end: number } | null {
  if (!file.subarray(0, walMagic.length).equals(walMagic)) return null;
  const frame = readFrame(file, walMagic.length, 0);
  return typeof frame === 'string' ? null : frame;
}

function scanFrames(
  file: Buffer,
  start: number,
  seed: number,
): { messages: Uint8Array[]; goodEnd: number; damages: ByteRange[] } {
  const messages: Uint8Array[] = [];
  const damages: ByteRange[] = [];
  // A start of 0 means that the head itself could not be read.
  let offset = start === 0 ? skipDamage(file, 0, seed, damages) : start;
  while (offset < file.length) {
    const frame = readFrame(file, offset, seed);
    if (frame === 'torn') break;
    if (frame === 'damaged') {
      offset = skipDamage(file, offset, seed, damages);
    } else {
      messages.push(frame.message);
      offset = frame.end;
    }
  }
  return { messages, goodEnd: offset, damages };
}

function readFrame(file: Buffer, offset: number, seed: number): Frame {
  const remaining = file.length - offset;
  if (remaining < frameHeaderBytes) return 'torn';
  const header = file.subarray(offset, offset + frameHeaderBytes);
  if (headerChecksum(header) !== header.readUInt32LE(8)) {
    // A file system may extend a file before its data arrives: zeros to the end are a torn tail.
    return file.subarray(offset).every((byte) => byte === 0) ? 'torn' : 'damaged';
  }
  const end = offset + frameHeaderBytes + header.readUInt32LE(0);
  if (end > file.length) return 'torn';
  const message = file.subarray(offset + frameHeaderBytes, end);
  return messageChecksum(message, seed) === header.readUInt32LE(4) ? { message, end } : 'damaged';
}

/** Records the damaged stretch and returns the offset of the next whole frame, or the file's end. */
function skipDamage(file: Buffer, from: number, seed: number, damages: ByteRange[]): number {
  let at = file.indexOf(marker, from + frameHeaderBytes + 1);
  while (at !== -1) {
    const offset = at - frameHeaderBytes;
    if (typeof readFrame(file, offset, seed) !== 'string') {
      damages.push({ from, to: offset });
      return offset;
    }
    at = file.indexOf(marker, at + 1);
  }
  damages.push({ from, to: file.length });
  return file.length;
}

function decodeMessages(kind: RecordKind, schema: Uint8Array, messages: readonly Uint8Array[]): AnyRow[] {
  const rows: AnyRow[] = [];
  if (messages.length === 0) return rows;
  const reader = arrow.RecordBatchReader.from(Buffer.concat([schema, ...messages]));
  for (const batch of reader) {
    for (const row of rowsOf(kind, batch)) rows.push(row);
  }
  return rows;
}
