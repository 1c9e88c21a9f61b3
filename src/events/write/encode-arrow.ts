// Batches as one Arrow IPC stream or file, message by message; the bodies are copied once.
// https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
//
//   file    "ARROW1\0\0" schema, batches, end of stream, footer, length of the footer (i32), "ARROW1"
//   stream  schema, batches, end of stream
import * as arrow from 'apache-arrow';
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { buildMessagePlanner, encodeSchema } from '../../core/index.ts';
import type { Batch } from '../../pipeline/index.ts';

const MAGIC = Buffer.from('ARROW1');
const HEAD = Buffer.concat([MAGIC, Buffer.alloc(2)]);
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
/** Continuation marker and metadata length. */
const PREFIX_BYTES = 8;

/** Encodes in order: the head, any number of batches, the end. */
export class ArrowEncoder {
  readonly #schema: arrow.Schema;
  readonly #isFile: boolean;
  readonly #plan = buildMessagePlanner();
  readonly #blocks: FileBlock[] = [];
  #at = 0;
  #memory: Uint8Array = new Uint8Array(0);

  constructor(schema: arrow.Schema, isFile: boolean) {
    this.#schema = schema;
    this.#isFile = isFile;
  }

  encodeHead(): Uint8Array {
    const schema = encodeSchema(this.#schema);
    return this.#count(this.#isFile ? Buffer.concat([HEAD, schema]) : schema);
  }

  /** @returns bytes that are good until the next batch */
  encodeBatch(batch: Batch): Uint8Array {
    const plan = this.#plan(batch);
    if (this.#memory.length < plan.sizeBytes) this.#memory = new Uint8Array(plan.sizeBytes);
    const bytes = plan.writeTo(this.#memory);
    if (this.#isFile) {
      const metadata = PREFIX_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
      this.#blocks.push(new FileBlock(metadata, BigInt(bytes.length - metadata), BigInt(this.#at)));
    }
    return this.#count(bytes);
  }

  encodeEnd(): Uint8Array {
    if (!this.#isFile) return END_OF_STREAM;
    const footer = Footer.encode(new Footer(this.#schema, arrow.MetadataVersion.V5, this.#blocks, []));
    const length = Buffer.alloc(4);
    length.writeInt32LE(footer.byteLength);
    return Buffer.concat([END_OF_STREAM, footer, length, MAGIC]);
  }

  #count(bytes: Uint8Array): Uint8Array {
    this.#at += bytes.length;
    return bytes;
  }
}
