// Record batches in slots of a slab, as Arrow IPC: written once, read in any thread as views of the slot. What fits no
// slot, or finds none free, travels as bytes of its own that are transferred.
import * as arrow from 'apache-arrow';
import {
  buildMessagePlanner,
  decodeBatchMessage,
  encodeSchema,
  findDictionaryField,
} from '../../core/index.ts';
import type { MessagePlan } from '../../core/index.ts';
import type { Batch } from '../contract.ts';
import { encodeTable } from './encode-table.ts';
import { isSameSchema } from './same-schema.ts';
import type { Slot } from './slab.ts';

/** Writes batches, mostly of one schema. */
export interface BatchWriter {
  layOut(batch: Batch): MessagePlan;
  /** The schema as an IPC message, the same bytes for the same schema; it travels beside each batch. */
  schemaBytesOf(batch: Batch): Uint8Array;
}

/** Reads batches, mostly of one schema. */
export interface BatchReader {
  /** A batch whose columns are views of `bytes`. */
  read(schemaBytes: Uint8Array, bytes: Uint8Array): Batch;
}

/** Builds a writer. Dictionary columns are written as an IPC stream, which costs one copy more. */
export function buildBatchWriter(): BatchWriter {
  const plan = buildMessagePlanner();
  let last: { schema: arrow.Schema; bytes: Uint8Array; hasDictionary: boolean } | null = null;
  const known = ({ schema }: Batch): { bytes: Uint8Array; hasDictionary: boolean } => {
    if (last !== null && isSameSchema(last.schema, schema)) return last;
    const hasDictionary = findDictionaryField(schema.fields) !== null;
    // A stream brings its schema itself.
    last = { schema, bytes: hasDictionary ? new Uint8Array() : encodeSchema(schema), hasDictionary };
    return last;
  };
  return {
    layOut: (batch) => (known(batch).hasDictionary ? layOutStream(batch) : plan(batch)),
    schemaBytesOf: (batch) => known(batch).bytes,
  };
}

/** Builds a reader; a schema that comes again is not decoded again. */
export function buildBatchReader(): BatchReader {
  let last: { bytes: Uint8Array; schema: arrow.Schema } | null = null;
  return {
    read(schemaBytes, bytes) {
      if (schemaBytes.length === 0) return [...arrow.RecordBatchReader.from([bytes])][0]!;
      if (last === null || Buffer.compare(last.bytes, schemaBytes) !== 0) {
        const own = schemaBytes.slice();
        last = { bytes: own, schema: arrow.RecordBatchReader.from([own]).open().schema };
      }
      return decodeBatchMessage(last.schema, bytes);
    },
  };
}

function layOutStream(batch: Batch): MessagePlan {
  const stream = encodeTable(batch.schema, [batch], 'stream');
  return {
    sizeBytes: stream.length,
    writeTo: (target) => {
      target.set(stream);
      return target.subarray(0, stream.length);
    },
  };
}

/** A slot that holds a batch. */
export interface HeldSlot {
  readonly slot: Slot;
  /** What the batch fills of it. */
  readonly sizeBytes: number;
}

/** Slots that batches of this thread are views of. */
const slots = new WeakMap<Batch, HeldSlot>();

/** Keeps a slot for as long as a batch that is a view of it is in use, until `releaseBatch`. */
export function holdSlot(batch: Batch, slot: HeldSlot): void {
  slots.set(batch, slot);
}

/** The slot that a batch is a view of; null for one in memory of its own. */
export const slotOf = (batch: Batch): HeldSlot | null => slots.get(batch) ?? null;

/**
 * Gives back the slot that a batch is a view of; a batch in memory of its own stays as it is. Its columns, and those of
 * slices of it, may not be read any more.
 */
export function releaseBatch(batch: Batch): void {
  slots.get(batch)?.slot.release();
  slots.delete(batch);
}

/**
 * Cuts a batch by rows, without copying, into parts of at most so many bytes as Arrow IPC; a single row that is larger
 * stays one part.
 */
export function splitBatch(batch: Batch, maxBytes: number): Batch[] {
  const writer = buildBatchWriter();
  const parts: Batch[] = [];
  const cut = (part: Batch): void => {
    if (part.numRows <= 1 || writer.layOut(part).sizeBytes <= maxBytes) parts.push(part);
    else {
      const half = Math.ceil(part.numRows / 2);
      cut(part.slice(0, half));
      cut(part.slice(half));
    }
  };
  cut(batch);
  return parts;
}
