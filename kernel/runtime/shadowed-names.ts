// Names of cells that are also names of globals (`import Promise from "bluebird"`, `const crypto = …`). In
// a module such a name is the module's own. All scripts of a thread share one scope, so that a cell's `Map` would
// become the `Map` of Node's libraries and of this kernel: it is declared under another name, which cells never see.
import { MagicString } from 'magic-string';
import { parseSync } from 'oxc-parser';
import { childrenOf, findFreeNames } from './free-names.ts';
import type { SyntaxNode } from './free-names.ts';
import { Map, RegExp, Set } from './primordials.ts';

/** What is put behind such a name. */
const MARK = '$ofCells';
const MARKED = /\b([\p{ID_Start}$_][\p{ID_Continue}$]*)\$ofCells\b/gu;
const isIdentifier = (name: string): boolean => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);

/** The global names that cells have declared for themselves. */
export class ShadowedNames {
  readonly #globals: ReadonlySet<string>;
  readonly #names = new Set<string>();
  #pattern: RegExp | null = null;

  /** @param globals names that cells find without declaring them */
  constructor(globals: Iterable<string>) {
    this.#globals = new Set([...globals].filter(isIdentifier));
  }

  /** From now on the global ones among these names mean the cells' own; returns those that did not before. */
  add(names: readonly string[]): string[] {
    const added = names.filter((name) => this.#globals.has(name) && !this.#names.has(name));
    for (const name of added) this.#names.add(name);
    if (added.length > 0) this.#compile();
    return added;
  }

  /** These names mean the global ones again; without names, all. */
  remove(names: readonly string[] = [...this.#names]): void {
    for (const name of names) this.#names.delete(name);
    this.#compile();
  }

  /** The name under which a name is declared. */
  scopeName(name: string): string {
    return this.#names.has(name) ? `${name}${MARK}` : name;
  }

  /** A script with such names as they are declared; lines stay. A script that does not parse stays as it is. */
  rename(script: string): string {
    if (this.#pattern === null || !this.#pattern.test(script)) return script;
    const { program, errors } = parseSync('cell.mjs', script, { lang: 'js', sourceType: 'module' });
    if (errors.length > 0) return script;
    const text = new MagicString(script);
    const mentions = findFreeNames(program, (name) => this.#names.has(name));
    for (const { name, start, end, isShorthand } of mentions) {
      text.update(start, end, isShorthand ? `${name}: ${name}${MARK}` : `${name}${MARK}`);
    }
    keepFunctionNames(program as never, new Map(mentions.map(({ start, name }) => [start, name])), text);
    return text.toString();
  }

  #compile(): void {
    const names = [...this.#names].map((name) => RegExp.escape(name));
    this.#pattern =
      names.length === 0
        ? null
        : new RegExp(`(?<![\\p{ID_Continue}$])(?:${names.join('|')})(?![\\p{ID_Continue}$])`, 'u');
  }
}

/** A text of V8's with the names as cells write them. */
export function restoreNames(text: string): string {
  return text.includes(MARK) ? text.replaceAll(MARKED, '$1') : text;
}

/** Whether a name of the global scope is one of these. */
export const isMarked = (name: string): boolean => name.endsWith(MARK);

/** `const fetch = () => {}` names its function after the variable. */
function keepFunctionNames(node: SyntaxNode, renamed: ReadonlyMap<number, string>, text: MagicString): void {
  const [target, value] =
    node.type === 'VariableDeclarator'
      ? [node['id'], node['init']]
      : node.type === 'AssignmentExpression' || node.type === 'AssignmentPattern'
        ? [node['left'], node['right']]
        : [];
  if (target && value && (target as SyntaxNode).type === 'Identifier') {
    const name = renamed.get((target as SyntaxNode).start);
    if (name !== undefined && isAnonymousFunction(value as SyntaxNode)) {
      text.appendLeft((value as SyntaxNode).start, `({ ${name}: `);
      text.appendRight((value as SyntaxNode).end, ` }).${name}`);
    }
  }
  for (const [, child] of childrenOf(node)) keepFunctionNames(child, renamed, text);
}

function isAnonymousFunction(node: SyntaxNode): boolean {
  if (node.type === 'ParenthesizedExpression') return isAnonymousFunction(node['expression'] as SyntaxNode);
  if (node.type === 'ArrowFunctionExpression') return true;
  return (node.type === 'FunctionExpression' || node.type === 'ClassExpression') && !node['id'];
}
