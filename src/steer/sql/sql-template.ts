// What is the same in all runs of a statement: its template, with literals as `$n` and lists of any length as one. It is
// a key to learn under and never runs; what runs is the user's own text.
import { createHash } from 'node:crypto';
import { tokenizeSql } from './sql-tokens.ts';
import type { SqlToken } from './sql-tokens.ts';

/** A statement and what varies in it. */
export interface SqlTemplate {
  readonly text: string;
  readonly tokens: readonly SqlToken[];
  /** Literals in the order of the text; a parameter of the caller's is its token. */
  readonly literals: readonly SqlToken[];
}

/** @returns null for text that cannot be read */
export function parseSqlTemplate(sql: string): SqlTemplate | null {
  const tokens = tokenizeSql(sql);
  if (!tokens) return null;
  const trimmed = withoutEnd(tokens);
  const literals: SqlToken[] = [];
  const parts: string[] = [];
  const ordinals = findOrdinals(trimmed);
  for (const [i, token] of trimmed.entries()) {
    if (isSignOf(trimmed, i)) continue;
    if (!isLiteral(token) || ordinals.has(i)) parts.push(token.text);
    else {
      const isNegative = i > 0 && isSignOf(trimmed, i - 1);
      literals.push(isNegative ? { ...token, text: `-${token.text}` } : token);
      parts.push(`$${literals.length}`);
    }
  }
  return { text: renumber(collapseLists(parts)).join(' '), tokens: trimmed, literals };
}

/** Identity of the values that a run had. */
export function hashParameters({ literals }: SqlTemplate, values: readonly unknown[] = []): string {
  const hash = createHash('sha1');
  for (const { text } of literals) hash.update(text).update('\0');
  hash.update(stringify(values));
  return hash.digest('base64url');
}

function stringify(values: readonly unknown[]): string {
  try {
    return JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  } catch {
    // Circular, or a toJSON that throws: the driver will say so.
    return String(values.length);
  }
}

const isLiteral = ({ kind }: SqlToken): boolean =>
  kind === 'string' || kind === 'number' || kind === 'parameter';

function withoutEnd(tokens: readonly SqlToken[]): readonly SqlToken[] {
  let end = tokens.length;
  while (end > 0 && tokens[end - 1]!.text === ';' && tokens[end - 1]!.kind === 'mark') end--;
  return tokens.slice(0, end);
}

/** `a = -5` is a literal like `a = 5`; `a - 5` takes one away. */
function isSignOf(tokens: readonly SqlToken[], at: number): boolean {
  if (tokens[at]!.text !== '-' || tokens[at + 1]?.kind !== 'number') return false;
  const before = tokens[at - 1];
  if (!before || before.kind === 'operator') return before?.text !== '::';
  return (
    before.text === '(' || before.text === ',' || (before.kind === 'word' && valuesFollow.has(before.text))
  );
}

const valuesFollow = new Set(
  'select where and or not on having then else when case between in like ilike limit offset by values returning'.split(
    ' ',
  ),
);

/** Places in ORDER BY 2 and GROUP BY 1, 2: they name a column, and are no value. */
function findOrdinals(tokens: readonly SqlToken[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open: boolean[] = [];
  let isIn = false;
  for (const [i, { kind, text }] of tokens.entries()) {
    if (text === '(') {
      open.push(isIn);
      isIn = false;
    } else if (text === ')') isIn = open.pop() ?? false;
    else if (kind === 'word' && text === 'by') isIn = true;
    else if (kind === 'word' && endsList.has(text)) isIn = false;
    const before = tokens[i - 1]?.text;
    if (isIn && kind === 'number' && (before === 'by' || before === ',')) found.add(i);
  }
  return found;
}

const endsList = new Set(
  'limit offset fetch having order window for union except intersect rows range groups'.split(' '),
);

/** `in ( $1 , $2 )` and `values ( $1 , $2 ) , ( $3 , $4 )` are one whatever their length. */
function collapseLists(parts: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    result.push(parts[i]!);
    const opens = parts[i] === '(' || parts[i] === '[';
    if (!opens || !collapses(parts, i)) continue;
    let end = i + 1;
    while (isPlace(parts[end]) && parts[end + 1] === ',') end += 2;
    if (!isPlace(parts[end]) || !(parts[end + 1] === ')' || parts[end + 1] === ']')) continue;
    result.push('...');
    i = end;
  }
  return result;
}

const isPlace = (part: string | undefined): boolean => part !== undefined && /^\$\d+$/.test(part);
const collapses = (parts: readonly string[], at: number): boolean =>
  parts[at - 1] === 'in' || (parts[at] === '[' && parts[at - 1] === 'array');

/** After lists were folded, so that what follows them has the same numbers. */
function renumber(parts: readonly string[]): string[] {
  let next = 0;
  return parts.map((part) => (isPlace(part) ? `$${++next}` : part));
}
