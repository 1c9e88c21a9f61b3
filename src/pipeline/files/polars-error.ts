// Errors of Polars' own writers and readers as those of the system that they are: it only says so in the text.
import { getSystemErrorMap } from 'node:util';

/** Gives an error of Polars the code of the system's error that it tells of. */
export function withSystemCode(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  if (number === undefined) return error;
  const name = getSystemErrorMap().get(-Number(number))?.[0];
  return name === undefined
    ? error
    : Object.assign(new Error(error.message, { cause: error }), { code: name });
}
