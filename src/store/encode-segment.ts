// Rows → the bytes of one sealed segment (segment-layout.ts). No I/O.
import { constants, zstdCompressSync } from 'node:zlib';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import type { ColumnSource } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import type { AnyRow, Field, FieldType, RecordKind } from '../core/index.ts';
import { blankChecksum, segmentKeys, stampChecksum } from './segment-layout.ts';

/** Compression level: measured on a real capture, higher levels gain under 1 %. */
const zstdLevel = 19;

const elementTypes: Record<FieldType, Omit<SchemaElement, 'name'>> = {
  timestamp: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } },
  int64: { type: 'INT64' },
  // hyparquet-writer's logical INTEGER type is refused by pyarrow and Polars; the older name is read by all.
  uint64: { type: 'INT64', converted_type: 'UINT_64' },
  int32: { type: 'INT32' },
  int8: { type: 'INT32', converted_type: 'INT_8' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  bool: { type: 'BOOLEAN' },
  utf8: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
};

const deltaTypes = new Set<FieldType>(['timestamp', 'int64', 'uint64', 'int32', 'int8']);
const floatTypes = new Set<FieldType>(['float32', 'float64']);

/**
 * Encodes rows, sorted by timestamp, as a Parquet file of one row group.
 * @param generations the logs whose rows these are; a log named here is dropped at open
 */
export function encodeSegment(
  kind: RecordKind,
  rows: readonly AnyRow[],
  generations: readonly number[],
): Buffer {
  const writer = new ByteWriter();
  void parquetWrite({
    writer,
    schema: [{ name: 'root', num_children: kind.fields.length }, ...kind.fields.map(toElement)],
    columnData: kind.fields.map((field) => toColumn(field, rows)),
    codec: 'ZSTD',
    compressors: { ZSTD: compress },
    rowGroupSize: Math.max(1, rows.length),
    pageSize: 0,
    kvMetadata: [
      { key: segmentKeys.kind, value: kind.name },
      { key: segmentKeys.version, value: String(kind.version) },
      { key: segmentKeys.generations, value: generations.join(',') },
      { key: segmentKeys.checksum, value: blankChecksum },
    ],
    createdBy: 'ruvector-memopt',
  });
  const file = Buffer.from(writer.getBuffer());
  stampChecksum(file);
  return file;
}

/** Statistics cost 20–40 bytes a column; only the timestamp's are ever used to skip a segment. */
function toColumn(field: Field, rows: readonly AnyRow[]): ColumnSource {
  const column = {
    name: field.name,
    data: rows.map((row) => row[field.name] ?? null),
    statistics: field.type === 'timestamp',
    offsetIndex: false,
  };
  if (deltaTypes.has(field.type)) return { ...column, encoding: 'DELTA_BINARY_PACKED' };
  if (floatTypes.has(field.type)) return { ...column, encoding: 'BYTE_STREAM_SPLIT' };
  return column;
}

function toElement(field: Field): SchemaElement {
  return {
    name: field.name,
    ...elementTypes[field.type],
    repetition_type: field.nullable ? 'OPTIONAL' : 'REQUIRED',
  };
}

function compress(page: Uint8Array): Uint8Array {
  return zstdCompressSync(page, { params: { [constants.ZSTD_c_compressionLevel]: zstdLevel } });
}
