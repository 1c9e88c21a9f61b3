// Errors of src/pipeline/file. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError } from '../../core/index.ts';

/** A dead-letter sink that takes no batches, code `ERR_PIPELINE_PART_OPTIONS`. */
export function deadLetterError(sink: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PART_OPTIONS',
    `Cannot send dead batches to sink "${sink}": it is a file that plans write; use sqlite-table, postgres or zeromq`,
    { details: { sink } },
  );
}

/** Mistakes of a pipeline file, each with its line and column, code `ERR_PIPELINE_DESCRIPTION`. */
export function pipelineFileError(path: string, problems: readonly string[], cause?: unknown): RuvectorError {
  const list =
    problems.length === 1 ? ` ${problems[0]}` : `\n${problems.map((line) => `  ${line}`).join('\n')}\n`;
  return new RuvectorError(
    'ERR_PIPELINE_DESCRIPTION',
    `Cannot use pipeline file "${path}":${list}; correct ${problems.length > 1 ? 'them' : 'it'}, \`ruvector-memopt pipeline list\` says what there is`,
    { cause, details: { path, problems } },
  );
}
