// TypeScript that cells accept, cell by cell of one notebook, in this order, each with the result it shows. The
// modules they import are written by prepareSnippets().
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

type Snippet = readonly [name: string, code: string, result: string | undefined];

export const snippets: readonly Snippet[] = [
  ['satisfies', 'const c = { a: 1 } satisfies Record<string, number>; c.a', '1'],
  ['const type params', 'function id<const T>(x: T): T { return x } ; id([1, 2] as const)[1]', '2'],
  ['accessor', 'class A { accessor x = 3 } ; new A().x', '3'],
  ['enum', 'enum E { A = 1, B } ; E[2]', "'B'"],
  ['const enum', 'const enum CE { X = 7 } ; CE.X', '7'],
  ['namespace', 'namespace N { export const v = 4; export function g() { return v } } ; N.g()', '4'],
  ['param props', 'class P { constructor(public readonly n: number) {} } ; new P(5).n', '5'],
  [
    'decorator class',
    'function dec(t: any) { t.tagged = true; return t } ; @dec class D {} ; (D as any).tagged',
    'true',
  ],
  [
    'decorator method',
    "function log(t: any, k: string, d: PropertyDescriptor) { const o = d.value; d.value = function (...a: any[]) { return 'L' + o.apply(this, a) }; } class M { @log m() { return 1 } } new M().m()",
    "'L1'",
  ],
  ['json import', "import data from './data.json' with { type: 'json' }; data.a", '[ 1, 2 ]'],
  ['json import no attr', "import data2 from './data.json'; data2.a.length", '2'],
  [
    'node: import + await',
    "import { readFile } from 'node:fs/promises'; (await readFile('data.json', 'utf8')).length",
    '12',
  ],
  ['redeclare const', 'const r = 1; r', '1'],
  ['redeclare type', "const r = 'now a string'; r", "'now a string'"],
  ['redeclare as function', "function r() { return 'fn' } r()", "'fn'"],
  ['redeclare as class', 'class r { static s = 8 } r.s', '8'],
  ['redeclare let', 'let r = [1]; r', '[ 1 ]'],
  ['var again', 'var r = 10; r', '10'],
  [
    'using',
    "const log2: string[] = []; { using u = { [Symbol.dispose]() { log2.push('gone') } }; log2.push('in') } log2",
    "[ 'in', 'gone' ]",
  ],
  ['await using', 'await using au = { async [Symbol.asyncDispose]() {} }; 1', '1'],
  ['toSorted', '[3,1,2].toSorted()', '[ 1, 2, 3 ]'],
  ['groupBy', "Object.keys(Object.groupBy([1,2,3], n => n % 2 ? 'odd' : 'even'))", "[ 'odd', 'even' ]"],
  ['Set union', 'new Set([1]).union(new Set([2])).size', '2'],
  [
    'withResolvers',
    'const { promise, resolve } = Promise.withResolvers<number>(); resolve(3); await promise',
    '3',
  ],
  ['esm only', "import five, { named, top } from 'esmonly'; [five, named, top]", "[ 5, 'n', 9 ]"],
  ['dynamic import', "(await import('esmonly')).default", '5'],
  [
    'for await',
    'let sum = 0; for await (const v of (async function* () { yield 1; yield 2 })()) sum += v; sum',
    '3',
  ],
  [
    'local ts',
    "import { Sq, answer, type Shape, Color } from './local.ts'; const sh: Shape = new Sq(3); [sh.area(), answer, Color[1]]",
    "[ 9, 42, 'Green' ]",
  ],
  ['cjs', "import cjs from './cjs.cjs'; cjs.f()", '2'],
  ['require', "const fs2 = require('node:fs'); typeof fs2.statSync", "'function'"],
  ['import type only', "import type { Shape as S2 } from './local.ts'; let s2: S2 | null = null; s2", 'null'],
  ['generics arrow', "const pair = <A, B>(a: A, b: B): [A, B] => [a, b]; pair(1, 'x')", "[ 1, 'x' ]"],
  ['as / non-null / optional', 'const o = { p: { q: 1 } } as any; o!.p?.q as number', '1'],
  [
    'abstract class',
    'abstract class Ab { abstract f(): number } class Co extends Ab { f() { return 6 } } new Co().f()',
    '6',
  ],
  [
    'overloads',
    'function ov(a: string): string; function ov(a: number): number; function ov(a: any) { return a } ov(2)',
    '2',
  ],
  ['hoisting', 'hoist(1); function hoist(n: number): number { return n * 2 }', '2'],
  ['closure over earlier', 'let cnt = 0; const inc = () => ++cnt; inc()', '1'],
  ['closure later', 'inc(); cnt', '2'],
  [
    'destructuring',
    'const { a: aa, ...rest } = { a: 1, b: 2 }; const [h, ...t] = [1, 2, 3]; [aa, rest, h, t]',
    '[ 1, { b: 2 }, 1, [ 2, 3 ] ]',
  ],
  ['object literal', '{ a: 1, b: [2] }', '{ a: 1, b: [ 2 ] }'],
  ['bigint', '2n ** 64n', '18446744073709551616n'],
  ['async generator/regex v', "/[\\p{L}--[a-z]]/v.test('Ä')", 'true'],
  ['fetch type', 'typeof fetch', "'function'"],
  ['export const', 'export const ex: number = 11; ex', '11'],
  ['import.meta', 'typeof import.meta.dirname', "'string'"],
  ['type error runs', "const te: number = 'str' as any; te", "'str'"],
  ['type error really', "const tf: number = 'str'; tf", "'str'"],
  ['arrow ', "import * as arrow from 'apache-arrow'; arrow.tableFromArrays({a:[1,2]}).numRows", '2'],
  ['polars', "import pl from 'nodejs-polars'; pl.DataFrame({a:[1,2]}).height", '2'],
  ['declare global', 'declare const zzz: number; interface Foo { a: 1 } type Bar = Foo; 3', '3'],
  ['logical assign', 'let la: number | null = null; la ??= 4; la', '4'],
  ['label loop', "outer: for (const i of [1,2]) { for (const j of [1]) continue outer } 'done'", "'done'"],
  [
    'top-level try',
    "let caught = ''; try { throw new Error('z') } catch (e) { caught = (e as Error).message } caught",
    "'z'",
  ],
  ['object literal with a semicolon', '{ a: { b: 1 } };', '{ a: { b: 1 } }'],
  ['block at the start', '{ const inner = 1; inner }', undefined],
  ['comment only', '// nothing here', undefined],
  ['block comment only', '/* nothing */', undefined],
  ['shebang', '#!/usr/bin/env node\n1 + 1', '2'],
  ['ends in a comment', '1 + 2 // three', '3'],
  ['ends in a block comment', '1 + 3 /* four */\n// end', '4'],
  ['export default expression', 'export default 7', undefined],
  ['export default class', 'export default class Dc { v = 8 }\nnew Dc().v', '8'],
  ['export default function', 'export default function df() { return 9 }\ndf()', '9'],
  ['export list', 'const el = 1; export { el }; el', '1'],
  ['await in a template literal', '`${await Promise.resolve(1)}-${await 2}`', "'1-2'"],
  ['nested var', 'if (true) { var nested = 5 }\nnested', '5'],
  ['nested var of the earlier cell', 'nested + 1', '6'],
  ['var in a loop head', 'for (var li = 0; li < 3; li++) {}\nli', '3'],
  ['var in for of', 'for (var fo of [1, 2]) {}\nfo', '2'],
  ['var without a value', 'var bare; bare', undefined],
  ['enum merging in one cell', 'enum Em { A = 1 }\nenum Em { B = 2 }\nEm.A + Em.B', '3'],
  ['enum merging over cells', 'enum Em { C = 3 }\nEm.C', '3'],
  ['namespace merging', 'class Nm { static a = 1 }\nnamespace Nm { export const b = 2 }\nNm.a + Nm.b', '3'],
  [
    'class redeclared with instances alive, 1',
    'class Li { v() { return 1 } }\nconst li1 = new Li(); li1.v()',
    '1',
  ],
  [
    'class redeclared with instances alive, 2',
    'class Li { v() { return 2 } }\n[li1.v(), new Li().v()]',
    '[ 1, 2 ]',
  ],
  ['class expression name', 'const Ce = class {}; Ce.name', "'Ce'"],
  ['class declaration name', 'class Cn {}; Cn.name', "'Cn'"],
  [
    'class in its own body',
    'class Own { static make() { return new Own() } }\nOwn.make() instanceof Own',
    'true',
  ],
  ['class extends an earlier cell', 'class Sub extends Own { x = 1 }\nnew Sub().x', '1'],
  [
    'private names',
    'class Pr { #p = 4; static has(o: object) { return #p in o } get p() { return this.#p } }\n[new Pr().p, Pr.has(new Pr())]',
    '[ 4, true ]',
  ],
  ['static block', 'class Sb { static v: number; static { Sb.v = 6 } }\nSb.v', '6'],
  [
    'decorator of a property',
    "function pd(t: any, k: string) { (t.constructor.keys ??= []).push(k) }\nclass Pd { @pd name = 'x' }\n(Pd as any).keys",
    "[ 'name' ]",
  ],
  [
    'decorator of a parameter',
    'const seen: number[] = []\nfunction par(t: any, k: string, i: number) { seen.push(i) }\nclass Pa { f(a: number, @par b: number) { return b } }\nseen',
    '[ 1 ]',
  ],
  [
    'using of the cell',
    'const gone: string[] = []\nfunction scoped() { using u = { [Symbol.dispose]() { gone.push("u") } }; return gone.length }\n[scoped(), gone]',
    "[ 0, [ 'u' ] ]",
  ],
  ['labelled block', 'lab: { if (true) break lab }\n"after"', "'after'"],
  ['generator', 'function* gen() { yield 1; yield 2 }\n[...gen()]', '[ 1, 2 ]'],
  ['async function', 'async function af() { return await 3 }\nawait af()', '3'],
  [
    'mutual recursion',
    'function ev(n: number): boolean { return n === 0 || od(n - 1) }\nfunction od(n: number): boolean { return n !== 0 && ev(n - 1) }\nev(10)',
    'true',
  ],
  [
    'function used by an earlier cell is replaced',
    'function ev(n: number): boolean { return true }\nod(3)',
    'true',
  ],
  [
    'tagged template',
    'const tag = (s: TemplateStringsArray, ...v: unknown[]) => s.join("?") + v.length\ntag`a${1}b`',
    "'a?b1'",
  ],
  ['optional chaining call', 'const oc: { f?: () => number } = {}\noc.f?.() ?? "none"', "'none'"],
  ['sequence', '(1, 2)', '2'],
  ['ternary over lines', 'true\n  ? "yes"\n  : "no"', "'yes'"],
  ['string that looks like an import', '"import x from \'y\'"', '"import x from \'y\'"'],
  ['string directive', '"use strict"; 1', '1'],
  ['unicode names', 'const größe = 1, 変数 = 2; größe + 変数', '3'],
  ['surrogate pairs', '"😀".length', '2'],
  ['regular expression with slashes', '/\\/\\/.*/.test("// x")', 'true'],
  ['getter and setter', 'const gs = { get v() { return 1 }, set v(x) {} }; gs.v', '1'],
  ['computed keys', 'const key = "k"; ({ [key]: 1 })', '{ k: 1 }'],
  ['spread', '[...[1], ...new Set([2])]', '[ 1, 2 ]'],
  [
    'nested destructuring with defaults',
    'const { x: [dx = 1] = [], ...dy } = { z: 2 } as any; [dx, dy]',
    '[ 1, { z: 2 } ]',
  ],
  ['destructuring assignment', 'let da = 1, db = 2; [da, db] = [db, da]; [da, db]', '[ 2, 1 ]'],
  ['type only cell', 'type Only = { a: 1 }\ninterface Also { b: 2 }', undefined],
  ['declare module', 'declare module "nowhere" { export const x: number }\n1', '1'],
  ['import alias', 'import { basename as base } from "node:path"; base("/a/b")', "'b'"],
  [
    'import namespace with default',
    'import pathDefault, * as pathAll from "node:path"; pathDefault.sep === pathAll.sep',
    'true',
  ],
  ['import for its effect', 'import "node:os"; 1', '1'],
  [
    'inline type import',
    'import { type Stats, statSync } from "node:fs"; const st: Stats = statSync("."); st.isDirectory()',
    'true',
  ],
  ['import = require', 'import os = require("node:os"); typeof os.cpus', "'function'"],
  ['arrow returning an object', 'const ao = () => ({ a: 1 }); ao()', '{ a: 1 }'],
  [
    'assertion function',
    'function isS(v: unknown): asserts v is string {}\nlet as1: unknown = "q"; isS(as1); as1.length',
    '1',
  ],
  ['template literal types', 'type Tl = `a${number}`; const tl: Tl = "a1"; tl', "'a1'"],
  [
    'variadic tuples',
    'type Vt<T extends unknown[]> = [...T, number]; const vt: Vt<[string]> = ["a", 1]; vt.length',
    '2',
  ],
  ['definite assignment', 'let dfa!: number; dfa = 3; dfa', '3'],
  ['non-null chain', 'const nn = new Map([[1, 2]]); nn.get(1)!.toFixed(1)', "'2.0'"],
  ['old-style cast', 'const oc2 = <number>(1 as unknown); oc2', '1'],
  [
    'async iteration of an array',
    'const ai: number[] = []; for await (const v of [Promise.resolve(1), 2]) ai.push(v); ai',
    '[ 1, 2 ]',
  ],
  ['await in a condition', 'if (await Promise.resolve(true)) { var inIf = 1 }\ninIf', '1'],
  ['await in arguments', 'Math.max(await 1, await Promise.resolve(3))', '3'],
  ['await in a class field is not ours', 'class Aw { m = async () => await 4 }\nawait new Aw().m()', '4'],
  ['switch', 'switch (3 as number) { case 3: "three"; break; default: "other" }', undefined],
  ['do while', 'let dw = 0; do dw++; while (dw < 3); dw', '3'],
  [
    'throw inside try finally',
    'const tf2: string[] = []; try { try { throw 1 } finally { tf2.push("f") } } catch { tf2.push("c") } tf2',
    "[ 'f', 'c' ]",
  ],
  ['new.target', 'function Nt() { return new.target !== undefined }\nNt()', 'false'],
  ['this at the top', 'typeof this', "'undefined'"],
  ['globalThis assignment', '(globalThis as any).gt = 1; gt', '1'],
  ['delete', 'const del: { a?: 1 } = { a: 1 }; delete del.a; del', '{}'],
  ['comma var list', 'var v1 = 1, v2 = v1 + 1; v2', '2'],
  ['var becomes const', 'const v1 = "c"; v1', "'c'"],
  ['import becomes const', 'const base = 1; base', '1'],
  ['const becomes import', 'import { dirname as base } from "node:path"; base("/a/b")', "'/a'"],
  ['enum becomes const', 'const Em = 0; Em', '0'],
  ['function becomes const', 'const ev = 1; ev', '1'],
  ['const becomes function', 'function v1() { return "f" }\nv1()', "'f'"],
];

