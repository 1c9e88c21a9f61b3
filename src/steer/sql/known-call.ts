// A call of the user's that reads, with what is known of its template.
import type { SteeredCall } from './database.ts';
import type { SqlTemplate } from './sql-template.ts';
import type { TemplateEntry } from './template-entry.ts';

/** A call that is about to run, and what it is. */
export interface KnownCall {
  readonly call: SteeredCall;
  readonly template: SqlTemplate;
  readonly entry: TemplateEntry;
}
