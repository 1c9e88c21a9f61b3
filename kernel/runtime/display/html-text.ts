// Text as HTML: escaped, and cells of tables cut to a length that reads.
import { inspect } from 'node:util';
import { Date, Number, String } from '../primordials.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML and attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

/** Longest text of one cell. */
const CELL_CHARACTERS = 120;

/** One value as the text of a cell. */
export function cellText(value: unknown): string {
  const text = rawText(value).replace(/\s*[\r\n]+\s*/g, ' ');
  return text.length > CELL_CHARACTERS ? `${text.slice(0, CELL_CHARACTERS - 1)}…` : text;
}

function rawText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return inspect(value, { depth: 1, maxArrayLength: 10, breakLength: Infinity });
}

/** Numbers with thousands apart. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 2 });
}
