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
  const bytes = frame.writeParquet({ compression: codecs[compression]! });
  return dropBounds(bytes, new Set([...findUnsigned(frame), ...findNan(frame)]));
}

/** Polars orders the bounds of their pages as if they were signed. */
function findUnsigned(frame: pl.DataFrame): string[] {
  const isUnsigned = (dtype: pl.DataType): boolean => dtype.equals(pl.UInt64);
  return namesOf(frame, isUnsigned);
}

function findNan(frame: pl.DataFrame): string[] {
  const names = namesOf(frame, (dtype) => dtype.equals(pl.Float64) || dtype.equals(pl.Float32));
  if (names.length === 0) return [];
  const counts = frame.select(...names.map((name) => pl.col(name).isNan().sum())).toRecords()[0]!;
  return names.filter((name) => Number(counts[name]) > 0);
}

function namesOf(frame: pl.DataFrame, isWanted: (dtype: pl.DataType) => boolean): string[] {
  return frame
    .getColumns()
    .filter(({ dtype }) => isWanted(dtype))
    .map(({ name }) => name);
}
