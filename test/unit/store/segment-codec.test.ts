import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryKind, optimizationKind, processKind, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { decodeSegment, decodeSegmentFooter } from '../../../src/store/decode-segment.ts';
import { encodeSegment } from '../../../src/store/encode-segment.ts';
import { hasValidChecksum } from '../../../src/store/segment-layout.ts';
import { arbitraryRows, everyTypeKind, numberedSnapshots } from '../../support/store/store-rows.ts';

const kinds: readonly RecordKind[] = [everyTypeKind, memoryKind, processKind, optimizationKind];

describe('decodeSegment()', () => {
  it.each(kinds)('returns the encoded rows when the kind is $name', async (kind) => {
    const check = async (rows: AnyRow[]): Promise<void> => {
      const batch = await decodeSegment(kind, encodeSegment(kind, rows, [1]));
      expect(rowsOf(kind, batch)).toEqual(rows);
    };
    await fc.assert(fc.asyncProperty(arbitraryRows(kind, 40), check), { numRuns: 25 });
  });

  it('throws when any bit is flipped', async () => {
    const file = encodeSegment(memoryKind, numberedSnapshots(0, 200), [1]);
    const check = async (bit: number): Promise<void> => {
      const hit = Buffer.from(file);
      hit[bit >> 3]! ^= 1 << (bit & 7);
      await expect(decodeSegment(memoryKind, hit)).rejects.toThrow();
    };
    await fc.assert(fc.asyncProperty(fc.nat(file.length * 8 - 1), check), { numRuns: 300 });
  });

  it('throws when the file is cut anywhere', async () => {
    const file = encodeSegment(memoryKind, numberedSnapshots(0, 50), [1]);
    for (let length = 0; length < file.length; length += 13) {
      await expect(decodeSegment(memoryKind, file.subarray(0, length))).rejects.toThrow();
    }
  });

  it('reads a column as null when an older version of the kind lacked it', async () => {
    const older = { ...memoryKind, fields: memoryKind.fields.filter((field) => field.name !== 'pswpin') };
    const rows = numberedSnapshots(0, 3);
    const batch = await decodeSegment(memoryKind, encodeSegment(older, rows, [1]));
    expect(rowsOf(memoryKind, batch)).toEqual(rows.map((row) => ({ ...row, pswpin: null })));
  });

  it('throws when the file is of another kind', async () => {
    const file = encodeSegment(memoryKind, numberedSnapshots(0, 3), [1]);
    await expect(decodeSegment(processKind, file)).rejects.toThrow('names kind "memory", not "process"');
  });
});

describe('decodeSegmentFooter()', () => {
  it('gives row count and log generations from the end of the file alone', () => {
    const file = encodeSegment(memoryKind, numberedSnapshots(0, 2000), [4, 5]);
    expect(decodeSegmentFooter(memoryKind, file.subarray(file.length - 8192))).toEqual({
      rows: 2000,
      generations: [4, 5],
      groups: [{ firstRow: 0, rows: 2000, fromMs: 0, toMs: 1999 }],
    });
  });
});

describe('encodeSegment()', () => {
  it('spends next to nothing on columns that never change', () => {
    const sizes = [600, 3600].map(
      (count) => encodeSegment(memoryKind, numberedSnapshots(0, count), [1]).length,
    );
    expect(sizes[1]! - sizes[0]!).toBeLessThan(3000 * 0.5);
  });

  it('stamps a checksum that holds', () => {
    expect(hasValidChecksum(encodeSegment(memoryKind, [], [1]))).toBe(true);
  });
});
