// Rows → the bytes of a write-ahead log (wal-layout.ts). No I/O.
import * as arrow from 'apache-arrow';
import { buildRecordBatch, toArrowSchema } from '../core/index.ts';
import type { AnyRow, RecordKind } from '../core/index.ts';
import { frameHeaderBytes, headerChecksum, messageChecksum, walMagic } from './wal-layout.ts';

/** Collects the messages of an Arrow stream one by one instead of queueing them. */
class MessageCollector extends arrow.RecordBatchStreamWriter {
  private chunks: Uint8Array[] = [];

  protected override _write(chunk: Uint8Array | ArrayBufferView): this {
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (bytes.length > 0) this.chunks.push(bytes);
    return this;
  }

  take(): Uint8Array {
    const message = Buffer.concat(this.chunks);
    this.chunks = [];
    this._recordBatchBlocks.length = 0;
    return message;
  }
}

/** Encodes the frames of one log file of one kind. */
export interface WalEncoder {
  /** Magic and schema frame: the first bytes of the file. */
  readonly head: Uint8Array;
  /** One frame holding `rows`. */
  encodeFrame(rows: readonly AnyRow[]): Uint8Array;
}

/** Builds the encoder of a record kind. */
export function buildWalEncoder(kind: RecordKind): WalEncoder {
  const collector = new MessageCollector();
  collector.reset(undefined, toArrowSchema(kind));
  const schemaMessage = collector.take();
  const seed = messageChecksum(schemaMessage, 0);
  return {
    head: Buffer.concat([walMagic, frame(schemaMessage, 0)]),
    encodeFrame(rows) {
      collector.write(buildRecordBatch(kind, rows));
      return frame(collector.take(), seed);
    },
  };
}

function frame(message: Uint8Array, seed: number): Uint8Array {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32LE(message.length, 0);
  header.writeUInt32LE(messageChecksum(message, seed), 4);
  header.writeUInt32LE(headerChecksum(header), 8);
  return Buffer.concat([header, message]);
}
