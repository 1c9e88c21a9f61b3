// Rows → the bytes of one sealed segment (segment-layout.ts). No I/O.
import { constants, zstdCompressSync } from 'node:zlib';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import type { ColumnSource } from 'hyparquet-writer';
import type { Encoding, KeyValue } from 'hyparquet';
import { toParquetSchema } from '../core/index.ts';
import type { AnyRow, Field, FieldType, RecordKind } from '../core/index.ts';
import { blankChecksum, segmentKeys, stampChecksum } from './segment-layout.ts';

/** Compression level: on a real capture level 22 gains nothing over it, level 9 costs 3 % more bytes. */
const zstdLevel = 19;

/** Values in one row group, which is what a reader decodes at a time: 24,000 rows of memory, 70,000 of processes. */
const GROUP_VALUES = 2 ** 20;

const bigintTypes = new Set<FieldType>(['timestamp', 'int64', 'uint64']);

/** Compresses one page. */
export type Compress = (page: Uint8Array) => Uint8Array;

/** How to encode a segment; planSegment() makes one for files that stay. */
export interface SegmentPlan {
  /** Encoding of each column by name; a column that is not named takes its type's first. */
  readonly encodings: ReadonlyMap<string, Encoding | undefined>;
  readonly compress: Compress;
}

/**
 * Encodings worth trying for a type; `undefined` leaves the writer to choose a dictionary. Deltas
 * suit counters; gauges that jump back and forth between the same values are smaller plain, where
 * zstd sees whole bytes. Integer BYTE_STREAM_SPLIT gains 2 % more, but readers older than 2024 refuse it.
 */
export function encodingsFor(type: FieldType): readonly (Encoding | undefined)[] {
  if (type === 'float32' || type === 'float64') return ['BYTE_STREAM_SPLIT'];
  if (type === 'bool' || type === 'utf8') return [undefined];
  return ['DELTA_BINARY_PACKED', 'PLAIN'];
}

/**
 * Encodes rows, sorted by timestamp, as a Parquet file; of one row group unless the rows are very many.
 * @param generations the logs whose rows these are; a log named here is dropped at open
 * @param plan made from the same rows. @default the first encoding of each type
 * @param historyMs reading of the history's own clock. @default none is written
 */
export function encodeSegment(
  kind: RecordKind,
  rows: readonly AnyRow[],
  generations: readonly number[],
  plan: SegmentPlan = { encodings: new Map(), compress: compressPage },
  historyMs: number | null = null,
): Buffer {
  const columns = kind.fields.map((field) =>
    toColumn(field, rows, plan.encodings.get(field.name) ?? encodingsFor(field.type)[0]),
  );
  const file = encodeParquet(kind.fields, columns, plan.compress, [
    { key: segmentKeys.kind, value: kind.name },
    { key: segmentKeys.version, value: String(kind.version) },
    { key: segmentKeys.generations, value: generations.join(',') },
    ...(historyMs === null ? [] : [{ key: segmentKeys.historyMs, value: String(historyMs) }]),
    { key: segmentKeys.checksum, value: blankChecksum },
  ]);
  stampChecksum(file);
  return file;
}

/** Size of one column alone under an encoding; only good for comparing encodings of that column. */
export function measureColumn(
  field: Field,
  rows: readonly AnyRow[],
  encoding: Encoding | undefined,
  compress: Compress,
): number {
  return encodeParquet([field], [toColumn(field, rows, encoding)], compress, []).length;
}

function encodeParquet(
  fields: readonly Field[],
  columnData: ColumnSource[],
  compress: Compress,
  kvMetadata: KeyValue[],
): Buffer {
  const writer = new ByteWriter();
  void parquetWrite({
    writer,
    schema: toParquetSchema(fields),
    columnData,
    codec: 'ZSTD',
    compressors: { ZSTD: compress },
    rowGroupSize: Math.ceil(GROUP_VALUES / fields.length),
    pageSize: 0,
    kvMetadata,
    createdBy: 'ruvector-memopt',
  });
  return Buffer.from(writer.getBuffer());
}

/** Statistics cost 20–40 bytes a column; only the timestamp's are ever used to skip a segment. */
function toColumn(field: Field, rows: readonly AnyRow[], encoding: Encoding | undefined): ColumnSource {
  // Plain INT64 wants bigints; the delta encoder is fastest on small numbers.
  const wantsBigint = encoding === 'PLAIN' && bigintTypes.has(field.type);
  return {
    name: field.name,
    data: rows.map((row) => {
      const value = row[field.name] ?? null;
      return wantsBigint && typeof value === 'number' ? BigInt(value) : value;
    }),
    statistics: field.type === 'timestamp',
    offsetIndex: false,
    ...(encoding === undefined ? {} : { encoding }),
  };
}

/** Compresses a page with zstd. */
export function compressPage(page: Uint8Array): Uint8Array {
  return zstdCompressSync(page, { params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } });
}
