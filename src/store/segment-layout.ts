// What a sealed segment is: one Parquet file `<fromMs>-<toMs>-<generation>.parquet` with one row
// group (more when the rows are very many), integers in native units as DELTA_BINARY_PACKED, pages compressed with zstd, and these keys
// in the footer's metadata. Readable by any Parquet reader; nothing of ours is needed to read it.
import { crc32 } from 'node:zlib';

/** Footer keys. `checksum` is the crc32 of the whole file taken with its own eight digits as zeros. */
export const segmentKeys = {
  kind: 'ruvector.kind',
  version: 'ruvector.version',
  generations: 'ruvector.wal_generations',
  /** Reading of the history's own clock at the seal, ms; absent in files of earlier releases. */
  historyMs: 'ruvector.history_ms',
  checksum: 'ruvector.crc32',
} as const;

export const blankChecksum = '00000000';

/** File name of a segment. */
export function segmentName(fromMs: number, toMs: number, generation: number): string {
  return `${fromMs}-${toMs}-${generation}.parquet`;
}

/** Time range of a segment's file name, or null when it is none. */
export function parseSegmentName(name: string): { fromMs: number; toMs: number; generation: number } | null {
  const match = /^(-?\d+)-(-?\d+)-(\d+)\.parquet$/.exec(name);
  if (!match) return null;
  return { fromMs: Number(match[1]), toMs: Number(match[2]), generation: Number(match[3]) };
}

/** Writes the file's checksum over its blank digits. */
export function stampChecksum(file: Buffer): void {
  const at = findChecksum(file);
  if (at === -1) throw new TypeError(`Cannot stamp segment: its footer has no key "${segmentKeys.checksum}"`);
  file.write(digitsOf(crc32(file)), at, 'latin1');
}

/** True when no bit of the file changed since it was stamped. */
export function hasValidChecksum(file: Buffer): boolean {
  const at = findChecksum(file);
  if (at === -1) return false;
  const stamped = file.toString('latin1', at, at + blankChecksum.length);
  const before = crc32(file.subarray(0, at));
  const blanked = crc32(blankChecksum, before);
  return stamped === digitsOf(crc32(file.subarray(at + blankChecksum.length), blanked));
}

/** Offset of the digits: behind the key and the two bytes Thrift puts between key and value. */
function findChecksum(file: Buffer): number {
  const at = file.lastIndexOf(segmentKeys.checksum, undefined, 'latin1');
  if (at === -1) return -1;
  const digits = at + segmentKeys.checksum.length + 2;
  return digits + blankChecksum.length <= file.length ? digits : -1;
}

function digitsOf(checksum: number): string {
  return checksum.toString(16).padStart(blankChecksum.length, '0');
}
