// How deep code is nested, before a parser sees it: the parser recurs in native code, where a stack that is full ends
// the process. Reads roughly (a regular expression may pass for a division), which is enough for a bound that is far
// above what people and their tools write. Pure.
import { Math, Set } from './primordials.ts';

/** Brackets in brackets. */
const MOST_BRACKETS = 1000;
/** Conditions, arrows, assignments and their like, one in the other without brackets. */
const MOST_NESTED = 2000;
/** Operators in a row. */
const MOST_OPERATORS = 8000;

/** Code that no parser should see. */
export function isTooDeep(code: string): boolean {
  // Less than what the bounds allow: nearly every cell.
  if (code.length <= MOST_BRACKETS) return false;
  const frames: Frame[] = [{ nested: 0, operators: 0, isTemplate: false }];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(code); match; match = TOKEN.exec(code)) {
    const frame = frames[frames.length - 1]!;
    const [token] = match;
    if (frame.isTemplate) readTemplate(token, frames);
    else if (skipped.has(token)) TOKEN.lastIndex = endOf(token, code, match.index);
    else readToken(token, frames, token === '\n' && !isEnd(code, match.index));
    const isOver = frame.nested > MOST_NESTED || frame.operators > MOST_OPERATORS;
    if (isOver || frames.length > MOST_BRACKETS) return true;
  }
  return false;
}

/** @param goesOn a line that ends here is not the end of its statement */
function readToken(token: string, frames: Frame[], goesOn: boolean): void {
  const frame = frames[frames.length - 1]!;
  if (opening.has(token)) {
    frame.operators++;
    frames.push({ nested: 0, operators: 0, isTemplate: token === '`' });
  } else if (closing.has(token)) {
    if (frames.length > 1) frames.pop();
  } else if (ending.has(token)) {
    if (!goesOn) [frame.nested, frame.operators] = [0, 0];
  } else if (nesting.test(token)) frame.nested++;
  else if (!word.test(token)) frame.operators++;
}

interface Frame {
  nested: number;
  operators: number;
  readonly isTemplate: boolean;
}

const TOKEN =
  /\/[/*]|\\[^]|['"]|\$\{|[`([{)\]};,\n]|=>|\?\.|\?\?=?|[=!]==?|\*\*|&&|\|\||\+\+|--|[\w$]+:?|[=?<!~+\-*/%&|^.]/g;
const opening: ReadonlySet<string> = new Set(['(', '[', '{', '`']);
const skipped: ReadonlySet<string> = new Set(["'", '"', '//', '/*']);
const closing: ReadonlySet<string> = new Set([')', ']', '}']);
/** Where counting begins anew. */
const ending: ReadonlySet<string> = new Set([';', ',', '\n']);
/** What has all that follows inside of it. */
const nesting = /^(?:=>|[=?<!~]|\*\*|.+:|if|else|new|typeof|void|delete|await|yield|for|while|do|with)$/;
const word = /^[\w$]/;

/** Where a string or a comment ends. */
function endOf(opener: string, code: string, start: number): number {
  if (opener === '//' || opener === '/*') {
    const end = code.indexOf(opener === '//' ? '\n' : '*/', start + 2);
    return end < 0 ? code.length : end;
  }
  let at = start + 1;
  while (at < code.length && code[at] !== opener && code[at] !== '\n') at += code[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** In a template only its end and its expressions count. */
function readTemplate(token: string, frames: Frame[]): void {
  if (token === '`') frames.pop();
  else if (token === '${') frames.push({ nested: 0, operators: 0, isTemplate: false });
}

/** Whether a statement may end with this line: nothing on either side of its end goes on. */
function isEnd(code: string, at: number): boolean {
  return (
    !/[=?:<!~+\-*/%&|^.,(]\s*$/.test(code.slice(Math.max(0, at - 40), at)) &&
    !/^\s*(?:[=?:+\-*/%&|^.,]|else\b)/.test(code.slice(at, at + 40))
  );
}
