// Rows as what an export reads a history through: partitions of a few rows, and batches.
import * as arrow from 'apache-arrow';
import pl from 'nodejs-polars';
import { buildRecordBatch, recordKinds } from '../../../src/core/index.ts';
import type { AnyRow, HistoryPartition } from '../../../src/core/index.ts';
import type { ExportSource } from '../../../src/export/index.ts';

const timeOf = (row: AnyRow): number => Number(row['timestamp']);

/** Rows by table, in order of time; a partition ends at the first new time after `partitionRows`. */
export function sourceOfRows(
  tables: Readonly<Record<string, readonly AnyRow[]>>,
  partitionRows = 7,
): ExportSource {
  const wanted = (table: string, fromMs: number, toMs: number): AnyRow[] =>
    (tables[table] ?? []).filter((row) => timeOf(row) >= fromMs && timeOf(row) < toMs);
  return {
    async *query(table, { fromMs = -Infinity, toMs = Infinity } = {}) {
      const rows = wanted(table, fromMs, toMs);
      if (rows.length > 0) yield buildRecordBatch(recordKinds[table]!, rows);
    },
    partitions: (table, { fromMs = -Infinity, toMs = Infinity } = {}) =>
      Promise.resolve(
        cutAtTimes(wanted(table, fromMs, toMs), partitionRows).map((rows) => toPartition(table, rows)),
      ),
  };
}

function cutAtTimes(rows: readonly AnyRow[], size: number): AnyRow[][] {
  const parts: AnyRow[][] = [];
  for (const row of rows) {
    const last = parts.at(-1);
    if (!last || (last.length >= size && timeOf(last.at(-1)!) !== timeOf(row))) parts.push([row]);
    else last.push(row);
  }
  return parts;
}

function toPartition(table: string, rows: readonly AnyRow[]): HistoryPartition {
  const batch = buildRecordBatch(recordKinds[table]!, rows);
  return {
    fromMs: timeOf(rows[0]!),
    toMs: timeOf(rows.at(-1)!) + 1,
    maxRows: rows.length,
    isSorted: false,
    files: null,
    open: () =>
      Promise.resolve(pl.readIPC(Buffer.from(arrow.tableToIPC(new arrow.Table(batch), 'file'))).lazy()),
  };
}
