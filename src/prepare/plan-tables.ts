// What a plan looks rows up in: their names or sizes, their processes or boots, and the key.
import type { RecordKind } from '../core/index.ts';
import { treatColumns } from './column-treatment.ts';
import type { TreatedColumn } from './column-treatment.ts';
import { BootBases, ProcessBases } from './counter-bases.ts';
import type { ProcessState } from './counter-bases.ts';
import { NameAttributes, SizeAttributes, noAttributes } from './quasi-attributes.ts';
import type { QuasiAttributes } from './quasi-attributes.ts';
import type { ReleaseKey } from './release-key.ts';

/** The parts of a plan that rows are looked up in. */
export interface PlanTables {
  readonly columns: readonly TreatedColumn[];
  readonly key: ReleaseKey;
  readonly names: NameAttributes | null;
  readonly sizes: SizeAttributes | null;
  readonly processes: ProcessBases | null;
  readonly boots: BootBases | null;
}

/** What tells rows apart beside their time. */
export function attributesOf({ names, sizes }: PlanTables): QuasiAttributes {
  return names ?? sizes ?? noAttributes;
}

/** Tables as they were saved; empty for a new plan. */
export interface SavedTables {
  readonly hashes?: BigUint64Array | undefined;
  readonly sizes?: readonly (readonly (number | null)[])[] | undefined;
  readonly processes?: ProcessState | undefined;
  readonly boots?:
    { readonly starts: readonly number[]; readonly values: readonly Float64Array[] } | undefined;
}

/** The tables of a plan, as they were saved or empty. */
export function buildTables(kind: RecordKind, key: ReleaseKey, saved: SavedTables): PlanTables {
  const columns = treatColumns(kind);
  const treated = (treatment: TreatedColumn['treatment']): TreatedColumn[] =>
    columns.filter((column) => column.treatment === treatment);
  const name = treated('name')[0];
  const sizes = treated('size');
  const counters = treated('counter').map(({ field }) => field.name);
  const hasProcesses = treated('process-number').length > 0;
  return {
    columns,
    key,
    names: name ? new NameAttributes(name.field.name, key, saved.hashes) : null,
    sizes: sizes.length > 0 ? new SizeAttributes(sizes, saved.sizes) : null,
    processes: hasProcesses ? new ProcessBases(counters, saved.processes) : null,
    boots: hasProcesses ? null : new BootBases(counters, saved.boots?.starts, saved.boots?.values),
  };
}
