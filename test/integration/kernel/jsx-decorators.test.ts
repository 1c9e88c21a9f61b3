// JSX and decorators in cells and in the local files that they import: by pragma, by what the notebook imports, and by
// the tsconfig.json or deno.json of its folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

/** A library as Preact is one: elements are text. */
const library = `
export const Fragment = ({ children }) => [children].flat(9).join('');
export const jsx = (type, { children = [], ...props }) => {
  if (typeof type === 'function') return type({ ...props, children });
  const given = Object.entries(props).map(([name, value]) => ' ' + name + '="' + value + '"').join('');
  return '<' + type + given + '>' + [children].flat(9).join('') + '</' + type + '>';
};
export const jsxs = jsx;
export const h = (type, props, ...children) => jsx(type, { ...props, children });
export const createElement = h;
`;
const files: Readonly<Record<string, string>> = {
  'node_modules/elements/package.json':
    '{"name":"elements","type":"module","exports":{".":"./index.js","./jsx-runtime":"./index.js"}}',
  'node_modules/elements/index.js': library,
};

let kernel: KernelClient;
let folder: string;

beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute('%check off');
});
afterAll(() => kernel[Symbol.asyncDispose]());
// Each case has a folder and names of its own, as in a notebook that was just opened.
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rvk-jsx-'));
  for (const [path, text] of Object.entries(files)) write(path, text);
  await kernel.execute('%reset');
  await kernel.execute(`process.chdir(${JSON.stringify(folder)})`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Runs cells; gives the result of the last, or what it threw. */
async function show(...cells: readonly string[]): Promise<string | undefined> {
  let shown: string | undefined;
  for (const code of cells) {
    const exchange = await kernel.execute(code);
    const { status, traceback } = exchange.reply.content;
    shown = status === 'ok' ? resultOf(exchange) : (traceback as string[]).join('\n');
  }
  return shown;
}

const IMPORT = "import { h, Fragment } from 'elements';";

describe('execute_request with JSX', () => {
  it.each([
    ['the pragma @jsx', [`/** @jsx h */\n${IMPORT}\n<b class="x">{1 + 1}</b>`], `'<b class="x">2</b>'`],
    ['@jsxImportSource', ['/** @jsxImportSource elements */\n<b>hi</b>'], "'<b>hi</b>'"],
    [
      '@jsxImportSource in an earlier cell',
      ['/** @jsxImportSource elements */\nconst a = <i/>', '<><b/>{a}</>'],
      "'<b></b><i></i>'",
    ],
    [
      'both pragmas of other names',
      ["/* @jsx make @jsxFrag All */\nimport { h as make, Fragment as All } from 'elements';\n<><u/><i/></>"],
      "'<u></u><i></i>'",
    ],
    ['an import of h', [IMPORT, '<p><em>deep</em></p>'], "'<p><em>deep</em></p>'"],
    ['React', ["import * as React from 'elements';", '<><hr/></>'], "'<hr></hr>'"],
    [
      'components, spread and generics',
      [
        `${IMPORT}\ninterface Props { name: string }\nfunction Hello({ name }: Props) { return <b>{name}</b> }\nconst given = { name: 'Ada' };`,
        'const twice = <T,>(x: T): T[] => [x, x];\ntwice(<Hello {...given}/>)',
      ],
      "[ '<b>Ada</b>', '<b>Ada</b>' ]",
    ],
    ['an object that begins the cell', [IMPORT, '{ a: <i/>, b: 2 }'], "{ a: '<i></i>', b: 2 }"],
  ])('makes elements by %s', async (_name, cells, expected) => {
    expect(await show(...cells)).toBe(expected);
  });

  it.each([
    ['deno.json', '{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "elements" } }'],
    ['tsconfig.json', '{ /* as in a project */ "compilerOptions": { "jsxImportSource": "elements", }, }'],
  ])('makes elements as the %s of the folder says', async (file, text) => {
    write(file, text);
    expect(await show('<b>1</b>')).toBe("'<b>1</b>'");
  });

  it('follows a factory of a tsconfig.json that is extended', async () => {
    write('base.json', '{ "compilerOptions": { "jsx": "react", "jsxFactory": "h" } }');
    write('tsconfig.json', '{ "extends": "./base.json" }');
    expect(await show(IMPORT, '<b/>')).toBe("'<b></b>'");
  });

  it.each(['view.tsx', 'view.jsx'])('imports %s', async (file) => {
    write(file, `${IMPORT}\nexport const View = ({ n }) => <b>{n}</b>;\nexport default <View n="5"/>;`);
    expect(await show(`import view from './${file}'; view`)).toBe("'<b>5</b>'");
  });

  it('keeps type assertions, generic arrows and comparisons as TypeScript has them', async () => {
    expect(await show('const n = <number>(5 as unknown); const f = <T>(x: T) => x; [n, f(1) < 2]')).toBe(
      '[ 5, true ]',
    );
  });

  it('names the place of an error in a cell with elements', async () => {
    expect(await show(IMPORT, 'const a = <b/>;\n\nthrow new Error("here");')).toMatch(/cell-\d+\.ts:3:7/);
    expect(await show('const a = <b>1</i>;')).toContain("closing tag for 'b'");
  });

  it('says which package is missing where there is no runtime', async () => {
    expect(await show('<b/>')).toContain("Cannot find package 'react'");
  });
});

describe('execute_request with decorators of the standard', () => {
  it.each([
    [
      'a class',
      'const names: string[] = [];\nfunction note(value: Function, { kind, name }: ClassDecoratorContext) { names.push(`${kind} ${name}`); }\n@note class A {}\n[names, A.name]',
      "[ [ 'class A' ], 'A' ]",
    ],
    [
      'a method',
      'const twice = (run: any, context: ClassMethodDecoratorContext) => function (this: unknown, ...a: unknown[]) { return `${String(context.name)}: ${2 * run.apply(this, a)}`; };\nclass B { n = 4; @twice go(by: number) { return this.n * by; } }\nnew B().go(3)',
      "'go: 24'",
    ],
    [
      'fields, accessors and addInitializer',
      'const log: string[] = [];\nconst plus = (_: undefined, c: any) => (v: number) => v + 1;\nfunction watch(v: any, c: any) { c.addInitializer(function (this: any) { log.push(`made ${c.kind}`); }); return { get(this: any) { log.push("read"); return v.get.call(this); } }; }\nclass C { @plus x = 1; @watch accessor y = 5; }\nconst c = new C();\n[c.x, c.y, log]',
      "[ 2, 5, [ 'made accessor', 'read' ] ]",
    ],
    [
      'private and static members, and metadata',
      'const seen: string[] = [];\nfunction see(_: unknown, c: any) { seen.push(`${c.static ? "static " : ""}${c.kind} ${String(c.name)}`); c.metadata.count = (c.metadata.count ?? 0) + 1; }\nclass D { @see static s = 1; @see #p = 2; @see get g() { return this.#p; } @see async *["m" + 1]() {} }\n[seen.sort(), new D().g, D[Symbol.metadata ?? Symbol.for("Symbol.metadata")].count]',
      "[ [ 'field #p', 'getter g', 'method m1', 'static field s' ], 2, 4 ]",
    ],
    [
      'a class that is replaced, exported, with await in an expression',
      'const by = async (n: number) => (c: any) => class extends c { by = n };\nexport @(await by(7)) class E { a = 1 }\n[new E().by, new E().a]',
      '[ 7, 1 ]',
    ],
    [
      'anonymous classes',
      'const kinds: string[] = [];\nconst tell = (_: unknown, c: any) => { kinds.push(`${c.kind} ${String(c.name)}`); };\nconst F = @tell class {};\nconst make = () => @tell class { @tell m() {} };\nmake();\n[F.name, kinds]',
      "[ 'F', [ 'class F', 'method m', 'class ' ] ]",
    ],
    ['`accessor` alone', 'class G { accessor n = 3; static accessor s = 4 }\n[new G().n, G.s]', '[ 3, 4 ]'],
  ])('compiles those of %s', async (_name, code, expected) => {
    expect(await show(code)).toBe(expected);
  });

  it('declares no name but the class, and an earlier cell sees the class that is declared again', async () => {
    await show(
      'function mark(c: any) { c.marked = 1 }\n@mark class H {}\nconst look = () => (H as any).marked',
    );
    expect(await show('@((c: any) => { c.marked = 2 }) class H {}\nlook()')).toBe('2');
    const { reply } = await kernel.execute('%who');
    expect(JSON.stringify(reply)).not.toContain('_init');
    expect(await show('typeof _init + typeof __decorateElement')).toBe("'undefinedundefined'");
  });

  it('names the place of an error in a decorated class', async () => {
    const cell =
      'const keep = (m: any) => m;\n\nclass I {\n  @keep fine(): void {}\n\n  @keep fails(): void {\n    throw new Error("in it");\n  }\n}\nnew I().fails()';
    expect(await show(cell)).toMatch(/cell-\d+\.ts:7:1[01][^]*cell-\d+\.ts:10:\d/);
  });

  it('compiles those of local files, with the places of the file', async () => {
    write(
      'local.ts',
      'const loud = (m: any) => function (this: unknown) { return `${m.call(this)}!`; };\nexport class L {\n  @loud say(): string { return "hey"; }\n  @loud fails(): string {\n    throw new Error("x");\n  }\n}',
    );
    expect(await show('import { L } from "./local.ts"; new L().say()')).toBe("'hey!'");
    expect(await show('new L().fails()')).toContain('local.ts:5:');
  });

  it('says which project setting selects those of TypeScript when a parameter has one', async () => {
    const code = 'function p(..._: unknown[]) {}\nclass P { m(@p x: number) {} }';
    expect(await show(code)).toContain('"experimentalDecorators": true');
  });
});

it('execute_request checks the types of elements and of decorators of the standard', async () => {
  await using checked = await startKernel();
  write(
    'node_modules/elements/index.d.ts',
    'export declare namespace JSX { interface IntrinsicElements { b: { id?: number } } }\nexport declare const jsx: unknown;\nexport declare const Fragment: unknown;',
  );
  write('tsconfig.json', '{ "compilerOptions": { "jsxImportSource": "elements" } }');
  await checked.execute(`process.chdir(${JSON.stringify(folder)})`);
  await checked.execute('%check error');
  const said = async (code: string): Promise<unknown> =>
    (await checked.execute(code)).reply.content['evalue'] ?? 'fine';
  expect(
    await said('function m(_: unknown, c: ClassMethodDecoratorContext) {}\nclass A { @m go(): void {} }'),
  ).toBe('fine');
  expect(
    await said('function f(_: undefined, c: ClassFieldDecoratorContext) {}\nclass B { @f go(): void {} }'),
  ).toMatch(/^TS12\d\d in line 2/);
  expect(await said('const n: number = 1; const e = <b id={n}/>;')).toBe('fine');
  expect(await said('const e = <b id="one"/>;')).toContain("Type 'string' is not assignable");
  expect(await said('const other: string = n;')).toContain("Type 'number' is not assignable");
});

it('execute_request compiles legacy decorators where tsconfig.json says so, as soon as it does', async () => {
  const code =
    'function tell(_t: object, key: string, _d: PropertyDescriptor) { console.log(typeof key) }\nclass Q { @tell m() {} }';
  const printed = async (): Promise<string> => streamOf(await kernel.execute(code), 'stdout');
  expect(await printed()).toBe('object\n');
  write('tsconfig.json', '{ "compilerOptions": { "experimentalDecorators": true } }');
  expect(await printed()).toBe('string\n');
});
