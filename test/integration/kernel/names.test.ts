// Names of cells in a real kernel: what may be declared again, what may not be assigned to, and that cells are
// strict. Every cell runs in one kernel, in this order.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel[Symbol.asyncDispose]());

/** Runs a cell; gives its result or the name and message of what it threw. */
async function show(code: string): Promise<string | undefined> {
  const exchange = await kernel.execute(code);
  const { status, ename, evalue } = exchange.reply.content;
  return status === 'ok' ? resultOf(exchange) : `${String(ename)}: ${String(evalue)}`;
}

type Cell = readonly [code: string, result: string];

describe('execute_request that declares with var', () => {
  it.each<Cell>([
    ['var twice = 1; var twice = 2; twice', '2'],
    ['const twice = 3; twice', '3'],
    ['var twice; twice', '3'],
    ['for (var i = 0, n = 2; i < n; i++) {}\n[i, n]', '[ 2, 2 ]'],
    ['let i = "i"; const n = "n"; [i, n]', "[ 'i', 'n' ]"],
    ['for (var [key, held] of Object.entries({ a: 1 })) {}\n[key, held]', "[ 'a', 1 ]"],
    ['for (var name in { z: 1 });\nname', "'z'"],
    [
      'class key {}; let held = () => 1; const name = 1; [typeof key, typeof held, name]',
      "[ 'function', 'function', 1 ]",
    ],
    ['if (true) var one = 1; else var two = 2;\n[one, two]', '[ 1, undefined ]'],
    ['switch (1) { case 1: var three = 3; default: var four }\n[three, four]', '[ 3, undefined ]'],
    ['try { throw 1 } catch (thrown) { var five = 5 } finally { var six = 6 }\n[five, six]', '[ 5, 6 ]'],
    ['label: var seven = 7\ndo var eight = 8; while (false)\n[seven, eight]', '[ 7, 8 ]'],
    ['{ var { a: nine = 9, ...ten } = { b: 1 } as any }\n[nine, ten]', '[ 9, { b: 1 } ]'],
    ['let one = 1; const three = 3; function five() { return 5 }\n[one, three, five()]', '[ 1, 3, 5 ]'],
    ['{ function inBlock() { return 1 } }\ntypeof inBlock', "'undefined'"],
    ['const inBlock = 2; inBlock', '2'],
    ['var bare\n(1 + 1)', '2'],
    ['function own() { var inner = 1; return inner }\nown()', '1'],
    ['let inner = 2; inner', '2'],
    ['export var shown = 1; shown', '1'],
    ['import { basename as shown } from "node:path"; shown("/a/b")', "'b'"],
    ['var shown = 4; shown', '4'],
    ['for await (var late of [Promise.resolve(11)]) {}\nlate', '11'],
    ['var f = () => 1; f.name', "'f'"],
    ['enum f { A }\nf.A', '0'],
    ['namespace f { export const b = 1 }\nf', '{ b: 1 }'],
    ['var f = 1; var g = f + 1; let h = g; [f, g, h]', '[ 1, 2, 2 ]'],
  ])('declares anew: %s', async (code, result) => {
    expect(await show(code)).toBe(result);
  });

  it('forgets the members that an edited enum no longer has', async () => {
    await show('enum Color { Red, Green = 5 }');
    expect(await show('enum Color { Blue = 1 }\nColor')).toBe("{ '1': 'Blue', Blue: 1 }");
    await show('namespace Space { export const a = 1 }');
    expect(await show('namespace Space { export const b = 2 }\nSpace')).toBe('{ b: 2 }');
    await show('const enum Fixed { A = 1 }');
    expect(await show('const enum Fixed { B = 2 }\n"A" in Fixed')).toBe('false');
    expect(await show('export enum Shown { A }')).toBeUndefined();
    expect(await show('export enum Shown { B = 3 }\nShown.B')).toBe('3');
    expect(await show('enum Two { A = 1 }\nenum Two { B = 2 }\n[Two.A, Two.B]')).toBe('[ 1, 2 ]');
  });

  it.each(['let a = 1; let a = 2', 'var b = 1; let b = 2', 'function c() {} class c {}'])(
    'refuses a name that a cell declares twice: %s',
    async (code) => {
      expect(await show(code)).toMatch(/^SyntaxError: .*has already been declared/);
    },
  );
});

