// Arrow IPC messages → schema and record batch. The inverse of encode-record-batch.ts.
// https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
import * as arrow from 'apache-arrow';
import { batchBytesError } from './errors.ts';

/**
 * Decodes the schema message of a data HELLO.
 * @throws RuvectorError `ERR_WIRE_BATCH`
 */
export function decodeSchema(bytes: Uint8Array): arrow.Schema {
  return decodeOrThrow('schema', () => {
    const reader = arrow.RecordBatchReader.from(bytes).open();
    return reader.schema;
  });
}

/**
 * Decodes batch messages that lie one behind the other; columns are views of `bytes`, nothing is copied
 * when they are aligned.
 * @param schemaBytes the schema message of the same session
 * @throws RuvectorError `ERR_WIRE_BATCH`
 */
export function decodeRecordBatches(schemaBytes: Uint8Array, bytes: Uint8Array): arrow.RecordBatch[] {
  return decodeOrThrow('record batch', () => {
    // The reader makes an empty batch of nothing.
    if (bytes.byteLength === 0) throw new TypeError('the message is empty');
    return [...arrow.RecordBatchReader.from([schemaBytes, bytes])];
  });
}

function decodeOrThrow<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw batchBytesError(what, error);
  }
}
