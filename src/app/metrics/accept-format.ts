// Which format a reader of the page wants, by its Accept header: RFC 9110, section 12.5.1. Pure.
import type { PageFormat } from './metrics-page.ts';

interface Range {
  readonly type: string;
  readonly version: string | undefined;
  readonly quality: number;
}

/** OpenMetrics for who prefers it or does not mind, the classic text format for everybody else. */
export function chooseFormat(accept: string | undefined): PageFormat {
  const ranges = (accept ?? '').split(',').map(parseRange);
  const openMetrics = bestOf(
    ranges.filter(({ type, version }) => type === 'application/openmetrics-text' && isKnown(version)),
  );
  const text = bestOf(
    ranges.filter(({ type }) => type === 'text/plain' || type === 'text/*' || type === '*/*'),
  );
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text';
}

/** A reader that names no version takes any. */
const isKnown = (version: string | undefined): boolean => version === undefined || version === '1.0.0';

const bestOf = (ranges: readonly Range[]): number => Math.max(0, ...ranges.map(({ quality }) => quality));

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const valueOf = (name: string): string | undefined =>
    parameters
      .find((parameter) => parameter.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replaceAll('"', '');
  const quality = Number(valueOf('q') ?? 1);
  return { type, version: valueOf('version'), quality: Number.isFinite(quality) ? quality : 0 };
}
