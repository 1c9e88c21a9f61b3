// The header of a group or dataset: a list of messages. Version 1 has none, version 2 the signature "OHDR" first.
//
//   version 1                                  version 2
//    0  1  version                              0  4  "OHDR"
//    2  2  number of messages                   4  1  version
//    4  4  references                           5  1  flags
//    8  4  bytes of the first block             6  16 (flags & 32) times
//   16     messages: 2 type, 2 size, 1 flags       4  (flags & 16) limits of attributes
//          3 reserved, then the body               n  bytes of the first block, 1 << (flags & 3) wide
//                                                     messages: 1 type, 2 size, 1 flags, 2 (flags & 4) order
//   message 16 names another block: address, length. In version 2 it begins with "OCHK" and ends with a checksum.
import { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Bytes } from './cursor.ts';

/** Types of messages that are read. */
export const messageTypes = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  fillValue: 5,
  link: 6,
  externalFiles: 7,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

/** A message of a header: its body, and whether the body stands elsewhere. */
export interface HeaderMessage {
  readonly type: number;
  readonly isShared: boolean;
  readonly body: Hdf5Cursor;
}

/** More blocks than this are a circle. */
const MAX_BLOCKS = 4096;

/** Reads all messages of the header at an address. */
export function readObjectHeader(file: Hdf5Bytes, address: number): HeaderMessage[] {
  const probe = Hdf5Cursor.open(file, address, Math.min(64, file.source.sizeBytes - file.base - address));
  return probe.bytes[0] === 0x4f ? readVersion2(file, address, probe) : readVersion1(file, address, probe);
}

function readVersion1(file: Hdf5Bytes, address: number, probe: Hdf5Cursor): HeaderMessage[] {
  const version = probe.u8();
  if (version !== 1) probe.fail(`object header version ${version} is not known`, 0);
  probe.skip(7);
  const blocks = [{ address: address + 16, length: probe.u32() }];
  const messages: HeaderMessage[] = [];
  for (let i = 0; i < blocks.length; i++) {
    const block = Hdf5Cursor.open(file, blocks[i]!.address, blocks[i]!.length);
    while (block.left >= 8) {
      const type = block.u16();
      const size = block.u16();
      const flags = block.u8();
      block.skip(3);
      addMessage(messages, blocks, { type, isShared: (flags & 2) !== 0, body: block.part(size) });
    }
  }
  return messages;
}

function readVersion2(file: Hdf5Bytes, address: number, probe: Hdf5Cursor): HeaderMessage[] {
  probe.expect('OHDR');
  const version = probe.u8();
  if (version !== 2) probe.fail(`object header version ${version} is not known`, 4);
  const flags = probe.u8();
  probe.skip(((flags & 32) !== 0 ? 16 : 0) + ((flags & 16) !== 0 ? 4 : 0));
  const size = probe.uint(1 << (flags & 3));
  const messages: HeaderMessage[] = [];
  const blocks = [{ address: address + probe.at, length: size }];
  for (let i = 0; i < blocks.length; i++) {
    const block = Hdf5Cursor.open(file, blocks[i]!.address, blocks[i]!.length);
    if (i > 0) block.expect('OCHK');
    const headBytes = (flags & 4) !== 0 ? 6 : 4;
    // Up to the checksum, which is not part of the first block's length, and a gap too small for a message.
    while (block.left >= headBytes + (i > 0 ? 4 : 0)) {
      const type = block.u8();
      const bodySize = block.u16();
      const isShared = (block.u8() & 2) !== 0;
      block.skip(headBytes - 4);
      addMessage(messages, blocks, { type, isShared, body: block.part(bodySize) });
    }
  }
  return messages;
}

function addMessage(
  messages: HeaderMessage[],
  blocks: { address: number; length: number }[],
  message: HeaderMessage,
): void {
  if (message.type !== messageTypes.continuation) {
    messages.push(message);
    return;
  }
  const { body } = message;
  blocks.push({ address: body.somewhere('the rest of a header'), length: body.length() });
  if (blocks.length > MAX_BLOCKS) body.fail('a header goes in a circle', 0);
}
