// Errors of src/pipeline/types. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/index.ts';

/** A column that cannot be had as numbers, or be made of them, code `ERR_PIPELINE_TYPE`. */
export function columnBlockError(name: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot use column "${name}": ${state}; fill or cast it first`,
    { details: { column: name } },
  );
}

/** A field of an extension type that breaks its own rules, code `ERR_PIPELINE_TYPE`. */
export function extensionFieldError(
  name: string,
  extension: string,
  state: string,
  cause: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot use field "${name}" as ${extension}: ${state}; correct who wrote it`,
    { cause, details: { field: name, extension } },
  );
}

/** A column that has no form as another type, code `ERR_PIPELINE_TYPE`. */
export function conformError(name: string, from: string, to: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_TYPE',
    `Cannot read column "${name}" as ${to}: it is ${from}; ask for the type that it has`,
    { details: { column: name, from, to } },
  );
}
