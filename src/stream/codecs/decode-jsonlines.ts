// JSON Lines → events. The inverse of encode-jsonlines.ts. A frame is one line with its newline:
//
//   0  n  one JSON object in UTF-8, without byte order mark; or nothing
//   n  1  0x0a, which JSON has nowhere else
//
// https://jsonlines.org · keys and types: docs/streams.md, "Formats"
import type { StreamKinds } from '../stream-contract.ts';
import type { FrameFormat, FrameScanner } from './frame-decoder.ts';
import { buildPlainReader, plainReaders, refuse } from './plain-event.ts';
import type { PlainMap, ValueReaders } from './plain-event.ts';

const NEWLINE = 0x0a;
const BRACKET = 0x5b;
const BRACE = 0x7b;
/** Longer lines are counted for brackets before they are parsed: each would become an object. */
const PLAIN_LINE_BYTES = 64 * 1024;
const MAX_BRACKETS = 10_000;

// ignoreBOM keeps a byte order mark in the text, so that JSON.parse refuses it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const iso8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

const readers: ValueReaders = {
  ...plainReaders,
  timestamp: readTimestamp,
  uint64: readUint64,
  float32: (value) => finite(plainReaders.float32(value)),
  float64: (value) => finite(plainReaders.float64(value)),
};

/** Builds the decoder. */
export function decodeJsonLines(kinds: StreamKinds): FrameFormat {
  const readEvent = buildPlainReader(kinds, readers);
  return {
    createScanner,
    decodeFrame(frame, events) {
      const plain = parseLine(frame);
      if (plain !== null) events.push(readEvent(plain));
    },
  };
}

function createScanner(): FrameScanner {
  let scanned = 0;
  return (bytes) => {
    const at = bytes.indexOf(NEWLINE, scanned);
    scanned = at < 0 ? bytes.byteLength : 0;
    return at < 0 ? -1 : at + 1;
  };
}

/** Null for an empty line, as the format allows. */
function parseLine(frame: Uint8Array): PlainMap | null {
  if (frame.byteLength > PLAIN_LINE_BYTES) assertFlat(frame);
  if (frame.byteLength === 1) return null;
  const text = utf8.decode(frame);
  if (/^[ \t\r\n]*$/.test(text)) return null;
  const value = JSON.parse(text) as unknown;
  if (typeof value !== 'object' || value === null) return refuse('an object', value);
  return value as PlainMap;
}

function assertFlat(frame: Uint8Array): void {
  let brackets = 0;
  for (const byte of frame) if (byte === BRACKET || byte === BRACE) brackets++;
  if (brackets > MAX_BRACKETS) throw new RangeError(`a line holds ${brackets} brackets`);
}

function readTimestamp(value: unknown): number {
  const ms = typeof value === 'string' && iso8601.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? refuse('a time in ISO 8601', value) : ms;
}

function readUint64(value: unknown): bigint {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return refuse('a decimal string', value);
  const integer = BigInt(value);
  return integer < 2n ** 64n ? integer : refuse('an integer below 2^64', value);
}

/** JSON has no infinity, but 1e999 is one. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : refuse('a finite number', value);
}
