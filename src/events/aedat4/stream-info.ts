// What the XML in an AEDAT4 header says of its streams: a node for each, named by its number, with its type and its size.
import type { Geometry } from '../model/index.ts';

/** A stream of a file. */
export interface Aedat4Stream {
  readonly id: number;
  /** EVTS, FRME, IMUS, TRIG and others. */
  readonly type: string;
  readonly geometry: Geometry | null;
  readonly source: string | null;
}

const TAG = /<(\/?)(node|attr)\b([^>]*?)(\/?)>([^<]*)/g;
const MAX_DEPTH = 64;

const unescape = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

const attributeOf = (tag: string, name: string): string | null =>
  new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`).exec(tag)?.[1] ?? null;

/** Reads the streams of a header; none where it is no XML. */
export function parseStreams(xml: string): Aedat4Stream[] {
  const streams = new Map<number, Map<string, string>>();
  const path: string[] = [];
  for (const [, close, kind, tag = '', selfClosed, text = ''] of xml.matchAll(TAG)) {
    if (kind === 'node') {
      if (close) path.pop();
      else if (!selfClosed && path.length < MAX_DEPTH) path.push(attributeOf(tag, 'name') ?? '');
      continue;
    }
    const stream = close ? undefined : streamOf(path);
    const key = attributeOf(tag, 'key');
    if (stream === undefined || key === null) continue;
    const attributes = streams.get(stream) ?? new Map<string, string>();
    if (!attributes.has(key)) attributes.set(key, unescape(text.trim()));
    streams.set(stream, attributes);
  }
  return [...streams].map(([id, attributes]) => describe(id, attributes)).sort((a, b) => a.id - b.id);
}

/** The number behind `outInfo`, under which a stream is described. */
function streamOf(path: readonly string[]): number | undefined {
  const name = path[path.indexOf('outInfo') + 1];
  return path.includes('outInfo') && name !== undefined && /^\d+$/.test(name) ? Number(name) : undefined;
}

function describe(id: number, attributes: ReadonlyMap<string, string>): Aedat4Stream {
  const [width, height] = [Number(attributes.get('sizeX')), Number(attributes.get('sizeY'))];
  return {
    id,
    type: attributes.get('typeIdentifier') ?? '',
    geometry: width > 0 && height > 0 ? { width, height } : null,
    source: attributes.get('source') ?? null,
  };
}
