// Which format a file is, by its first bytes, and what its header says. Names and suffixes do not count, and units are
// never guessed.
import type { DatRecords } from '../decode/index.ts';
import { eventFormatError } from '../model/index.ts';
import type { EventFormat, Geometry, WordFormat } from '../model/index.ts';
import { WORD_BYTES } from '../model/index.ts';
import { describeDat, hasDatType, isDatHeader } from './dat-header.ts';
import { describeRaw, isRawHeader } from './raw-header.ts';
import { parseTextHeader } from './text-header.ts';
import type { HeaderField, TextHeader } from './text-header.ts';

/** What a file's first bytes say. */
export interface RecordingHeader {
  readonly format: EventFormat;
  /** First byte of RAW or DAT data; 0 in formats whose readers look at the whole file. */
  readonly dataOffset: number;
  readonly geometry: Geometry | undefined;
  /** Lines of the text header of RAW and DAT. */
  readonly fields: readonly HeaderField[];
  /** What the records of a DAT file are. */
  readonly dat: DatRecords | undefined;
}

/** Options of {@link parseRecordingHeader}. */
export interface RecordingHeaderOptions {
  /** Name of the file in errors. */
  readonly source: string;
  /** The bytes given are the whole file. */
  readonly isWhole: boolean;
  /** The format the caller says it is: it wins over the content, and the file needs no header then. */
  readonly format?: EventFormat | undefined;
  /**
   * Version of a DAT file that does not say: 2 as in Prophesee's dat_tools, 1 as in its MATLAB scripts.
   * @default 2
   */
  readonly datVersion?: 1 | 2 | undefined;
}

/** Bytes of the data that are looked at. */
const SAMPLE_BYTES = 4096;

const HDF5_MAGIC = Buffer.from('\u0089HDF\r\n\u001A\n', 'latin1');

const startsWith = (bytes: Uint8Array, magic: string | Buffer, at = 0): boolean => {
  const wanted = Buffer.from(magic);
  return bytes.length >= at + wanted.length && wanted.equals(bytes.subarray(at, at + wanted.length));
};

/**
 * Reads the header of any recording from the first bytes of the file: 64 KiB do for nearly all.
 *
 * @returns undefined when the header goes on behind `bytes`, or they are fewer than 4096: call again with twice as many
 */
export function parseRecordingHeader(
  bytes: Uint8Array,
  options: RecordingHeaderOptions,
): RecordingHeader | undefined {
  const { source, isWhole } = options;
  const declared = options.format;
  if (declared !== undefined && !isWordFormat(declared)) return withoutHeader(declared);
  if (!isWhole && bytes.length < SAMPLE_BYTES) return undefined;
  const other = declared === undefined ? detectOther(bytes, source) : undefined;
  if (other !== undefined) return withoutHeader(other);
  const header = parseTextHeader(bytes, isWhole, source);
  if (header === undefined) return undefined;
  if (!isWhole && bytes.length < header.dataOffset + SAMPLE_BYTES) return undefined;
  return describeWords(header, bytes, options);
}

const isWordFormat = (format: EventFormat): format is WordFormat => Object.hasOwn(WORD_BYTES, format);

const withoutHeader = (format: EventFormat): RecordingHeader => ({
  format,
  dataOffset: 0,
  geometry: undefined,
  fields: [],
  dat: undefined,
});

/** Formats that begin with something else than "% ". */
function detectOther(bytes: Uint8Array, source: string): EventFormat | undefined {
  if (bytes.length === 0) {
    throw eventFormatError(source, { byte: 0 }, 'the file is empty', 'give a file that holds a recording');
  }
  if (isHdf5(bytes)) return 'hdf5';
  if (startsWith(bytes, '#!AER-DAT4')) return 'aedat4';
  for (const magic of ['#!AER-DAT', 'Event Stream']) {
    if (!startsWith(bytes, magic)) continue;
    const state = `it begins with "${firstLine(bytes)}", a format that is not read`;
    throw eventFormatError(source, { byte: 0 }, state, 'convert it to AEDAT4, RAW or text first');
  }
  if (startsWith(bytes, '% ')) return undefined;
  if (isText(bytes)) return 'text';
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  const state = `the file begins with 0x${start}, which is no format that is known by its content`;
  throw eventFormatError(source, { byte: 0 }, state, 'name the format with --format');
}

/** The signature stands at byte 0, 512, 1024, 2048, ... */
function isHdf5(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at = at === 0 ? 512 : 2 * at) {
    if (startsWith(bytes, HDF5_MAGIC, at)) return true;
  }
  return false;
}

const firstLine = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, 40))
    .toString('latin1')
    .split(/[^ -~]/, 1)[0]!;

/** True when the first bytes are those of lines of text. */
function isText(bytes: Uint8Array, start = 0): boolean {
  const sample = bytes.subarray(start, start + SAMPLE_BYTES);
  return sample.every((byte) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 0x09 && byte <= 0x0d));
}

/** RAW or DAT, or lines of text that begin with "% ". */
function describeWords(
  header: TextHeader,
  bytes: Uint8Array,
  options: RecordingHeaderOptions,
): RecordingHeader {
  const { source, format } = options;
  const { fields, dataOffset } = header;
  if (format === 'dat' || (format === undefined && isDat(header, bytes))) {
    const description = describeDat(header, bytes, source, options.datVersion ?? 2);
    return { format: 'dat', fields, ...description };
  }
  const isUnknown = format === undefined && !isRawHeader(fields);
  if (isUnknown && dataOffset < bytes.length && isText(bytes, dataOffset)) return withoutHeader('text');
  const declared = format as WordFormat | undefined;
  return { fields, dataOffset, dat: undefined, ...describeRaw(header, source, declared) };
}

/** Type and size decide where the lines could be those of either kind. */
function isDat(header: TextHeader, bytes: Uint8Array): boolean {
  const { fields, dataOffset } = header;
  if (hasDatType(bytes, dataOffset)) return isDatHeader(fields) || !isRawHeader(fields);
  return (
    isDatHeader(fields) && !isRawHeader(fields) && !(dataOffset < bytes.length && isText(bytes, dataOffset))
  );
}
