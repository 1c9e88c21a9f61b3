// The columns of a table as users see them, for publication.
import { buildAdrView } from '../../core/index.ts';
import type { RecordKind } from '../../core/index.ts';
import type { ExportTable } from '../export-options.ts';
import type { PublishColumn } from './publish-contract.ts';

/** @param native the stored kind, or what an anonymiser made of it */
export function buildAdrKind(table: ExportTable, native: RecordKind): PublishColumn[] {
  return buildAdrView(table, native).kind.fields.map((field): PublishColumn => ({
    ...field,
    role: field.type === 'timestamp' ? 'time' : 'measurement',
  }));
}
