// Errors of Polars' own writers and readers as those of the system that they are: it only says so in the text.
import { getSystemErrorMap } from 'node:util';

/** Gives an error of Polars the code of the system's error that it tells of. */
export function withSystemCode(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  // Behind the first line it shows the whole plan.
  const message = error.message.split('\n', 1)[0]!;
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  if (number === undefined) return new Error(message, { cause: error });
  const name = getSystemErrorMap().get(-Number(number))?.[0];
  const short = new Error(message, { cause: error });
  return name === undefined ? short : Object.assign(short, { code: name });
}
