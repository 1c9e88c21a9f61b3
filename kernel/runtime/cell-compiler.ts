// A cell of TypeScript → scripts for V8's REPL mode. Types go (oxc-transform), every top-level name becomes
// a `let` so that later cells may declare it again as anything, imports become `await $link(...)`. Like the code of
// a module, a cell is strict.
// Line numbers stay those of the cell wherever the transform keeps them; `maps` bring the others back.
import { MagicString } from 'magic-string';
import { parseSync } from 'oxc-parser';
import type { EcmaScriptModule, Program, VariableDeclaration } from 'oxc-parser';
import { transformSync } from 'oxc-transform';
import { guardAwaits } from './await-guards.ts';
import { buildUseOf, compileImport, findEarlyImports, importedNames } from './cell-imports.ts';
import type { ImportUse } from './cell-imports.ts';
import { boundNames, declaredNames, findVars, readReferences } from './cell-references.ts';
import type { Node, References } from './cell-references.ts';
import { rewriteVars } from './cell-vars.ts';
import { defaultSettings } from './compiler-settings.ts';
import type { CompilerSettings } from './compiler-settings.ts';
import { decoratorOptions } from './decorators.ts';
import { chooseJsx, jsxOptions, looksLikeJsx, mayHaveJsx } from './jsx.ts';
import type { Language } from './jsx.ts';
import { isTooDeep } from './nesting.ts';
import { compileDecorators } from './standard-decorators.ts';

/** A cell that does not parse. */
export class CellSyntaxError extends SyntaxError {
  override readonly name = 'SyntaxError';
}

/** A compiled cell. */
export interface CompiledCell {
  /** Static imports that the cell uses above their line; run first. Null when there are none. */
  readonly imports: string | null;
  /** Function declarations, which a cell may use before their line; run next. Null when there are none. */
  readonly hoisted: string | null;
  readonly body: string;
  /** Names of `var` that must exist before the body runs. */
  readonly vars: readonly string[];
  /** Those of them that must be undefined then. */
  readonly fresh: readonly string[];
  /** Names the cell declares. */
  readonly names: readonly string[];
  /** Those of them that may not be assigned to. */
  readonly constants: readonly string[];
  /** True when the last statement is an expression, whose value is shown. */
  readonly hasResult: boolean;
  /** Number under which it calls `$using` for what it must dispose of when it ends; null when it does not. */
  readonly resources: number | null;
  /** Source maps (version 3) from the scripts back to the cell, one after the other. */
  readonly maps: readonly object[];
}

/** What earlier cells declared. */
export interface EarlierNames {
  readonly names: ReadonlySet<string>;
  /** Those of them that may not be assigned to. */
  readonly constants: ReadonlySet<string>;
}

/** Characters before the first line of each script. */
export const STRICT = "'use strict';";
const nothing: EarlierNames = { names: new Set(), constants: new Set() };

/**
 * Compiles a cell.
 * @param scope what earlier cells declared @default nothing
 * @param settings of the notebook's folder @default those of a folder without any
 * @throws CellSyntaxError with the place in the cell
 */
