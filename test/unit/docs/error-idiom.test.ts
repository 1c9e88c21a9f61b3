// One idiom for errors: what is thrown is made by a function of an errors.ts, which holds code, text and next step.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

interface Source {
  readonly path: string;
  readonly tree: ts.SourceFile;
}

const parse = (path: string, text: string): Source => ({
  path,
  tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true),
});

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.includes('generated'))
  .map((path) => parse(`src/${path}`, readFileSync(join(root, 'src', path), 'utf8')));

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  const open = [node];
  for (let next = open.pop(); next; next = open.pop()) {
    yield next;
    ts.forEachChild(next, (child) => void open.push(child));
  }
}

const baseOf = (node: ts.ClassDeclaration): string | undefined =>
  node.heritageClauses
    ?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
    ?.types[0]?.expression.getText();

/** RuvectorError and every class below it. */
function errorClassesIn(all: readonly Source[]): Map<string, ts.ClassDeclaration | null> {
  const found = new Map<string, ts.ClassDeclaration | null>([['RuvectorError', null]]);
  const classes = all.flatMap(({ tree }) => [...nodesOf(tree)].filter(ts.isClassDeclaration));
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const node of classes) {
      if (found.has(baseOf(node) ?? '')) found.set(node.name?.text ?? '', node);
    }
  }
  return found;
}

/** What breaks the idiom, as `path:line what`. */
function findOtherIdioms(all: readonly Source[]): string[] {
  const classes = errorClassesIn(all);
  return all.flatMap(({ path, tree }) => {
    const isRoomOfErrors = basename(path) === 'errors.ts';
    return [...nodesOf(tree)].flatMap((node) => {
      const problem = isRoomOfErrors ? problemInErrors(node, classes) : problemElsewhere(node, classes);
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
      return problem === null ? [] : [`${path}:${line + 1} ${problem}`];
    });
  });
}

/** They look at an error, or carry one on under the code it had elsewhere. */
const carriers = new Set(['isRuvectorError', 'fromErrorPayload', 'rebuiltError']);

type Classes = ReturnType<typeof errorClassesIn>;

function problemElsewhere(node: ts.Node, classes: Classes): string | null {
  if (ts.isNewExpression(node) && classes.has(node.expression.getText())) {
    return `new ${node.expression.getText()} outside errors.ts`;
  }
  if (ts.isClassDeclaration(node) && classes.has(baseOf(node) ?? ''))
    return 'an error class outside errors.ts';
  return null;
}

function problemOfClass(node: ts.ClassDeclaration): string | null {
  const holdsCode = [...nodesOf(node)].some(
    (each) => ts.isCallExpression(each) && /^super\(\s*'/.test(each.getText()),
  );
  return holdsCode ? `class ${node.name?.text} holds a code; a function does` : null;
}

function problemInErrors(node: ts.Node, classes: Classes): string | null {
  if (ts.isClassDeclaration(node)) return classes.has(baseOf(node) ?? '') ? problemOfClass(node) : null;
  if (!ts.isFunctionDeclaration(node) || !node.modifiers?.length) return null;
  const name = node.name?.text ?? '';
  if (carriers.has(name)) return null;
  if (node.parameters.some((each) => each.name.getText() === 'code')) {
    return `${name}() takes any code; write one function an error`;
  }
  const returns = node.type?.getText() ?? '';
  return classes.has(returns) && !name.endsWith('Error')
    ? `${name}() makes an error and is not named so`
    : null;
}

describe('RuvectorError', () => {
  it('is made by functions of errors.ts only when all rooms are read', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect(errorClassesIn(sources).size).toBeGreaterThan(5);
    expect(findOtherIdioms(sources)).toEqual([]);
  });

  it.each([
    ['built in the middle of code', 'a.ts', "throw new RuvectorError('ERR_A', 'Cannot a');"],
    ['a class elsewhere', 'a.ts', 'class MineError extends RuvectorError {}'],
    [
      'a class with a code',
      'errors.ts',
      "class MineError extends RuvectorError { constructor() { super('ERR_A', 'Cannot a'); } }",
    ],
    [
      'a function for any code',
      'errors.ts',
      'export function anyError(code: string): RuvectorError { return new RuvectorError(code, code); }',
    ],
    [
      'another name',
      'errors.ts',
      "export function broken(): RuvectorError { return new RuvectorError('ERR_A', 'Cannot a'); }",
    ],
  ])('are found out when one is %s', (_what, path, text) => {
    expect(findOtherIdioms([parse(path, text)])).not.toEqual([]);
  });
});
