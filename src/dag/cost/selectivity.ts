// How many of the rows a predicate lets through: as PostgreSQL reckons for a column compared with a constant, with its
// defaults where nothing is known (src/backend/utils/adt/selfuncs.c, src/include/utils/selfuncs.h).
import type { ColumnStatistics, Statistics } from './statistics.ts';

const defaultShares = { equal: 0.005, range: 1 / 3, other: 1 / 3 };

const comparison = /^([\w."]+)\)?(?:::[\w ]+)?\s*(=|<>|!=|<=|>=|<|>)\s*(.+)$/s;

/** @returns the share of rows that pass, from 0 to 1. @param table where the rows are from, if one is known */
export function selectivityOf(predicate: string, statistics: Statistics, table?: unknown): number {
  const text = stripParentheses(predicate.trim());
  const any = splitAt(text, ' OR ');
  if (any.length > 1) {
    return 1 - any.reduce((none, part) => none * (1 - selectivityOf(part, statistics, table)), 1);
  }
  const all = splitAt(text, ' AND ');
  if (all.length > 1) return all.reduce((share, part) => share * selectivityOf(part, statistics, table), 1);
  if (/^NOT /i.test(text)) return 1 - selectivityOf(text.slice(4), statistics, table);
  const nulls = /^([\w."]+) IS (NOT )?NULL$/i.exec(text);
  if (nulls) {
    const share = statistics.column(nulls[1]!, table)?.nullShare ?? 0.005;
    return nulls[2] === undefined ? share : 1 - share;
  }
  const [, name, operator, constant] = comparison.exec(text) ?? [];
  if (name === undefined) return defaultShares.other;
  return compare(statistics.column(name, table), operator!, constant!);
}

function compare(column: ColumnStatistics | undefined, operator: string, constant: string): number {
  const list = /^ANY \('?\{(.*)\}'?/s.exec(constant)?.[1];
  if (operator === '=' && list !== undefined) {
    return Math.min(
      1,
      list.split(',').reduce((sum, value) => sum + equalShare(column, value), 0),
    );
  }
  const value = toValue(constant);
  if (operator === '=') return equalShare(column, value);
  if (operator === '<>' || operator === '!=') {
    return Math.max(0, 1 - equalShare(column, value) - (column?.nullShare ?? 0));
  }
  return rangeShare(column, operator, value);
}

/** `'0.5'::double precision` → `0.5` */
function toValue(constant: string): string {
  const text = stripParentheses(constant.trim()).replace(/(?:::[\w ()]+)+$/, '');
  return /^'.*'$/s.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
}

function equalShare(column: ColumnStatistics | undefined, value: string): number {
  if (column === undefined) return defaultShares.equal;
  const at = column.commonValues.findIndex((common) => isSame(common, value.trim()));
  if (at >= 0) return column.commonShares[at] ?? defaultShares.equal;
  const common = column.commonShares.reduce((sum, share) => sum + share, 0);
  const others = Math.max(1, column.distinct - column.commonValues.length);
  return Math.max(0, 1 - common - column.nullShare) / others;
}

const isSame = (a: string, b: string): boolean =>
  a === b || (a.trim() !== '' && b.trim() !== '' && Number(a) === Number(b));

function rangeShare(column: ColumnStatistics | undefined, operator: string, value: string): number {
  const limit = Number(value);
  if (column === undefined || value.trim() === '' || Number.isNaN(limit)) return defaultShares.range;
  const isBelow = operator.startsWith('<');
  let common = 0;
  let passing = 0;
  column.commonValues.forEach((text, at) => {
    const share = column.commonShares[at] ?? 0;
    common += share;
    const number = Number(text);
    const isEqual = number === limit && operator.endsWith('=');
    if (isEqual || (isBelow ? number < limit : number > limit)) passing += share;
  });
  const rest = Math.max(0, 1 - common - column.nullShare);
  const below = shareBelow(column.bounds.map(Number), limit);
  if (below === null) return rest > 0.01 ? defaultShares.range : passing;
  return Math.min(1, passing + rest * (isBelow ? below : 1 - below));
}

/** Linear within a part; each part has equally many rows. */
function shareBelow(bounds: readonly number[], limit: number): number | null {
  if (bounds.length < 2 || bounds.some(Number.isNaN)) return null;
  const last = bounds.length - 1;
  if (limit <= bounds[0]!) return 0;
  if (limit >= bounds[last]!) return 1;
  const part = bounds.findIndex((bound) => bound > limit) - 1;
  const [low, high] = [bounds[part]!, bounds[part + 1]!];
  return (part + (limit - low) / (high - low)) / last;
}

/** Parts of a predicate between words that stand outside of parentheses and quotes. */
function splitAt(text: string, word: string): string[] {
  const parts: string[] = [];
  let [depth, start, isQuoted] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "'") isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (text[at] === '(') depth++;
    else if (text[at] === ')') depth--;
    else if (depth === 0 && text.startsWith(word, at)) {
      parts.push(text.slice(start, at));
      start = at + word.length;
    }
  }
  return [...parts, text.slice(start)];
}

/** Without parentheses around the whole. */
function stripParentheses(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    depth += Number(text[at] === '(') - Number(text[at] === ')');
    if (depth === 0 && at < text.length - 1) return text;
  }
  return stripParentheses(text.slice(1, -1).trim());
}
