// A chunk of rows → a small Parquet file of one row group, which parquet-parts.ts joins to the others.
import pl from 'nodejs-polars';
import type { ParquetJob } from './encode-pool.ts';
import type { Compression } from './file-contract.ts';
import { dropBounds } from './parquet-bounds.ts';

const codecs: Partial<Record<Compression, 'zstd' | 'snappy' | 'uncompressed'>> = {
  zstd: 'zstd',
  snappy: 'snappy',
  none: 'uncompressed',
};

/** Encodes one chunk. */
export function encodeParquetChunk({ ipc, compression }: ParquetJob): Uint8Array {
  const frame = pl.readIPC(Buffer.from(ipc.buffer, ipc.byteOffset, ipc.byteLength));
  return dropBounds(frame.writeParquet({ compression: codecs[compression]! }), findNanColumns(frame));
}

function findNanColumns(frame: pl.DataFrame): Set<string> {
  const floats = frame.getColumns().filter(({ dtype }) => isFloat(dtype));
  if (floats.length === 0) return new Set();
  const counts = frame.select(...floats.map(({ name }) => pl.col(name).isNan().sum())).toRecords()[0]!;
  return new Set(floats.map(({ name }) => name).filter((name) => Number(counts[name]) > 0));
}

const isFloat = (dtype: pl.DataType): boolean =>
  dtype.equals(pl.Float64) || dtype.equals(pl.Float32);
