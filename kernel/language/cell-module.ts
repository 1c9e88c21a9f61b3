// A cell as a TypeScript module: it imports the latest definitions of earlier cells and exports its own, so
// that a name may be declared again with another type. What the type checker reads; never run.
import { parseSync } from 'oxc-parser';

/** Names of earlier cells, each with the file that declared it last. */
export type Definitions = ReadonlyMap<string, string>;

/** A cell's text for the checker. */
export interface CellModule {
  readonly text: string;
  /** Lines before the cell's own first line. */
  readonly headerLines: number;
  /** Names it declares: values and types. */
  readonly names: readonly string[];
}

/** Builds the module of a cell. */
export function buildCellModule(source: string, definitions: Definitions): CellModule {
  const code = blankMagics(source);
  const names = namesOf(code);
  const own = new Set(names);
  const byFile = new Map<string, string[]>();
  for (const [name, file] of definitions) {
    if (own.has(name)) continue;
    byFile.set(file, [...(byFile.get(file) ?? []), name]);
  }
  const imports = [...byFile].map(([file, list]) => `import { ${list.join(', ')} } from "./${file}";`);
  return { text: `${imports.join(' ')}\n${code}\nexport { ${names.join(', ')} };\n`, headerLines: 1, names };
}

/** Lines that are not TypeScript, emptied; their lengths stay. */
function blankMagics(source: string): string {
  if (/^\s*%%/.test(source)) return '';
  return source.replace(/^[ \t]*[%!?][^\n]*/gm, (line) => ' '.repeat(line.length));
}

const DECLARATION =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+|async\s+)?(?:const\s+enum|const|let|var|function\*?|class|enum|interface|type|namespace)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu;

/** Names of top-level declarations; of a cell that does not parse yet, those that start a line. */
function namesOf(code: string): string[] {
  const { program, errors } = parseSync('cell.ts', code, { lang: 'ts', sourceType: 'module' });
  const names =
    errors.length > 0
      ? [...code.matchAll(DECLARATION)].map(([, name]) => name!)
      : (program.body as unknown as Node[]).flatMap(declaredBy);
  return [...new Set(names)];
}

type Node = Record<string, unknown> & { type: string };
type Identifier = { readonly type: string; readonly name: string };

function declaredBy(statement: Node): string[] {
  switch (statement.type) {
    case 'ExportNamedDeclaration':
      return statement['declaration'] ? declaredBy(statement['declaration'] as Node) : [];
    case 'ExportDefaultDeclaration':
      return declaredBy(statement['declaration'] as Node);
    case 'ImportDeclaration':
      return (statement['specifiers'] as { local: Identifier }[]).map(({ local }) => local.name);
    case 'VariableDeclaration':
      return (statement['declarations'] as { id: Node }[]).flatMap(({ id }) => boundBy(id));
    default: {
      // Classes, functions, enums, interfaces, types, namespaces and `import x = require()`.
      const id = statement['id'] as Identifier | null | undefined;
      return id?.type === 'Identifier' && id.name !== 'global' ? [id.name] : [];
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
