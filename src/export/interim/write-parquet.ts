// Parquet, one row group in memory at a time. The footer comes last, so an interrupted file is started anew.
import type { FileHandle } from 'node:fs/promises';
import { zstdCompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ColumnSource } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import type { Compression } from '../file-contract.ts';
import { writeAll } from './table-writer.ts';
import type { TableWriter } from './table-writer.ts';

/** Rows of a row group. */
const GROUP_ROWS = 65_536;

const codecs = { none: 'UNCOMPRESSED', snappy: 'SNAPPY', zstd: 'ZSTD' } as const;

/** Writes Parquet to an open file. */
export function createParquetWriter(
  file: FileHandle,
  schema: arrow.Schema,
  compression: Compression,
): TableWriter {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'root', num_children: schema.fields.length }, ...schema.fields.map(toElement)],
    codec: codecs[compression as keyof typeof codecs],
    compressors: { ZSTD: (page) => zstdCompressSync(page) },
    createdBy: 'ruvector-memopt',
  });
  let group: arrow.RecordBatch[] = [];
  let rows = 0;
  const drain = async (): Promise<void> => {
    await writeAll(file, new Uint8Array(bytes.buffer, 0, bytes.index));
    bytes.index = 0;
  };
  const writeGroup = async (): Promise<void> => {
    if (rows === 0) return;
    const columnData = schema.fields.map((field, at) => toColumn(field, at, group));
    void writer.write({ columnData, rowGroupSize: rows });
    group = [];
    rows = 0;
    await drain();
  };
  return {
    write: async (batch) => {
      group.push(batch);
      rows += batch.numRows;
      if (rows >= GROUP_ROWS) await writeGroup();
    },
    finish: async () => {
      await writeGroup();
      void writer.finish();
      await drain();
      await file.sync();
      await file.close();
    },
    abort: () => file.close(),
  };
}

function toElement(field: arrow.Field): SchemaElement {
  return {
    name: field.name,
    ...elementOf(field.type as arrow.DataType),
    repetition_type: field.nullable ? 'OPTIONAL' : 'REQUIRED',
  };
}

function elementOf(type: arrow.DataType): Omit<SchemaElement, 'name'> {
  if (type instanceof arrow.Timestamp) {
    return { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } };
  }
  if (type instanceof arrow.Int) return integerElement(type);
  if (type instanceof arrow.Float) return { type: type instanceof arrow.Float32 ? 'FLOAT' : 'DOUBLE' };
  if (type instanceof arrow.Bool) return { type: 'BOOLEAN' };
  return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
}

function integerElement(type: arrow.Int): Omit<SchemaElement, 'name'> {
  if (type.bitWidth === 64) return { type: 'INT64', ...(!type.isSigned && { converted_type: 'UINT_64' }) };
  return { type: 'INT32', ...(type.bitWidth === 8 && { converted_type: 'INT_8' }) };
}

function toColumn(field: arrow.Field, at: number, group: readonly arrow.RecordBatch[]): ColumnSource {
  const type = field.type as arrow.DataType;
  const isWide = type instanceof arrow.Timestamp || (type instanceof arrow.Int && type.bitWidth === 64);
  const isFloat = type instanceof arrow.Float;
  return {
    name: field.name,
    data: valuesOf(group.map((batch) => batch.data.children[at]!)),
    offsetIndex: true,
    columnIndex: true,
    ...(isFloat && { encoding: 'BYTE_STREAM_SPLIT' as const }),
    ...(isWide && { encoding: 'PLAIN' as const }),
  };
}

function valuesOf(parts: readonly arrow.Data[]): ColumnSource['data'] {
  const values: unknown[] = [];
  for (const part of parts) {
    const vector = arrow.makeVector(part);
    const isTime = part.type instanceof arrow.Timestamp;
    const raw = isTime ? (part.values as BigInt64Array) : null;
    for (let i = 0; i < part.length; i++)
      values.push(raw ? (part.getValid(i) ? raw[i] : null) : vector.get(i));
  }
  return values;
}
