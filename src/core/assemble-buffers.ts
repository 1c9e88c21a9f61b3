// The buffers of a record batch in the order of an IPC message: apache-arrow's assembler, and columns of views
// (`Utf8View`, `BinaryView`, which Polars writes) done here. apache-arrow 21 cuts the views of a sliced column twice, and
// takes along the whole text of the column that a slice was cut from.
// https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout
import type * as arrow from 'apache-arrow';
import { VectorAssembler } from 'apache-arrow/visitor/vectorassembler';
import type { FieldNode } from 'apache-arrow/ipc/metadata/message';

/** What a message is made of. */
export interface AssembledBuffers {
  readonly nodes: FieldNode[];
  readonly buffers: ArrayBufferView[];
  /** Buffers of text behind each column of views. */
  readonly variadicBufferCounts: number[];
}

/** A view is 16 bytes: length (i32), then the text of up to 12 bytes, or 4 bytes of it, buffer (i32) and offset (i32). */
const VIEW_BYTES = 16;
const INLINE_BYTES = 12;

interface ViewData {
  readonly length: number;
  readonly values: Uint8Array;
  readonly variadicBuffers: readonly Uint8Array[];
}

/** Its constructor is private in the types only. */
const Assembler = VectorAssembler as unknown as new () => VectorAssembler;

class ViewAssembler extends Assembler {
  override visitUtf8View(data: unknown): this {
    return this.#addViews(data as ViewData);
  }

  override visitBinaryView(data: unknown): this {
    return this.#addViews(data as ViewData);
  }

  #addViews({ length, values, variadicBuffers }: ViewData): this {
    const views = values.subarray(0, length * VIEW_BYTES);
    const textBytes = variadicBuffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const usedBytes = textBytes === 0 ? 0 : usedBytesOf(views);
    const isLoose = usedBytes * 2 < textBytes;
    const kept = isLoose ? gatherViews(views, variadicBuffers, usedBytes) : { views, texts: variadicBuffers };
    this.buffers.push(kept.views, ...kept.texts);
    this.variadicBufferCounts.push(kept.texts.length);
    return this;
  }
}

/** Assembles the columns of a batch; what is not rebased or cut stays a view of the batch. */
export function assembleBuffers(batch: arrow.RecordBatch): AssembledBuffers {
  const assembler = new ViewAssembler();
  assembler.visitMany(batch.data.children);
  return assembler;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

function usedBytesOf(views: Uint8Array): number {
  const fields = viewOf(views);
  let bytes = 0;
  for (let at = 0; at < views.length; at += VIEW_BYTES) {
    const length = fields.getInt32(at, true);
    if (length > INLINE_BYTES) bytes += length;
  }
  return bytes;
}

/** Copies the text that views point to into one buffer. */
function gatherViews(
  views: Uint8Array,
  texts: readonly Uint8Array[],
  usedBytes: number,
): { views: Uint8Array; texts: readonly Uint8Array[] } {
  const gathered = views.slice();
  const fields = viewOf(gathered);
  const text = new Uint8Array(usedBytes);
  let end = 0;
  for (let at = 0; at < gathered.length; at += VIEW_BYTES) {
    const length = fields.getInt32(at, true);
    if (length <= INLINE_BYTES) continue;
    const start = fields.getInt32(at + 12, true);
    text.set(texts[fields.getInt32(at + 8, true)]!.subarray(start, start + length), end);
    fields.setInt32(at + 8, 0, true);
    fields.setInt32(at + 12, end, true);
    end += length;
  }
  return { views: gathered, texts: usedBytes > 0 ? [text] : [] };
}
