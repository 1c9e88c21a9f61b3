// A table of a history as a source of plans, through the port that a history has for them.
import * as arrow from 'apache-arrow';
import { buildRecordBatch, loadPolars, recordKinds } from '../../core/index.ts';
import type { HistoryKind, PartitionReader, TimeRange } from '../../core/index.ts';
import type { NativePartition, NativeSource } from '../contract.ts';

/**
 * Rows of a table as they are stored, in the order of their times: not anonymised.
 * @param range half-open; a function is asked when the run begins. @default everything
 * @example pipeline().from(historySource(history, 'memory')).to(createFileSink({ path: 'memory.parquet', format: 'parquet' }))
 */
export function historySource(
  history: PartitionReader | (() => Promise<PartitionReader>),
  kind: HistoryKind = 'memory',
  range: TimeRange | (() => TimeRange) = {},
): NativeSource {
  return {
    name: `history ${kind}`,
    partitions: async () => {
      const reader = typeof history === 'function' ? await history() : history;
      const found = await reader.partitions(kind, typeof range === 'function' ? range() : range);
      return found.length > 0 ? found : [emptyPartition(kind)];
    },
  };
}

/** Without rows there are columns all the same. */
function emptyPartition(kind: HistoryKind): NativePartition {
  const table = new arrow.Table(buildRecordBatch(recordKinds[kind]!, []));
  return {
    maxRows: 0,
    open: async () =>
      loadPolars()
        .readIPC(Buffer.from(arrow.tableToIPC(table, 'file')))
        .lazy(),
  };
}
