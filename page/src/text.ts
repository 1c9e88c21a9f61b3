// Values as text: sizes, times, and names that others chose and that may hold anything.

const DASH = '–';

/** Bytes in binary units, three significant digits. */
export function writeBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return DASH;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = Math.abs(bytes);
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  const digits = at === 0 ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${bytes < 0 ? '−' : ''}${value.toFixed(digits)} ${units[at]}`;
}

/** The same of KiB. */
export const writeKib = (kib: number | null | undefined): string =>
  writeBytes(kib === null || kib === undefined ? null : kib * 1024);

/** Of those that are known; null when none is. */
export function sumOf(...values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === 'number');
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** A percentage; below 10 with one decimal. */
export function writePercent(percent: number | null | undefined): string {
  if (percent === null || percent === undefined || !Number.isFinite(percent)) return DASH;
  return `${percent.toFixed(percent !== 0 && Math.abs(percent) < 10 ? 1 : 0)} %`;
}

/** A count with thousands apart; below 10 with up to one decimal. */
export function writeCount(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return DASH;
  const digits = Math.abs(count) < 10 && !Number.isInteger(count) ? 1 : 0;
  return count.toLocaleString('en', { maximumFractionDigits: digits });
}

/** A count a second. */
export const writeRate = (perSecond: number | null | undefined): string =>
  perSecond === null || perSecond === undefined ? DASH : `${writeCount(perSecond)}/s`;

/** Three decimals, the way reports write scores. */
export function writeScore(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  const text = size !== 0 && size < 0.001 ? value.toExponential(1) : value.toFixed(size < 10 ? 3 : 1);
  return text.replace(/^-/, '−');
}

/** A duration in its two largest units. */
export function writeDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return DASH;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  const shown = parts.slice(first, first + 2).filter(([value]) => value > 0);
  return shown.map(([value, unit]) => `${value} ${unit}`).join(' ');
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const dateAndClock = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const year = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A time in the viewer's zone: as short as its distance from now allows. */
export function writeTime(ms: number | null | undefined, nowMs = Date.now()): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return DASH;
  const then = new Date(ms);
  const now = new Date(nowMs);
  if (then.toDateString() === now.toDateString()) return clock.format(then);
  return then.getFullYear() === now.getFullYear() ? dateAndClock.format(then) : year.format(then);
}

/** The same moment in UTC, for a hover. */
export const writeUtc = (ms: number): string =>
  Number.isFinite(ms) ? `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')} UTC` : '';

/** Name of the viewer's time zone. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/**
 * What a name may hold and nobody would see: controls, marks that turn the direction of text, characters without
 * width. They are shown as what they are, so that no name looks like another one, or like two lines.
 */
const invisible =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/gu;
const spelt: Readonly<Record<string, string>> = { '\n': '⏎', '\t': '⇥', '\r': '␍', '\u0000': '␀' };

/** Text of a foreign name without anything that cannot be seen. */
export const writeName = (name: string): string =>
  name.replace(
    invisible,
    (found) => spelt[found] ?? `⟨U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );

const labelWords: Readonly<Record<string, string>> = {
  NoActionNeeded: 'No action needed',
  ShouldOptimize: 'Should optimize',
  ShouldOptimizeAggressive: 'Should optimize hard',
  Critical: 'Critical',
};

/** A label in words. */
export const writeLabel = (label: string | null | undefined): string =>
  label === null || label === undefined ? 'No decision yet' : (labelWords[label] ?? writeName(label));

/** How urgent a label is, 0 to 3; its place in the order of labels. */
export const urgencyOf = (label: string | null | undefined): number =>
  Math.max(0, Object.keys(labelWords).indexOf(label ?? ''));
