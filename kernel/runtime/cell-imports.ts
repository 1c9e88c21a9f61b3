// Static imports of a cell → calls of `$link` (module-linker.ts), which imports and declares the names. One whose names
// are used above it comes first, as in a module; else what stands above runs before it: notebooks go to another folder,
// write a file or install a package and import from there.
import type { Node, Reference } from './cell-references.ts';

/**
 * How a cell uses an imported name. A module need not have a name that is only a type; of a name that the cell
 * does not use at all, its declarations must say so.
 */
export type ImportUse = 'value' | 'type' | 'unknown';

/** An imported name: the module's (`*`: all of it), the cell's, and how the cell uses it. */
export type WantedName = readonly [imported: string, local: string, use: ImportUse];

interface ImportNode extends Node {
  readonly source: { readonly value: string };
  readonly attributes?: readonly {
    readonly key: { readonly name?: string; readonly value?: string };
    readonly value: { readonly value: string };
  }[];
  readonly specifiers: readonly {
    readonly type: string;
    readonly local: { readonly name: string };
    readonly imported?: { readonly name?: string; readonly value?: string };
  }[];
}

/** Names that an import declares. */
export const importedNames = (node: object): string[] =>
  (node as ImportNode).specifiers.map(({ local }) => local.name);

/** The call that stands for an import. */
export function compileImport(node: object, useOf: (local: string) => ImportUse): string {
  const { source, specifiers, attributes = [] } = node as ImportNode;
  const wanted = specifiers.map(({ type, local, imported }): WantedName => {
    const name = type === 'ImportNamespaceSpecifier' ? '*' : (imported?.name ?? imported?.value ?? 'default');
    return [name, local.name, useOf(local.name)];
  });
  const given = attributes.map(({ key, value }) => [key.name ?? key.value, value.value]);
  const options = given.length > 0 ? `, ${JSON.stringify({ with: Object.fromEntries(given) })}` : '';
  return `$resume($mark(), await $link(${JSON.stringify(source.value)}, ${JSON.stringify(wanted)}${options}));`;
}

/** The top-level imports whose names are used above them, but for those below a magic. */
export function findEarlyImports(body: readonly Node[], names: readonly Reference[], js: string): Node[] {
  const isMagic = (node: Node): boolean => js.slice(node.start, node.end).includes('await $magic(');
  const first = body.findIndex(isMagic);
  return (first < 0 ? body : body.slice(0, first)).filter((node) => {
    if (node.type !== 'ImportDeclaration') return false;
    const locals = new Set(importedNames(node));
    return names.some(({ name, start }) => start < node.start && locals.has(name));
  });
}

/**
 * Builds the function that tells how a cell uses an imported name.
 * @param code the cell with its types
 * @param references names that the cell reads as values
 */
export function buildUseOf(code: string, references: readonly Reference[]): (local: string) => ImportUse {
  let words: ReadonlySet<string> | null = null;
  return (local) => {
    if (references.some(({ name }) => name === local)) return 'value';
    words ??= wordsOf(code);
    return words.has(local) ? 'type' : 'unknown';
  };
}

function wordsOf(code: string): ReadonlySet<string> {
  // What begins like an import within a text costs at most a better message.
  const rest = code.replace(/^[ \t]*import\b[^'"]*(['"])[^'"]*\1.*$/gm, '');
  return new Set(rest.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
}
