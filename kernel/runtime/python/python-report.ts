// What crossed between TypeScript and Python, as the line below a cell says it: name, types, size, bytes, time.
import type { Arrived } from './python-process.ts';
import type { Description } from './python-values.ts';
import { Buffer, JSON, Symbol } from '../primordials.ts';

/** One line of what crossed. */
export interface Crossing {
  readonly name: string;
  readonly type: string;
  readonly size: string;
  readonly bytes: number;
  readonly ms: number;
}

/** Describes a value that crossed. */
export function buildCrossing(name: string, type: string, description: Description, ms: number): Crossing {
  const size = sizeOf(description);
  const bytes =
    'bytes' in description ? description.bytes : Buffer.byteLength(JSON.stringify(description.value));
  return { name, type, size, bytes, ms };
}

function sizeOf(description: Description): string {
  if ('rows' in description) return ` ${description.rows} rows`;
  return 'shape' in description ? ` ${description.shape.join('×')}` : '';
}

/** The same, with what the other side made of it. */
export const withArrival = (crossing: Crossing, { type, ms }: Arrived): Crossing => ({
  ...crossing,
  type: `${crossing.type} → ${type}`,
  ms: crossing.ms + ms,
});

/** Name of a value's type as a user writes it. */
export function typeNameOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  const tag = (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag];
  return tag === 'DataFrame' ? tag : (value.constructor?.name ?? 'Object');
}

/** Text and HTML of what crossed in one direction. */
export function renderCrossings(
  direction: string,
  crossings: readonly Crossing[],
): { 'text/plain': string; 'text/html': string } {
  const lines = crossings.map(
    ({ name, type, size, bytes, ms }) =>
      `${direction}: ${name} (${type})${size}, ${formatBytes(bytes)}, ${ms.toFixed(1)} ms`,
  );
  const html = lines.map(escapeHtml).join('<br>');
  return { 'text/plain': lines.join('\n'), 'text/html': `<small style="opacity:.6">${html}</small>` };
}

function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const escapeHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
