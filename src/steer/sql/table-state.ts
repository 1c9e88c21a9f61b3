// What a table was like when its queries' plans were looked at, and what happened to it since.

/** What a table was like. */
export interface TableState {
  readonly table: string;
  /** Changes with DDL. */
  readonly schema: string;
  /** Changes with ANALYZE. */
  readonly statistics: string;
  readonly sizeBytes: number;
}

/** A table that grew or shrank by more makes what was learned doubtful. */
const DRIFT = 0.2;
/** Below that a page more or less is no growth. */
const SMALL_BYTES = 10 * 8192;

/** @returns what happened to a table, null for nothing that matters */
export function compareTableStates(before: TableState, now: TableState | undefined): string | null {
  if (!now || now.schema !== before.schema) return 'ddl';
  if (now.statistics !== before.statistics) return 'analyze';
  const changed = Math.abs(now.sizeBytes - before.sizeBytes);
  return changed > DRIFT * before.sizeBytes && changed > SMALL_BYTES ? 'rows' : null;
}
