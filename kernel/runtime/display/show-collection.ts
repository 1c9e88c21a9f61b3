// Values of JavaScript that are more than their text: maps as tables, typed arrays as a line and their figures,
// errors with their stack.
import { inspect, types } from 'node:util';
import { cellText, escapeHtml, formatCount } from './html-text.ts';
import { dataOf } from './inspect-property.ts';
import { renderTableHtml } from './show-table.ts';
import { Array, Error, Map, Math, Number, String, Uint8Array } from '../primordials.ts';

type Data = Record<string, unknown>;
type Numbers = ArrayLike<number | bigint> & { readonly byteLength: number };

/** Data of a map: its keys and values in two columns. */
export function showMap(value: object): Data | null {
  if (!types.isMap(value) || value.size === 0) return null;
  const entries = [...Map.prototype.entries.call(value)] as [unknown, unknown][];
  const columns = ['key', 'value'].map((name) => ({ name, type: '' }));
  const view = { kind: 'Map', columns, rowCount: entries.length, row: (at: number) => entries[at]! };
  return { 'text/html': renderTableHtml(view) };
}

const LINE_WIDTH = 360;
const LINE_HEIGHT = 56;
/** Below this the text says it all. */
const LONG = 12;

/** Data of a long typed array: its course, its range and its ends. Bytes are data, not a course. */
export function showNumbers(value: object): Data | null {
  if (!types.isTypedArray(value) || value instanceof Uint8Array || value.length <= LONG) return null;
  const numbers = value as unknown as Numbers;
  const { low, high, mean, missing } = summarize(numbers);
  const shape = dataOf(value, 'shape');
  const size = Array.isArray(shape) ? shape.join(' × ') : formatCount(numbers.length);
  const ends = [0, 1, 2].map((at) => cellText(numbers[at]));
  const facts = [
    ['least', cellText(low)],
    ['mean', String(Number(mean.toPrecision(7)))],
    ['greatest', cellText(high)],
    ...(missing > 0 ? [['not a number', formatCount(missing)]] : []),
    ['begins', ends.join(', ')],
    ['ends', cellText(numbers[numbers.length - 1])],
  ];
  const words = facts.map(([name, text]) => `<span style="opacity:.7">${name}</span> ${text}`).join(' · ');
  return {
    'text/html':
      `<div><b>${value.constructor.name}</b> ${size} values, ${formatCount(numbers.byteLength)} bytes</div>` +
      `${renderLine(numbers, low, high)}<div><small>${words}</small></div>`,
  };
}

function summarize(numbers: Numbers): { low: number; high: number; mean: number; missing: number } {
  let [low, high, sum, missing] = [Infinity, -Infinity, 0, 0];
  for (let at = 0; at < numbers.length; at++) {
    const held = Number(numbers[at]);
    if (!Number.isFinite(held)) {
      missing++;
      continue;
    }
    if (held < low) low = held;
    if (held > high) high = held;
    sum += held;
  }
  return { low, high, mean: sum / (numbers.length - missing), missing };
}

/** Least and greatest value of each pixel's share of the array: a peak of one value stays visible. */
function renderLine(numbers: Numbers, low: number, high: number): string {
  if (!(low < high)) return '';
  const count = Math.min(LINE_WIDTH, numbers.length);
  const y = (value: number): string =>
    (LINE_HEIGHT - 2 - ((value - low) / (high - low)) * (LINE_HEIGHT - 4)).toFixed(1);
  const points: string[] = [];
  for (let at = 0; at < count; at++) {
    const from = Math.floor((at / count) * numbers.length);
    const to = Math.max(from + 1, Math.floor(((at + 1) / count) * numbers.length));
    let [least, greatest] = [Infinity, -Infinity];
    for (let index = from; index < to; index++) {
      const held = Number(numbers[index]);
      if (!Number.isFinite(held)) continue;
      if (held < least) least = held;
      if (held > greatest) greatest = held;
    }
    if (least > greatest) continue;
    const x = ((at / Math.max(1, count - 1)) * LINE_WIDTH).toFixed(1);
    points.push(`${x},${y(least)}`);
    if (greatest !== least) points.push(`${x},${y(greatest)}`);
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LINE_WIDTH}" height="${LINE_HEIGHT}" viewBox="0 0 ${LINE_WIDTH} ${LINE_HEIGHT}">` +
    `<polyline points="${points.join(' ')}" style="fill:none;stroke:var(--jp-brand-color1,#4c8dd6);stroke-width:1.5"/></svg>`
  );
}

/** Data of an error with its stack, less the frames of this kernel. */
export function showError(value: object): Data | null {
  if (!(value instanceof Error)) return null;
  const lines = inspect(value, { depth: 4 }).split('\n');
  const text = lines.filter((line) => !isKernelFrame(line)).join('\n');
  const name = /^[\w$.]+/.exec(text)?.[0] ?? '';
  return {
    'text/html': `<pre style="margin:0;padding:0"><b style="color:var(--jp-error-color1,#d9534f)">${name}</b>${escapeHtml(text.slice(name.length))}</pre>`,
    'text/plain': text,
  };
}

const isKernelFrame = (line: string): boolean =>
  /^\s+at (<anonymous>:\d+:\d+$|.*(\/kernel\/runtime\/|ruvector-kernel-guard|node:(vm|inspector|internal)))/.test(
    line,
  );
