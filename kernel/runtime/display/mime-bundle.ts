// Values → mime bundles: what a notebook shows for a value. Never throws, and runs no code of a value
// but the methods by which it asks to be shown.
import { inspect, types } from 'node:util';
import { lazyPlanOf, tableViewOf } from './data-frames.ts';
import { escapeHtml } from './html-text.ts';
import { showProduct } from './product-display.ts';
import { showError, showMap, showNumbers } from './show-collection.ts';
import { showCanvas, showElement, showImageBytes } from './show-picture.ts';
import { drawVega, showVega } from './show-vega.ts';
import { showTable } from './show-table.ts';
import {
  Buffer,
  JSON,
  Number,
  Object,
  Promise,
  Symbol,
  URL,
  Uint8Array,
  noticeReplaced,
  withOriginals,
} from '../primordials.ts';

/** Data by mime type, and metadata of it. */
export interface MimeBundle {
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

type Data = Record<string, unknown>;

/** The method by which a value says how it is shown: returns data by mime type, or a promise of it. */
export const displaySymbol: unique symbol = Symbol.for('Jupyter.display') as never;

const PLAIN_CHARACTERS = 100_000;

/** Text of a value, as Node prints it. @param colors as ANSI sequences @default false */
export function inspectedText(value: unknown, colors = false): string {
  try {
    const limits = { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, breakLength: 80 };
    const text = inspect(value, { ...limits, colors });
    if (text.length <= PLAIN_CHARACTERS) return text;
    // A cut may take an ANSI sequence apart.
    return colors ? inspectedText(value) : `${text.slice(0, PLAIN_CHARACTERS)}…`;
  } catch {
    return `[${typeof value} that cannot be printed]`;
  }
}

/**
 * Builds the bundle of a value. Ways of showing that fail fall back to text.
 * @param colors whether text that says all there is is coloured @default false
 */
export async function buildMimeBundle(value: unknown, colors = false): Promise<MimeBundle> {
  return bundleOf(value, colors);
}

/** As buildMimeBundle, at once for values that need no waiting: what a cell shows stays in its order. */
export function bundleOf(value: unknown, colors = false): MimeBundle | Promise<MimeBundle> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return build(value, null, colors);
  noticeReplaced();
  const own = attempt(() => withOriginals(() => showTables(value) ?? callDisplay(value)));
  if (!(own instanceof Promise))
    return withOriginals(() => finish(value, own ?? attempt(() => showByKind(value)), colors));
  return own.then(
    (data) => finish(value, data ?? attempt(() => showByKind(value)), colors),
    () => build(value, null, colors),
  );
}

/** With the picture of a chart, which takes a moment where it can be had. */
function finish(value: unknown, data: Data | null, colors: boolean): MimeBundle | Promise<MimeBundle> {
  const drawn = data && attempt(() => drawVega(data));
  return drawn ? drawn.then((all) => build(value, { ...all }, colors)) : build(value, data, colors);
}

/** A bundle that its author wrote: bytes become base64, what JSON cannot carry is left out. */
export function cleanBundle(data: Data): Data {
  return Object.fromEntries(
    Object.entries(data).flatMap(([mime, held]) => {
      const clean = toJson(held);
      return clean === undefined ? [] : [[mime, clean]];
    }),
  );
}

function build(value: unknown, data: Data | null, colors: boolean): MimeBundle {
  if (!data) return { data: { 'text/plain': inspectedText(value, colors) }, metadata: {} };
  // An empty answer asks for nothing to be shown.
  if (Object.keys(data).length === 0) return { data, metadata: {} };
  const plain = 'text/plain' in data ? {} : { 'text/plain': inspectedText(value) };
  return { data: cleanBundle({ ...plain, ...data }), metadata: {} };
}

function attempt<T>(show: () => T): T | null {
  try {
    return show();
  } catch {
    return null;
  }
}

/** Before a library's own method: theirs send every row. */
function showTables(value: object): Data | null {
  const plan = attempt(() => lazyPlanOf(value));
  if (plan !== null) return { 'text/plain': plan };
  const view = attempt(() => tableViewOf(value));
  return view ? showTable(view) : null;
}

function callDisplay(value: object): Data | Promise<Data | null> | null {
  // A proxy that has an answer to every name was not made to be shown, and what it answers is never done.
  if (types.isProxy(value) && !(displaySymbol in value)) return null;
  const method = (value as Record<symbol, unknown>)[displaySymbol];
  if (typeof method !== 'function') return null;
  const shown: unknown = (method as () => unknown).call(value);
  if (types.isProxy(shown)) return null;
  const check = (data: unknown): Data | null => (typeof data === 'object' ? (data as Data | null) : null);
  return isThenable(shown) ? Promise.resolve(shown).then(check) : check(shown);
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';

const kinds: readonly ((value: object) => Data | null)[] = [
  showImageBytes,
  showVega,
  showCanvas,
  showElement,
  showLink,
  showError,
  showMap,
  showNumbers,
  showProduct,
];

function showByKind(value: object): Data | null {
  for (const show of kinds) {
    const data = attempt(() => show(value));
    if (data) return data;
  }
  return null;
}

function showLink(value: object): Data | null {
  if (!(value instanceof URL)) return null;
  const text = escapeHtml(value.href);
  const isWeb = value.protocol === 'http:' || value.protocol === 'https:';
  return isWeb ? { 'text/html': `<a href="${text}">${text}</a>`, 'text/plain': value.href } : null;
}

function toJson(held: unknown): unknown {
  if (typeof held === 'string') return held;
  if (held instanceof Uint8Array) return Buffer.from(held).toString('base64');
  return (
    attempt(() => {
      const text = JSON.stringify(held, (_, at: unknown) => (typeof at === 'bigint' ? Number(at) : at));
      return JSON.parse(text) as unknown;
    }) ?? undefined
  );
}