const localModule = `export interface Shape { area(): number }
export enum Color { Red, Green }
export class Sq implements Shape { constructor(private s: number) {} area() { return this.s ** 2 } }
export const answer: number = 42;
`;

/** Writes what the snippets import. */
export function prepareSnippets(folder: string): void {
  writeFileSync(join(folder, 'local.ts'), localModule);
  writeFileSync(join(folder, 'data.json'), '{"a": [1,2]}');
  writeFileSync(
    join(folder, 'tsconfig.json'),
    '{ "compilerOptions": { "experimentalDecorators": true /* the snippets with decorators are old */ } }',
  );
  writeFileSync(join(folder, 'cjs.cjs'), 'module.exports = { hello: 1, f() { return 2 } }');
  const esmOnly = join(folder, 'node_modules/esmonly');
  mkdirSync(esmOnly, { recursive: true });
  const manifest = { name: 'esmonly', type: 'module', exports: { import: './index.js' } };
  writeFileSync(join(esmOnly, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(esmOnly, 'index.js'),
    'export default 5; export const named = "n"; export const top = await Promise.resolve(9);',
  );
  for (const name of ['apache-arrow', 'nodejs-polars']) {
    symlinkSync(
      fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url)),
      join(folder, 'node_modules', name),
    );
  }
}
