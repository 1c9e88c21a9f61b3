// A cell as a TypeScript module: it imports the latest definitions of earlier cells and exports its own, so
// that a name may be declared again with another type. What the type checker reads; never run.
import { parseSync } from 'oxc-parser';
import { readCellText } from './cell-text.ts';
import { readLanguage } from '../runtime/jsx.ts';
import type { Language } from '../runtime/jsx.ts';

/** Where a name was declared last. */
export interface Definition {
  /** Module path of that cell. */
  readonly module: string;
  /** True for `let` and `var`: later cells may assign to them. */
  readonly isVariable: boolean;
}

/** What earlier cells and the kernel give to a cell. */
export interface CellScope {
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Types of the kernel's own names, too large to be loaded for cells that do not use them. */
  readonly globals: ReadonlyMap<string, string>;
}

/** A cell's text for the checker. */
export interface CellModule {
  readonly text: string;
  readonly language: Language;
  /** Lines before the cell's own first line. */
  readonly headerLines: number;
  /** Characters before the cell's own first character in its line. */
  readonly firstColumn: number;
  /** Names it declares: values and types; true for those that later cells may assign to. */
  readonly names: ReadonlyMap<string, boolean>;
  /** Modules of earlier cells that it imports from. */
  readonly needs: ReadonlySet<string>;
}

/**
 * Builds the module of a cell. Only names that the cell mentions are imported: the fewer, the sooner the answer.
 * @param prefix names that begin like this are imported too: one of them is being typed @default none
 */
export function buildCellModule(source: string, scope: CellScope, prefix = ''): CellModule {
  const { definitions, globals } = scope;
  const { code, firstColumn } = readCellText(source, (word) => definitions.has(word) || globals.has(word));
  const language = readLanguage(code);
  const names = namesOf(code, language);
  const words = new Set(code.match(WORD));
  const isWanted = (name: string): boolean =>
    !names.has(name) && (words.has(name) || (prefix !== '' && name.startsWith(prefix)));
  const header = [...globals]
    .filter(([name]) => isWanted(name) && !definitions.has(name))
    .map(([name, type]) => `declare const ${name}: ${type};`);
  const needs = new Set<string>();
  for (const [name, { module, isVariable }] of definitions) {
    if (!isWanted(name)) continue;
    needs.add(module);
    const from = JSON.stringify(module);
    // An import cannot be assigned to; a variable is also more often wanted than its comment.
    header.push(
      isVariable
        ? `declare let ${name}: typeof import(${from}).${name};`
        : `import { ${name} } from ${from};`,
    );
  }
  const text = `${header.join(' ')}\n${code}\nexport { ${[...names.keys()].join(', ')} };\n`;
  return { text, language, headerLines: 1, firstColumn, names, needs };
}

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

const DECLARATION =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+|async\s+)?(const\s+enum|const|let|var|function\*?|class|enum|interface|type|namespace)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu;

type Names = Map<string, boolean>;

/** Names of top-level declarations; of a cell that does not parse yet, those that start a line. */
function namesOf(code: string, lang: Language): Names {
  const names: Names = new Map();
  const { program, errors } = parseSync('cell.ts', code, { lang, sourceType: 'module' });
  if (errors.length === 0) (program.body as unknown as Node[]).forEach((one) => addDeclared(one, names));
  else {
    for (const [, kind, name] of code.matchAll(DECLARATION)) names.set(name!, /^(?:let|var)$/.test(kind!));
  }
  return names;
}

type Node = Record<string, unknown> & { type: string };
type Identifier = { readonly type: string; readonly name: string };

function addDeclared(statement: Node, names: Names): void {
  switch (statement.type) {
    case 'ExportNamedDeclaration':
    case 'ExportDefaultDeclaration':
      if (statement['declaration']) addDeclared(statement['declaration'] as Node, names);
      break;
    case 'ImportDeclaration':
      for (const { local } of statement['specifiers'] as { local: Identifier }[])
        names.set(local.name, false);
      break;
    case 'VariableDeclaration':
      for (const { id } of statement['declarations'] as { id: Node }[])
        boundBy(id).forEach((name) =>
          names.set(name, statement['kind'] === 'let' || statement['kind'] === 'var'),
        );
      break;
    default: {
      // Classes, functions, enums, interfaces, types, namespaces and `import x = require()`.
      const id = statement['id'] as Identifier | null | undefined;
      if (id?.type === 'Identifier' && id.name !== 'global') names.set(id.name, false);
    }
  }
}

function boundBy(pattern: Node | null): string[] {
  if (pattern === null) return [];
  switch (pattern.type) {
    case 'Identifier':
      return [(pattern as unknown as Identifier).name];
    case 'AssignmentPattern':
      return boundBy(pattern['left'] as Node);
    case 'RestElement':
      return boundBy(pattern['argument'] as Node);
    case 'ArrayPattern':
      return (pattern['elements'] as (Node | null)[]).flatMap(boundBy);
    case 'ObjectPattern':
      return (pattern['properties'] as Node[]).flatMap((property) =>
        boundBy(property.type === 'RestElement' ? property : (property['value'] as Node)),
      );
    default:
      return [];
  }
}
