// The lines of a TypeScript text at which something runs: where a breakpoint can stand, before V8 has seen the text.
import { parseSync } from 'oxc-parser';
import { childrenOf } from '../runtime/free-names.ts';
import type { SyntaxNode } from '../runtime/free-names.ts';

/** Statements that are made of others, or of nothing. */
const containers: ReadonlySet<string> = new Set(['BlockStatement', 'EmptyStatement', 'LabeledStatement']);

/**
 * The first line, from one on, at which something runs; null when nothing does from there on.
 * @param line counts from 1
 */
export function findCodeLine(text: string, line: number): number | null {
  const code = text.replace(/^%%\w+/, (magic) => ' '.repeat(magic.length));
  const { program, errors } = parseSync('cell.ts', code, { lang: 'ts', sourceType: 'module' });
  // What does not parse will not run; magics are not TypeScript, and only the kernel knows what becomes of them.
  if (errors.length > 0) return line;
  const starts = lineStartsOf(code);
  let found: number | null = null;
  for (const at of codePlaces(program as unknown as SyntaxNode)) {
    const its = lineOf(starts, at);
    if (its >= line && (found === null || its < found)) found = its;
  }
  return found;
}

function* codePlaces(node: SyntaxNode): Iterable<number> {
  if (isType(node)) return;
  const { type, start, end } = node;
  if (type.endsWith('Statement') && !containers.has(type)) yield start;
  if (type === 'VariableDeclarator' && node['init']) yield start;
  if (type === 'ClassDeclaration' || type === 'ImportDeclaration' || type === 'TSEnumDeclaration')
    yield start;
  if (type === 'PropertyDefinition' && node['value']) yield (node['value'] as SyntaxNode).start;
  const body = /Function/.test(type) ? (node['body'] as SyntaxNode | null) : null;
  if (body) yield body.type === 'BlockStatement' ? end - 1 : body.start;
  for (const [, child] of childrenOf(node)) yield* codePlaces(child);
}

/** Types say nothing at run time. */
const isType = ({
  type,
  importKind,
  declare,
}: SyntaxNode & { importKind?: unknown; declare?: unknown }): boolean =>
  /^TS(?:Interface|TypeAlias|Type|Declare)/.test(type) || importKind === 'type' || declare === true;

function lineStartsOf(text: string): number[] {
  return [0, ...text.matchAll(/\n/g).map(({ index }) => index + 1)];
}

/** Counts from 1. */
function lineOf(starts: readonly number[], at: number): number {
  const next = starts.findIndex((start) => start > at);
  return next < 0 ? starts.length : next;
}
