// Arrow IPC streams as messages: each holds a schema and one or more batches, so that a reader may begin with any.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
import * as arrow from 'apache-arrow';
import type { Batch } from '../contract.ts';
import { messageError } from './errors.ts';

/** The batches of a message that have rows. @throws RuvectorError `ERR_PIPELINE_MESSAGE` */
export function decodeBatches(where: string, message: Uint8Array): Batch[] {
  try {
    return arrow.tableFromIPC(message).batches.filter(({ numRows }) => numRows > 0);
  } catch (cause) {
    throw messageError(where, 'an Arrow IPC stream', cause);
  }
}

/** A batch as a message of its own. */
export const encodeBatch = (batch: Batch): Uint8Array => arrow.tableToIPC(new arrow.Table([batch]), 'stream');
