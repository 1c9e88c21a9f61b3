// Process records as an export writes them, shaped like real ones: scans of 200 processes every 10 s whose
// counters grow and whose memory wanders, in Arrow batches of 16,384 rows made as they are asked for.
import * as arrow from 'apache-arrow';
import { optional, required, toArrowSchema } from '../../../src/core/index.ts';

const BATCH_ROWS = 16_384;
const PROCESSES = 200;
const SCAN_MS = 10_000;
const START_MS = 1_763_700_000_123;

/** The export document's ProcessRecord. */
export const processFields = [
  required('timestamp', 'timestamp', 'ms since epoch', 'clock'),
  required('pid', 'int32', 'pid', '/proc'),
  required('name_hash', 'uint64', 'keyed hash', 'HMAC-SHA-256'),
  required('working_set_mb', 'float64', 'MiB', '/proc'),
  optional('private_bytes_mb', 'float64', 'MiB', '/proc'),
  optional('cpu_percent', 'float32', 'percent', '/proc'),
  optional('io_read_bytes', 'int64', 'bytes', '/proc'),
  optional('io_write_bytes', 'int64', 'bytes', '/proc'),
];
export const processSchema = toArrowSchema({ name: 'process', version: 1, fields: processFields });

/** Yields `rows` rows in time order. Only the largest processes have private bytes, as on a host. */
export function* processBatches(rows: number): Generator<arrow.RecordBatch> {
  for (let from = 0; from < rows; from += BATCH_ROWS)
    yield buildBatch(from, Math.min(BATCH_ROWS, rows - from));
}

function buildBatch(from: number, rows: number): arrow.RecordBatch {
  const timestamp = new BigInt64Array(rows);
  const pid = new Int32Array(rows);
  const nameHash = new BigUint64Array(rows);
  const workingSet = new Float64Array(rows);
  const privateBytes = new Float64Array(rows);
  const cpu = new Float32Array(rows);
  const read = new BigInt64Array(rows);
  const written = new BigInt64Array(rows);
  const largest = new Uint8Array(Math.ceil(rows / 8));
  let nulls = 0;
  for (let i = 0; i < rows; i++) {
    const process = (from + i) % PROCESSES;
    const scan = Math.floor((from + i) / PROCESSES);
    const rssKib = 4096 + process * 1777 + (noise(from + i) % 2048);
    timestamp[i] = BigInt(START_MS + scan * SCAN_MS);
    pid[i] = 300 + process * 131;
    nameHash[i] = BigInt.asUintN(64, BigInt(process + 1) * 0x9e3779b97f4a7c15n);
    workingSet[i] = rssKib / 1024;
    privateBytes[i] = (rssKib - 512) / 1024;
    cpu[i] = (noise(from + i) % 1000) / 10;
    read[i] = BigInt(scan * 4096 * (process % 7));
    written[i] = BigInt(scan * 512 * (process % 5) + process);
    if (process % 8 === 0) largest[i >> 3]! |= 1 << (i & 7);
    else nulls++;
  }
  const arrays = [timestamp, pid, nameHash, workingSet, privateBytes, cpu, read, written];
  const children = processSchema.fields.map((field, at) =>
    arrow.makeData({
      type: field.type,
      length: rows,
      data: arrays[at],
      nullCount: field.name === 'private_bytes_mb' ? nulls : 0,
      nullBitmap: field.name === 'private_bytes_mb' ? largest : null,
    } as never),
  );
  const type = new arrow.Struct(processSchema.fields);
  return new arrow.RecordBatch(processSchema, arrow.makeData({ type, length: rows, nullCount: 0, children }));
}

/** A number that looks random and is the same in every run. */
function noise(row: number): number {
  let value = Math.imul(row + 1, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
