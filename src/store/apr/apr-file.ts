// APR2 training data, byte for byte as the tuner's document writes it. All integers little-endian. No I/O.
//
//   0    4  magic "APR2"
//   4    4  u32 length n of the JSON
//   8    n  JSON: list of samples (sample-json.ts)
//   8+n  4  u32 CRC-32 (IEEE) of the JSON
import { crc32 } from 'node:zlib';
import type { TrainingSample } from '../../core/index.ts';
import { aprTooLargeError, corruptAprError, aprVersionError } from './errors.ts';
import { parseSamples, sampleJson } from './sample-json.ts';

const magic = Buffer.from('APR2', 'latin1');
const HEAD_BYTES = 8;
const CRC_BYTES = 4;
/** What the u32 length can express. */
export const APR_MAX_JSON_BYTES = 0xffff_ffff;
/** Longest JSON that fits into one JavaScript string. */
const MAX_PARSED_BYTES = 0x1fff_ffe8;
const SAMPLES_PER_PIECE = 1000;

/** A file's bytes in pieces, and the checksum at its end. */
export interface EncodedApr {
  readonly pieces: readonly Uint8Array[];
  readonly crc: number;
}

/**
 * Encodes samples to the bytes of a file, in pieces so that no copy of the whole is made.
 * @param maxJsonBytes the format's own limit @default 4294967295
 * @throws RuvectorError `ERR_STORE_APR_TOO_LARGE` before anything could be written
 */
export function encodeApr(
  samples: Iterable<TrainingSample>,
  maxJsonBytes: number = APR_MAX_JSON_BYTES,
): EncodedApr {
  const json = encodeJson(samples);
  const jsonBytes = json.reduce((sum, piece) => sum + piece.length, 0);
  if (jsonBytes > maxJsonBytes) throw aprTooLargeError(jsonBytes, maxJsonBytes);
  const crc = json.reduce((value, piece) => crc32(piece, value), 0);
  const head = Buffer.alloc(HEAD_BYTES);
  magic.copy(head);
  head.writeUInt32LE(jsonBytes, 4);
  const tail = Buffer.alloc(CRC_BYTES);
  tail.writeUInt32LE(crc, 0);
  return { pieces: [head, ...json, tail], crc };
}

/** The JSON in pieces of about 200 kB. */
function encodeJson(samples: Iterable<TrainingSample>): Buffer[] {
  const pieces: Buffer[] = [];
  let waiting: string[] = [];
  let isFirst = true;
  const flush = (): void => {
    pieces.push(Buffer.from(`${isFirst ? '[' : ','}${waiting.join(',')}`));
    waiting = [];
    isFirst = false;
  };
  for (const sample of samples) {
    waiting.push(sampleJson(sample));
    if (waiting.length === SAMPLES_PER_PIECE) flush();
  }
  if (waiting.length > 0 || isFirst) flush();
  pieces.push(Buffer.from(']'));
  return pieces;
}

/**
 * Decodes the bytes of a file.
 * @throws RuvectorError `ERR_STORE_APR_VERSION` for another version's magic, `ERR_STORE_APR_CORRUPT` for
 *   bytes that are cut short, changed or too many, `ERR_STORE_APR_SAMPLE` for samples of another shape
 */
export function decodeApr(bytes: Uint8Array): { samples: TrainingSample[]; crc: number } {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkMagic(file);
  if (file.length < HEAD_BYTES + CRC_BYTES) {
    throw corruptAprError(`it ends after ${file.length} bytes, wanted at least ${HEAD_BYTES + CRC_BYTES}`);
  }
  const jsonBytes = file.readUInt32LE(4);
  const wantedBytes = HEAD_BYTES + jsonBytes + CRC_BYTES;
  if (file.length !== wantedBytes) {
    throw corruptAprError(`it has ${file.length} bytes, its length field wants ${wantedBytes}`);
  }
  const json = file.subarray(HEAD_BYTES, HEAD_BYTES + jsonBytes);
  const stored = file.readUInt32LE(HEAD_BYTES + jsonBytes);
  const computed = crc32(json);
  if (stored !== computed)
    throw corruptAprError(`CRC mismatch: stored ${hex(stored)}, computed ${hex(computed)}`);
  if (jsonBytes > MAX_PARSED_BYTES) throw aprTooLargeError(jsonBytes, MAX_PARSED_BYTES);
  return { samples: parseSamples(json.toString()), crc: stored };
}

function checkMagic(file: Buffer): void {
  const found = file.subarray(0, magic.length);
  if (found.equals(magic)) return;
  const text = found.toString('latin1');
  if (/^APR[0-9A-Z]$/.test(text)) throw aprVersionError(text);
  throw corruptAprError(`expected magic "APR2", got ${JSON.stringify(text)}`);
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');
