// A cell of TypeScript → scripts for V8's REPL mode. Types go (oxc-transform), every top-level name becomes
// a `let` so that later cells may declare it again as anything, imports become `await $import(...)`.
// Line numbers stay those of the cell wherever the transform keeps them; `map` brings the others back.
import { MagicString } from 'magic-string';
import { parseSync } from 'oxc-parser';
import type { ExpressionStatement, Program, Statement, VariableDeclaration } from 'oxc-parser';
import { transformSync } from 'oxc-transform';
import { guardAwaits } from './await-guards.ts';
import { decoratorOptions } from './decorators.ts';
import { isTooDeep } from './nesting.ts';

/** A cell that does not parse. */
export class CellSyntaxError extends SyntaxError {
  override readonly name = 'SyntaxError';
}

/** A compiled cell. */
export interface CompiledCell {
  /** Function declarations, which a cell may use before their line; run first. Null when there are none. */
  readonly hoisted: string | null;
  readonly body: string;
  /** Names of `var` that must exist before the body runs. */
  readonly vars: readonly string[];
  /** Names the cell declares. */
  readonly names: readonly string[];
  /** True when the last statement is an expression, whose value is shown. */
  readonly hasResult: boolean;
  /** Source map (version 3) from the body to the cell. */
  readonly map: object | null;
}

/**
 * Compiles a cell.
 * @throws CellSyntaxError with the place in the cell
 */
export function compileCell(source: string, file: string): CompiledCell {
  if (isTooDeep(source)) {
    throw new CellSyntaxError(
      'Cannot read this cell: it is nested too deeply; split what is nested into parts',
    );
  }
  const code = readAsExpression(source, file);
  const parsed = parseSync(file, code, { lang: 'ts', sourceType: 'module' });
  if (parsed.errors.length > 0) throw syntaxError(parsed.errors[0]!);
  const { code: js, map } = removeTypes(code, file);
  return { ...rewrite(js), map };
}

