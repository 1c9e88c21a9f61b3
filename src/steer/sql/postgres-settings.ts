// Settings of PostgreSQL for one transaction, as one statement.
import type { ArmSettings } from './database.ts';

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * `SELECT set_config(...)` for settings that end with the transaction; null when there is nothing to set.
 * @param timeoutMs a limit of ours; a shorter one of the user's stays
 */
export function setConfigCall(settings: ArmSettings, timeoutMs: number | null): string | null {
  const calls = Object.entries(settings).map(
    ([name, value]) => `pg_catalog.set_config(${quote(name)}, ${quote(value)}, true)`,
  );
  if (timeoutMs !== null) calls.push(timeoutCall(Math.max(1, Math.ceil(timeoutMs))));
  return calls.length === 0 ? null : `SELECT ${calls.join(', ')}`;
}

function timeoutCall(ms: number): string {
  const own = `(pg_catalog.extract('epoch', pg_catalog.current_setting('statement_timeout')::interval) * 1000)`;
  return `pg_catalog.set_config('statement_timeout', CASE WHEN ${own} > 0 AND ${own} < ${ms} THEN pg_catalog.current_setting('statement_timeout') ELSE '${ms}' END, true)`;
}

/** The same as statements that stand before a query without parameters, in one message. */
export function setLocalText(settings: ArmSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `SET LOCAL ${name} = ${quote(value)}; `)
    .join('');
}
