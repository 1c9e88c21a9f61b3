// AEDAT4 files built with the FlatBuffers library, for readers to read.
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { Builder } from 'flatbuffers';
import { xxHash32 } from '../../../src/events/compression/xxhash32.ts';
import type { EventRow } from './drain-source.ts';

/** A packet of a file. */
export type Packet =
  | { readonly stream: number; readonly events: readonly EventRow[] }
  | { readonly stream: number; readonly triggers: readonly (readonly [t: number, type: number])[] }
  | { readonly stream: number; readonly other: string };

/** How a file is built. */
export interface Aedat4Plan {
  readonly packets: readonly Packet[];
  /** @default none */
  readonly compression?: 'none' | 'lz4' | 'zstd' | 'zstd without size' | undefined;
  /** Write the place of the table of packets, and a table that is none. @default true */
  readonly table?: boolean | undefined;
  /** @default a stream 0 of events, 346 × 260 */
  readonly xml?: string | undefined;
}

const codes = { none: 0, lz4: 1, zstd: 3, 'zstd without size': 3 };

/** The description of streams of events of one size. */
export const xmlOf = (ids: readonly number[], width = 346, height = 260): string =>
  `<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">${ids
    .map(
      (id) =>
        `<node name="${id}" path="/x/${id}/"><attr key="compression" type="string">NONE</attr>` +
        `<attr key="typeIdentifier" type="string">EVTS</attr><node name="info" path="/x/${id}/info/">` +
        `<attr key="sizeX" type="int">${width}</attr><attr key="sizeY" type="int">${height}</attr>` +
        `<attr key="source" type="string">A &amp; B</attr></node></node>`,
    )
    .join('')}</node></dv>`;

/** Builds a file. */
export async function buildAedat4(plan: Aedat4Plan): Promise<Buffer> {
  const compression = plan.compression ?? 'none';
  const bodies = await Promise.all(
    plan.packets.map(async (packet) => {
      const body = await compress(encodeBody(packet), compression);
      const head = Buffer.alloc(8);
      head.writeInt32LE(packet.stream, 0);
      head.writeInt32LE(body.length, 4);
      return Buffer.concat([head, body]);
    }),
  );
  const packets = Buffer.concat(bodies);
  const header = (place: bigint): Buffer => encodeHeader(codes[compression], place, plan.xml ?? xmlOf([0]));
  const signature = Buffer.from('#!AER-DAT4.0\r\n');
  if (plan.table === false) return Buffer.concat([signature, header(-1n), packets]);
  const end = BigInt(signature.length + header(0n).length + packets.length);
  return Buffer.concat([
    signature,
    header(end),
    packets,
    Buffer.from('a table of packets that nobody reads'),
  ]);
}

function encodeHeader(compression: number, place: bigint, xml: string): Buffer {
  const builder = new Builder();
  builder.forceDefaults(true);
  const text = builder.createString(xml);
  builder.startObject(3);
  builder.addFieldInt32(0, compression, 0);
  builder.addFieldInt64(1, place, -1n);
  builder.addFieldOffset(2, text, 0);
  builder.finishSizePrefixed(builder.endObject(), 'IOHE');
  return Buffer.from(builder.asUint8Array());
}

function encodeBody(packet: Packet): Buffer {
  const builder = new Builder();
  if ('other' in packet) {
    builder.startObject(0);
    builder.finishSizePrefixed(builder.endObject(), packet.other);
    return Buffer.from(builder.asUint8Array());
  }
  const isEvents = 'events' in packet;
  const list = isEvents ? addEvents(builder, packet.events) : addTriggers(builder, packet.triggers);
  builder.startObject(1);
  builder.addFieldOffset(0, list, 0);
  builder.finishSizePrefixed(builder.endObject(), isEvents ? 'EVTS' : 'TRIG');
  return Buffer.from(builder.asUint8Array());
}

function addEvents(builder: Builder, events: readonly EventRow[]): number {
  builder.startVector(16, events.length, 8);
  for (const [t, x, y, p] of [...events].reverse()) {
    builder.prep(8, 16);
    builder.pad(3);
    builder.writeInt8(p);
    builder.writeInt16(y);
    builder.writeInt16(x);
    builder.writeInt64(BigInt(t));
  }
  return builder.endVector();
}

function addTriggers(builder: Builder, triggers: readonly (readonly [t: number, type: number])[]): number {
  const tables = triggers.map(([t, type]) => {
    builder.startObject(2);
    builder.addFieldInt64(0, BigInt(t), 0n);
    builder.addFieldInt8(1, type, 0);
    return builder.endObject();
  });
  builder.startVector(4, tables.length, 4);
  for (const table of tables.reverse()) builder.addOffset(table);
  return builder.endVector();
}

async function compress(bytes: Buffer, compression: NonNullable<Aedat4Plan['compression']>): Promise<Buffer> {
  if (compression === 'none') return bytes;
  if (compression === 'lz4') return storedLz4(bytes);
  if (compression === 'zstd') return zstdCompressSync(bytes);
  // A stream does not know how long it will be.
  const stream = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  stream.write(bytes);
  stream.end();
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A frame of blocks of literals, without a size, with a checksum. */
function storedLz4(bytes: Buffer): Buffer {
  const descriptor = Buffer.from([0x64, 0x40]);
  const head = Buffer.concat([
    Buffer.from('04224d18', 'hex'),
    descriptor,
    Buffer.from([(xxHash32(descriptor) >> 8) & 0xff]),
  ]);
  const size = Buffer.alloc(4);
  const lengths: number[] = [];
  for (let left = bytes.length - 15; left >= 0; left -= 255) lengths.push(Math.min(255, left));
  if (lengths.at(-1) === 255) lengths.push(0);
  const block = Buffer.concat([
    Buffer.from(bytes.length < 15 ? [bytes.length << 4] : [0xf0, ...lengths]),
    bytes,
  ]);
  size.writeUInt32LE(block.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(xxHash32(bytes));
  return Buffer.concat([head, size, block, Buffer.alloc(4), sum]);
}
