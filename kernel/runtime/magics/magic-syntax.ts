// Magics in the text of a cell, pure: `%%name args` on the first line takes the whole cell. Not the doing
// of them, which is magics.ts.
import { parseSync } from 'oxc-parser';
import { boundNames, declaredNames, findVars } from '../cell-references.ts';
import type { Node } from '../cell-references.ts';
import { isTooDeep } from '../nesting.ts';
import { TextScanner } from '../open-text.ts';

/** A magic that takes the rest of its cell. */
export interface CellMagic {
  readonly name: string;
  readonly args: string;
  /** The rest of the cell, behind an empty line in place of the magic: line numbers stay. */
  readonly body: string;
}

/** Reads the magic of a whole cell; null when it has none. */
export function parseCellMagic(code: string): CellMagic | null {
  const match = /^\s*?%%([A-Za-z_]\w*)[ \t]*([^\n]*)/.exec(code);
  if (!match) return null;
  const before = match[0].replace(/[^\n]/g, '');
  return { name: match[1]!, args: match[2]!.trim(), body: before + code.slice(match[0].length) };
}

/** Tells whether a word is a name of TypeScript here: `!word` is then its negation. */
export type IsName = (word: string) => boolean;

/**
 * Replaces the magics of lines by calls, each on its line. Only a line that begins a statement is one: not
 * inside of brackets, templates or comments. `name = %magic args` gives the magic's value to a name.
 */
export function replaceLineMagics(code: string, isName: IsName): string {
  if (!/^(?:[%!]|.*=[ \t]*%[A-Za-z])/m.test(code)) return code;
  const scanner = new TextScanner();
  let declared: ReadonlySet<string> | null = null;
  const isKnown = (word: string): boolean =>
    reserved.has(word) || isName(word) || (declared ??= readDeclared(code)).has(word);
  let text = '';
  for (const line of code.split(/(?<=\n)/)) {
    const [, content, end] = /^(.*?)(\r?\n?)$/s.exec(line)!;
    const call = readLine(content!, isKnown);
    text += call !== null && scanner.scan(text) && scanner.canBeginStatement() ? call + end! : line;
  }
  return text;
}

function readLine(line: string, isKnown: IsName): string | null {
  const magic = /^%([A-Za-z_]\w*)(?:[ \t]+(.*?))?\s*$/.exec(line);
  if (magic) return callOf(magic[1]!, magic[2] ?? '');
  const assigned = ASSIGNED.exec(line);
  if (assigned) return assigned[1]! + callOf(assigned[2]!, assigned[3] ?? '');
  const command = /^!((?:[A-Za-z_$./]|~[/A-Za-z_]).*)$/.exec(line)?.[1];
  if (command === undefined || REGEX_NEGATED.test(command)) return null;
  const word = /^~?([A-Za-z_$][\w$]*)/.exec(command)?.[1];
  const isName = word !== undefined && isKnown(word) && (reserved.has(word) || !WITH_ARGUMENT.test(command));
  return isName ? null : callOf('sh', command.trimEnd());
}

/** `!cat notes.txt`: no expression, whatever is called `cat` here. */
const WITH_ARGUMENT = /^[\w$]+[ \t]+(?!(?:as|in|instanceof|is|satisfies)\b)[\w$"']/;

/** `const lines = %sx ls`; also with a type, or taken apart. */
const ASSIGNED =
  /^((?:(?:const|let|var)[ \t]+(?:\{[^=]*\}|\[[^=]*\])|(?:(?:const|let|var)[ \t]+)?[\w$]+)(?:[ \t]*:[^=]*)?[ \t]*=[ \t]*)%([A-Za-z_]\w*)(?:[ \t]+(.*?))?\s*$/;
/** `!/^a/.test(text)`, which no path looks like. */
const REGEX_NEGATED =
  /^\/(?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[dgimsuvy]*\.(?:test|exec|source|flags|lastIndex)\b/;

const callOf = (name: string, args: string): string =>
  `await $magic(${JSON.stringify(name)}, ${JSON.stringify(args)});`;

const reserved = new Set(
  'async await class delete false function import new null super this true typeof undefined void'.split(' '),
);

/** Names that a cell declares, without its lines that may be magics; of a cell that no parser can read, none. */
function readDeclared(code: string): ReadonlySet<string> {
  if (isTooDeep(code)) return new Set();
  const text = code.replace(/^[%!].*/gm, '').replace(/=[ \t]*%[A-Za-z].*/g, '= 0');
  const { program } = parseSync('cell.ts', text, { lang: 'ts', sourceType: 'module' });
  const statements = (program.body as unknown as Node[]).map((one) =>
    isNode(one['declaration']) ? one['declaration'] : one,
  );
  const names = statements.flatMap((one) => {
    if (one.type === 'ImportDeclaration')
      return (one['specifiers'] as Node[]).flatMap(({ local }) => boundNames(local));
    return one.type === 'VariableDeclaration' ? declaredNames(one) : boundNames(one['id']);
  });
  return new Set([...names, ...findVars(statements).flatMap(({ node }) => declaredNames(node))]);
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
