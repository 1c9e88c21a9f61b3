// Whether a console should run what was typed or wait for more. Parses, never runs.
import { parseSync } from 'oxc-parser';
import type { JsonObject } from '../protocol/message.ts';

/** Parser messages at the end of the text that more text may cure. */
const UNFINISHED = /Expected|Unterminated|Unexpected (?:token|end)|EOF/i;

/** Content of is_complete_reply. */
export function checkComplete(code: string): JsonObject {
  if (/^\s*%%/.test(code)) return { status: /\n\s*$/.test(code) ? 'complete' : 'incomplete', indent: '' };
  if (/^\s*[%!?]/.test(code)) return { status: 'complete' };
  const { errors } = parseSync('cell.ts', code, { lang: 'ts', sourceType: 'module' });
  if (errors.length === 0) return { status: 'complete' };
  const isAtEnd = errors.some((error) => {
    if (!UNFINISHED.test(error.message)) return false;
    if (/EOF|Unterminated (?:template|string|block|multi)/i.test(error.message)) {
      return !/^[^`]*['"][^'"\n]*\n/.test(code) && isOpenAtEnd(code, error);
    }
    return error.labels.some((label) => label.start >= code.trimEnd().length);
  });
  return isAtEnd ? { status: 'incomplete', indent: indentAfter(code) } : { status: 'invalid' };
}

/** An unterminated string literal cannot go on in the next line; a template or a comment can. */
function isOpenAtEnd(
  code: string,
  error: { message: string; labels: readonly { start: number }[] },
): boolean {
  if (!/string/i.test(error.message)) return true;
  const start = error.labels[0]?.start ?? 0;
  return code[start] === '`';
}

function indentAfter(code: string): string {
  const lines = code.trimEnd().split('\n');
  const last = lines.at(-1) ?? '';
  const indent = /^\s*/.exec(last)![0];
  return /[{([]$/.test(last) ? `${indent}  ` : indent;
}
