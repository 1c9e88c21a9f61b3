// The bytes of a sealed segment (segment-layout.ts) → its footer facts or its rows as one Arrow record
// batch. No I/O. Throws when a checksum or a structure does not hold; the caller sets the file aside.
import { zstdDecompressSync } from 'node:zlib';
import type * as arrow from 'apache-arrow';
import { parquetMetadata, parquetRead } from 'hyparquet';
import type { FileMetaData } from 'hyparquet';
import type { RecordKind } from '../core/index.ts';
import { buildColumnBatch } from './column-batch.ts';
import type { ColumnValues } from './column-batch.ts';
import { hasValidChecksum, segmentKeys } from './segment-layout.ts';

/** Bytes behind the footer: its length and the magic "PAR1". */
export const footerTailBytes = 8;

/** What the footer says. */
export interface SegmentFooter {
  readonly rows: number;
  /** Logs whose rows this segment holds. */
  readonly generations: readonly number[];
  /** Reading of the history's own clock at the seal; absent where the file has none. */
  readonly historyMs?: number;
}

const identity = (value: unknown): unknown => value;
const parsers = { timestampFromMilliseconds: identity };

/** Length of the footer that ends a file with this tail. @throws TypeError when the magic is missing */
export function decodeFooterLength(tail: Buffer): number {
  if (tail.length < footerTailBytes || tail.toString('latin1', tail.length - 4) !== 'PAR1') {
    throw new TypeError('its end is missing (no Parquet magic)');
  }
  return tail.readUInt32LE(tail.length - footerTailBytes);
}

/** Decodes the footer from the end of a file. */
export function decodeSegmentFooter(kind: RecordKind, end: Buffer): SegmentFooter {
  return toFooter(kind, parquetMetadata(toArrayBuffer(end)));
}

/** Checks every bit of a file. @throws TypeError when one was changed */
export function checkSegment(file: Buffer): void {
  if (!hasValidChecksum(file)) throw new TypeError('its checksum does not match its bytes');
}

/** Decodes all rows of a file after checking every bit of it. */
export async function decodeSegment(kind: RecordKind, file: Buffer): Promise<arrow.RecordBatch> {
  checkSegment(file);
  const buffer = toArrayBuffer(file);
  const metadata = parquetMetadata(buffer);
  const columns = new Map<string, ColumnValues>();
  await parquetRead({
    file: { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) },
    metadata,
    compressors: { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) },
    parsers,
    onChunk: ({ columnName, columnData }) => columns.set(columnName, columnData),
  });
  return buildColumnBatch(kind, columns, toFooter(kind, metadata).rows);
}

function toFooter(kind: RecordKind, metadata: FileMetaData): SegmentFooter {
  const values = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? '']));
  if (values.get(segmentKeys.kind) !== kind.name) {
    throw new TypeError(`its footer names kind "${values.get(segmentKeys.kind) ?? ''}", not "${kind.name}"`);
  }
  const generations = (values.get(segmentKeys.generations) ?? '').split(',').map(Number);
  const historyMs = Number.parseInt(values.get(segmentKeys.historyMs) ?? '', 10);
  const rows = Number(metadata.num_rows);
  return { rows, generations, ...(!Number.isNaN(historyMs) && { historyMs }) };
}

function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}
