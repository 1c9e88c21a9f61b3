// The bytes of one segment of an outbox: frames, the first of them its head. No I/O.
//
//   frame   length of the body (u32), CRC-32 of the body (u32), body
//   head    JSON {format, epoch, place, next: {kind: sequence}, lastMs: {kind: ms}}
//   batch   length of the JSON (u32), JSON {kind, sequence, rows, lastMs}, payload
import { crc32 } from 'node:zlib';

/** What a segment begins with: enough to go on when it is the only one left. */
export interface SegmentHead {
  readonly epoch: string;
  /** Where it was written: a copy that goes on elsewhere must not use the same numbers. */
  readonly place?: string;
  /** Sequence of the next batch of each kind. */
  readonly next: Readonly<Record<string, number>>;
  /** Newest time that was put into the outbox, of each kind. */
  readonly lastMs: Readonly<Record<string, number>>;
}

/** What is known of a batch beside its payload. */
export interface BatchMeta {
  readonly kind: string;
  readonly sequence: number;
  readonly rows: number;
  readonly lastMs: number;
}

/** A batch in a segment. */
export interface StoredBatch extends BatchMeta {
  /** Where its payload lies in the file. */
  readonly offset: number;
  readonly length: number;
}

/** A segment read back. */
export interface DecodedSegment {
  /** Null when not even that holds. */
  readonly head: SegmentHead | null;
  readonly batches: readonly StoredBatch[];
  /** Bytes from the start that hold. */
  readonly goodEnd: number;
}

const FORMAT = 1;
const PREFIX_BYTES = 8;

/** Encodes the head. */
export function encodeHead(head: SegmentHead): Buffer {
  return encodeFrame([Buffer.from(JSON.stringify({ format: FORMAT, ...head }))]);
}

/** Encodes a batch. @returns the frame, and where in it the payload begins */
export function encodeBatchFrame(
  meta: BatchMeta,
  payload: Uint8Array,
): { readonly frame: Buffer; readonly payloadAt: number } {
  const text = Buffer.from(JSON.stringify(meta));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return { frame: encodeFrame([length, text, payload]), payloadAt: PREFIX_BYTES + 4 + text.length };
}

function encodeFrame(parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(body.length, 0);
  prefix.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([prefix, body]);
}

/** Decodes a segment up to the first frame that does not hold. */
export function decodeSegmentFile(bytes: Buffer): DecodedSegment {
  const batches: StoredBatch[] = [];
  let head: SegmentHead | null = null;
  let at = 0;
  for (;;) {
    const body = bodyAt(bytes, at);
    if (body === null) break;
    if (head === null) {
      head = parseHead(body);
      if (head === null) break;
    } else {
      batches.push(decodeStored(body, at + PREFIX_BYTES));
    }
    at += PREFIX_BYTES + body.length;
  }
  return { head, batches, goodEnd: at };
}

function bodyAt(bytes: Buffer, at: number): Buffer | null {
  if (at + PREFIX_BYTES > bytes.length) return null;
  const length = bytes.readUInt32LE(at);
  const body = bytes.subarray(at + PREFIX_BYTES, at + PREFIX_BYTES + length);
  return length > 0 && body.length === length && crc32(body) === bytes.readUInt32LE(at + 4) ? body : null;
}

function parseHead(body: Buffer): SegmentHead | null {
  try {
    const { format, ...head } = JSON.parse(body.toString()) as SegmentHead & { format: number };
    return format === FORMAT ? head : null;
  } catch {
    return null;
  }
}

function decodeStored(body: Buffer, bodyAtByte: number): StoredBatch {
  const textBytes = body.readUInt32LE(0);
  const meta = JSON.parse(body.subarray(4, 4 + textBytes).toString()) as BatchMeta;
  const start = 4 + textBytes;
  return { ...meta, offset: bodyAtByte + start, length: body.length - start };
}
