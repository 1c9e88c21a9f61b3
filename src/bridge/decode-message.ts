// Frames → message. The inverse of encode-message.ts; every malformed input is a typed error.
// python/src/ruvector/_bridge/protocol.py gives the same verdict on the same bytes. Byte by byte: message.ts.
// Specification: docs/protocol.md, "Message"
import {
  HEADER_BYTES,
  HeaderOffset,
  MAGIC,
  MAX_ATTACHMENTS,
  MAX_PAYLOAD_BYTES,
  PROTOCOL_VERSION,
  isMessageType,
} from './message.ts';
import type { Payload, WireMessage } from './message.ts';
import { frameError, protocolVersionError, unknownTypeError } from './errors.ts';

// ignoreBOM keeps a byte order mark in the text, so that JSON.parse refuses it as Python does.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes the frames of one message (without a routing id).
 * @throws RuvectorError `ERR_WIRE_FRAME` for bytes that break the layout, `ERR_WIRE_VERSION` for another
 *   version, `ERR_WIRE_TYPE` for an unknown type; details carry streamId and correlation when known
 */
export function decodeMessage(frames: readonly Uint8Array[]): WireMessage {
  const [header, json, ...attachments] = frames;
  if (header === undefined || json === undefined)
    throw frameError(`${frames.length} frames, at least 2 are needed`);
  if (attachments.length > MAX_ATTACHMENTS) throw frameError(`${attachments.length} attachments`);
  return { ...decodeHeader(header), payload: decodePayload(json), attachments };
}

type Header = Omit<WireMessage, 'payload' | 'attachments'>;

/** The checks run in the specification's order, so that both sides give one verdict. */
function decodeHeader(bytes: Uint8Array): Header {
  if (bytes.byteLength !== HEADER_BYTES)
    throw frameError(`a header of ${bytes.byteLength} bytes, not ${HEADER_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(HeaderOffset.MAGIC, true) !== MAGIC) throw frameError('the magic is not "RVB1"');
  const version = view.getUint8(HeaderOffset.VERSION);
  if (version !== PROTOCOL_VERSION) throw protocolVersionError(version);
  if (view.getUint16(HeaderOffset.FLAGS, true) !== 0) throw frameError('flags are not 0');
  if (view.getUint32(HeaderOffset.RESERVED, true) !== 0) throw frameError('reserved bytes are not 0');
  const streamId = view.getUint32(HeaderOffset.STREAM, true);
  const sequence = readSafeInteger(view, HeaderOffset.SEQUENCE);
  const correlation = readSafeInteger(view, HeaderOffset.CORRELATION);
  const type = view.getUint8(HeaderOffset.TYPE);
  if (!isMessageType(type)) {
    throw unknownTypeError(type, streamId, correlation);
  }
  return { type, streamId, sequence, correlation };
}

/** A u64, little-endian: 0 4 lower half · 4 4 upper half. */
function readSafeInteger(view: DataView, offset: number): number {
  const value = view.getUint32(offset + 4, true) * 2 ** 32 + view.getUint32(offset, true);
  if (value > Number.MAX_SAFE_INTEGER) throw frameError('a 64-bit field exceeds 2^53 - 1');
  return value;
}

/** Frame 1. */
function decodePayload(bytes: Uint8Array): Payload | null {
  if (bytes.byteLength === 0) return null;
  if (bytes.byteLength > MAX_PAYLOAD_BYTES) throw frameError(`a payload of ${bytes.byteLength} bytes`);
  const value = parseJson(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw frameError('the payload is not a JSON object');
  }
  return value as Payload;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (error) {
    throw frameError('the payload is not UTF-8 JSON', error);
  }
}
