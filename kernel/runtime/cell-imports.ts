// Static imports of a cell → calls of `$link` (module-linker.ts), which imports and declares the names. As in a module,
// they come before everything else of the cell; only a magic above them (`%install x`, `%cd y`) comes first.
import type { Node } from './cell-references.ts';

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
  return `await $link(${JSON.stringify(source.value)}, ${JSON.stringify(wanted)}${options});`;
}

/** The top-level imports that no magic stands above. */
export function findLeadingImports(body: readonly Node[], js: string): Node[] {
  const isMagic = (node: Node): boolean => js.slice(node.start, node.end).includes('await $magic(');
  const first = body.findIndex(isMagic);
  return (first < 0 ? body : body.slice(0, first)).filter(({ type }) => type === 'ImportDeclaration');
}

/**
 * Builds the function that tells how a cell uses an imported name.
 * @param code the cell with its types
 * @param values names that the cell reads as values
 */
export function buildUseOf(code: string, values: ReadonlySet<string>): (local: string) => ImportUse {
  // What begins like an import within a text costs at most a better message.
  const rest = code.replace(/^[ \t]*import\b[^'"]*(['"])[^'"]*\1.*$/gm, '');
  const words = new Set(rest.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
  return (local) => (values.has(local) ? 'value' : words.has(local) ? 'type' : 'unknown');
}
