// Errors of src/pipeline/connectors. Codes are listed in docs/errors.md and mirrored in Python.
import { messageOf, RuvectorError, systemCodeOf } from '../../core/index.ts';
import type { Field } from 'apache-arrow';

/** A query that the database refuses, or that fails while it is read, code `ERR_PIPELINE_QUERY`. */
export function queryError(where: string, query: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_QUERY',
    `Cannot read query "${shorten(query)}" of ${where}: ${messageOf(cause)}; correct the query or the place`,
    { cause, details: { query } },
  );
}

/** A table that takes no rows, code `ERR_PIPELINE_TABLE`. */
export function tableError(what: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TABLE',
    `Cannot write ${what}: ${messageOf(cause)}; nothing was written, correct it and run again`,
    { cause },
  );
}

/** A server that cannot be reached, or was lost, code `ERR_PIPELINE_CONNECTION`. */
export function connectionError(
  verb: 'reach' | 'read' | 'write',
  what: string,
  cause: unknown,
): RuvectorError {
  const isAbsent = systemCodeOf(cause) === 'ECONNREFUSED';
  const state = isAbsent ? 'nothing listens there (ECONNREFUSED)' : messageOf(cause);
  return new RuvectorError(
    'ERR_PIPELINE_CONNECTION',
    `Cannot ${verb} ${what}: ${state}; start it, or correct the address and the password`,
    { cause },
  );
}

/** A value that its column cannot hold, code `ERR_PIPELINE_SOURCE_VALUE`. */
export function sourceValueError(
  where: string,
  column: string,
  row: number,
  value: unknown,
  type: string,
): RuvectorError {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
  return new RuvectorError(
    'ERR_PIPELINE_SOURCE_VALUE',
    `Cannot read column "${column}" of ${where}: row ${row} holds ${shorten(text)}, which is no ${type}; ` +
      'cast it in the query, or give the column another type',
    { details: { column, row, type } },
  );
}

/** A column whose values cannot go where they should, code `ERR_PIPELINE_SCHEMA`. */
export function unwritableColumnError(what: string, fields: readonly Field[]): RuvectorError {
  const columns = fields.map(({ name, type }) => `"${name}" (${String(type)})`).join(', ');
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot write ${what}: it cannot hold ${columns}; leave these columns out with a \`select\`, or cast them`,
    { details: { columns: fields.map(({ name }) => name) } },
  );
}

/** Columns of one name, code `ERR_PIPELINE_SCHEMA`. */
export function duplicateColumnsError(where: string, names: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot read ${where}: it has more than one column "${[...new Set(names)].join('", "')}"; name them apart with AS`,
    { details: { columns: names } },
  );
}

/** A column declared as what there is not, code `ERR_PIPELINE_SCHEMA`. */
export function columnTypeError(name: string, type: string, known: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot read column "${name}" as "${type}": there is no such type; write one of ${known.join(', ')}`,
    { details: { column: name, type } },
  );
}

/** A message that is not what its format says, code `ERR_PIPELINE_MESSAGE`. */
export function messageError(where: string, format: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_MESSAGE',
    `Cannot read a message of "${where}" as ${format}: ${messageOf(cause)}; send whole messages, or name another format`,
    { cause },
  );
}

/** Batches of other columns than those before, code `ERR_PIPELINE_SCHEMA`. */
export function changedSchemaError(where: string, wanted: string, found: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_SCHEMA',
    `Cannot read "${where}": its columns were ${wanted} and are ${found}; read each of them by a pipeline of its own`,
  );
}

const shorten = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}...` : text);
