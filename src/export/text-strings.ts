// UTF-8 strings → CSV fields and JSON strings. The bytes are copied as they are but for those that a format
// must quote or escape, all of which are ASCII.
import type { TextBuffer } from './text-buffer.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;

/** Most bytes that one byte can become. */
export const ESCAPED_BYTES = 6;

/** RFC 4180: quoted where it must be. An empty text is quoted too: nothing between commas is a missing value. */
export function writeCsvString(out: TextBuffer, values: Uint8Array, from: number, to: number): void {
  const start = out.length;
  const { bytes } = out;
  let mustQuote = from === to;
  for (let i = from; i < to; i++) {
    const byte = values[i]!;
    bytes[start + i - from] = byte;
    if (byte === COMMA || byte === QUOTE || byte === LINE_FEED || byte === RETURN) mustQuote = true;
  }
  out.length = start + to - from;
  if (!mustQuote) return;
  out.length = start;
  out.byte(QUOTE);
  for (let i = from; i < to; i++) {
    if (values[i] === QUOTE) out.byte(QUOTE);
    out.byte(values[i]!);
  }
  out.byte(QUOTE);
}

/** RFC 8259. */
export function writeJsonString(out: TextBuffer, values: Uint8Array, from: number, to: number): void {
  out.byte(QUOTE);
  for (let i = from; i < to; i++) {
    const byte = values[i]!;
    if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) out.byte(byte);
    else out.ascii(escapes[byte]!);
  }
  out.byte(QUOTE);
}

/** By the byte they stand for: control characters, the quote and the backslash. */
const escapes = Array.from({ length: BACKSLASH + 1 }, (_, byte) =>
  JSON.stringify(String.fromCharCode(byte)).slice(1, -1),
);
