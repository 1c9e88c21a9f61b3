import { parquetMetadata, readOffsetIndex } from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import pl from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { optional, required, toArrowSchema } from '../../../src/core/index.ts';
import { encodeArrowSchema } from '../../../src/export/arrow-file.ts';
import { ParquetParts } from '../../../src/export/parquet-parts.ts';

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

const parts = [partOf(0, 999), partOf(999, 1), partOf(1000, 40_000), partOf(41_000, 7)];

describe('ParquetParts', () => {
  it('makes one file whose rows are those of its parts, one row group each', () => {
    const file = join(parts);
    const whole = pl.concat(parts.map((part) => pl.readParquet(Buffer.from(part))));
    expect(pl.readParquet(file).frameEqual(whole, true)).toBe(true);
    const footer = parquetMetadata(file);
    expect(footer.num_rows).toBe(41_007n);
    expect(footer.row_groups.map((group) => group.num_rows)).toEqual([999n, 1n, 40_000n, 7n]);
  });

  it('moves page indexes: each location is that of a page of the size it says', () => {
    const file = join(parts);
    let pages = 0;
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    for (const chunk of parquetMetadata(file).row_groups.flatMap((group) => group.columns)) {
      const index = { view, offset: Number(chunk.offset_index_offset) };
      const { page_locations } = readOffsetIndex(index);
      expect(index.offset).toBe(Number(chunk.offset_index_offset) + chunk.offset_index_length!);
      for (const { offset, compressed_page_size } of page_locations) {
        const header = deserializeTCompactProtocol({ view, offset: Number(offset) });
        // Data pages of version 1 and 2; what follows the header is the page, as long as it says.
        expect([0, 3]).toContain(header.field_1);
        expect(header.field_3).toBeGreaterThan(compressed_page_size - 200);
        expect(header.field_3).toBeLessThan(compressed_page_size);
        pages++;
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
