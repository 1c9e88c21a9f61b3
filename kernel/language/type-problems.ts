// Diagnostics of the language server → what is worth telling of a cell. Pure.
import type { LspDiagnostic } from './lsp-types.ts';

/** An error of types in a cell. */
export interface TypeProblem {
  /** From 1, in the cell. */
  readonly line: number;
  /** TypeScript's number. */
  readonly code: number;
  readonly message: string;
}

/**
 * What notebooks make meaningless: syntax (the cell's own parser has said it), names that only exist while
 * running, missing declarations of modules, redeclaration, assignment to a name of another cell, what makes elements of JSX.
 */
const meaningless: ReadonlySet<number> = new Set([
  2300, 2304, 2307, 2309, 2323, 2393, 2403, 2440, 2451, 2454, 2484, 2503, 2528, 2540, 2552, 2571, 2580, 2582,
  2584, 2591, 2592, 2602, 2632, 2664, 2686, 2688, 2691, 2695, 2792, 2834, 2835, 2867, 2868, 2874, 2875, 2879,
  5097,
]);

/** Keeps errors of types within the cell's own lines; below 2000 is syntax, from 6000 on advice. */
export function readProblems(items: readonly LspDiagnostic[], code: string): TypeProblem[] {
  const lines = code.split('\n').length;
  return items
    .filter(({ severity }) => (severity ?? 1) === 1)
    .map((item) => ({ line: item.range.start.line, code: item.code ?? 0, message: item.message }))
    .filter((one) => one.line >= 1 && one.line <= lines)
    .filter((one) => isOfTypes(one.code) && !meaningless.has(one.code));
}

const isOfTypes = (code: number): boolean => (code >= 2000 && code < 6000) || odd.has(code);

/** Decorators that do not fit what they decorate; what is possibly null or undefined. */
const odd: ReadonlySet<number> = new Set([1238, 1239, 1240, 1241, 1270, 1271, 18047, 18048, 18049]);
