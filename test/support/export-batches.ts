// Rows of the export document's ProcessRecord for benchmarks of exports: 300 processes scanned every ten
// seconds, sizes in whole KiB / 1024, CPU in ticks, counters that grow, and nulls where /proc says nothing.
import * as arrow from 'apache-arrow';
import { optional, required, toArrowSchema } from '../../src/core/index.ts';
import type { RecordKind } from '../../src/core/index.ts';
import type { TableSource } from '../../src/export/file-contract.ts';

const PROCESSES = 300;
const START_MS = 1_763_700_000_123;

/** The document's columns as an anonymised export has them. */
export const processViewKind: RecordKind = {
  name: 'process',
  version: 1,
  fields: [
    required('timestamp', 'timestamp', 'ms since epoch', 'clock'),
    required('pid', 'int32', 'pid', '/proc'),
    required('name_hash', 'uint64', 'keyed hash of the command name', 'anonymiser'),
    required('working_set_mb', 'float64', 'MiB', '/proc/PID/statm'),
    optional('private_bytes_mb', 'float64', 'MiB', '/proc/PID/smaps_rollup'),
    optional('cpu_percent', 'float32', 'percent of one core', '/proc/PID/stat'),
    optional('io_read_bytes', 'int64', 'bytes', '/proc/PID/io'),
    optional('io_write_bytes', 'int64', 'bytes', '/proc/PID/io'),
  ],
};

/** A stream of pseudo-random 32-bit numbers: the same rows in every run (xorshift32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Builds `count` batches of `batchRows` rows. */
export function buildProcessBatches(count: number, batchRows = 65_536): arrow.RecordBatch[] {
  const random = createRandom(88_172_645);
  const hashes = BigUint64Array.from({ length: 60 }, () => (BigInt(random()) << 32n) | BigInt(random()));
  const state = Array.from({ length: PROCESSES }, () => ({ pages: random() % 400_000, read: 0, written: 0 }));
  return Array.from({ length: count }, (_, i) => buildBatch(i * batchRows, batchRows, hashes, state, random));
}

interface ProcessState {
  pages: number;
  read: number;
  written: number;
}

function buildBatch(
  firstRow: number,
  rows: number,
  hashes: BigUint64Array,
  processes: readonly ProcessState[],
  random: () => number,
): arrow.RecordBatch {
  const columns = {
    time: new BigInt64Array(rows),
    pid: new Int32Array(rows),
    hash: new BigUint64Array(rows),
    size: new Float64Array(rows),
    own: new Float64Array(rows),
    cpu: new Float32Array(rows),
    read: new BigInt64Array(rows),
    written: new BigInt64Array(rows),
  };
  const ownValid = new Uint8Array(Math.ceil(rows / 8));
  const ioValid = new Uint8Array(Math.ceil(rows / 8));
  for (let i = 0; i < rows; i++) {
    const row = firstRow + i;
    const number = row % PROCESSES;
    const one = processes[number]!;
    const dice = random();
    // Most processes sleep most of the time.
    if (dice % 4 === 0) {
      one.pages = Math.max(64, one.pages + (dice % 513) - 256);
      one.read += (dice % 97) * 4096;
      one.written += (dice % 31) * 512;
      columns.cpu[i] = Math.fround((dice % 120) / 10.01);
    }
    columns.time[i] = BigInt(START_MS + Math.floor(row / PROCESSES) * 10_000);
    columns.pid[i] = 400 + number * 37;
    columns.hash[i] = hashes[number % 60]!;
    columns.size[i] = (one.pages * 4) / 1024;
    columns.own[i] = (one.pages * 3) / 1024;
    columns.read[i] = BigInt(one.read);
    columns.written[i] = BigInt(one.written);
    if (number < 32) ownValid[i >> 3]! |= 1 << (i & 7);
    if (number % 5 !== 0) ioValid[i >> 3]! |= 1 << (i & 7);
  }
  return assemble(rows, columns, ownValid, ioValid);
}

function assemble(
  length: number,
  columns: Readonly<Record<string, ArrayBufferView>>,
  ownValid: Uint8Array,
  ioValid: Uint8Array,
): arrow.RecordBatch {
  const schema = toArrowSchema(processViewKind);
  const bitmaps: Partial<Record<string, Uint8Array>> = { own: ownValid, read: ioValid, written: ioValid };
  const children = Object.entries(columns).map(([name, data], at) => {
    const nullBitmap = bitmaps[name] ?? null;
    const nullCount = nullBitmap ? length - countBits(nullBitmap) : 0;
    return arrow.makeData({ type: schema.fields[at]!.type, length, data, nullBitmap, nullCount } as never);
  });
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }));
}

function countBits(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) for (let bits = byte; bits > 0; bits &= bits - 1) count++;
  return count;
}

/** A table of `rows` rows that hands out the batches again and again; nothing else is held. */
export function buildProcessTable(batches: readonly arrow.RecordBatch[], rows: number): TableSource {
  return {
    name: 'process',
    schema: toArrowSchema(processViewKind),
    rowEstimate: rows,
    open: (skipRows, signal) => repeatBatches(batches, skipRows, rows, signal),
  };
}

async function* repeatBatches(
  batches: readonly arrow.RecordBatch[],
  skipRows: number,
  rows: number,
  signal: AbortSignal,
): AsyncGenerator<arrow.RecordBatch> {
  const batchRows = batches[0]!.numRows;
  let row = skipRows;
  while (row < rows) {
    signal.throwIfAborted();
    const batch = batches[Math.floor(row / batchRows) % batches.length]!;
    const from = row % batchRows;
    const part = batch.slice(from, Math.min(batchRows, from + rows - row));
    row += part.numRows;
    yield part;
  }
}
