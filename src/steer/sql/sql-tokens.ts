// Splits a statement of PostgreSQL or DuckDB into tokens: as much of the lexer as tells literals, names and comments
// apart. https://www.postgresql.org/docs/current/sql-syntax-lexical.html
// What it cannot read (a string without an end) is null, and such a statement is not steered.

/** What a token is. */
export type SqlTokenKind = 'word' | 'name' | 'string' | 'number' | 'parameter' | 'operator' | 'mark';

/** A token of a statement; comments and blanks are none. */
export interface SqlToken {
  readonly kind: SqlTokenKind;
  /** As the statement has it; words without quotes are lower case. */
  readonly text: string;
  /** Where it begins in the statement. */
  readonly at: number;
}

const blank = /[\s\u00a0\ufeff]+/y;
const lineComment = /--[^\r\n]*/y;
const word = /[\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*/uy;
const quotedName = /(?:[uU]&)?"(?:[^"]|"")*"/y;
const plainString = /(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'/y;
const escapeString = /[eE]'(?:[^'\\]|''|\\[\s\S])*'/y;
const dollarTag = /\$(?:[\p{L}_\u0080-\uffff][\p{L}\p{N}_\u0080-\uffff]*)?\$/uy;
const parameter = /\$\d+/y;
const number =
  /(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d+)?)/y;
const cast = /::|:=|\.\./y;
const operator = /[-+*/<>=~!@#%^&|`?:]+/y;

const match = (pattern: RegExp, text: string, at: number): string | null => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
};

/** @returns the tokens, or null for text whose end is missing */
export function tokenizeSql(text: string): SqlToken[] | null {
  const tokens: SqlToken[] = [];
  for (let at = 0; at < text.length;) {
    const skipped = skipBlank(text, at);
    if (skipped === null) return null;
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const found = readToken(text, at);
    if (!found) return null;
    tokens.push(found.token);
    at = found.end;
  }
  return tokens;
}

/** The statements of a script, without semicolons; null for text whose end is missing. */
export function splitSql(script: string): string[] | null {
  const tokens = tokenizeSql(script);
  if (!tokens) return null;
  const ends = tokens.filter(({ kind, text }) => kind === 'mark' && text === ';').map(({ at }) => at);
  const starts = [0, ...ends.map((end) => end + 1)];
  return starts
    .map((start, i) => script.slice(start, ends[i]).trim())
    .filter((statement) => (tokenizeSql(statement)?.length ?? 0) > 0);
}

function skipBlank(text: string, at: number): number | null {
  const found = match(blank, text, at) ?? match(lineComment, text, at);
  if (found !== null) return at + found.length;
  return text.startsWith('/*', at) ? findCommentEnd(text, at) : at;
}

/** Comments of PostgreSQL nest. */
function findCommentEnd(text: string, from: number): number | null {
  let depth = 0;
  for (let at = from; at < text.length - 1;) {
    const two = text.slice(at, at + 2);
    if (two === '/*') depth++;
    if (two === '*/' && --depth === 0) return at + 2;
    at += two === '/*' || two === '*/' ? 2 : 1;
  }
  return null;
}

interface Found {
  readonly token: SqlToken;
  readonly end: number;
}

function readToken(text: string, at: number): Found | null {
  const as = (kind: SqlTokenKind, found: string | null): Found | null =>
    found === null
      ? null
      : { token: { kind, text: kind === 'word' ? found.toLowerCase() : found, at }, end: at + found.length };
  const first = text[at]!;
  if (first === "'") return as('string', match(plainString, text, at));
  if (first === '"') return as('name', match(quotedName, text, at));
  if (first === '$') return readDollar(text, at, as);
  if (isWordStart(first)) return readWord(text, at, as);
  if (isDigit(first) || (first === '.' && isDigit(text[at + 1] ?? '')))
    return as('number', match(number, text, at));
  const sign = match(cast, text, at) ?? match(operator, text, at);
  return sign === null ? as('mark', first) : as('operator', cutComment(sign));
}

const isWordStart = (first: string): boolean =>
  (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first === '_' || first >= '\u0080';
const isDigit = (first: string): boolean => first >= '0' && first <= '9';

type Make = (kind: SqlTokenKind, found: string | null) => Found | null;

/** A word, unless it is the letter before a string or a name: E'', B'', U&"". */
function readWord(text: string, at: number, as: Make): Found | null {
  const next = text[at + 1];
  const quote = next === '&' ? text[at + 2] : next;
  if (quote === "'" && /[bBxXnNuUeE]/.test(text[at]!)) {
    const isEscape = /[eE]/.test(text[at]!);
    const string = match(isEscape ? escapeString : plainString, text, at);
    if (string !== null) return as('string', string);
    if (isEscape || next === "'") return null;
  }
  if (next === '&' && quote === '"') {
    const name = match(quotedName, text, at);
    if (name !== null) return as('name', name);
  }
  return as('word', match(word, text, at) ?? text[at]!);
}

/** A comment may follow an operator without a blank (`5--why`), and so may a sign (`a=-5`). */
function cutComment(sign: string): string {
  const at = sign.slice(1).search(/--|\/\*/);
  const own = at < 0 ? sign : sign.slice(0, at + 1);
  return /[~!@#%^&|`?]/.test(own) ? own : own.slice(0, 1) + own.slice(1).replace(/[-+]+$/, '');
}

function readDollar(text: string, at: number, as: Make): Found | null {
  const place = match(parameter, text, at);
  if (place !== null) return as('parameter', place);
  const tag = match(dollarTag, text, at);
  if (tag === null) return as('mark', '$');
  const end = text.indexOf(tag, at + tag.length);
  return end < 0 ? null : as('string', text.slice(at, end + tag.length));
}
