// The first bytes of an HDF5 file. The signature 89 "HDF" 0d 0a 1a 0a stands at byte 0, or at 512, 1024, 2048 and so on
// behind a user block; then, from its first byte on:
//
//   version 0 and 1                            version 2 and 3
//    8  1  version                              8  1  version
//   13  1  bytes of an address                  9  1  bytes of an address
//   14  1  bytes of a length                   10  1  bytes of a length
//   16  4  sizes of group nodes                11  1  flags
//   20  4  flags                               12  O  base address
//   24  4  (version 1 only) sizes of chunk nodes   O  superblock extension
//       O  base address                            O  end of the file
//       O  free space, O end, O driver             O  header of the root group
//       O  name of the root group, O its header    4  checksum
//
// https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html
import { eventFormatError } from '../../model/index.ts';
import type { ByteSource } from './byte-source.ts';
import { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Bytes } from './cursor.ts';

/** What stands in front of a superblock. */
export const hdf5Signature: Uint8Array = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

/** A file with its widths, and where its root group's header is. */
export interface Superblock {
  readonly file: Hdf5Bytes;
  readonly rootAddress: number;
}

/** @throws RuvectorError `ERR_EVENTS_FORMAT` where the bytes are no HDF5 file */
export function readSuperblock(source: ByteSource): Superblock {
  const start = findSignature(source);
  const available = Math.min(128, source.sizeBytes - start);
  const head = new Hdf5Cursor(bytesOf(source, start, 8, 8), source.readNow(start, available), start);
  head.skip(8);
  const version = head.u8();
  if (version > 3) head.fail(`superblock version ${version} is not known`, 8);
  head.at = version < 2 ? 13 : 9;
  const offsetBytes = head.u8();
  const lengthBytes = head.u8();
  if (offsetBytes < 2 || offsetBytes > 8 || lengthBytes < 2 || lengthBytes > 8) {
    head.fail(`addresses of ${offsetBytes} and lengths of ${lengthBytes} bytes are not possible`, 9);
  }
  const cursor = new Hdf5Cursor(bytesOf(source, 0, offsetBytes, lengthBytes), head.bytes, start);
  cursor.at = version < 2 ? 24 + 4 * version : 12;
  const base = cursor.somewhere('the base');
  for (let i = 0; i < (version < 2 ? 4 : 2); i++) cursor.address();
  const rootAddress = cursor.somewhere('the root group');
  // A user block that was added or cut off afterwards leaves the base as it was; libhdf5 trusts the signature.
  return { file: bytesOf(source, base === start ? base : start, offsetBytes, lengthBytes), rootAddress };
}

const bytesOf = (source: ByteSource, base: number, offsetBytes: number, lengthBytes: number): Hdf5Bytes => ({
  source,
  base,
  offsetBytes,
  lengthBytes,
});

function findSignature(source: ByteSource): number {
  for (let start = 0; start + 8 < source.sizeBytes; start = start === 0 ? 512 : start * 2) {
    const bytes = source.readNow(start, 8);
    if (hdf5Signature.every((byte, i) => bytes[i] === byte)) return start;
  }
  throw eventFormatError(
    source.path,
    { byte: 0 },
    'the signature of HDF5 is missing',
    'name the right format with --format, or another file',
  );
}
