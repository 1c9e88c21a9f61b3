// The functions of the sources as their names promise things: read with the TypeScript compiler, without types. Knows
// which of them touch the system by themselves or through functions of their own file.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface NamedFunction {
  readonly name: string;
  /** File and line. */
  readonly place: string;
  /** As written; empty where it is left to the compiler. */
  readonly returns: string;
  readonly isAsync: boolean;
  readonly parameters: number;
  /** Names of the system that it uses, e.g. `readFileSync`. */
  readonly touches: readonly string[];
}

const systemModules =
  /^(node:(fs|fs\/promises|net|http|https|dgram|child_process|cluster|sqlite|worker_threads)|zeromq|ws|koffi)$/;

type FunctionNode = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody };

/** Reads the functions, methods and function-valued constants of folders; generated files do not count. */
export function readNamedFunctions(root: string, folders: readonly string[]): NamedFunction[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('generated/'))
      .flatMap((name) => parseFunctions(`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8'))),
  );
}

/** The functions of one file. */
export function parseFunctions(path: string, text: string): NamedFunction[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const system = systemNamesOf(source);
  const found: { name: string; node: FunctionNode }[] = [];
  walk(source, (node) => {
    const named = namedFunctionOf(node);
    if (named) found.push(named);
  });
  const own = new Map(found.map(({ name, node }) => [name, namesIn(node.body)]));
  return found.map(({ name, node }) => ({
    name,
    place: `${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
    returns: node.type?.getText() ?? '',
    isAsync: isAsync(node),
    parameters: node.parameters.length,
    touches: touchedBy(name, own, system),
  }));
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** What a file imports from the system, as values. */
function systemNamesOf(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { importClause, moduleSpecifier } = statement;
    if (!importClause || importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) continue;
    if (!systemModules.test(moduleSpecifier.text)) continue;
    if (importClause.name) names.add(importClause.name.text);
    const { namedBindings } = importClause;
    if (!namedBindings) continue;
    if (ts.isNamespaceImport(namedBindings)) names.add(namedBindings.name.text);
    else for (const each of namedBindings.elements) if (!each.isTypeOnly) names.add(each.name.text);
  }
  // Numbers of open(2) and the like.
  names.delete('constants');
  return names;
}

function namedFunctionOf(node: ts.Node): { name: string; node: FunctionNode } | null {
  if ((ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) && node.name && node.body) {
    return { name: node.name.getText(), node: node as FunctionNode };
  }
  if (!ts.isVariableDeclaration(node) && !ts.isPropertyAssignment(node)) return null;
  const value = node.initializer;
  if (!value || !(ts.isArrowFunction(value) || ts.isFunctionExpression(value))) return null;
  return { name: node.name.getText(), node: value as FunctionNode };
}

function isAsync(node: FunctionNode): boolean {
  const isMarked = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
  return isMarked || /^(Promise|Async)/.test(node.type?.getText() ?? '');
}

/** Identifiers of a body that are values: neither types nor names of members. */
function namesIn(body: ts.Node): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isPropertyAccessExpression(node)) return visit(node.expression);
    if (ts.isPropertyAssignment(node)) return visit(node.initializer);
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(body);
  return names;
}

function touchedBy(
  name: string,
  own: ReadonlyMap<string, Set<string>>,
  system: ReadonlySet<string>,
): string[] {
  const touched = new Set<string>();
  const seen = new Set<string>();
  const visit = (each: string): void => {
    if (system.has(each)) touched.add(each);
    if (seen.has(each)) return;
    seen.add(each);
    for (const next of own.get(each) ?? []) visit(next);
  };
  visit(name);
  return [...touched];
}
