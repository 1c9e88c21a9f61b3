// Decorators of the standard (https://github.com/tc39/proposal-decorators) and `accessor` fields → JavaScript of today, by
// esbuild: oxc, which compiles everything else, has TypeScript's legacy decorators only. In a cell class by class:
// esbuild declares names of its own around a class, and those must not become names of the notebook.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { MagicString } from 'magic-string';
import { parseSync } from 'oxc-parser';
import { childrenOf } from './free-names.ts';
import type { SyntaxNode } from './free-names.ts';

/** JavaScript with its source map. */
export interface CompiledDecorators {
  readonly code: string;
  readonly map: object;
}

/** A class with what stands around it. */
interface DecoratedClass {
  readonly node: SyntaxNode;
  readonly parent: SyntaxNode;
}

/** Compiles the decorated classes of a script; null when it has none. */
export function compileDecorators(js: string): CompiledDecorators | null {
  const classes = findDecorated(js);
  if (classes.length === 0) return null;
  let code = '';
  const sections: object[] = [];
  const add = (text: string, map: object): void => {
    const lines = code.split('\n');
    sections.push({ offset: { line: lines.length - 1, column: lines.at(-1)!.length }, map });
    code += text;
  };
  let at = 0;
  for (const { node, parent } of classes) {
    const { start } = isDefault(parent) ? parent : node;
    const { before, body, after, map } = compileClass(js, node, parent);
    add(js.slice(at, start), mapOf(js, at, start));
    code += before;
    add(body, map);
    code += after;
    at = node.end;
  }
  add(js.slice(at), mapOf(js, at, js.length));
  return { code, map: { version: 3, sections } };
}

/**
 * Compiles a whole module; null when it has no decorators.
 * @param map from the module to what the user wrote
 */
export function compileModule(js: string, map: object | undefined): CompiledDecorators | null {
  if (findDecorated(js).length === 0) return null;
  const encoded = Buffer.from(JSON.stringify(map ?? {})).toString('base64');
  return transform(`${js}\n//# sourceMappingURL=data:application/json;base64,${encoded}`);
}

const isClass = ({ type }: SyntaxNode): boolean => type === 'ClassDeclaration' || type === 'ClassExpression';
const isDefault = ({ type }: SyntaxNode): boolean => type === 'ExportDefaultDeclaration';

/** The outermost ones: what is inside of them is compiled with them. */
function findDecorated(js: string): DecoratedClass[] {
  if (!/@[\p{ID_Start}$_(]|\baccessor\b/u.test(js)) return [];
  const found: DecoratedClass[] = [];
  const visit = (node: SyntaxNode, parent: SyntaxNode): void => {
    if (isClass(node) && isDecorated(node)) found.push({ node, parent });
    else for (const [, child] of childrenOf(node)) visit(child, node);
  };
  const { program, errors } = parseSync('cell.mjs', js, { lang: 'js', sourceType: 'module' });
  // What is left of TypeScript: decorators of parameters, and others that the standard does not have.
  if (errors.length > 0) throw new SyntaxError(`${errors[0]!.message}\n${LEGACY}`);
  const root = program as unknown as SyntaxNode;
  visit(root, root);
  return found;
}

function isDecorated(node: SyntaxNode): boolean {
  const members = (node['body'] as SyntaxNode)['body'] as SyntaxNode[];
  return [node, ...members].some(
    (one) =>
      one.type === 'AccessorProperty' || ((one['decorators'] as unknown[] | undefined)?.length ?? 0) > 0,
  );
}

interface CompiledClass {
  readonly before: string;
  readonly body: string;
  readonly after: string;
  readonly map: object;
}

/** A class as the value of a function that holds what esbuild declares. */
function compileClass(js: string, node: SyntaxNode, parent: SyntaxNode): CompiledClass {
  const own = (node['id'] as { readonly name: string } | null)?.name;
  const assigned = nameFrom(parent);
  const name = own ?? assigned ?? '_class';
  // A class without a name must not get that of the variable.
  const hasName = own !== undefined || assigned !== null;
  const open = own === undefined ? `let ${name}=${hasName ? '' : '(0,'}` : '';
  const close = hasName ? '' : ')';
  const lines = js.slice(0, node.start).split('\n');
  // It stands where it stands in the cell, so that the map tells places of the cell.
  const indent = ' '.repeat(Math.max(0, lines.at(-1)!.length - open.length));
  const padding = `${'\n'.repeat(lines.length - 1)}${indent}`;
  const { code, map } = transform(`${padding}${open}${js.slice(node.start, node.end)}${close}`);
  const [before, after] = awaits(code)
    ? [`(await (async () => {\n`, `return ${name};\n})())`]
    : [`(() => {\n`, `return ${name};\n})()`];
  const isStatement = node.type === 'ClassDeclaration' && own !== undefined;
  const start = isStatement ? `let ${own} = ` : isDefault(parent) ? 'export default ' : '';
  return { before: start + before, body: code, after: isStatement ? `${after};` : after, map };
}

/** The name that an anonymous class gets from where it stands. */
function nameFrom(parent: SyntaxNode): string | null {
  const target = { VariableDeclarator: 'id', AssignmentExpression: 'left', AssignmentPattern: 'left' }[
    parent.type
  ];
  const { type, name } = (parent[target ?? ''] ?? {}) as { readonly type?: string; readonly name?: string };
  return type === 'Identifier' && name !== undefined ? name : null;
}

const awaits = (code: string): boolean =>
  /\bawait\b/.test(code) &&
  parseSync('class.js', `(() => {${code}\n})`, { lang: 'js', sourceType: 'module' }).errors.length > 0;

/** The text of a part of a script with its map. */
function mapOf(js: string, start: number, end: number): object {
  const text = new MagicString(js);
  if (start > 0) text.remove(0, start);
  if (end < js.length) text.remove(end, js.length);
  return text.generateMap();
}

const require = createRequire(import.meta.url);
/** Node's own, whatever cells or native-writes.ts make of it. */
const runProgram = execFileSync.bind(undefined);
const ARGUMENTS = ['--loader=js', '--target=esnext', '--supported:decorators=false', '--sourcemap=inline'];
const MAP = /\/\/# sourceMappingURL=data:application\/json;base64,(.*)\s*$/;
const LEGACY =
  'Decorators are those of the standard; `"experimentalDecorators": true` in tsconfig.json selects those of TypeScript.';

/**
 * Runs esbuild's program: some milliseconds. As a library it would keep a process for good.
 * @throws SyntaxError that says what it does not compile
 */
function transform(source: string): CompiledDecorators {
  const program = findProgram();
  let output: string;
  try {
    // The notebook's folder may be gone.
    const options = { input: source, cwd: dirname(program), encoding: 'utf8', stdio: 'pipe' } as const;
    output = runProgram(program, ARGUMENTS, options);
  } catch (error) {
    const said = /\[ERROR\] (.*)/.exec((error as { readonly stderr?: string }).stderr ?? '')?.[1];
    if (said === undefined) throw error;
    throw new SyntaxError(`${said}\n${LEGACY}`, { cause: error });
  }
  const [comment, encoded] = MAP.exec(output)!;
  const code = output.slice(0, -comment.length);
  return { code, map: JSON.parse(Buffer.from(encoded!, 'base64').toString()) as object };
}

function findProgram(): string {
  const name = `@esbuild/${process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'esbuild.exe' : 'bin/esbuild';
  return createRequire(require.resolve('esbuild/package.json')).resolve(`${name}/${file}`);
}
