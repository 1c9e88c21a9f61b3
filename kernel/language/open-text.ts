// What is open at a place of a cell: a string, a comment, brackets. Scans text that need not parse. Pure.

/** What surrounds an offset. */
export interface OpenText {
  readonly kind: 'code' | 'string' | 'comment';
  /** Where the open string's text or the comment begins; the offset itself in code. */
  readonly start: number;
  /** Offsets of the brackets that are open, the innermost last. */
  readonly brackets: readonly number[];
}

const REGEX_BEFORE = /(?:^|[=(,:[!&|?{};+\-*%~^<>\n]|\b(?:return|typeof|case|in|of|await|void|delete))\s*$/;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const STRING = /(["'])(?:[^\\\n]|\\[^])*?(?:\1|(?=\n))/y;

/** Reads what is open at the end of a text. */
export function readOpenText(text: string): OpenText {
  const brackets: number[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    const end = skip(text, at, brackets);
    if (end === null) {
      const isComment = character === '/';
      return { kind: isComment ? 'comment' : 'string', start: at + 1, brackets };
    }
    at = end;
  }
  const open = brackets.at(-1);
  if (open !== undefined && text[open] === '`') {
    return { kind: 'string', start: lastTextOf(text, open), brackets: brackets.slice(0, -1) };
  }
  return { kind: 'code', start: text.length, brackets };
}

/** The offset behind the token at `at`; null when the text ends inside of it. Keeps the brackets. */
function skip(text: string, at: number, brackets: number[]): number | null {
  const character = text[at]!;
  const inner = brackets.at(-1);
  if (inner !== undefined && text[inner] === '`') return skipTemplate(text, at, brackets);
  switch (character) {
    case '/':
      return skipSlash(text, at);
    case '"':
    case "'":
      return skipString(text, at);
    case '`':
    case '(':
    case '[':
    case '{':
      brackets.push(at);
      return at + 1;
    case ')':
    case ']':
    case '}':
      brackets.pop();
      return at + 1;
    default:
      return at + 1;
  }
}

function skipTemplate(text: string, at: number, brackets: number[]): number {
  if (text[at] === '\\') return at + 2;
  if (text[at] === '`') brackets.pop();
  if (!text.startsWith('${', at)) return at + 1;
  brackets.push(at + 1);
  return at + 2;
}

function skipString(text: string, at: number): number | null {
  STRING.lastIndex = at;
  const end = at + (STRING.exec(text)?.[0].length ?? 0);
  return end === at ? null : end;
}

function skipSlash(text: string, at: number): number | null {
  if (text[at + 1] === '/') {
    const end = text.indexOf('\n', at);
    return end < 0 ? null : end;
  }
  if (text[at + 1] === '*') {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? null : end + 2;
  }
  REGEX.lastIndex = at;
  const regex = REGEX_BEFORE.test(text.slice(Math.max(0, at - 20), at)) ? REGEX.exec(text) : null;
  return at + (regex?.[0].length ?? 1);
}

/** Where the template's text begins that is open at the end: behind its last substitution. */
function lastTextOf(text: string, open: number): number {
  const substitution = text.lastIndexOf('}');
  return substitution > open ? substitution + 1 : open + 1;
}
