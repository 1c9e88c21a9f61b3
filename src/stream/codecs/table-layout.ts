// What the row encoders know of each table before its first record: constants and one writer a column.
// Not a codec: what the constants and writers are is each encoder's.
import type { AnyRow } from '../../core/index.ts';
import type { ByteWriter, Constant } from './byte-writer.ts';
import { streamTables } from '../stream-contract.ts';
import type { StreamTable } from '../stream-contract.ts';

/** Writes a value that is not null, in the form of its column's type. */
export type ValueWriter = (out: ByteWriter, value: AnyRow[string]) => void;

export interface ColumnLayout {
  readonly name: string;
  /** Stands before each value: the name, or a field's number. */
  readonly key: Constant;
  readonly write: ValueWriter;
}

export interface TableLayout {
  /** Stands at the beginning of each record. */
  readonly head: Constant;
  readonly columns: readonly ColumnLayout[];
}

/** Builds the layout of every table. */
export function buildTableLayouts(
  build: (table: StreamTable) => TableLayout,
): Readonly<Record<StreamTable, TableLayout>> {
  const layouts = streamTables.map((table) => [table, build(table)] as const);
  return Object.fromEntries(layouts) as Record<StreamTable, TableLayout>;
}
