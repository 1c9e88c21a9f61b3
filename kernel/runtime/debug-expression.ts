// Expressions that somebody types into a debugger (a watch, a condition): TypeScript → JavaScript that V8 evaluates in
// a frame.
import { parseSync } from 'oxc-parser';
import { transformSync } from 'oxc-transform';
import { CellSyntaxError } from './cell-compiler.ts';

const FILE = 'expression.ts';

/**
 * Removes types. An expression stays one, without a semicolon; statements stay statements.
 * @throws CellSyntaxError
 */
export function compileExpression(text: string): string {
  const wrapped = `(${text}\n)`;
  const options = { lang: 'ts', sourceType: 'module' } as const;
  const isExpression = parseSync(FILE, wrapped, options).errors.length === 0;
  const { code, errors } = transformSync(FILE, isExpression ? wrapped : text, {
    ...options,
    target: 'esnext',
  });
  if (errors.length > 0) throw new CellSyntaxError(errors[0]!.message);
  return isExpression ? code.trim().replace(/;$/, '') : code;
}
