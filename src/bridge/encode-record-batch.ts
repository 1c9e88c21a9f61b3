// Record batch → one Arrow IPC message of the bridge. The inverse of decode-record-batch.ts.
// https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
import type * as arrow from 'apache-arrow';
import { buildMessagePlanner, findDictionaryField } from '../core/index.ts';
import type { MessagePlanner } from '../core/index.ts';
import { dictionaryColumnError } from './errors.ts';

/**
 * Builds a planner for the batches of one feed. It
 * throws RuvectorError `ERR_WIRE_BATCH` for dictionary columns, which need messages of their own.
 */
export function buildBatchPlanner(): MessagePlanner {
  const plan = buildMessagePlanner();
  let lastSchema: arrow.Schema | null = null;
  return (batch) => {
    if (batch.schema !== lastSchema) {
      const dictionary = findDictionaryField(batch.schema.fields);
      if (dictionary !== null) throw dictionaryColumnError(dictionary);
    }
    lastSchema = batch.schema;
    return plan(batch);
  };
}

/** Encodes a record batch into fresh memory, or into `target` when it is given and large enough. */
export function encodeRecordBatch(batch: arrow.RecordBatch, target?: Uint8Array): Uint8Array {
  const plan = buildBatchPlanner()(batch);
  if (target && target.byteLength < plan.sizeBytes) {
    throw new RangeError(
      `Cannot encode record batch: it needs ${plan.sizeBytes} bytes, the target has ${target.byteLength}`,
    );
  }
  return plan.writeTo(target ?? new Uint8Array(plan.sizeBytes));
}
