import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryKind, processKind } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';
import { decodeWal } from '../../../src/store/decode-wal.ts';
import { buildWalEncoder } from '../../../src/store/encode-wal.ts';
import { arbitraryRows, everyTypeKind, numberedSnapshots } from '../../support/store/store-rows.ts';

const framesOf5 = 8;

/** A log of 8 frames of 5 rows, and the offset where each frame ends. */
function buildLog(): { file: Buffer; rows: AnyRow[]; ends: number[]; head: Uint8Array } {
  const encoder = buildWalEncoder(memoryKind);
  const rows = numberedSnapshots(0, framesOf5 * 5);
  const frames = Array.from({ length: framesOf5 }, (_, i) =>
    encoder.encodeFrame(rows.slice(i * 5, i * 5 + 5)),
  );
  let end = encoder.head.length;
  const ends = frames.map((frame) => (end += frame.length));
  return { file: Buffer.concat([encoder.head, ...frames]), rows, ends, head: encoder.head };
}

describe('decodeWal()', () => {
  it('returns the encoded rows of every field type when the file is whole', () => {
    const check = (rows: AnyRow[]): void => {
      const encoder = buildWalEncoder(everyTypeKind);
      const half = rows.length >> 1;
      const frames = [rows.slice(0, half), rows.slice(half)].map((part) => encoder.encodeFrame(part));
      const decoded = decodeWal(everyTypeKind, Buffer.concat([encoder.head, ...frames]), encoder.head);
      expect(decoded.rows).toEqual(rows);
      expect(decoded.damages).toEqual([]);
    };
    fc.assert(fc.property(arbitraryRows(everyTypeKind, 20), check), { numRuns: 40 });
  });

  it('returns whole frames and no damage when the file is cut anywhere behind its head', () => {
    const { file, rows, ends, head } = buildLog();
    for (let length = head.length; length <= file.length; length += 61) {
      const whole = ends.filter((end) => end <= length).length;
      const decoded = decodeWal(memoryKind, file.subarray(0, length), head);
      expect(decoded.rows).toEqual(rows.slice(0, whole * 5));
      expect(decoded.goodEnd).toBe(whole === 0 ? head.length : ends[whole - 1]);
      expect(decoded.damages).toEqual([]);
    }
  });

  it('reports damage when the file is cut inside its head', () => {
    const { file, head } = buildLog();
    for (const length of [0, 7, 8, 19, head.length - 1]) {
      expect(decodeWal(memoryKind, file.subarray(0, length), head).damages).toHaveLength(1);
    }
  });

  it('keeps every row outside the hit frame when any bit is flipped', () => {
    const { file, rows, ends, head } = buildLog();
    const check = (bit: number): void => {
      const hit = Buffer.from(file);
      const offset = bit >> 3;
      hit[offset]! ^= 1 << (bit & 7);
      const decoded = decodeWal(memoryKind, hit, head);
      const frame = offset < head.length ? -1 : ends.findIndex((end) => offset < end);
      expect(decoded.rows).toEqual(rows.filter((_, i) => Math.floor(i / 5) !== frame));
      expect(decoded.damages).toHaveLength(1);
    };
    fc.assert(fc.property(fc.nat(file.length * 8 - 1), check), { numRuns: 300 });
  });

  it('treats zeros to the end as a torn tail when the file system extended the file early', () => {
    const { file, rows, head } = buildLog();
    const decoded = decodeWal(memoryKind, Buffer.concat([file, Buffer.alloc(5000)]), head);
    expect(decoded.rows).toEqual(rows);
    expect(decoded.goodEnd).toBe(file.length);
    expect(decoded.damages).toEqual([]);
  });

  it('refuses frames of another schema when the head was lost', () => {
    const other = buildWalEncoder(processKind);
    const { file, head } = buildLog();
    const decoded = decodeWal(processKind, file.subarray(head.length), other.head);
    expect(decoded.rows).toEqual([]);
    expect(decoded.damages).toHaveLength(1);
  });

  it('reads a field as null when an older version of the kind lacked it', () => {
    const older = {
      ...memoryKind,
      version: 0,
      fields: memoryKind.fields.filter((field) => field.name !== 'pswpin'),
    };
    const encoder = buildWalEncoder(older);
    const file = Buffer.concat([
      encoder.head,
      encoder.encodeFrame([{ ...numberedSnapshots(3, 4)[0]!, pswpin: 9 }]),
    ]);
    const decoded = decodeWal(memoryKind, file, buildWalEncoder(memoryKind).head);
    expect(decoded.rows).toEqual([{ ...numberedSnapshots(3, 4)[0]!, pswpin: null }]);
  });
});
