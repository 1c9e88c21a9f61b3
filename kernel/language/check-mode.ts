// What errors of types do to a cell, as `%check` says, and how they are told. Pure.
import { replaceLineMagics } from '../runtime/magics/magic-syntax.ts';
import type { JsonObject } from '../protocol/message.ts';
import type { TypeProblem } from './type-problems.ts';

/** `off` says nothing, `warn` tells below the cell, `error` keeps the cell from running. */
export type CheckMode = 'off' | 'warn' | 'error';

const CALL = /^await \$magic\("check", "(off|warn|error)"\);/gm;

/** The mode that a cell asks for, from itself on; null when it asks for none. */
export function readCheckMode(code: string): CheckMode | null {
  if (!code.includes('%check')) return null;
  const calls = [...replaceLineMagics(code, () => false).matchAll(CALL)];
  return (calls.at(-1)?.[1] as CheckMode | undefined) ?? null;
}

/** A cell without names has no types to be wrong. */
export const hasNames = (code: string): boolean => /[\p{ID_Start}$_]/u.test(code);

const MOST_PROBLEMS = 10;
const MOST_LINES = 5;

/** The text below a cell. */
export function renderProblems(problems: readonly TypeProblem[], code: string): string {
  const lines = code.split('\n');
  const texts = problems.slice(0, MOST_PROBLEMS).map(({ line, code: number, message }) => {
    const excerpt = `  ${line} | ${(lines[line - 1] ?? '').trim()}`;
    const text = message.split('\n').slice(0, MOST_LINES).join('\n  ');
    return `TS${number} in line ${line}: ${text}\n${excerpt}\n`;
  });
  const rest = problems.length - texts.length;
  return texts.join('') + (rest > 0 ? `… and ${rest} more\n` : '');
}

/** The error of a cell that was kept from running. */
export function buildRefusal(problems: readonly TypeProblem[], code: string): JsonObject {
  const [first] = problems;
  const evalue = first ? `TS${first.code} in line ${first.line}: ${first.message}` : '';
  const hint = 'The cell was not run; write %check warn to run cells with such errors.';
  const traceback = [...renderProblems(problems, code).trimEnd().split('\n'), '', hint];
  return { status: 'error', ename: 'TypeCheckError', evalue, traceback };
}
