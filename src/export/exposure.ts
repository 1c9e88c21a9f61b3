// What an export without anonymisation gives away, read off the schema: shown before it is written.
import { buildAdrView, recordKinds } from '../core/index.ts';
import type { PrivacyRole } from '../core/index.ts';
import type { ExportTable } from './export-options.ts';

/** Columns of one table that would leave as they are. */
export interface Exposure {
  readonly table: ExportTable;
  readonly columns: readonly { readonly name: string; readonly role: PrivacyRole; readonly what: string }[];
}

/**
 * The columns that anonymisation would have removed, hashed or coarsened.
 * @param columns as in ExportConfig @default 'all'
 */
export function describeExposure(
  tables: readonly ExportTable[],
  columns: 'all' | 'document' | readonly string[] = 'all',
): Exposure[] {
  return tables.map((table) => {
    const { kind, documentColumns } = buildAdrView(table, recordKinds[table]!);
    const isWanted = (name: string, at: number): boolean =>
      columns === 'all' || (columns === 'document' ? at < documentColumns : columns.includes(name));
    const exposed = kind.fields.flatMap(({ name, unit, privacy }, at) =>
      privacy !== undefined && isWanted(name, at) ? [{ name, role: privacy, what: unit }] : [],
    );
    return { table, columns: exposed };
  });
}
