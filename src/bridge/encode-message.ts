// Message → frames. The inverse of decode-message.ts. Byte by byte: message.ts.
// Specification: docs/protocol.md, "Message"
import { messageTooLargeError } from './errors.ts';
import {
  HEADER_BYTES,
  HeaderOffset,
  MAGIC,
  MAX_ATTACHMENTS,
  MAX_PAYLOAD_BYTES,
  PROTOCOL_VERSION,
} from './message.ts';
import type { OutgoingMessage } from './message.ts';

const EMPTY = Buffer.alloc(0);

/**
 * Encodes a message as frames: header, JSON payload, attachments as they are (not copied).
 * @throws RuvectorError `ERR_WIRE_TOO_LARGE` for a payload over 16 MiB or over 64 attachments
 */
export function encodeMessage(message: OutgoingMessage): Uint8Array[] {
  const { payload = null, attachments = [] } = message;
  const json = payload === null ? EMPTY : Buffer.from(JSON.stringify(payload));
  if (json.length > MAX_PAYLOAD_BYTES || attachments.length > MAX_ATTACHMENTS) {
    throw messageTooLargeError(message.type, json.length, attachments.length);
  }
  return [encodeHeader(message), json, ...attachments];
}

/** Encodes the 32-byte header, frame 0; flags and reserved bytes stay 0. */
export function encodeHeader(message: OutgoingMessage): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, HeaderOffset.MAGIC);
  header[HeaderOffset.VERSION] = PROTOCOL_VERSION;
  header[HeaderOffset.TYPE] = message.type;
  header.writeUInt32LE(message.streamId ?? 0, HeaderOffset.STREAM);
  writeSafeInteger(header, message.sequence ?? 0, HeaderOffset.SEQUENCE);
  writeSafeInteger(header, message.correlation ?? 0, HeaderOffset.CORRELATION);
  return header;
}

/** A u64, little-endian: 0 4 lower half · 4 4 upper half. BigInt costs more than the rest of the header together. */
function writeSafeInteger(header: Buffer, value: number, offset: number): void {
  header.writeUInt32LE(value % 2 ** 32, offset);
  header.writeUInt32LE(Math.floor(value / 2 ** 32), offset + 4);
}
