// What is open at a place of a cell: a string, a comment, brackets. Scans text that need not parse. Pure.
import { Math } from './primordials.ts';

/** What surrounds an offset. */
export interface OpenText {
  readonly kind: 'code' | 'string' | 'comment';
  /** Where the open string's text or the comment begins; the offset itself in code. */
  readonly start: number;
  /** Offsets of the brackets that are open, the innermost last. */
  readonly brackets: readonly number[];
}

const REGEX = /\/(?:[^/\\[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+\/\w*/y;
const STRING = /(["'])(?:[^\\\r\n]|\\(?:\r\n|\r(?!\n)|[^\r]))*?(?:\1|(?=[\r\n]))/y;
const WORD = /[\p{ID_Continue}$]+/uy;
const SPACE = /\s+/y;
/** Words that an operand follows. */
const KEYWORD =
  /(?<![.\p{ID_Continue}$])(?:return|typeof|case|in|of|await|void|delete|throw|new|else|do|instanceof|yield|extends|as|satisfies)$/u;
const HEAD = /\b(?:if|while|for|with)\s*(?:await\s*)?$/;
const LONGEST_WORD = 12;

/** Reads a text piece by piece: each must begin with those before. */
export class TextScanner {
  /** Offsets of the brackets and templates that are open, the innermost last. */
  readonly brackets: number[] = [];
  /** Behind the last token that is complete. */
  at = 0;
  #text = '';
  /** Behind the last token that is neither space nor comment. */
  #tokenEnd = 0;
  #isLiteral = false;
  #closedBracket = 0;

  /** Scans on to the end of a text; false when it ends inside of a string or a comment. */
  scan(text: string): boolean {
    this.#text = text;
    while (this.at < text.length) {
      const end = this.#skip();
      if (end === null) return false;
      this.at = end;
    }
    return true;
  }

  /** Whether a statement may begin here: no bracket is open, and what stands before lacks no operand. */
  canBeginStatement(): boolean {
    if (this.brackets.length > 0) return false;
    // Behind the types of a declaration: `Map<string, number>`.
    return !this.#lacksOperand() || (this.#before() === '>' && !this.#endsWith('=>'));
  }

  /** Whether an operand must follow what was scanned, so that `/` begins a regular expression. */
  #lacksOperand(): boolean {
    if (this.#tokenEnd === 0 || this.#isLiteral) return false;
    if (this.#endsWith('++') || this.#endsWith('--')) return false;
    const last = this.#before();
    if (/[\p{ID_Continue}$]/u.test(last)) {
      return KEYWORD.test(this.#text.slice(Math.max(0, this.#tokenEnd - LONGEST_WORD), this.#tokenEnd));
    }
    return !/[)\]};]/.test(last);
  }

  #canBeginRegex(): boolean {
    if (this.#lacksOperand() || this.#tokenEnd === 0) return true;
    if (this.#isLiteral) return false;
    const last = this.#before();
    if (last === ')') {
      return HEAD.test(
        this.#text.slice(Math.max(0, this.#closedBracket - LONGEST_WORD), this.#closedBracket),
      );
    }
    return last === '}' || last === ';';
  }

  #before(): string {
    return this.#text[this.#tokenEnd - 1] ?? '';
  }

  #endsWith(end: string): boolean {
    return this.#text.endsWith(end, this.#tokenEnd);
  }

  /** The offset behind the token here; null when the text ends inside of it. */
  #skip(): number | null {
    const { at } = this;
    const character = this.#text[at]!;
    const inner = this.brackets.at(-1);
    if (inner !== undefined && this.#text[inner] === '`') return this.#skipTemplate();
    switch (character) {
      case '/':
        return this.#skipSlash();
      case '"':
      case "'":
        return this.#skipString();
      case '`':
      case '(':
      case '[':
      case '{':
        this.brackets.push(at);
        return this.#token(at + 1);
      case ')':
      case ']':
      case '}':
        this.#closedBracket = this.brackets.pop() ?? 0;
        return this.#token(at + 1);
      default:
        return this.#skipWord();
    }
  }

  #skipString(): number | null {
    const length = this.#match(STRING);
    return length === 0 ? null : this.#token(this.at + length, true);
  }

  #skipWord(): number {
    const space = this.#match(SPACE);
    return space > 0 ? this.at + space : this.#token(this.at + (this.#match(WORD) || 1));
  }

  #skipTemplate(): number {
    const { at } = this;
    if (this.#text[at] === '\\') return at + 2;
    if (this.#text[at] === '`') {
      this.brackets.pop();
      return this.#token(at + 1, true);
    }
    if (!this.#text.startsWith('${', at)) return at + 1;
    this.brackets.push(at + 1);
    return this.#token(at + 2);
  }

  #skipSlash(): number | null {
    const { at } = this;
    if (this.#text[at + 1] === '/') {
      const end = this.#text.indexOf('\n', at);
      return end < 0 ? null : end;
    }
    if (this.#text[at + 1] === '*') {
      const end = this.#text.indexOf('*/', at + 2);
      return end < 0 ? null : end + 2;
    }
    const length = this.#canBeginRegex() ? this.#match(REGEX) : 0;
    return this.#token(at + (length || 1), length > 0);
  }

  #match(pattern: RegExp): number {
    pattern.lastIndex = this.at;
    return pattern.exec(this.#text)?.[0].length ?? 0;
  }

  #token(end: number, isLiteral = false): number {
    this.#tokenEnd = end;
    this.#isLiteral = isLiteral;
    return end;
  }
}

/** Reads what is open at the end of a text. */
export function readOpenText(text: string): OpenText {
  const scanner = new TextScanner();
  const isWhole = scanner.scan(text);
  const { at, brackets } = scanner;
  if (!isWhole) return { kind: text[at] === '/' ? 'comment' : 'string', start: at + 1, brackets };
  const open = brackets.at(-1);
  if (open !== undefined && text[open] === '`') {
    return { kind: 'string', start: lastTextOf(text, open), brackets: brackets.slice(0, -1) };
  }
  return { kind: 'code', start: text.length, brackets };
}

/** Where the template's text begins that is open at the end: behind its last substitution. */
function lastTextOf(text: string, open: number): number {
  const substitution = text.lastIndexOf('}');
  return substitution > open ? substitution + 1 : open + 1;
}
