// Arrow IPC messages: a schema as bytes, and what follows the batches.
// https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
import * as arrow from 'apache-arrow';

/** What an Arrow file ends with, and begins with. */
export const ARROW_MAGIC: Buffer = Buffer.from('ARROW1');

/** What ends a stream of messages. */
export const END_OF_STREAM: Uint8Array = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** A schema as an Arrow IPC message. */
export function encodeArrowSchema(schema: arrow.Schema): Uint8Array {
  const stream = arrow.tableToIPC(new arrow.Table(schema, []), 'stream');
  return stream.subarray(0, stream.length - END_OF_STREAM.length);
}
