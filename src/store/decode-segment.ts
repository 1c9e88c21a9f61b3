// The bytes of a sealed segment (segment-layout.ts) → its footer facts or its rows as an Arrow record
// batch, whole or one row group at a time. No I/O. Throws when a checksum or a structure does not hold; the caller sets the file aside.
import { zstdDecompressSync } from 'node:zlib';
import type * as arrow from 'apache-arrow';
import { parquetMetadata, parquetRead } from 'hyparquet';
import type { FileMetaData } from 'hyparquet';
import { concatRows, toArrowSchema } from '../core/index.ts';
import type { ColumnValues, RecordKind } from '../core/index.ts';
import { buildColumnBatch } from './column-batch.ts';
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
  readonly groups: readonly SegmentGroup[];
}

/** A row group: what can be decoded on its own. Times are of its first and last row in time, both inclusive. */
export interface SegmentGroup {
  readonly firstRow: number;
  readonly rows: number;
  /** Null in a file that does not say. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
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
  return toFooter(kind, parquetMetadata(toArrayBuffer(end), { parsers }));
}

/** Checks every bit of a file. @throws TypeError when one was changed */
export function checkSegment(file: Buffer): void {
  if (!hasValidChecksum(file)) throw new TypeError('its checksum does not match its bytes');
}

/**
 * Decodes rows of a file after checking every bit of it.
 * @param group the row group wanted @default all of them
 */
export async function decodeSegment(
  kind: RecordKind,
  file: Buffer,
  group?: SegmentGroup,
): Promise<arrow.RecordBatch> {
  checkSegment(file);
  const buffer = toArrayBuffer(file);
  const metadata = parquetMetadata(buffer, { parsers });
  const { groups } = toFooter(kind, metadata);
  const batches: arrow.RecordBatch[] = [];
  for (const each of group ? [group] : groups) batches.push(await decodeGroup(kind, buffer, metadata, each));
  if (batches.length === 0) return buildColumnBatch(kind, new Map(), 0);
  if (batches.length === 1) return batches[0]!;
  return concatRows(
    toArrowSchema(kind),
    batches.map((batch) => ({ batch, from: 0, to: batch.numRows })),
  );
}

async function decodeGroup(
  kind: RecordKind,
  buffer: ArrayBuffer,
  metadata: FileMetaData,
  { firstRow, rows }: SegmentGroup,
): Promise<arrow.RecordBatch> {
  const columns = new Map<string, ColumnValues>();
  await parquetRead({
    file: { byteLength: buffer.byteLength, slice: (start, end) => buffer.slice(start, end) },
    metadata,
    rowStart: firstRow,
    rowEnd: firstRow + rows,
    compressors: { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) },
    parsers,
    onChunk: ({ columnName, columnData }) => columns.set(columnName, columnData),
  });
  return buildColumnBatch(kind, columns, rows);
}

function toFooter(kind: RecordKind, metadata: FileMetaData): SegmentFooter {
  const values = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? '']));
  if (values.get(segmentKeys.kind) !== kind.name) {
    throw new TypeError(`its footer names kind "${values.get(segmentKeys.kind) ?? ''}", not "${kind.name}"`);
  }
  const generations = (values.get(segmentKeys.generations) ?? '').split(',').map(Number);
  const historyMs = Number.parseInt(values.get(segmentKeys.historyMs) ?? '', 10);
  return {
    rows: Number(metadata.num_rows),
    generations,
    groups: toGroups(kind, metadata),
    ...(!Number.isNaN(historyMs) && { historyMs }),
  };
}

function toGroups(kind: RecordKind, { row_groups: groups }: FileMetaData): SegmentGroup[] {
  let firstRow = 0;
  return groups.map(({ num_rows: rows, columns }) => {
    const { meta_data: times } = columns[0] ?? {};
    const isTime = times?.path_in_schema[0] === kind.fields[0]?.name;
    const { min_value: min, max_value: max } = (isTime && times?.statistics) || {};
    const group = { firstRow, rows: Number(rows), fromMs: toMs(min), toMs: toMs(max) };
    firstRow += group.rows;
    return group;
  });
}

function toMs(value: unknown): number | null {
  return typeof value === 'bigint' ? Number(value) : null;
}

/** A file read whole has a buffer of its own: no copy. */
function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset === 0 && length === buffer.byteLength) return buffer as ArrayBuffer;
  return buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
}
