// Small SVG pictures: a frame with axes, and what stands in it. Colours are classes of the page's style, so that one
// picture reads on light and on dark; where a style is taken away, as on GitHub, the attributes beside them remain, in
// colours that read on both. Each has a title and a description; its figures also stand in a table below it.
import { brief, escapeText } from './text.ts';

/** As wide as a phone leaves; on a screen pictures stand side by side. */
export const PICTURE_WIDTH = 340;

type Point = readonly [x: number, y: number];
type Ends = readonly [low: number, high: number];

/** How a class looks without the style (style.ts). */
const paint: Readonly<Record<string, string>> = {
  main: 'fill="#3a8bd6"',
  other: 'fill="#868e96"',
  second: 'fill="#d9730d"',
  soft: 'fill="#3a8bd6" fill-opacity=".28"',
  softer: 'fill="#d9730d" fill-opacity=".28"',
  grid: 'stroke="#868e96" stroke-opacity=".35"',
  dash: 'stroke="#868e96" stroke-dasharray="4 3"',
  'main-line': 'stroke="#3a8bd6" stroke-width="1.8"',
  'other-line': 'stroke="#868e96" stroke-width="1.8"',
  'second-line': 'stroke="#d9730d" stroke-width="1.8"',
};
const look = (kind: string): string => `class="${kind}" ${paint[kind] ?? ''}`;

/** Shapes as one picture with a title and a description for who cannot see it. */
export function picture(title: string, description: string, height: number, content: string): string {
  // Of what is shown: a document that holds pictures of many programs has each name once.
  const key = `rv${hashOf(title + description + content)}`;
  return (
    `<svg role="img" viewBox="0 0 ${PICTURE_WIDTH} ${round(height)}" aria-labelledby="${key}t ${key}d" ` +
    `xmlns="http://www.w3.org/2000/svg" font-size="11" fill="currentColor">` +
    `<title id="${key}t">${escapeText(title)}</title><desc id="${key}d">${escapeText(description)}</desc>` +
    `${content}</svg>`
  );
}

/** FNV-1a over code units. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(36);
}

/** A frame in which values have places. */
export interface Axes {
  /** Values at the two ends of each axis. */
  readonly x: Ends;
  readonly y: Ends;
  /** Places of the frame in the picture. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly atX: (value: number) => number;
  readonly atY: (value: number) => number;
}

/** Builds a frame. */
export function axesOf(
  x: Ends,
  y: Ends,
  place: { readonly left?: number; readonly right?: number; readonly top?: number; readonly bottom?: number },
): Axes {
  const { left = 44, right = PICTURE_WIDTH - 10, top = 10, bottom = 200 } = place;
  return {
    x,
    y,
    left,
    right,
    top,
    bottom,
    atX: (value) => between(value, x, left, right),
    atY: (value) => between(value, y, bottom, top),
  };
}

function between(value: number, [low, high]: Ends, first: number, last: number): number {
  const span = high - low;
  return first + (last - first) * (span === 0 ? 0.5 : (value - low) / span);
}

/** Grid lines with their values, and the names of both axes. */
export function drawAxes(axes: Axes, [xName, yName]: readonly [string, string]): string {
  const { left, right, top, bottom, atX, atY } = axes;
  const rows = ticksOf(axes.y).map(
    (value) =>
      line(left, atY(value), right, atY(value), 'grid') +
      label(left - 6, atY(value) + 4, brief(value), 'end', 'quiet'),
  );
  const columns = ticksOf(axes.x).map((value) =>
    label(atX(value), bottom + 15, brief(value), 'middle', 'quiet'),
  );
  const middle = round((top + bottom) / 2);
  const yText =
    `<text class="quiet" text-anchor="middle" x="11" y="${middle}" ` +
    `transform="rotate(-90 11 ${middle})">${escapeText(yName)}</text>`;
  return [...rows, ...columns, label((left + right) / 2, bottom + 31, xName, 'middle', 'quiet'), yText].join(
    '',
  );
}

/** Round values between two ends, at most `most` + 1 of them. */
export function ticksOf([low, high]: Ends, most = 5): number[] {
  const span = high - low;
  if (!(span > 0 && Number.isFinite(span))) return [low];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
}

/** Ends moved apart to round values, so that an axis begins and ends on one. */
export function roundedEnds(low: number, high: number): Ends {
  if (!(high > low)) return [low - 0.5, high + 0.5];
  const found = ticksOf([low, high]);
  const step = found.length > 1 ? found[1]! - found[0]! : high - low;
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

/** Straight line of a class. */
export const line = (x1: number, y1: number, x2: number, y2: number, kind: string): string =>
  `<line ${look(kind)} x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;

/** Line through points. */
export const path = (points: readonly Point[], kind: string): string =>
  `<polyline ${look(kind)} fill="none" points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}"/>`;

/** Bar of a class. */
export const rect = (x: number, y: number, width: number, height: number, kind: string): string =>
  `<rect ${look(kind)} x="${round(x)}" y="${round(y)}" ` +
  `width="${round(Math.max(width, 0))}" height="${round(Math.max(height, 0))}" rx="2"/>`;

/** Point of a class. */
export const circle = (x: number, y: number, radius: number, kind: string): string =>
  `<circle ${look(kind)} cx="${round(x)}" cy="${round(y)}" r="${round(radius)}"/>`;

/** Text at a place. */
export function label(x: number, y: number, text: string, anchor = 'start', kind = ''): string {
  const style = kind === '' ? '' : ` class="${kind}"`;
  return `<text${style} x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

const round = (value: number): string => value.toFixed(1).replace(/\.0$/, '');
