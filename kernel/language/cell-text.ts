// A cell's text → TypeScript for the checker, line for line: magics become the calls they are, cells of other
// languages leave only the names they bring. Pure.
import { parseSync } from 'oxc-parser';
import { parseHelp } from '../runtime/magics/help-syntax.ts';
import { parseCellMagic, replaceLineMagics } from '../runtime/magics/magic-syntax.ts';
import type { IsName } from '../runtime/magics/magic-syntax.ts';
import { readLanguage } from '../runtime/jsx.ts';
import { isTooDeep } from '../runtime/nesting.ts';
import { parsePythonArgs } from '../runtime/python/python-args.ts';

/** TypeScript of a cell. */
export interface CellText {
  readonly code: string;
  /** Characters put before the cell's own first line. */
  readonly firstColumn: number;
}

/** Reads a cell as the checker must see it. */
export function readCellText(source: string, isName: IsName): CellText {
  // Running it says so; a parser must not see it.
  if (isTooDeep(source)) return { code: '', firstColumn: 0 };
  if (parseHelp(source)) return { code: '', firstColumn: 0 };
  const magic = parseCellMagic(source);
  if (magic) return { code: readCellMagic(magic.name, magic.args, magic.body), firstColumn: 0 };
  const code = replaceLineMagics(source.replace(/^#!.*/, ''), isName);
  return isObject(code)
    ? { code: `(${code.replace(/;\s*$/, '')}\n)`, firstColumn: 1 }
    : { code, firstColumn: 0 };
}

function readCellMagic(name: string, args: string, body: string): string {
  switch (name) {
    case 'python':
      return declareNames(args);
    case 'time':
      return args === '' ? body : `${args};${body}`;
    case 'timeit':
      // Its names stay inside.
      return `{ ${args};${body}\n}`;
    default:
      return '';
  }
}

/** Names that Python makes: what they are is known when they are there. */
function declareNames(args: string): string {
  try {
    const { outputs } = parsePythonArgs(args);
    return outputs.length === 0 ? '' : `let ${outputs.map((name) => `${name}!: any`).join(', ')};`;
  } catch {
    return '';
  }
}

/** `{ a: 1 }` at the start of a cell is an object to look at, not a block. */
function isObject(code: string): boolean {
  if (!/^\s*\{/.test(code)) return false;
  const wrapped = `(${code.replace(/;\s*$/, '')}\n)`;
  return (
    parseSync('cell.ts', wrapped, { lang: readLanguage(wrapped), sourceType: 'module' }).errors.length === 0
  );
}
