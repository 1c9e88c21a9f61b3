// Magics in the text of a cell, pure: `%%name args` on the first line takes the whole cell. Not the doing
// of them, which is magics.ts.

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
  const context: Context = { open: [] };
  const lines = code.split('\n');
  return lines
    .map((line) => {
      const call = context.open.length === 0 ? replaceLine(line, isName, code) : null;
      if (call === null) scanLine(line, context);
      return call ?? line;
    })
    .join('\n');
}

function replaceLine(line: string, isName: IsName, code: string): string | null {
  const magic = /^%([A-Za-z_]\w*)(?:[ \t]+(.*?))?\s*$/.exec(line);
  if (magic) return callOf(magic[1]!, magic[2] ?? '');
  const assigned =
    /^((?:(?:const|let|var)[ \t]+)?[\w$]+[ \t]*=[ \t]*)%([A-Za-z_]\w*)(?:[ \t]+(.*?))?\s*$/.exec(line);
  if (assigned) return assigned[1]! + callOf(assigned[2]!, assigned[3] ?? '');
  const command = /^!([A-Za-z_$./~].*)$/.exec(line)?.[1];
  if (command === undefined) return null;
  const word = /^[A-Za-z_$][\w$]*/.exec(command)?.[0];
  const isTypeScript = word !== undefined && (isName(word) || reserved.has(word) || declares(code, word));
  return isTypeScript ? null : callOf('sh', command.trimEnd());
}

const callOf = (name: string, args: string): string =>
  `await $magic(${JSON.stringify(name)}, ${JSON.stringify(args)});`;

const reserved = new Set(
  'async await class delete false function import new null super this true typeof undefined void'.split(' '),
);

function declares(code: string, word: string): boolean {
  return new RegExp(`\\b(?:const|let|var|function|class)\\s+${word.replaceAll('$', '\\$')}(?![\\w$])`).test(
    code,
  );
}

/** Open brackets, templates (`\``) and comments (`*`) at the end of a line, the innermost last. */
interface Context {
  readonly open: string[];
}

const TOKEN =
  /\/\/.*|\/\*|\*\/|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|`|\$\{|[([{}\])]|(?<=(?:^|[=(,:[!&|?{};+\-*%~^<>]|\breturn)\s*)\/(?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+\//g;

function scanLine(line: string, { open }: Context): void {
  for (const [token] of line.matchAll(TOKEN)) {
    const inner = open.at(-1);
    if (inner === '*') {
      if (token === '*/') open.pop();
    } else if (inner === '`') {
      if (token === '`') open.pop();
      else if (token === '${') open.push('{');
    } else if (token === '/*') open.push('*');
    else if (token === '`') open.push('`');
    else if (/^(?:[([{]|\$\{)$/.test(token)) open.push(token.at(-1)!);
    else if (/^[\])}]$/.test(token)) open.pop();
  }
}
