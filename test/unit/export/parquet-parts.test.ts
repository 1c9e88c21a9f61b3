import pl from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { optional, required, toArrowSchema } from '../../../src/core/index.ts';
import { encodeArrowSchema } from '../../../src/export/arrow-file.ts';
import { ParquetParts } from '../../../src/export/parquet-parts.ts';
import { decodeThrift } from '../../../src/export/thrift-compact.ts';
import type { ThriftList, ThriftStruct } from '../../../src/export/thrift-compact.ts';

const kind = {
  name: 't',
  version: 1,
  fields: [required('value', 'float64', 'x', 'test'), optional('text', 'utf8', 'x', 'test')],
};
const schema = encodeArrowSchema(toArrowSchema(kind));

/** A Parquet file of Polars with `rows` rows that begin at `from`. */
function partOf(from: number, rows: number): Uint8Array {
  const at = Array.from({ length: rows }, (_, i) => from + i);
  const frame = pl.DataFrame({ value: at, text: at.map((i) => (i % 5 === 0 ? null : `text ${i % 70}`)) });
  return frame.writeParquet({ compression: 'zstd' });
}

function join(parts: readonly Uint8Array[], restoreAfter?: number): Buffer {
  let joined = new ParquetParts(schema);
  const pieces: Uint8Array[] = [ParquetParts.head];
  let position = ParquetParts.head.length;
  parts.forEach((part, i) => {
    const piece = joined.add(part, position);
    position += piece.length;
    pieces.push(piece);
    if (i === restoreAfter) joined = ParquetParts.restore(joined.save()!, schema);
  });
  return Buffer.concat([...pieces, joined.finish()]);
}

const field = (struct: ThriftStruct, id: number): unknown => struct.find((one) => one.id === id)?.value;
const items = (struct: ThriftStruct, id: number): ThriftStruct[] =>
  (field(struct, id) as ThriftList).items as ThriftStruct[];

function footerOf(file: Buffer): ThriftStruct {
  const length = file.readUInt32LE(file.length - 8);
  return decodeThrift(file.subarray(file.length - 8 - length, file.length - 8));
}

const parts = [partOf(0, 999), partOf(999, 1), partOf(1000, 40_000), partOf(41_000, 7)];

describe('ParquetParts', () => {
  it('makes one file whose rows are those of its parts, one row group each', () => {
    const file = join(parts);
    const whole = pl.concat(parts.map((part) => pl.readParquet(Buffer.from(part))));
    expect(pl.readParquet(file).frameEqual(whole, true)).toBe(true);
    const footer = footerOf(file);
    expect(field(footer, 3)).toBe(41_007n);
    expect(items(footer, 4).map((group) => field(group, 3))).toEqual([999n, 1n, 40_000n, 7n]);
  });

  it('moves page indexes: each location is that of a page of the size it says', () => {
    const file = join(parts);
    let pages = 0;
    for (const group of items(footerOf(file), 4)) {
      for (const chunk of items(group, 1)) {
        const [start, length] = [Number(field(chunk, 4)), Number(field(chunk, 5))];
        for (const location of items(decodeThrift(file.subarray(start, start + length)), 1)) {
          const [offset, size] = [Number(field(location, 1)), Number(field(location, 2))];
          const header = decodeThrift(file.subarray(offset));
          // Data pages of version 1 and 2; what follows the header is the page, as long as it says.
          expect([0n, 3n]).toContain(field(header, 1));
          expect(Number(field(header, 3))).toBeGreaterThan(size - 200);
          expect(Number(field(header, 3))).toBeLessThan(size);
          pages++;
        }
      }
    }
    expect(pages).toBeGreaterThanOrEqual(8);
  });

  it('restore() goes on where save() was called, byte for byte', () => {
    for (let after = 0; after < parts.length; after++)
      expect(join(parts, after).equals(join(parts))).toBe(true);
  });

  it('save() is null before the first part', () => {
    expect(new ParquetParts(schema).save()).toBeNull();
  });
});
