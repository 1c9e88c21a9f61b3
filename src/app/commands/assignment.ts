// `--param name=value`: estimator parameters on the command line.
import { InvalidArgumentError } from 'commander';

/** Adds one `name=value`; the value is JSON where it parses as such, else text. */
export function parseAssignment(
  text: string,
  previous: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('It must be name=value.');
  return { ...previous, [text.slice(0, at)]: parseValue(text.slice(at + 1)) };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // `--param class_weight=balanced` needs no quotes
  }
}
