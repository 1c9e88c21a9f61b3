// Record batch → one contiguous Arrow IPC encapsulated message, its body copied once from the columns into memory the
// caller chooses, and such a message → a record batch whose columns are views of it. Dictionary columns need messages
// of their own and do not belong here.
// https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
import * as arrow from 'apache-arrow';
import { MetadataVersion } from 'apache-arrow/enum';
import { BufferRegion, Message, RecordBatch as BatchHeader } from 'apache-arrow/ipc/metadata/message';
import { VectorLoader } from 'apache-arrow/visitor/vectorloader';
import { assembleBuffers } from './assemble-buffers.ts';
import type { AssembledBuffers } from './assemble-buffers.ts';

/** Buffers begin at multiples of this within the body, and the body within the message. */
const ALIGNMENT = 64;
/** Continuation marker 0xFFFFFFFF (i32) and metadata length (i32). */
const PREFIX_BYTES = 8;

/** A batch ready to be written: its size is known before any memory is taken. */
export interface MessagePlan {
  readonly sizeBytes: number;
  /** Writes the message at the start of `target` and returns the bytes it fills. */
  readonly writeTo: (target: Uint8Array) => Uint8Array;
}

/** What the metadata of a message says; equal layouts have equal metadata. */
interface Layout {
  readonly rows: number;
  readonly nodes: AssembledBuffers['nodes'];
  readonly variadicBufferCounts: readonly number[];
  readonly regions: readonly BufferRegion[];
  readonly metadata: Uint8Array;
  readonly bodyBytes: number;
}

/** Lays batches out; batches of one feed mostly look alike, so the last metadata is remembered. */
export type MessagePlanner = (batch: arrow.RecordBatch) => MessagePlan;

/** Builds a planner for the batches of one feed. */
export function buildMessagePlanner(): MessagePlanner {
  let last: Layout | null = null;
  return (batch) => {
    const parts = assembleBuffers(batch);
    last = last && hasLayout(last, batch.numRows, parts) ? last : layOut(batch.numRows, parts);
    return planOf(last, parts.buffers);
  };
}

function planOf({ metadata, regions, bodyBytes }: Layout, buffers: readonly ArrayBufferView[]): MessagePlan {
  const bodyStart = align(PREFIX_BYTES + metadata.length);
  return {
    sizeBytes: bodyStart + bodyBytes,
    writeTo(target) {
      writePrefix(target, metadata, bodyStart);
      for (let i = 0; i < buffers.length; i++) writeBuffer(target, buffers[i]!, bodyStart, regions[i]!);
      return target.subarray(0, bodyStart + bodyBytes);
    },
  };
}

function layOut(rows: number, { nodes, buffers, variadicBufferCounts }: AssembledBuffers): Layout {
  let bodyBytes = 0;
  const regions = buffers.map((buffer) => {
    const region = new BufferRegion(bodyBytes, buffer.byteLength);
    bodyBytes = align(bodyBytes + buffer.byteLength);
    return region;
  });
  const header = new BatchHeader(rows, nodes, regions, null, variadicBufferCounts);
  const metadata = Message.encode(Message.from(header, bodyBytes));
  return { rows, nodes, variadicBufferCounts, regions, metadata, bodyBytes };
}

function hasLayout(
  layout: Layout,
  rows: number,
  { nodes, buffers, variadicBufferCounts }: AssembledBuffers,
): boolean {
  return (
    layout.rows === rows &&
    layout.nodes.length === nodes.length &&
    layout.nodes.every(
      (node, i) => node.nullCount === nodes[i]!.nullCount && node.length === nodes[i]!.length,
    ) &&
    layout.variadicBufferCounts.every((count, i) => count === variadicBufferCounts[i]) &&
    layout.regions.length === buffers.length &&
    layout.regions.every((region, i) => region.length === buffers[i]!.byteLength)
  );
}

/** Slots are reused: padding is cleared so that no byte of an older batch leaves the process. */
function writePrefix(target: Uint8Array, metadata: Uint8Array, bodyStart: number): void {
  const view = new DataView(target.buffer, target.byteOffset, PREFIX_BYTES);
  view.setInt32(0, -1, true);
  view.setInt32(4, bodyStart - PREFIX_BYTES, true);
  target.set(metadata, PREFIX_BYTES);
  target.fill(0, PREFIX_BYTES + metadata.length, bodyStart);
}

function writeBuffer(
  target: Uint8Array,
  buffer: ArrayBufferView,
  bodyStart: number,
  region: BufferRegion,
): void {
  const start = bodyStart + region.offset;
  target.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), start);
  target.fill(0, start + region.length, bodyStart + align(region.offset + region.length));
}

/** The name of the first column, or field of a column, that is dictionary-encoded; null without one. */
export function findDictionaryField(fields: readonly arrow.Field[]): string | null {
  for (const field of fields) {
    if (arrow.DataType.isDictionary(field.type)) return field.name;
    const inside = findDictionaryField((field.type.children ?? []) as arrow.Field[]);
    if (inside !== null) return inside;
  }
  return null;
}

/**
 * Decodes a message that a plan wrote; columns are views of `bytes`, which begin at a multiple of 64 in their memory.
 * Bytes from elsewhere are not checked.
 */
export function decodeBatchMessage(schema: arrow.Schema, bytes: Uint8Array): arrow.RecordBatch {
  const metadataBytes = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getInt32(4, true);
  const bodyStart = PREFIX_BYTES + metadataBytes;
  const message = Message.decode(bytes.subarray(PREFIX_BYTES, bodyStart));
  const { length, nodes, buffers, variadicBufferCounts } = message.header() as BatchHeader;
  const body = bytes.subarray(bodyStart, bodyStart + message.bodyLength);
  const children = new VectorLoader(
    body,
    nodes,
    buffers,
    new Map(),
    MetadataVersion.V5,
    variadicBufferCounts,
  ).visitMany(schema.fields);
  const data = arrow.makeData({ type: new arrow.Struct(schema.fields), length, nullCount: 0, children });
  return new arrow.RecordBatch(schema, data);
}

function align(sizeBytes: number): number {
  return Math.ceil(sizeBytes / ALIGNMENT) * ALIGNMENT;
}
