// Batches of memory snapshots, as stages read them.
import type * as arrow from 'apache-arrow';
import { memoryKind, rowsOf } from '../../core/index.ts';
import type { MemorySnapshot, RowRun } from '../../core/index.ts';
import type { Batch } from '../../pipeline/index.ts';
import { snapshotColumnsError } from '../errors.ts';

const memoryColumns: readonly string[] = memoryKind.fields.map(({ name }) => name);

/** Columns of a snapshot. */
export const SNAPSHOT_COLUMNS: number = memoryColumns.length;

export const isSnapshotColumn = (name: string): boolean => memoryColumns.includes(name);

/** @throws RuvectorError `ERR_PREPARE_COLUMNS` for batches that are no snapshots */
export function assertSnapshots(stage: string, { fields }: arrow.Schema): void {
  const names = new Set(fields.map(({ name }) => name));
  const missing = memoryKind.fields.filter(({ name, nullable }) => !nullable && !names.has(name));
  if (missing.length > 0)
    throw snapshotColumnsError(
      stage,
      missing.map(({ name }) => name),
    );
}

export const snapshotsOf = (batch: Batch): MemorySnapshot[] =>
  rowsOf(memoryKind, batch) as unknown as MemorySnapshot[];

/** Adds a row to those before it: rows that follow each other are copied at once. */
export function addRow(runs: RowRun[], row: RowRun): void {
  const last = runs.at(-1);
  if (last?.batch === row.batch && last.to === row.from) runs[runs.length - 1] = { ...last, to: row.to };
  else runs.push(row);
}