describe('execute_request that assigns to a constant', () => {
  it.each([
    'const k1 = 1; function set() { k1 = 2 }; set()',
    'const k2 = 1; { k2++ }',
    'const k3 = 1; [1].forEach(() => (k3 += 1))',
    'const k4 = { a: 1 }; ({ k4 } = { k4: 2 } as any)',
    'const k5 = 1; [k5 = 3] = []',
    'const k6 = 1; for (k6 of [1]) {}',
    'const k7: number | null = null; k7 ??= 1',
    'const { k8 } = { k8: 1 }; if (true) k8 = 2',
    'import { sep as k9 } from "node:path"; k9 = "x"',
    'k1 = 5',
    'const later = () => { k1-- }; later()',
  ])('throws as in a module: %s', async (code) => {
    expect(await show(code)).toMatch(/^TypeError: Assignment to constant variable "k\d"\.$/);
  });

  it('leaves variables of the same name alone', async () => {
    expect(await show('function own(k1: number) { k1 = 9; return k1 }\nown(1)')).toBe('9');
    expect(await show('{ let k1 = 1; k1++; k1 }\nk1')).toBe('1');
    expect(await show('try { throw 3 } catch (k1) { k1 = 4 }\nk1')).toBe('1');
    expect(await show('const other = { k1: 1 }; other.k1 = 2; other')).toBe('{ k1: 2 }');
    expect(await show('let k1 = 1; k1 = 2; k1')).toBe('2');
    expect(await show('k1 = 3; k1')).toBe('3');
    expect(await show('const k10 = 1; k10 || (k10 = 2)')).toBe('1');
  });
});

describe('execute_request as code of a module', () => {
  it.each([
    ['undeclared = 5', /^ReferenceError: undeclared is not defined/],
    ['Object.freeze({ a: 1 } as any).a = 2', /^TypeError: Cannot assign to read only property/],
    ['(function (this: unknown) { return this })()', undefined],
    ['this', undefined],
    ['[(() => typeof this)(), typeof this]', "[ 'undefined', 'undefined' ]"],
    ['class Own { at = this.constructor.name }; new Own().at', "'Own'"],
    ['delete (Object.freeze({ a: 1 }) as any).a', /^TypeError: Cannot delete property/],
    ['await null; function late() { missing = 1 }; late()', /^ReferenceError/],
    ['Object.defineProperty({}, "a", { get: () => 1 } as any); ("text" as any).length = 1', /^TypeError/],
    ['(() => { notThere = 1 })()', /^ReferenceError/],
    ['%time undeclaredHere = 1', /^ReferenceError/],
  ] as const)('is strict: %s', async (code, expected) => {
    const shown = await show(code);
    if (expected instanceof RegExp) expect(shown).toMatch(expected);
    else expect(shown).toBe(expected);
  });
});

describe('execute_request with using at the top', () => {
  const open = (name: string): string => `{ [Symbol.dispose]() { console.log("closed ${name}") } }`;

  it('disposes when the cell ends, the last first, also when it fails', async () => {
    const two = await kernel.execute(`using a = ${open('a')}, b = ${open('b')};\nconsole.log("in"); 7`);
    expect([streamOf(two), resultOf(two)]).toEqual(['in\nclosed b\nclosed a\n', '7']);
    const failed = await kernel.execute(`using c = ${open('c')};\nthrow new RangeError("no")`);
    expect(streamOf(failed)).toBe('closed c\n');
    expect(failed.reply.content['ename']).toBe('RangeError');
    const waits = await kernel.execute(
      'await using d = { async [Symbol.asyncDispose]() { await null; console.log("closed d") } };\nusing none = null',
    );
    expect(streamOf(waits)).toBe('closed d\n');
  });

  it('fails as using does', async () => {
    expect(await show('using bad = {} as any')).toMatch(/^TypeError: .*dispose/);
    expect(await show('using e = { [Symbol.dispose]() { throw new Error("in dispose") } }')).toBe(
      'Error: in dispose',
    );
    expect(await show('using f = { [Symbol.dispose]() { throw 1 } }; throw 2')).toMatch(/^SuppressedError/);
    expect(await show(`using held = ${open('held')}; held = null as any`)).toMatch(/^TypeError: Assignment/);
  });
});
