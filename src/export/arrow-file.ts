// The Arrow IPC file format around encoded record batches: magic, schema, batches, footer.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
import * as arrow from 'apache-arrow';
import { FileBlock, Footer } from 'apache-arrow/ipc/metadata/file';
import { Message } from 'apache-arrow/ipc/metadata/message';

const MAGIC = Buffer.from('ARROW1');
const HEAD = Buffer.from('ARROW1\0\0');
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
/** Continuation marker and metadata length. */
const PREFIX_BYTES = 8;

type Block = readonly [offset: number, metadataBytes: number, bodyBytes: number];

/** One file that grows batch by batch. */
export class ArrowFile {
  readonly #schema: arrow.Schema;
  readonly #schemaMessage: Uint8Array;
  readonly #blocks: Block[];

  /** @param state of {@link save}, to go on */
  constructor(schema: arrow.Schema, state?: unknown) {
    this.#schema = schema;
    this.#schemaMessage = encodeArrowSchema(schema);
    this.#blocks = Array.isArray(state) ? (state as Block[]) : [];
  }

  head(): Uint8Array {
    return Buffer.concat([HEAD, this.#schemaMessage]);
  }

  /** First bytes of the stream format, which has no footer. */
  streamHead(): Uint8Array {
    return this.#schemaMessage;
  }

  streamTail(): Uint8Array {
    return END_OF_STREAM;
  }

  /** The messages of record batches. */
  encode(batches: readonly arrow.RecordBatch[]): Uint8Array {
    return withoutEnd(toStream(this.#schema, [...batches])).subarray(this.#schemaMessage.length);
  }

  /** Notes where messages of {@link encode} stand in the file. */
  note(messages: Uint8Array, offset: number): void {
    const view = new DataView(messages.buffer, messages.byteOffset, messages.byteLength);
    for (let at = 0; at < messages.length;) {
      const metadataBytes = PREFIX_BYTES + view.getInt32(at + 4, true);
      const header = Message.decode(messages.subarray(at + PREFIX_BYTES, at + metadataBytes));
      const bodyBytes = header.bodyLength;
      this.#blocks.push([offset + at, metadataBytes, bodyBytes]);
      at += metadataBytes + bodyBytes;
    }
  }

  tail(): Uint8Array {
    const blocks = this.#blocks.map(
      ([offset, metadata, body]) => new FileBlock(metadata, BigInt(body), BigInt(offset)),
    );
    const footer = Footer.encode(new Footer(this.#schema, arrow.MetadataVersion.V5, blocks, []));
    const length = Buffer.alloc(4);
    length.writeInt32LE(footer.byteLength);
    return Buffer.concat([END_OF_STREAM, footer, length, MAGIC]);
  }

  save(): readonly Block[] {
    return this.#blocks;
  }
}

/** A schema as an Arrow IPC message. */
export function encodeArrowSchema(schema: arrow.Schema): Uint8Array {
  return withoutEnd(toStream(schema, []));
}

function toStream(schema: arrow.Schema, batches: arrow.RecordBatch[]): Uint8Array {
  return arrow.tableToIPC(new arrow.Table(schema, batches), 'stream');
}

const withoutEnd = (stream: Uint8Array): Uint8Array =>
  stream.subarray(0, stream.length - END_OF_STREAM.length);
