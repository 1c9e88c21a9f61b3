// Values that are pictures: image bytes, canvases, charts (Vega-Lite), elements with outerHTML.
import { dataOf, isRecord, methodOf } from './inspect-property.ts';

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

/** Data of a Vega or Vega-Lite specification, or of an object whose `toSpec` gives one. */
export function showVega(value: object): Data | null {
  const spec = dataOf(value, '$schema') === undefined ? methodOf(value, 'toSpec')?.() : value;
  if (!isRecord(spec) || typeof spec['$schema'] !== 'string') return null;
  const match = /\/schema\/(vega|vega-lite)\/v(\d+)/.exec(spec['$schema']);
  if (!match) return null;
  const [, kind, version] = match;
  return {
    [`application/vnd.${kind!.replace('-', '')}.v${version}+json`]: spec,
    'text/plain': `${kind === 'vega' ? 'Vega' : 'Vega-Lite'} chart: ${describeSpec(spec)}`,
  };
}

function describeSpec({ mark, encoding, title }: Data): string {
  const kind = isRecord(mark) ? mark['type'] : mark;
  const fields = isRecord(encoding)
    ? Object.entries(encoding).map(([channel, held]) => `${channel}=${fieldOf(held)}`)
    : [];
  return [title, kind, ...fields].filter((part) => typeof part === 'string').join(' ');
}

const fieldOf = (channel: unknown): string =>
  isRecord(channel) && typeof channel['field'] === 'string' ? channel['field'] : '-';

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
