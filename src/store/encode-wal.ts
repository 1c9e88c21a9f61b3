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

  /** The message written last, as the pieces it was written in. */
  take(): Uint8Array[] {
    const { chunks } = this;
    this.chunks = [];
    this._recordBatchBlocks.length = 0;
    return chunks;
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
  const schemaFrame = buildFrame(collector.take(), 0);
  const seed = messageChecksum(schemaFrame.subarray(frameHeaderBytes), 0);
  return {
    head: Buffer.concat([walMagic, schemaFrame]),
    encodeFrame(rows) {
      collector.write(buildRecordBatch(kind, rows));
      return buildFrame(collector.take(), seed);
    },
  };
}

function buildFrame(pieces: readonly Uint8Array[], seed: number): Buffer {
  const frame = Buffer.concat([Buffer.alloc(frameHeaderBytes), ...pieces]);
  frame.writeUInt32LE(frame.length - frameHeaderBytes, 0);
  frame.writeUInt32LE(messageChecksum(frame.subarray(frameHeaderBytes), seed), 4);
  frame.writeUInt32LE(headerChecksum(frame), 8);
  return frame;
}
