// A ring of fixed slots in a file in memory. One process fills slots, another reads them in place; which slots are filled
// and which are free again is told elsewhere (docs/protocol.md, "Shared memory"). What a reader must never do is read a
// slot that was given to something else meanwhile: each carries a generation, odd while it is being filled.
// All integers are little-endian; the other side is python/src/ruvector/_shared_memory/ring.py.
//
//   file    0     8  magic "RVRING01"
//           8     4  epoch
//           12    4  slots
//           16    8  bytes of a slot, a multiple of 4096
//           24    16 key, random: this is the file that was meant
//           4096     slot 0, slot 1, …
//
//   slot    0     4  generation
//           4     4  epoch
//           8     8  sequence: number of its last batch
//           16    8  bytes of its content
//           64       content
import { randomBytes } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { createMemoryFile } from './memory-file.ts';
import type { SharedFile } from './memory-file.ts';
import type { MemoryMap } from './memory-map.ts';

const MAGIC = 'RVRING01';
const KEY_OFFSET = 24;
const KEY_BYTES = 16;
const PAGE_BYTES = 4096;
const SLOT_HEADER_BYTES = 64;
const SlotOffset = { GENERATION: 0, EPOCH: 4, SEQUENCE: 8, BYTES: 16 } as const;

/** What a reader must know to open a ring. */
export interface RingLayout {
  readonly path: string;
  /** Hexadecimal. */
  readonly key: string;
  readonly slots: number;
  readonly slotBytes: number;
}

/** Where a content lies. */
export interface RingPlace {
  readonly epoch: number;
  readonly slot: number;
  readonly generation: number;
  readonly bytes: number;
}

/** The filling side of a ring. */
export interface SlotRing {
  readonly epoch: number;
  readonly layout: RingLayout;
  readonly sizeBytes: number;
  /** The largest content of a slot. */
  readonly capacityBytes: number;
  readonly slotsInUse: number;
  /** A free slot, which is the caller's from then on; null when there is none. */
  take(): number | null;
  /** Fills a slot of the caller. @param writeTo writes `sizeBytes` at the start of what it is given */
  fill(slot: number, sequence: number, sizeBytes: number, writeTo: (target: Uint8Array) => void): RingPlace;
  /** A copy of a slot's content. */
  copy(place: RingPlace): Uint8Array<ArrayBuffer>;
  /** The reader is done with a slot. */
  release(slot: number): void;
  /** The reader has it open. */
  readonly unlink: () => void;
  readonly close: () => void;
}

export interface RingOptions {
  readonly folder: string;
  /** Null: slots are written with write(), a copy more. */
  readonly memory: MemoryMap | null;
  readonly epoch: number;
  readonly slots: number;
  /** Of the largest content; slots are a little larger, to begin on a page. */
  readonly contentBytes: number;
  readonly onClose?: () => void;
}

/** Bytes of the file of a ring. */
export function ringBytes({ slots, contentBytes }: Pick<RingOptions, 'slots' | 'contentBytes'>): number {
  return PAGE_BYTES + slots * slotBytesOf(contentBytes);
}

function slotBytesOf(contentBytes: number): number {
  return Math.ceil((SLOT_HEADER_BYTES + contentBytes) / PAGE_BYTES) * PAGE_BYTES;
}

/**
 * Makes a ring.
 * @throws Error when its file cannot be had
 */
export async function createSlotRing(options: RingOptions): Promise<SlotRing> {
  const { folder, memory, epoch, slots, contentBytes } = options;
  const slotBytes = slotBytesOf(contentBytes);
  const file = await createMemoryFile(folder, ringBytes(options), memory);
  const key = randomBytes(KEY_BYTES);
  const header = encodeFileHeader(epoch, slots, slotBytes, key);
  const store = file.mapping ? mappedStore(file.mapping.buffer) : writtenStore(file.fd, slotBytes);
  store.write(0, header);
  const close = (): void => {
    file.close();
    options.onClose?.();
  };
  const layout = { path: file.path, key: key.toString('hex'), slots, slotBytes };
  return buildRing({ ...file, close }, store, layout, epoch);
}

