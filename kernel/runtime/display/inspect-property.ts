// Looks at values without running their code: own and inherited data properties only, never a getter.
import { types } from 'node:util';
import { Array, Object } from '../primordials.ts';

/** The value of a data property; undefined where there is none or it is computed. */
export function dataOf(value: object, name: PropertyKey): unknown {
  if (types.isProxy(value)) return undefined;
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property) return property.value as unknown;
  }
  return undefined;
}

/** A method of the value, bound to it. */
export function methodOf(value: object, name: PropertyKey): ((...args: unknown[]) => unknown) | null {
  const method = dataOf(value, name);
  return typeof method === 'function' ? (method.bind(value) as (...args: unknown[]) => unknown) : null;
}

/** Whether a value is an object that is no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
