// Batches as one Arrow IPC file or stream by apache-arrow's own writer. Where two columns are views of the same memory
// (a column under two names, structs and lists over one child) that writer joins them into one and the result is
// damaged (`collapseContiguousByteRanges`, apache-arrow 21): what repeats is copied first.
import * as arrow from 'apache-arrow';
import type { Batch } from '../contract.ts';

/** Encodes batches of one schema. */
export function encodeTable(
  schema: arrow.Schema,
  batches: readonly Batch[],
  format: 'file' | 'stream',
): Uint8Array {
  return arrow.tableToIPC(new arrow.Table(schema, batches.map(separateColumns)), format);
}

/** Ranges of memory that were seen. */
type Seen = Map<ArrayBufferLike, [from: number, to: number][]>;

function separateColumns(batch: Batch): Batch {
  const seen: Seen = new Map();
  const data = separateData(batch.data, seen);
  return data === batch.data ? batch : new arrow.RecordBatch(batch.schema, data as typeof batch.data);
}

/** The same data while its buffers are new; else a copy of those that are not. */
function separateData(data: arrow.Data, seen: Seen): arrow.Data {
  const children = data.children.map((child) => separateData(child, seen));
  const buffers = data.buffers as unknown as (ArrayBufferView | undefined)[];
  const separate = buffers.map((buffer) => (buffer && isSeen(buffer, seen) ? copyOf(buffer) : buffer));
  const texts = data.variadicBuffers.map((buffer) => (isSeen(buffer, seen) ? copyOf(buffer) : buffer));
  const isSame =
    separate.every((buffer, i) => buffer === buffers[i]) &&
    texts.every((text, i) => text === data.variadicBuffers[i]) &&
    children.every((child, i) => child === data.children[i]);
  if (isSame) return data;
  const { type, offset, length, nullCount } = data;
  return data.clone(type, offset, length, nullCount, separate as never, children, texts as Uint8Array[]);
}

function isSeen({ buffer, byteOffset, byteLength }: ArrayBufferView, seen: Seen): boolean {
  if (byteLength === 0) return false;
  const [from, to] = [byteOffset, byteOffset + byteLength];
  const ranges = seen.get(buffer) ?? [];
  if (ranges.some(([start, end]) => from < end && start < to)) return true;
  seen.set(buffer, [...ranges, [from, to]]);
  return false;
}

const copyOf = (view: ArrayBufferView): ArrayBufferView => (view as Uint8Array).slice();
