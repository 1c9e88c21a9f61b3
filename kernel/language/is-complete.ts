// Whether a console should run what was typed or wait for more: it waits when something could be typed behind
// it that makes it parse. Parses, never runs.
import { parseSync } from 'oxc-parser';
import type { JsonObject } from '../protocol/message.ts';
import { readCellText } from './cell-text.ts';
import { readOpenText } from '../runtime/open-text.ts';
import { readLanguage } from '../runtime/jsx.ts';
import type { OpenText } from '../runtime/open-text.ts';

/** Content of is_complete_reply. */
export function checkComplete(code: string): JsonObject {
  // A cell of another language ends with an empty line.
  if (/^\s*%%/.test(code)) {
    return /\n\s*$/.test(code) ? { status: 'complete' } : { status: 'incomplete', indent: '' };
  }
  const text = readCellText(code, () => false).code;
  if (parses(text)) return { status: 'complete' };
  const open = readOpenText(text.trimEnd());
  return canGoOn(text.trimEnd(), open) || endsInElement(text.trimEnd())
    ? { status: 'incomplete', indent: indentAfter(text, open) }
    : { status: 'invalid' };
}

const parses = (text: string): boolean =>
  parseSync('cell.ts', text, { lang: readLanguage(text), sourceType: 'module' }).errors.length === 0;

/** An element of JSX that stands where a value does, and is not closed: the parser stops at the end. */
function endsInElement(text: string): boolean {
  if (!/(?:^|[(=>{},;&|?:]|\breturn)\s*<[\p{ID_Start}>]/u.test(text)) return false;
  const [first] = parseSync('cell.tsx', text, { lang: 'tsx', sourceType: 'module' }).errors;
  return first?.labels.some(({ end }) => end >= text.length) ?? false;
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '`': '`' };
/** What may be missing at the cursor, and what behind the brackets that are open there. */
const atCursor = ['', ' x', ' x: x', ': x', ' x>', ' x>()', ' "x"', ' x {}', ' = x', ' => x', ' {}'] as const;
const behind = [
  '',
  ' {}',
  ' x',
  ' = x',
  ' => x',
  ': x',
  ' from "x"',
  ' finally {}',
  ' while (x)',
  ' class X {}',
  ' x {}',
];

function canGoOn(text: string, open: OpenText): boolean {
  if (open.kind === 'comment') return canBeCut(text, open.start);
  const isTemplate = open.kind === 'string' && isInTemplate(text, open);
  // Any other string ends with its line, but for a backslash.
  if (open.kind === 'string' && !isTemplate)
    return text.endsWith('\\') && closes(`${text}\n`, ["'", '"'], open);
  if (isTemplate) return closes(text, ['`'], open);
  return closes(text, atCursor, open) || closes(`(${text}`, atCursor, open, ')');
}

/** Only a comment of several lines goes on; what stands before it must not be wrong already. */
function canBeCut(text: string, start: number): boolean {
  const before = text.slice(0, start - 1);
  if (text[start] === '/') return canGoOn(before.trimEnd(), readOpenText(before.trimEnd()));
  return before.trim() === '' || parses(before) || canGoOn(before, readOpenText(before));
}

const isInTemplate = (text: string, { start }: OpenText): boolean =>
  text[start - 1] === '`' || text[start - 1] === '}';

function closes(text: string, fillers: readonly string[], { brackets }: OpenText, last = ''): boolean {
  const closers = brackets.map((at) => closing[text[last === '' ? at : at + 1]!] ?? '').toReversed();
  return fillers.some((filler) =>
    behind.some((rest) => parses(`${text}${filler}${closers.join('')}${rest}${last}`)),
  );
}

/** Two columns more behind what opens a block in this line. */
function indentAfter(text: string, open: OpenText): string {
  const { kind, start, brackets } = open;
  if (kind === 'comment' && text[start] === '/') {
    const before = text.slice(0, start - 1).trimEnd();
    return indentAfter(before, readOpenText(before));
  }
  if (kind !== 'code') return '';
  const trimmed = text.trimEnd();
  const lineStart = trimmed.lastIndexOf('\n') + 1;
  const line = trimmed.slice(lineStart);
  const indent = /^\s*/.exec(line)![0];
  const opens = (brackets.at(-1) ?? -1) >= lineStart || /(?:=>|\)|\belse|\bdo|[^?]:|=)$/.test(line);
  return opens ? `${indent}  ` : indent;
}
