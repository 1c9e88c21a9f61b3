// Values of a column by row. apache-arrow's own reading of a text drops a byte order mark that it begins with, as
// TextDecoder does unless it is told not to; a process may be named so.
import * as arrow from 'apache-arrow';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** What `column.get` gives, but for texts, which are whole. */
export function createValueReader(column: arrow.Vector): (row: number) => unknown {
  const bytes = toBytes(column);
  if (bytes === null) return (row) => column.get(row) as unknown;
  return (row) => {
    const text = bytes.get(row) as Uint8Array | null;
    return text === null ? null : utf8.decode(text);
  };
}

/** The same buffers as binary; null for a column of something else. */
function toBytes(column: arrow.Vector): arrow.Vector | null {
  if (arrow.DataType.isUtf8(column.type)) return asType(column, new arrow.Binary());
  return arrow.DataType.isLargeUtf8(column.type) ? asType(column, new arrow.LargeBinary()) : null;
}

function asType(column: arrow.Vector, type: arrow.DataType): arrow.Vector {
  const parts = column.data.map(
    (data) =>
      new arrow.Data(type, data.offset, data.length, data.nullCount, [
        data.valueOffsets,
        data.values,
        data.nullBitmap,
      ] as never),
  );
  return new arrow.Vector(parts);
}
