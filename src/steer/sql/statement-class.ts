// What a statement may do, by its words: only what reads, once, alone, can be steered. A word that could mean a write
// counts as one, also where it is a column's name: then nothing is steered, and nothing is wrong.
import { tokenizeSql } from './sql-tokens.ts';
import type { SqlToken } from './sql-tokens.ts';

/** Why a statement is passed through as it is. */
export type PassReason =
  | 'unreadable'
  | 'write'
  | 'ddl'
  | 'analyze'
  | 'session'
  | 'several-statements'
  | 'locks-rows'
  | 'volatile'
  | 'catalog'
  | 'order'
  | 'no-other-plan'
  | 'not-planned'
  | 'transaction'
  | 'form';

/** A query that reads, or why it is none. */
export type StatementClass = { readonly reads: true } | { readonly reads: false; readonly why: PassReason };

const starts = new Set(['select', 'with', 'values', 'table', '(', 'from']);
const ddl = new Set(
  'create alter drop truncate reindex cluster refresh comment grant revoke attach detach import install load security reassign'.split(
    ' ',
  ),
);
const writes = new Set(['insert', 'update', 'delete', 'merge', 'replace', 'upsert']);
const analyzes = new Set(['analyze', 'analyse', 'vacuum']);
const locks = new Set(['update', 'share', 'no', 'key']);

const isWord = (token: SqlToken | undefined, text: string): boolean =>
  token?.kind === 'word' && token.text === text;

/** @param tokens without the semicolons at its end */
export function classifyStatement(tokens: readonly SqlToken[]): StatementClass {
  const first = tokens[0];
  if (!first) return { reads: false, why: 'session' };
  const why = findWhyNot(tokens, first);
  return why === null ? { reads: true } : { reads: false, why };
}

/** True for a statement that may be run again and again: one that only reads, by its words. */
export function readsOnly(sql: string): boolean {
  const tokens = tokenizeSql(sql);
  return tokens !== null && classifyStatement(tokens).reads;
}

function findWhyNot(tokens: readonly SqlToken[], first: SqlToken): PassReason | null {
  // Of several, one that changes what plans rest on decides.
  const heads = tokens.filter((_, i) => i === 0 || tokens[i - 1]!.text === ';').map(({ text }) => text);
  if (heads.some((head) => ddl.has(head))) return 'ddl';
  if (heads.some((head) => analyzes.has(head))) return 'analyze';
  if (tokens.some(({ kind, text }) => kind === 'mark' && text === ';')) return 'several-statements';
  if (writes.has(first.text)) return 'write';
  if (!starts.has(first.text)) return 'session';
  for (let i = 0; i < tokens.length; i++) {
    const why = tokens[i]!.kind === 'word' ? judgeWord(tokens, i) : null;
    if (why !== null) return why;
  }
  return null;
}

/** What a word within a query may mean. */
function judgeWord(tokens: readonly SqlToken[], at: number): PassReason | null {
  const [{ text }, next] = [tokens[at]!, tokens[at + 1]];
  // `substring(x for 2)` is followed by none of these words.
  if (text === 'for' && locks.has(next?.text ?? '')) return 'locks-rows';
  if (text === 'into' || (writes.has(text) && !isCalled(tokens, at))) return 'write';
  return text === 'tablesample' || (text === 'using' && isWord(next, 'sample')) ? 'volatile' : null;
}

/** `replace(a, b, c)` is a function, `WITH x AS (INSERT ...)` is not. */
const isCalled = (tokens: readonly SqlToken[], at: number): boolean =>
  tokens[at]!.text === 'replace' && tokens[at + 1]?.text === '(';

/** Names that the statement calls, lower case; those of its types and keywords are among them. */
export function findCalledNames(tokens: readonly SqlToken[]): string[] {
  const names = tokens.flatMap(({ kind, text }, i) => {
    if (tokens[i + 1]?.text !== '(') return [];
    if (kind === 'word') return [text];
    return kind === 'name' ? [text.slice(text.indexOf('"') + 1, -1).replaceAll('""', '"')] : [];
  });
  return [...new Set(names)];
}
