// Names, versions and references (`name`, `name@version`, `name@live`). Pure; the guard against path traversal.
import { modelNameError, referenceError } from './errors.ts';

/** Pointers of a model name, the content of aliases.json. */
export interface Aliases {
  /** The version that answers. */
  readonly live: string | null;
  /** The version that answered before it; where a rollback goes. */
  readonly previous: string | null;
  /** The version added last that was not live yet. */
  readonly candidate: string | null;
}

/** A reference taken apart. */
export interface ModelReference {
  readonly name: string;
  /** An alias or a version. @default 'live' */
  readonly target: keyof Aliases | (string & {});
}

const NAME = /^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,63}$/i;
const VERSION = /^\d{8}T\d{9}-[0-9a-f]{8}$/;

/** Returns `name` when it is a valid model name. `ERR_MODEL_NAME`. */
export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw modelNameError(name);
}

/** True when `version` has the registry's form. */
export function isVersion(version: unknown): version is string {
  return typeof version === 'string' && VERSION.test(version);
}

/** Parses `name`, `name@version` or `name@live|previous|candidate`. `ERR_MODEL_NAME`. */
export function parseReference(reference: string): ModelReference {
  const at = reference.indexOf('@');
  const name = checkName(at < 0 ? reference : reference.slice(0, at));
  const target = at < 0 ? 'live' : reference.slice(at + 1);
  if (isVersion(target) || target === 'live' || target === 'previous' || target === 'candidate') {
    return { name, target };
  }
  throw referenceError(reference);
}

/** Builds the version of a model added at `nowMs`. */
export function buildVersion(nowMs: number, modelSha256: string): string {
  const digits = new Date(nowMs).toISOString().replaceAll(/[^0-9]/g, '');
  return `${digits.slice(0, 8)}T${digits.slice(8, 17)}-${modelSha256.slice(0, 8)}`;
}

/** The last moment whose version has the form of one. */
const LAST_MS = Date.UTC(9999, 11, 31);

/**
 * Time of the next version: now, but after every version there is, whatever the clock says, so that versions sort
 * in the order in which they were added and none is given twice.
 */
export function nextVersionMs(nowMs: number, versions: readonly string[]): number {
  const latestMs = Math.max(0, ...versions.map(msOfVersion).filter((ms) => ms < LAST_MS));
  return Math.max(nowMs, latestMs + 1);
}

/** When a version was added, by its name; 0 when that says no time. */
export function msOfVersion(version: string): number {
  const [, year, month, day, hour, minute, second, ms] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})/.exec(version) ?? [];
  const parsed = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(parsed) ? 0 : parsed;
}

/** Parses aliases.json; undefined when it is damaged. */
export function parseAliases(text: string): Aliases | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { live, previous, candidate } = value as Record<string, unknown>;
  const isValid = [live, previous, candidate].every((version) => version === null || isVersion(version));
  return isValid ? ({ live, previous, candidate } as Aliases) : undefined;
}