function encodeFileHeader(epoch: number, slots: number, slotBytes: number, key: Buffer): Buffer {
  const header = Buffer.alloc(KEY_OFFSET + KEY_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(epoch, 8);
  header.writeUInt32LE(slots, 12);
  header.writeBigUInt64LE(BigInt(slotBytes), 16);
  key.copy(header, KEY_OFFSET);
  return header;
}

/** How bytes get into the file. */
interface RingStore {
  write(offset: number, bytes: Uint8Array): void;
  /** Lets `writeTo` write `sizeBytes` at an offset. */
  fill(offset: number, sizeBytes: number, writeTo: (target: Uint8Array) => void): void;
  copy(offset: number, sizeBytes: number): Uint8Array<ArrayBuffer>;
}

function mappedStore(buffer: ArrayBuffer): RingStore {
  const whole = new Uint8Array(buffer);
  return {
    write: (offset, bytes) => whole.set(bytes, offset),
    fill: (offset, sizeBytes, writeTo) => writeTo(whole.subarray(offset, offset + sizeBytes)),
    copy: (offset, sizeBytes) => whole.slice(offset, offset + sizeBytes),
  };
}

function writtenStore(fd: number, slotBytes: number): RingStore {
  const scratch = new Uint8Array(slotBytes);
  const write = (offset: number, bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
  };
  return {
    write,
    fill: (offset, sizeBytes, writeTo) => {
      writeTo(scratch);
      write(offset, scratch.subarray(0, sizeBytes));
    },
    copy: (offset, sizeBytes) => {
      const bytes = new Uint8Array(sizeBytes);
      for (let at = 0; at < sizeBytes;) at += readSync(fd, bytes, at, sizeBytes - at, offset + at);
      return bytes;
    },
  };
}

function buildRing(
  file: Pick<SharedFile, 'unlink' | 'close'>,
  store: RingStore,
  layout: RingLayout,
  epoch: number,
): SlotRing {
  const { slots, slotBytes } = layout;
  // The one that was free last lies warm in the cache.
  const free = Array.from({ length: slots }, (_, i) => slots - 1 - i);
  const generations = new Uint32Array(slots);
  const offsetOf = (slot: number): number => PAGE_BYTES + slot * slotBytes;
  const header = Buffer.alloc(SlotOffset.BYTES + 8);
  const writeHeader = (slot: number, sequence: number, sizeBytes: number): void => {
    header.writeUInt32LE(generations[slot]!, SlotOffset.GENERATION);
    header.writeUInt32LE(epoch, SlotOffset.EPOCH);
    header.writeBigUInt64LE(BigInt(sequence), SlotOffset.SEQUENCE);
    header.writeBigUInt64LE(BigInt(sizeBytes), SlotOffset.BYTES);
    store.write(offsetOf(slot), header);
  };
  return {
    epoch,
    layout,
    sizeBytes: PAGE_BYTES + slots * slotBytes,
    capacityBytes: slotBytes - SLOT_HEADER_BYTES,
    get slotsInUse() {
      return slots - free.length;
    },
    take: () => free.pop() ?? null,
    fill: (slot, sequence, sizeBytes, writeTo) => {
      generations[slot]! += 1;
      writeHeader(slot, 0, 0);
      store.fill(offsetOf(slot) + SLOT_HEADER_BYTES, sizeBytes, writeTo);
      generations[slot]! += 1;
      writeHeader(slot, sequence, sizeBytes);
      return { epoch, slot, generation: generations[slot]!, bytes: sizeBytes };
    },
    copy: ({ slot, bytes }) => store.copy(offsetOf(slot) + SLOT_HEADER_BYTES, bytes),
    release: (slot) => void free.push(slot),
    unlink: file.unlink,
    close: file.close,
  };
}
