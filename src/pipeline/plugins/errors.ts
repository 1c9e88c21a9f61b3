// Errors of src/pipeline/plugins. Codes are listed in docs/errors.md and mirrored in Python.
import { messageOf, RuvectorError } from '../../core/index.ts';

/** A plugin that cannot be loaded, code `ERR_PIPELINE_PLUGIN`. */
export function pluginLoadError(plugin: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot load plugin "${plugin}": ${messageOf(cause)}; name a module by its path, or a package that is installed beside the file`,
    { cause, details: { plugin } },
  );
}

/** A module that registers nothing, code `ERR_PIPELINE_PLUGIN`. */
export function pluginShapeError(plugin: string, found: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot load plugin "${plugin}": it exports ${found.join(', ') || 'nothing'}; export register(registry), or sources, transforms or sinks`,
    { details: { plugin } },
  );
}

/** A part that is not made as it has to be, code `ERR_PIPELINE_PLUGIN`. */
export function partEntryError(plugin: string, kind: string, flaw: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot register a ${kind} of plugin "${plugin}": ${flaw}; correct the plugin`,
    { details: { plugin } },
  );
}

/** Two parts of one kind and name, code `ERR_PIPELINE_PLUGIN`. */
export function nameTakenError(kind: string, name: string, plugin: string, other: string): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PLUGIN',
    `Cannot register ${kind} "${name}" of plugin "${plugin}": the name is taken (${other}); rename one of them`,
    { details: { plugin, name } },
  );
}

/** A name that nothing has, code `ERR_PIPELINE_PART`. */
export function unknownPartError(
  kind: string,
  name: string,
  nearest: string | null,
  known: readonly string[],
): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PART',
    `Cannot find ${kind} "${name}": there is none of that name; ${
      nearest === null ? `use one of ${known.join(', ')}, or name its plugin` : `did you mean "${nearest}"?`
    }`,
    { details: { kind, name, nearest } },
  );
}

/** Options of a part that cannot be used, code `ERR_PIPELINE_PART_OPTIONS`. All mistakes in one report. */
export function partOptionsError(kind: string, name: string, problems: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_PIPELINE_PART_OPTIONS',
    `Cannot make ${kind} "${name}": ${problems.join('; ')}; correct ${problems.length > 1 ? 'these options' : 'this option'}`,
    { details: { problems } },
  );
}

/** A join with a table that no plan can read, code `ERR_PIPELINE_PART_OPTIONS`. */
export function joinedSourceError(stage: string, source: string | null): RuvectorError {
  const state = source === null ? 'its table is missing' : `"${source}" gives rows one after the other`;
  return new RuvectorError(
    'ERR_PIPELINE_PART_OPTIONS',
    `Cannot make transform "${stage}": ${state}; name a table that plans read: files or the history`,
    { details: { stage, source } },
  );
}
