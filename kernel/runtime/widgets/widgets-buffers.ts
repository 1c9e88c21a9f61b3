// Binary values of widget state: they travel as buffers beside the JSON, with the paths they belong to.
// https://github.com/jupyter-widgets/ipywidgets/blob/main/packages/schema/messages.md
import { isRecord } from '../display/inspect-property.ts';
import { Array, ArrayBuffer, Object, Uint8Array } from '../primordials.ts';

/** Keys and indices from the state down to a binary value. */
export type BufferPath = readonly (string | number)[];

/** State as JSON, and what JSON cannot hold. */
export interface SplitState {
  readonly state: Readonly<Record<string, unknown>>;
  readonly bufferPaths: readonly BufferPath[];
  /** Copies: later changes of the values do not reach them. */
  readonly buffers: readonly Uint8Array[];
}

/** Takes the binary values out: their keys are left out of objects, and null stands for them in arrays. */
export function removeBuffers(state: Readonly<Record<string, unknown>>): SplitState {
  const bufferPaths: BufferPath[] = [];
  const buffers: Uint8Array[] = [];
  const take = (value: unknown, path: BufferPath): unknown => {
    const bytes = bytesOf(value);
    if (bytes) {
      bufferPaths.push(path);
      buffers.push(bytes);
      return undefined;
    }
    if (Array.isArray(value)) return value.map((item, at) => take(item, [...path, at]) ?? null);
    if (!isPlain(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => {
        const kept = take(item, [...path, key]);
        return kept === undefined ? [] : [[key, kept]];
      }),
    );
  };
  return { state: take(state, []) as Record<string, unknown>, bufferPaths, buffers };
}

/** Puts buffers back to their places in a state that was parsed from JSON; changes the state. */
export function putBuffers(
  state: Record<string, unknown>,
  bufferPaths: readonly BufferPath[],
  buffers: readonly Uint8Array[],
): Record<string, unknown> {
  bufferPaths.forEach((path, at) => {
    const last = path.at(-1);
    const holder = path.slice(0, -1).reduce<unknown>(ownValue, state);
    if (last === undefined || typeof holder !== 'object' || holder === null || !buffers[at]) return;
    // Defined, not assigned: a path may name __proto__.
    const property = { value: buffers[at], writable: true, enumerable: true, configurable: true };
    Object.defineProperty(holder, last, property);
  });
  return state;
}

const ownValue = (holder: unknown, key: string | number): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
    ? (holder as Record<string | number, unknown>)[key]
    : undefined;

function bytesOf(value: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  }
  return value instanceof ArrayBuffer ? new Uint8Array(value).slice() : null;
}

const isPlain = (value: unknown): value is Record<string, unknown> => {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
