import { parquetMetadata } from 'hyparquet';
import pl from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { dropBounds } from '../../../src/export/parquet-bounds.ts';

const frame = pl.DataFrame({
  a: pl.Series('a', [1.5, Number.NaN, 3]),
  b: pl.Series('b', [0, 1, 2]),
});
const file = frame.writeParquet({ compression: 'zstd' });

function columnsOf(bytes: Uint8Array) {
  const { row_groups } = parquetMetadata(new Uint8Array(bytes).buffer);
  return Object.fromEntries(
    row_groups[0]!.columns.map((column) => [column.meta_data!.path_in_schema[0], column]),
  );
}

describe('dropBounds()', () => {
  it('takes the bounds and the page index of the named columns, and nothing else', () => {
    const before = columnsOf(file);
    expect(before['a']!.column_index_offset).toBeDefined();
    const bytes = dropBounds(file, new Set(['a']));
    const { a, b } = columnsOf(bytes);
    expect(a!.column_index_offset).toBeUndefined();
    expect(a!.column_index_length).toBeUndefined();
    expect(a!.offset_index_offset).toBe(before['a']!.offset_index_offset);
    expect(a!.meta_data!.statistics).toEqual({ null_count: 0n });
    expect(b).toEqual(before['b']);
    expect(pl.readParquet(Buffer.from(bytes)).frameEqual(frame, true)).toBe(true);
  });

  it('shares the file when there is nothing to take', () => {
    expect(dropBounds(file, new Set())).toBe(file);
  });
});
