// A plan as text and back, for resuming an interrupted release. It holds the key, process ids and true
// sizes: whoever keeps it keeps a secret (mode 0600).
import type { RecordKind } from '../core/index.ts';
import { prepareOptionsError } from './errors.ts';

/** Version of the text; another one is refused. */
const stateVersion = 1;

type TypedArray = Float64Array | Int32Array | Uint8Array | BigUint64Array;

const arrayTypes = { Float64Array, Int32Array, Uint8Array, BigUint64Array } as const;

/** Typed arrays become `{ $: type, data: base64 }`; all else is JSON. */
export function encodePlanState(kind: RecordKind, parts: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    { version: stateVersion, kind: kind.name, kindVersion: kind.version, parts },
    (_key, value: unknown) => (ArrayBuffer.isView(value) ? encodeArray(value as TypedArray) : value),
  );
}

/** @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` for a text of another version, kind or schema */
export function decodePlanState(kind: RecordKind, state: string): Record<string, unknown> {
  const decoded = parseState(state);
  const isOurs =
    decoded?.['version'] === stateVersion &&
    decoded['kind'] === kind.name &&
    decoded['kindVersion'] === kind.version &&
    typeof decoded['parts'] === 'object';
  if (!isOurs) {
    throw prepareOptionsError('an anonymization plan', [
      `the saved state is not one of table "${kind.name}" of this version; start the export anew`,
    ]);
  }
  return decoded['parts'] as Record<string, unknown>;
}

function parseState(state: string): Record<string, unknown> | null {
  try {
    return JSON.parse(state, reviveArray) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}

function encodeArray(array: TypedArray): { $: string; data: string } {
  const data = Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');
  return { $: array.constructor.name, data };
}

function reviveArray(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$' in value)) return value;
  const { $: type, data } = value as { $: keyof typeof arrayTypes; data: string };
  const bytes = new Uint8Array(Buffer.from(data, 'base64'));
  return new arrayTypes[type](bytes.buffer);
}
