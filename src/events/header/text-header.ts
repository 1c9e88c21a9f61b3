// The text in front of RAW and DAT data: lines of `% key value`, up to `% end` or, in old files that have none, up to the
// first bytes that are no such line. The data begin at any byte, aligned or not, and may begin with "%" themselves.
import { eventEncodeError, eventHeaderError } from '../model/index.ts';

/** One line of a header. */
export interface HeaderField {
  readonly key: string;
  /** The rest of the line, without spaces around it. */
  readonly value: string;
  /** Byte of the file at which the line begins. */
  readonly byte: number;
}

/** A header and where it ends. */
export interface TextHeader {
  /** All lines but `% end`, in order, known or not. */
  readonly fields: readonly HeaderField[];
  /** The first byte behind the header. */
  readonly dataOffset: number;
}

/** What no header reaches; what has not ended by then is none. */
const LARGEST_HEADER_BYTES = 16 * 2 ** 20;

const PERCENT = 0x25;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * Reads the header at the beginning of `bytes`; without one, an empty header that ends at byte 0.
 *
 * @param isWhole `bytes` is the whole file
 * @returns undefined when the header may go on behind `bytes`: read more of the file
 */
export function parseTextHeader(bytes: Uint8Array, isWhole: boolean, source: string): TextHeader | undefined {
  const fields: HeaderField[] = [];
  let at = 0;
  while (at < bytes.length && bytes[at] === PERCENT) {
    if (at + 1 === bytes.length && !isWhole) return needMore(at, source);
    if (bytes[at + 1] !== SPACE) break;
    const end = findLineEnd(bytes, at);
    if (end === 'data') break;
    if (end === 'cut' && !isWhole) return needMore(bytes.length, source);
    const stop = end === 'cut' ? bytes.length : end;
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + at + 2, stop - at - 2)
      .toString('utf8')
      .trim();
    const byte = at;
    at = Math.min(stop + 1, bytes.length);
    const [, key, value] = /^(\S*)\s*([^]*)$/.exec(line)!;
    if (key === 'end') return { fields, dataOffset: at };
    if (key !== '') fields.push({ key: key!, value: value!, byte });
  }
  if (at === bytes.length && !isWhole) return needMore(at, source);
  return { fields, dataOffset: at };
}

function needMore(at: number, source: string): undefined {
  if (at < LARGEST_HEADER_BYTES) return undefined;
  throw eventHeaderError(source, { byte: at }, 'the header does not end', 'check that this is a recording');
}

/**
 * The newline of the line at `start`; `data` when a byte that no text holds comes first: then the data of a file without
 * `% end` begin with the bytes of "% ".
 */
function findLineEnd(bytes: Uint8Array, start: number): number | 'data' | 'cut' {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === NEWLINE) return at;
    const isControl = byte < SPACE && byte !== 0x09 && byte !== 0x0d;
    if (isControl || byte === 0x7f) return 'data';
  }
  return 'cut';
}

/** Value of the last line with one of `keys`, else undefined. */
export function findField(fields: readonly HeaderField[], ...keys: string[]): HeaderField | undefined {
  return fields.findLast((field) => keys.includes(field.key));
}

/** Lines of `% key value` and `% end`. */
export function encodeTextHeader(
  fields: readonly Pick<HeaderField, 'key' | 'value'>[],
  format: string,
): Uint8Array {
  const lines = fields.map(({ key, value }) => {
    const line = `% ${key} ${value}`.trimEnd();
    const isText = Buffer.from(line).every((byte) => byte >= SPACE && byte !== 0x7f);
    if (!/^\S+$/.test(key) || key === 'end' || !isText) {
      throw eventEncodeError(
        format,
        0,
        `"${key}" is no line of a header`,
        'give it a key without spaces and one line',
      );
    }
    return `${line}\n`;
  });
  return Buffer.from(`${lines.join('')}% end\n`);
}
