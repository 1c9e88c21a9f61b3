// Byte map of a write-ahead log file `<kind>-<generation>.wal`. All integers little-endian.
//
//   0  8  magic "RVWAL\0\0\1"
//   8     frame: Arrow schema message          ┐ every frame:
//   ..    frame: Arrow record batch message    │  0 4 length of the message
//   ..    ...                                  │  4 4 crc32 of the message, seeded with the schema's
//                                              │  8 4 crc32 of the 8 bytes before
//                                              ┘ 12 n Arrow encapsulated message
//
// The header has its own checksum so that a frame cut short (kill -9) can be told from a changed
// length. The seed ties a batch to the schema it was written with. Encapsulated messages:
// https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
import { crc32 } from 'node:zlib';

export const walMagic: Buffer = Buffer.from('RVWAL\0\0\x01', 'latin1');
export const frameHeaderBytes = 12;

/** Checksum of a frame's message. @param seed the schema message's checksum, 0 for the schema itself */
export function messageChecksum(message: Uint8Array, seed: number): number {
  return crc32(message, seed);
}

/** Checksum of a frame header's first eight bytes. */
export function headerChecksum(header: Uint8Array): number {
  return crc32(header.subarray(0, 8));
}

/** File name of a log. */
export function walName(kind: string, generation: number): string {
  return `${kind}-${String(generation).padStart(8, '0')}.wal`;
}

/** Kind and generation of a log's file name, or null when it is no log. */
export function parseWalName(name: string): { kind: string; generation: number } | null {
  const match = /^([a-z_]+)-(\d{8,})\.wal$/.exec(name);
  return match ? { kind: match[1]!, generation: Number(match[2]) } : null;
}
