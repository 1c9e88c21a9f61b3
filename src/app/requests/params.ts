// Parameters that arrive over the bridge, checked by a small table; every mistake in one report. Those that are options
// have their names and types from a table of options (src/core/options.ts).
import { toWireName } from '../../core/index.ts';
import type { OptionEntry, OptionTable, OptionValues } from '../../core/index.ts';
import { missingParamError, paramsError } from '../errors.ts';

type Check = 'number' | 'string' | 'boolean' | 'object' | 'list' | 'string or list' | 'list of anything';

/** Parameters named by a request; all optional, none unknown. */
export type Params<S extends Readonly<Record<string, Check>>> = {
  readonly [K in keyof S]?: ParamValues[S[K]];
};

/** Lists hold strings unless they say otherwise. */
interface ParamValues {
  number: number;
  string: string;
  boolean: boolean;
  object: Readonly<Record<string, unknown>>;
  list: readonly string[];
  'string or list': string | readonly string[];
  'list of anything': readonly unknown[];
}

const isList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const checks: Readonly<Record<Check, (value: unknown) => boolean>> = {
  number: (value) => Number.isFinite(value),
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  object: (value) => typeof value === 'object' && !Array.isArray(value),
  list: isList,
  'string or list': (value) => typeof value === 'string' || isList(value),
  'list of anything': (value) => Array.isArray(value),
};

/**
 * Checks parameters against their types; null counts as not given.
 * @throws RuvectorError `ERR_APP_PARAMS` naming every parameter that is unknown or of the wrong type
 */
export function parseParams<const S extends Readonly<Record<string, Check>>>(
  request: string,
  schema: S,
  value: unknown,
): Params<S> {
  const given = Object.entries((value ?? {}) as Record<string, unknown>).filter(([, v]) => v !== null);
  const problems = given.flatMap(([name, v]) => {
    const wanted = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (wanted === undefined)
      return [`"${name}" is not known (known: ${Object.keys(schema).join(', ') || 'none'})`];
    return checks[wanted](v) ? [] : [`"${name}" is ${JSON.stringify(v)}, wanted a ${wanted}`];
  });
  if (problems.length > 0) {
    throw paramsError(request, problems);
  }
  return Object.fromEntries(given) as Params<S>;
}

/** The parameters that carry a table's options. */
export function paramsOf(table: OptionTable): Readonly<Record<string, Check>> {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [toWireName(name), checkOf(entry)]));
}

function checkOf({ type, words }: OptionEntry): Check {
  if (type === 'boolean') return 'boolean';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'names') return words ? 'string or list' : 'list';
  if (type === 'window') return 'object';
  return 'string';
}

/** What parameters say of a table's options. Their types were checked, their values are those who use them's to check. */
export function optionsOf<T extends OptionTable>(
  table: T,
  params: Readonly<Record<string, unknown>>,
): OptionValues<T> {
  const given = Object.entries(table).map(([name, { type }]) => {
    const value = params[toWireName(name)];
    return [name, type === 'window' ? windowOf(value) : value];
  });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as OptionValues<T>;
}

/** `every_ms` on the way, `everyMs` here. */
function windowOf(value: unknown): unknown {
  if (value === undefined) return undefined;
  const { every_ms: everyMs, ...rest } = value as Record<string, unknown>;
  return { ...rest, everyMs };
}

/** A parameter the request cannot do without. @throws RuvectorError `ERR_APP_PARAMS` */
export function requireParam<T>(request: string, name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw missingParamError(request, name);
}
