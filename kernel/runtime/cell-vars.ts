// `var` of a cell, wherever it stands, → assignments to names that exist before the cell runs: V8 would keep a `var`
// for good, and no later cell could declare its name as anything else.
import type { MagicString } from 'magic-string';
import { declaredNames } from './cell-references.ts';
import type { Node, VarPlace } from './cell-references.ts';

/** Rewrites the declarations and returns the names, each once. */
export function rewriteVars(text: MagicString, js: string, places: readonly VarPlace[]): string[] {
  for (const { node, parent } of places) {
    if (isHead(node, parent)) text.remove(node.start, (node['declarations'] as Node[])[0]!.start);
    else rewriteStatement(text, js, node, parent);
  }
  return [...new Set(places.flatMap(({ node }) => declaredNames(node)))];
}

/** In the head of a loop: `for (var x of y)`. */
const isHead = (node: Node, parent: Node | null): boolean =>
  parent !== null && (parent['init'] === node || parent['left'] === node);

/** Behind other statements, `(` would call what stands before; as the body of an `if`, `;` would end it. */
const inList: ReadonlySet<string> = new Set(['BlockStatement', 'SwitchCase', 'ExportNamedDeclaration']);

function rewriteStatement(text: MagicString, js: string, node: Node, parent: Node | null): void {
  const isInList = parent === null || inList.has(parent.type);
  const end = (node['declarations'] as Node[]).at(-1)!.end;
  text.update(node.start, node.start + 'var'.length, isInList ? ';(' : '(');
  text.appendLeft(end, js[node.end - 1] === ';' ? ')' : ');');
}
