// Namespaces of CommonJS modules. Node finds the names that their text shows it; those that only running the module
// makes (`module.exports = build()`) are on the default export alone. Cells find both in one place.
import { Object, Symbol, WeakMap } from './primordials.ts';

/** Node marks the namespace of a CommonJS module with this name. */
const MARK = 'module.exports';
const complete = new WeakMap<object, object>();

/** Whether a namespace is that of a CommonJS module. */
export const isCommonJs = (namespace: object): boolean => MARK in namespace;

/** The namespace with all names of the default export; the same for the same module. */
export function completeNamespace(namespace: object): object {
  if (!isCommonJs(namespace)) return namespace;
  const known = complete.get(namespace);
  if (known) return known;
  const exported = (namespace as { readonly default?: unknown }).default;
  const missing = isHolder(exported)
    ? Object.keys(exported).filter((name) => !Object.hasOwn(namespace, name))
    : [];
  const completed = missing.length === 0 ? namespace : merge(namespace, exported as object, missing);
  complete.set(namespace, completed);
  return completed;
}

function merge(namespace: object, exported: object, missing: readonly string[]): object {
  const merged = Object.create(null) as object;
  const define = (from: object, name: string): void => {
    // A getter may load a part of a library: it runs when it is asked for.
    const get = (): unknown => (from as Record<string, unknown>)[name];
    Object.defineProperty(merged, name, { enumerable: true, configurable: false, get });
  };
  for (const name of Object.keys(namespace)) define(namespace, name);
  for (const name of missing) define(exported, name);
  return Object.defineProperty(merged, Symbol.toStringTag, { value: 'Module' });
}

const isHolder = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
