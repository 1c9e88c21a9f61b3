// What was thrown, read field by field: any of them may be missing, of another kind, a getter that throws, or a
// revoked proxy. Reading it never throws.
import { types } from 'node:util';
import { inspectedText } from './display/mime-bundle.ts';
import { Array, Object, Set } from './primordials.ts';
import { restoreNames } from './shadowed-names.ts';

/** An error, as far as it could be read. */
export interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Errors inside of it: `[cause]`, `[errors]`, `[error]` and `[suppressed]`. */
  readonly inner: readonly { readonly label: string; readonly value: unknown }[];
  /** Fields that whoever threw it added: `code`, `path`, … */
  readonly fields: readonly (readonly [name: string, value: unknown])[];
}

/** Fields told elsewhere. */
const TOLD = new Set(['name', 'message', 'stack', 'cause', 'errors', 'error', 'suppressed']);
const MOST_FIELDS = 20;

/** Reads an error, or what looks like one; null for anything else. */
export function readThrown(value: unknown): ThrownError | null {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return null;
  if (!types.isNativeError(value) && !(has(value, 'message') && has(value, 'name'))) return null;
  const name = textOf(read(value, 'name'), 'Error');
  return {
    name: name === '' ? 'Error' : name,
    message: restoreNames(textOf(read(value, 'message'), '')),
    stack: stackOf(value),
    inner: innerOf(value),
    fields: fieldsOf(value),
  };
}

function stackOf(value: object): string {
  const stack = read(value, 'stack');
  return typeof stack === 'string' ? restoreNames(stack) : '';
}

function innerOf(value: object): ThrownError['inner'] {
  const errors = read(value, 'errors');
  return [
    ...['cause', 'error', 'suppressed']
      .filter((label) => has(value, label) && (label === 'cause' || isSuppressed(value)))
      .map((label) => ({ label, value: read(value, label) })),
    ...(Array.isArray(errors)
      ? errors.map((one: unknown, at) => ({ label: `errors ${at}`, value: one }))
      : []),
  ].filter(({ label, value: one }) => label !== 'cause' || one !== undefined);
}

const isSuppressed = (value: object): boolean => read(value, 'name') === 'SuppressedError';

function fieldsOf(value: object): ThrownError['fields'] {
  // An array of its own keys: a proxy may answer anything.
  const names = attempt(() => Object.keys(value)) ?? [];
  return names
    .filter(
      (name) =>
        !TOLD.has(name) ||
        (name.startsWith('err') && !Array.isArray(read(value, name)) && !isSuppressed(value)),
    )
    .slice(0, MOST_FIELDS)
    .map((name) => [name, read(value, name)] as const);
}

/** A field; a text in its place when reading it throws. */
function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return `[${name} cannot be read]`;
  }
}

const has = (value: object, name: string): boolean => attempt(() => name in value) ?? false;

function textOf(value: unknown, otherwise: string): string {
  if (typeof value === 'string') return value;
  return value === undefined ? otherwise : inspectedText(value);
}

function attempt<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
