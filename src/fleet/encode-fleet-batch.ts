// Rows of one kind → the bytes of one message: an Arrow IPC stream of one batch, compressed by zstd, which any Arrow
// implementation reads. https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import * as arrow from 'apache-arrow';
import { buildRecordBatch } from '../core/index.ts';
import type { AnyRow, RecordKind } from '../core/index.ts';

const compress = promisify(zstdCompress);

/** Encodes rows; compressed off the thread that calls. */
export async function encodeFleetBatch(kind: RecordKind, rows: readonly AnyRow[]): Promise<Uint8Array> {
  return compress(arrow.tableToIPC(new arrow.Table(buildRecordBatch(kind, rows)), 'stream'));
}
