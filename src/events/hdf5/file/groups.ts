// Names of a group → addresses of headers. Old files list them in a B-tree of symbol table nodes whose names stand in a
// local heap; newer ones in link messages.
//
//   "TREE"  4 signature, 1 type (0 groups), 1 level, 2 entries, 2 addresses of neighbours, then key, child, key, ..., key
//   "SNOD"  4 signature, 1 version, 1 reserved, 2 entries; each: place of the name, header, 4 cached, 4 reserved, 16 scratch
//   "HEAP"  4 signature, 1 version, 3 reserved, length of the names, free space, address of the names
//   link    1 version, 1 flags, 1 (flags & 8) type, 8 (flags & 4) order, 1 (flags & 16) character set,
//           length of the name, 1 << (flags & 3) wide, name; then an address, or 2 length and path of a soft link
import { NotNative } from '../errors.ts';
import { Hdf5Cursor, zeroEndedText } from './cursor.ts';
import type { Hdf5Bytes } from './cursor.ts';
import { messageTypes } from './object-header.ts';
import type { HeaderMessage } from './object-header.ts';

/** What a name of a group stands for. */
export type Link = { readonly address: number } | { readonly path: string };

const EXTERNAL_LINK = 64;
/** Deeper and larger than any group of names. */
const MAX_LEVEL = 16;
const MAX_LINKS = 100_000;

/** The names of a group, in no order; empty for what is no group. */
export function readLinks(file: Hdf5Bytes, messages: readonly HeaderMessage[]): Map<string, Link> {
  const links = new Map<string, Link>();
  for (const { type, body } of messages) {
    if (type === messageTypes.symbolTable) readSymbolTable(file, body, links);
    else if (type === messageTypes.link) readLink(body, links);
    else if (type === messageTypes.linkInfo && isDense(body)) throw new NotNative('a group of many names');
  }
  return links;
}

/** 1 version, 1 flags, 8 (flags & 1) highest order, address of a heap that holds the links. */
function isDense(body: Hdf5Cursor): boolean {
  body.skip(1);
  if ((body.u8() & 1) !== 0) body.skip(8);
  return body.address() !== null;
}

function readLink(body: Hdf5Cursor, links: Map<string, Link>): void {
  body.skip(1);
  const flags = body.u8();
  const type = (flags & 8) !== 0 ? body.u8() : 0;
  body.skip(((flags & 4) !== 0 ? 8 : 0) + ((flags & 16) !== 0 ? 1 : 0));
  const name = body.text(body.uint(1 << (flags & 3)));
  if (type === 0) links.set(name, { address: body.somewhere(`"${name}"`) });
  else if (type === 1) links.set(name, { path: body.text(body.u16()) });
  else if (type === EXTERNAL_LINK) throw new NotNative('a link to another file');
  else body.fail(`a link of type ${type}`, 2);
}

function readSymbolTable(file: Hdf5Bytes, body: Hdf5Cursor, links: Map<string, Link>): void {
  const tree = body.somewhere('a group');
  const heap = Hdf5Cursor.open(file, body.somewhere('the names of a group'), 8 + 3 * 8);
  heap.expect('HEAP');
  heap.skip(4);
  const size = heap.length();
  heap.length();
  const names = Hdf5Cursor.open(file, heap.somewhere('the names of a group'), size);
  readTree(file, tree, MAX_LEVEL, (address) => readSymbols(file, address, names, links));
}

/** Visits the symbol table nodes below a node. */
function readTree(file: Hdf5Bytes, address: number, above: number, visit: (address: number) => void): void {
  const { offsetBytes, lengthBytes } = file;
  const head = Hdf5Cursor.open(file, address, 8);
  head.expect('TREE');
  if (head.u8() !== 0) head.fail('this is no list of names', 4);
  const level = head.u8();
  const count = head.u16();
  if (level >= above) head.fail('a list of names goes in a circle', 5);
  const node = Hdf5Cursor.open(
    file,
    address + 8 + 2 * offsetBytes,
    count * (lengthBytes + offsetBytes) + lengthBytes,
  );
  for (let i = 0; i < count; i++) {
    node.skip(lengthBytes);
    const child = node.somewhere('a list of names');
    if (level > 0) readTree(file, child, level, visit);
    else visit(child);
  }
}

function readSymbols(file: Hdf5Bytes, address: number, names: Hdf5Cursor, links: Map<string, Link>): void {
  const head = Hdf5Cursor.open(file, address, 8);
  head.expect('SNOD');
  head.skip(2);
  const count = head.u16();
  const node = Hdf5Cursor.open(file, address + 8, count * (2 * file.offsetBytes + 24));
  for (let i = 0; i < count; i++) {
    const nameAt = node.uint(file.offsetBytes);
    const header = node.address();
    const cached = node.u32();
    node.skip(4);
    const target = node.part(16).u32();
    if (nameAt >= names.bytes.length) node.fail('a name is not within the names of its group');
    const name = zeroEndedText(names.bytes.subarray(nameAt));
    // Cached 2: a soft link, whose path stands among the names.
    if (cached === 2) links.set(name, { path: zeroEndedText(names.bytes.subarray(target)) });
    else if (header !== null) links.set(name, { address: header });
    if (links.size > MAX_LINKS) node.fail('a group of too many names');
  }
}
