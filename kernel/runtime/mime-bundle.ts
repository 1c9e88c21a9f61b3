// Values → mime bundles: what a notebook shows for a value. Pure but for the value's own methods.
import { inspect } from 'node:util';

/** Data by mime type, and metadata of it. */
export interface MimeBundle {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The method by which a value says how it is shown: returns data by mime type, or a promise of it. */
export const displaySymbol: unique symbol = Symbol.for('Jupyter.display') as never;

/** Text of a value, as Node prints it. */
export function textOf(value: unknown): string {
  return inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 80 });
}

/** Builds the bundle of a value. A display method that fails falls back to text. */
export async function buildMimeBundle(value: unknown): Promise<MimeBundle> {
  const own = await callDisplay(value);
  if (own) return { data: { 'text/plain': textOf(value), ...own }, metadata: {} };
  const image = imageTypeOf(value);
  if (image) {
    return {
      data: { [image]: Buffer.from(value as Uint8Array).toString('base64'), 'text/plain': textOf(value) },
      metadata: {},
    };
  }
  return { data: { 'text/plain': textOf(value) }, metadata: {} };
}

async function callDisplay(value: unknown): Promise<Record<string, unknown> | null> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return null;
  const method = (value as Record<symbol, unknown>)[displaySymbol];
  if (typeof method !== 'function') return null;
  const data: unknown = await (method as () => unknown).call(value);
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : null;
}

function imageTypeOf(value: unknown): string | null {
  if (!(value instanceof Uint8Array)) return null;
  if (value[0] === 0x89 && value[1] === 0x50 && value[2] === 0x4e && value[3] === 0x47) return 'image/png';
  if (value[0] === 0xff && value[1] === 0xd8 && value[2] === 0xff) return 'image/jpeg';
  return null;
}
