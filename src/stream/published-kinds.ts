// Every column a stream may carry, whether it is anonymised or not: what a reader decodes with.
// proto/ruvector/telemetry/v1/stream.proto has a field for each of them.
import { buildAdrView, memoryKind, optimizationKind, optional, processKind } from '../core/index.ts';
import type { RecordKind } from '../core/index.ts';
import type { StreamKinds } from './stream-contract.ts';

const processes = buildAdrView('process', processKind).kind;

/** `name` is null in an anonymised stream, `name_hash` in one that is not. */
const publishedProcesses: RecordKind = {
  ...processes,
  fields: processes.fields.flatMap((field) =>
    field.name === 'name'
      ? [field, optional('name_hash', 'uint64', 'keyed hash of the command name', 'anonymizer')]
      : [field],
  ),
};

/** The kinds a reader decodes with: a column that the sender leaves out is null. */
export const publishedKinds: StreamKinds = {
  memory: buildAdrView('memory', memoryKind).kind,
  process: publishedProcesses,
  optimization: buildAdrView('optimization', optimizationKind).kind,
};
