// Fields of results that come from elsewhere: read with care, written as text.
import { cellText, formatCount } from './html-text.ts';
import { isRecord } from './inspect-property.ts';
import { Array, Date, Math, Number } from '../primordials.ts';

/** An object with fields of any type. */
export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {});
export const recordsOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];
export const wordsOf = (value: unknown): string =>
  typeof value === 'string' ? value : cellText(value ?? '-');
export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);
export const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];

/** `1,939`; a dash for what is no number. */
export const writeCount = (value: unknown): string => (typeof value === 'number' ? formatCount(value) : '-');

/** `0.784`. */
export const writeScore = (value: unknown): string => (typeof value === 'number' ? value.toFixed(3) : '-');

/** `71.4 %`. */
export const writePercent = (value: unknown): string =>
  typeof value === 'number' ? `${(value * 100).toFixed(1)} %` : '-';

/** `1,456 ms`, `98.8 ms`, `2.9 µs`. */
export function writeMs(value: unknown): string {
  if (typeof value !== 'number') return '-';
  if (value !== 0 && value < 0.1) return `${Number((value * 1000).toPrecision(3))} µs`;
  return `${formatCount(value < 1000 ? Number(value.toPrecision(3)) : Math.round(value))} ms`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `493 KiB`. */
export function writeBytes(value: unknown): string {
  if (typeof value !== 'number') return '-';
  const power = value < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  return `${formatCount(Number((value / 1024 ** power).toPrecision(power === 0 ? 4 : 3)))} ${UNITS[power]}`;
}

/** `2026-11-21 16:01:32Z`. */
export const writeTime = (value: unknown): string =>
  typeof value === 'number' ? `${new Date(value).toISOString().slice(0, 19).replace('T', ' ')}Z` : '-';