/** `{ a: 1 }` at the start of a cell is an object to look at, not a block. */
function readAsExpression(source: string, file: string): string {
  if (!/^\s*\{/.test(source)) return source;
  const wrapped = `(${source.replace(/;\s*$/, '')}\n)`;
  return parseSync(file, wrapped, { lang: 'ts', sourceType: 'module' }).errors.length === 0
    ? wrapped
    : source;
}

function syntaxError(error: { message: string; codeframe: string | null }): CellSyntaxError {
  return new CellSyntaxError(`${error.message}\n${(error.codeframe ?? '').replace(/^\n.*\n/, '')}`);
}

function removeTypes(code: string, file: string): { code: string; map: object | null } {
  const result = transformSync(file, code, {
    lang: 'ts',
    sourceType: 'module',
    sourcemap: true,
    target: 'esnext',
    // An import that this cell does not use may be used by the next one.
    typescript: { onlyRemoveTypeImports: true },
    ...decoratorOptions,
  });
  if (result.errors.length > 0) throw syntaxError(result.errors[0]!);
  return { code: result.code, map: result.map ?? null };
}

interface Rewriting {
  readonly text: MagicString;
  readonly js: string;
  readonly vars: string[];
  readonly names: string[];
  readonly constants: Set<string>;
  /** Spans of function declarations, with the text that makes them expressions. */
  readonly functions: { start: number; end: number; name: string }[];
}

function rewrite(js: string): Omit<CompiledCell, 'map'> {
  const { program, module } = parseSync('cell.mjs', js, { lang: 'js', sourceType: 'module' });
  const state: Rewriting = {
    text: new MagicString(js),
    js,
    vars: [],
    names: [],
    constants: new Set(),
    functions: [],
  };
  for (const statement of program.body) rewriteStatement(state, statement);
  for (const { start } of module.dynamicImports) state.text.update(start, start + 'import'.length, '$import');
  for (const { start, end } of module.importMetas) state.text.update(start, end, '$importMeta');
  guardAwaits(state.text, program);
  const last = program.body.findLast((statement) => !withoutValue.has(statement.type));
  const hoisted = state.functions.length > 0 ? buildHoisted(state) : null;
  for (const { start, end } of state.functions) state.text.update(start, end, blank(js.slice(start, end)));
  return {
    hoisted,
    body: state.text.toString(),
    vars: state.vars,
    names: state.names,
    hasResult: last?.type === 'ExpressionStatement',
  };
}

/** Statements that may follow the expression whose value is shown. */
const withoutValue: ReadonlySet<string> = new Set([
  'EmptyStatement',
  'FunctionDeclaration',
  'ExportNamedDeclaration',
]);

function rewriteStatement(state: Rewriting, statement: Statement | Program['body'][number]): void {
  switch (statement.type) {
    case 'ImportDeclaration':
      rewriteImport(state, statement);
      break;
    case 'VariableDeclaration':
      rewriteVariables(state, statement);
      break;
    case 'ClassDeclaration':
      state.names.push(statement.id!.name);
      state.text.appendLeft(statement.start, `let ${statement.id!.name} = `);
      state.text.appendRight(statement.end, ';');
      break;
    case 'FunctionDeclaration':
      state.names.push(statement.id!.name);
      state.functions.push({ start: statement.start, end: statement.end, name: statement.id!.name });
      break;
    case 'ExportNamedDeclaration':
      if (!statement.declaration) {
        state.text.update(
          statement.start,
          statement.end,
          blank(state.js.slice(statement.start, statement.end)),
        );
        break;
      }
      state.text.remove(statement.start, statement.declaration.start);
      rewriteStatement(state, statement.declaration);
      break;
    case 'ExportDefaultDeclaration':
      state.text.remove(statement.start, statement.declaration.start);
      if ('id' in statement.declaration && statement.declaration.id) {
        rewriteStatement(state, statement.declaration);
      } else
        state.text.appendLeft(statement.declaration.start, '(').appendRight(statement.declaration.end, ')');
      break;
    case 'ExpressionStatement':
      refuseAssignment(state, statement);
      break;
    case 'ExportAllDeclaration':
      state.text.update(
        statement.start,
        statement.end,
        `await $import(${JSON.stringify(statement.source.value)});`,
      );
      break;
    default:
  }
}

/** Constants become `let` for later cells; a statement of their own cell that assigns to one throws all the same. */
function refuseAssignment(state: Rewriting, { start, end, expression }: ExpressionStatement): void {
  const target =
    expression.type === 'AssignmentExpression'
      ? expression.left
      : expression.type === 'UpdateExpression'
        ? expression.argument
        : null;
  if (target?.type !== 'Identifier' || !state.constants.has(target.name)) return;
  const text = `Assignment to constant variable "${target.name}".`;
  state.text.appendLeft(start, `throw new TypeError(${JSON.stringify(text)});`);
  state.text.appendRight(end, ';');
}

interface ImportNode {
  start: number;
  end: number;
  source: { value: string };
  attributes: { key: { name?: string; value?: string }; value: { value: string } }[];
  specifiers: {
    type: string;
    local: { name: string };
    imported?: { name?: string; value?: string };
  }[];
}

function rewriteImport(state: Rewriting, node: ImportNode): void {
  const attributes = Object.fromEntries(
    (node.attributes ?? []).map(({ key, value }) => [key.name ?? key.value, value.value]),
  );
  const options = Object.keys(attributes).length > 0 ? `, { with: ${JSON.stringify(attributes)} }` : '';
  const call = `await $import(${JSON.stringify(node.source.value)}${options})`;
  const namespace = node.specifiers.find((one) => one.type === 'ImportNamespaceSpecifier');
  const named = node.specifiers
    .filter((one) => one.type !== 'ImportNamespaceSpecifier')
    .map(
      (one) => `${JSON.stringify(one.imported?.name ?? one.imported?.value ?? 'default')}: ${one.local.name}`,
    );
  state.names.push(...node.specifiers.map((one) => one.local.name));
  const parts: string[] = [];
  if (namespace) parts.push(`let ${namespace.local.name} = ${call};`);
  if (named.length > 0) {
    parts.push(`let { ${named.join(', ')} } = ${namespace ? namespace.local.name : call};`);
  }
  state.text.update(node.start, node.end, parts.join(' ') || `${call};`);
}

function rewriteVariables(state: Rewriting, node: VariableDeclaration): void {
  const names = node.declarations.flatMap(({ id }) => boundNames(id as never));
  state.names.push(...names);
  if (node.kind === 'const') {
    names.forEach((name) => state.constants.add(name));
    state.text.update(node.start, node.start + 'const'.length, 'let');
  }
  if (node.kind !== 'var') return;
  state.vars.push(...names);
  const end = node.declarations.at(-1)!.end;
  state.text.update(node.start, node.start + 'var'.length, ';(');
  state.text.appendLeft(end, ')');
}

interface Pattern {
  type: string;
  name: string;
  left: Pattern;
  argument: Pattern;
  elements: (Pattern | null)[];
  properties: { type: string; value: Pattern; argument: Pattern }[];
}

function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name];
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []));
    default:
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === 'RestElement' ? property.argument : property.value),
      );
  }
}

/** The cell with everything but its functions blanked out, so that their lines stay. */
function buildHoisted({ js, functions, text }: Rewriting): string {
  const out = new MagicString(js);
  let at = 0;
  for (const { start, end, name } of functions) {
    if (start > at) out.update(at, start, blank(js.slice(at, start)) || ' ');
    out.update(start, end, `let ${name} = ${text.slice(start, end)};`);
    at = end;
  }
  if (at < js.length) out.update(at, js.length, blank(js.slice(at)) || ' ');
  return out.toString();
}

const blank = (text: string): string => text.replace(/[^\n]+/g, ' ');
