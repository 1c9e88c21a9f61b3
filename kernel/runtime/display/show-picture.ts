// Values that are pictures: image bytes, canvases, elements with outerHTML.
import { dataOf, methodOf } from './inspect-property.ts';
import { Buffer, Math, Uint8Array } from '../primordials.ts';

type Data = Record<string, unknown>;

const signatures: readonly (readonly [mime: string, at: number, bytes: string])[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['application/pdf', 0, '%PDF-'],
];

/** Type of image bytes by their first bytes; null for others. */
export function imageTypeOf(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 256)).toString(
    'latin1',
  );
  const found = signatures.find(([, at, text]) => head.startsWith(text, at));
  if (found) return found[0];
  return /^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(head) ? 'image/svg+xml' : null;
}

/** Bytes as a notebook carries them: SVG is text, the rest base64. */
export function encodeImage(mime: string, bytes: Uint8Array): string {
  return Buffer.from(bytes).toString(mime === 'image/svg+xml' ? 'utf8' : 'base64');
}

/** Data of image bytes. */
export function showImageBytes(value: object): Data | null {
  if (!(value instanceof Uint8Array)) return null;
  const mime = imageTypeOf(value);
  if (!mime) return null;
  return { [mime]: encodeImage(mime, value), 'text/plain': `${mime}, ${value.byteLength} bytes` };
}

/** Data of anything with `toDataURL`. */
export function showCanvas(value: object): Data | null {
  const url = methodOf(value, 'toDataURL')?.();
  const match = typeof url === 'string' ? /^data:(image\/[\w+.-]+);base64,(.+)$/s.exec(url) : null;
  return match ? { [match[1]!]: match[2], 'text/plain': `canvas as ${match[1]}` } : null;
}

/**
 * Data of an element (Observable Plot, D3, jsdom, linkedom) as SVG or HTML. `outerHTML` of a DOM is
 * computed: it is read of nodes only.
 */
export function showElement(value: object): Data | null {
  const isNode = 'nodeType' in value && 'outerHTML' in value;
  const html = isNode ? (value as { outerHTML: unknown }).outerHTML : dataOf(value, 'outerHTML');
  if (typeof html !== 'string') return null;
  const plain = { 'text/plain': html.length > 200 ? `${html.slice(0, 199)}…` : html };
  if (!/^<svg[\s>]/.test(html)) return { 'text/html': html, ...plain };
  const named = html.includes('xmlns=')
    ? html
    : html.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  return { 'image/svg+xml': named, ...plain };
}