export function compileCell(
  source: string,
  file: string,
  scope: EarlierNames = nothing,
  settings: CompilerSettings = defaultSettings,
): CompiledCell {
  if (isTooDeep(source)) {
    throw new CellSyntaxError(
      'Cannot read this cell: it is nested too deeply; split what is nested into parts',
    );
  }
  const written = source.replace(/^#!.*/, '');
  const plain = parsePlain(written, file);
  if (plain !== null) {
    const { edits, ...compiled } = rewrite(plain, written, 'ts', scope);
    return { ...compiled, maps: edits === null ? [] : [edits] };
  }
  const { code, lang, program } = parseCell(written, file);
  const isName = (name: string): boolean => scope.names.has(name) || namesIn(program).includes(name);
  const jsx = lang === 'tsx' ? (settings.jsx ?? chooseJsx(isName)) : null;
  const { code: js, map } = removeTypes(code, file, lang, { ...settings, jsx });
  const decorated = compileDecorators(js);
  const text = decorated?.code ?? js;
  const { program: script, module } = parseSync('cell.mjs', text, { lang: 'js', sourceType: 'module' });
  const { edits, ...compiled } = rewrite({ js: text, program: script, module }, code, lang, scope);
  return { ...compiled, maps: [edits, decorated?.map ?? null, map].filter((one) => one !== null) };
}

/** JavaScript of a cell. */
interface ParsedScript {
  readonly js: string;
  readonly program: Program;
  readonly module: Pick<EcmaScriptModule, 'dynamicImports' | 'importMetas'>;
}

/** What has to be rewritten where the transform's semicolons and line ends are needed, or is no JavaScript. */
const REWRITTEN = /@|\b(?:await|this|import|export|var|using|class|function)\b|<!--|^\s*\{/;

/**
 * Parses a cell of expressions, statements, `let` and `const` that is JavaScript as it stands: it runs as it was written.
 * @returns null for any other
 */
function parsePlain(code: string, file: string): ParsedScript | null {
  if (REWRITTEN.test(code) || mayHaveTypeArguments(code)) return null;
  const options = { lang: 'js', sourceType: 'module', showSemanticErrors: true } as const;
  const { program, errors } = parseSync(file, code, options);
  return errors.length > 0 ? null : { js: code, program, module: { dynamicImports: [], importMetas: [] } };
}

/** `f<T>(x)`, which JavaScript reads as two comparisons. */
function mayHaveTypeArguments(code: string): boolean {
  const at = code.indexOf('<');
  return at >= 0 && /[^=]>/.test(code.slice(at));
}

interface ParsedCell {
  readonly code: string;
  readonly lang: Language;
  readonly program: Program;
}

/** Parses a cell, with JSX where it does not parse without. */
function parseCell(source: string, file: string): ParsedCell {
  const parse = (lang: Language): ParsedCell & { readonly errors: readonly ParseError[] } => {
    const code = readAsExpression(source, lang);
    const { program, errors } = parseSync(file, code, { lang, sourceType: 'module' });
    return { code, lang, program, errors };
  };
  const plain = parse('ts');
  if (plain.errors.length === 0) return plain;
  const withJsx = mayHaveJsx(source) ? parse('tsx') : plain;
  if (withJsx.errors.length === 0) return withJsx;
  throw syntaxError((looksLikeJsx(source) ? withJsx : plain).errors[0]!);
}

/** `{ a: 1 }` at the start of a cell is an object to look at, not a block. */
function readAsExpression(source: string, lang: Language): string {
  if (!/^\s*\{/.test(source)) return source;
  const wrapped = `(${source.replace(/;\s*$/, '')}\n)`;
  return parseSync('cell.ts', wrapped, { lang, sourceType: 'module' }).errors.length === 0 ? wrapped : source;
}

/** What the statements of a cell declare, but in blocks. */
const namesIn = ({ body }: Program): string[] =>
  (body as unknown as Node[]).flatMap((node) => {
    if (node.type === 'ImportDeclaration') return importedNames(node);
    return node.type === 'VariableDeclaration' ? declaredNames(node) : boundNames(node['id']);
  });

interface ParseError {
  readonly message: string;
  readonly codeframe: string | null;
}

function syntaxError(error: ParseError): CellSyntaxError {
  return new CellSyntaxError(`${error.message}\n${(error.codeframe ?? '').replace(/^\n.*\n/, '')}`);
}

function removeTypes(
  code: string,
  file: string,
  lang: Language,
  settings: CompilerSettings,
): { code: string; map: object | null } {
  const result = transformSync(file, code, {
    lang,
    sourceType: 'module',
    sourcemap: true,
    target: 'esnext',
    // An import that this cell does not use may be used by the next one.
    typescript: { onlyRemoveTypeImports: true },
    ...decoratorOptions(settings),
    ...(settings.jsx && jsxOptions(settings.jsx)),
  });
  if (result.errors.length > 0) throw syntaxError(result.errors[0]!);
  return { code: result.code, map: result.map ? keepMappings(result.map.mappings) : null };
}

const ONE_SOURCE: readonly string[] = [''];
const NO_NAMES: readonly string[] = [];

/** A map is kept as long as the kernel runs, for places in stacks: without a second copy of the cell. */
const keepMappings = (mappings: string): object => ({
  version: 3,
  sources: ONE_SOURCE,
  names: NO_NAMES,
  mappings,
});

interface Rewriting {
  readonly text: MagicString;
  readonly js: string;
  readonly names: string[];
  readonly constants: Set<string>;
  /** Calls of `$link` in the place of imports. */
  readonly imports: Span[];
  /** Function declarations, with the text that makes them expressions. */
  readonly functions: Span[];
  resources: number | null;
}

/** A part of the cell and the text of its script. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly build: () => string;
}

type Statement = Program['body'][number];

/** A cell with the map of what was rewritten. */
type Rewritten = Omit<CompiledCell, 'maps'> & { readonly edits: object | null };

function rewrite(
  { js, program, module }: ParsedScript,
  code: string,
  lang: Language,
  scope: EarlierNames,
): Rewritten {
  const body = program.body as unknown as Node[];
  const references = readReferences(program);
  const useOf = buildUseOf(code, references.names);
  const made: MagicString[] = [];
  const state: Rewriting = {
    // Many a cell needs none.
    get text() {
      return (made[0] ??= new MagicString(js));
    },
    js,
    names: [],
    constants: new Set(),
    imports: [],
    functions: [],
    resources: null,
  };
  const early = new Set(findEarlyImports(body, references.names, js));
  for (const node of body) {
    if (node.type === 'ImportDeclaration') rewriteImport(state, node, early.has(node), useOf);
    else rewriteStatement(state, node as unknown as Statement);
  }
  const places = findVars(body);
  const vars = places.length === 0 ? [] : rewriteVars(state.text, js, places);
  for (const { start } of module.dynamicImports) state.text.update(start, start + 'import'.length, '$import');
  for (const { start, end } of module.importMetas) state.text.update(start, end, '$importMeta');
  refuseDuplicates(state.names, vars);
  rewriteReferences(state, references, scope, vars);
  if (js.includes('await')) guardAwaits(state.text, program);
  const last = program.body.findLast((statement) => !withoutValue.has(statement.type));
  const edits = made[0]?.hasChanged() ? keepMappings(made[0].generateMap().mappings) : null;
  const imports = buildScript(state.js, state.imports);
  const hoisted = buildScript(state.js, state.functions);
  for (const { start, end } of [...state.functions, ...state.imports]) {
    // With what was put between its parts.
    state.text.overwrite(start, end, blank(js.slice(start, end)));
  }
  return {
    edits,
    imports,
    hoisted,
    body: STRICT + (made[0]?.toString() ?? js),
    vars,
    fresh: findMergedNames(code, lang).filter((name) => vars.includes(name)),
    names: [...new Set([...state.names, ...vars])],
    constants: [...state.constants],
    hasResult: last?.type === 'ExpressionStatement',
    resources: state.resources,
  };
}

/** Statements that may follow the expression whose value is shown. */
const withoutValue: ReadonlySet<string> = new Set([
  'EmptyStatement',
  'FunctionDeclaration',
  'ExportNamedDeclaration',
  'ImportDeclaration',
]);

function rewriteStatement(state: Rewriting, statement: Statement): void {
  switch (statement.type) {
    case 'VariableDeclaration':
      rewriteVariables(state, statement);
      break;
    case 'ClassDeclaration':
      state.names.push(statement.id!.name);
      state.text.appendLeft(statement.start, `let ${statement.id!.name} = `);
      state.text.appendRight(statement.end, ';');
      break;
    case 'FunctionDeclaration': {
      const { start, end, id } = statement;
      state.names.push(id!.name);
      const build = (): string => `let ${id!.name} = ${state.text.slice(start, end)};`;
      state.functions.push({ start, end, build });
      break;
    }
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
    case 'ExportAllDeclaration':
      state.text.update(
        statement.start,
        statement.end,
        `$resume($mark(), await $import(${JSON.stringify(statement.source.value)}));`,
      );
      break;
    default:
  }
}

function rewriteImport(
  state: Rewriting,
  node: Node,
  isEarly: boolean,
  useOf: (local: string) => ImportUse,
): void {
  const { start, end } = node;
  const names = importedNames(node);
  state.names.push(...names);
  names.forEach((name) => state.constants.add(name));
  const call = compileImport(node, useOf);
  if (isEarly) state.imports.push({ start, end, build: () => call });
  else state.text.update(start, end, call);
}

let lastResources = 0;

/** `let`, `const` and `using` of the cell itself; `var` may stand anywhere, see rewriteVars. */
function rewriteVariables(state: Rewriting, node: VariableDeclaration): void {
  const { kind, start, declarations } = node;
  if (kind === 'var') return;
  const names = declaredNames(node);
  state.names.push(...names);
  if (kind === 'let') return;
  names.forEach((name) => state.constants.add(name));
  state.text.update(start, start + kind.length, 'let');
  if (kind === 'const') return;
  state.resources ??= ++lastResources;
  for (const { init } of declarations) {
    state.text.appendLeft(init!.start, `$using(${state.resources}, ${kind === 'await using'}, `);
    state.text.appendRight(init!.end, ')');
  }
}

/** As in a module, a name is declared once in a cell, but for `var`. */
function refuseDuplicates(names: readonly string[], vars: readonly string[]): void {
  const seen = new Set(vars);
  for (const name of names) {
    if (seen.has(name)) throw new CellSyntaxError(`Identifier '${name}' has already been declared`);
    seen.add(name);
  }
}

/**
 * Names that mean something else here: constants, which are `let` to V8 and must not be assigned to, what
 * CommonJS modules have, and `this`.
 */
function rewriteReferences(
  state: Rewriting,
  { names, topThis }: References,
  scope: EarlierNames,
  vars: readonly string[],
): void {
  const own = new Set([...state.names, ...vars]);
  const isConstant = (name: string): boolean =>
    own.has(name) ? state.constants.has(name) : scope.constants.has(name);
  for (const { name, start, end, isWrite, isShorthand } of names) {
    const isCommon = commonNames.has(name) && !own.has(name) && !scope.names.has(name);
    const isRefused = isWrite && isConstant(name);
    if (!isCommon && !isRefused) continue;
    const other = isRefused ? `$constant(${JSON.stringify(name)}, () => ${name}).value` : `$common.${name}`;
    state.text.update(start, end, isShorthand ? `${name}: ${other}` : other);
  }
  for (const { start, end } of topThis) state.text.update(start, end, '(void 0)');
}

/** What a CommonJS module finds beside `require`. */
const commonNames: ReadonlySet<string> = new Set(['module', 'exports', '__dirname', '__filename']);

/** Enums and namespaces add to what has their name: what an earlier cell called so must be gone before. */
function findMergedNames(code: string, lang: Language): string[] {
  if (!/\b(?:enum|namespace|module)\b/.test(code)) return [];
  const { program } = parseSync('cell.ts', code, { lang, sourceType: 'module' });
  return program.body
    .map((one) => ('declaration' in one && one.declaration ? one.declaration : one) as unknown as Node)
    .filter(({ type }) => type === 'TSEnumDeclaration' || type === 'TSModuleDeclaration')
    .flatMap(({ id }) => boundNames(id));
}

/** A script of some parts of the cell: everything else is blanked out, so that their lines stay. */
function buildScript(js: string, spans: readonly Span[]): string | null {
  if (spans.length === 0) return null;
  const parts: string[] = [STRICT];
  let at = 0;
  for (const { start, end, build } of spans) {
    parts.push(blank(js.slice(at, start)), build());
    at = end;
  }
  return parts.join('');
}

const blank = (text: string): string => text.replace(/[^\n]+/g, ' ');
