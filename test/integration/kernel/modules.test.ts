// What cells import in a real kernel: names of CommonJS and ES modules and those that are nowhere, live bindings,
// `require` and its companions, local files that change or are named as TypeScript names them.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ruvector-modules-')));

const files: Readonly<Record<string, string>> = {
  // Names that only running the module makes.
  'node_modules/built/package.json':
    '{"name":"built","version":"1.2.3","main":"index.js","types":"index.d.ts"}',
  'node_modules/built/index.js':
    'module.exports = build(); function build() { return { chunk: (a) => [a], size: 3, get lazy() { return "lazy" } } }',
  'node_modules/built/index.d.ts': 'export * from "./more";\nexport interface Options { a: 1 }',
  'node_modules/built/more.d.ts':
    'type Inner = 1;\nexport { Inner as Renamed, type Listed };\ninterface Listed {}',
  'node_modules/callable/index.js': 'const f = (n) => n + 1; f.twice = (n) => n * 2; module.exports = f;',
  'node_modules/instance/index.js': 'class Store { get() { return "kept" } }; module.exports = new Store();',
  'node_modules/compiled/index.js':
    'Object.defineProperty(exports, "__esModule", { value: true }); exports.default = 1; exports.named = 2;',
  'counter.ts':
    'export let count = 0;\nexport const increment = (): void => { count++ };\nexport interface Shape { a: 1 }\nexport default class Held {}',
  'nameless.mjs': 'export const a = 1;',
  'holder.mjs': 'export default { inside: 4 };',
  'data.json': '{"inside": 5}',
};

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

beforeAll(async () => {
  for (const [path, text] of Object.entries(files)) write(path, text);
  kernel = await startKernel();
  await kernel.execute(`process.chdir(${JSON.stringify(folder)})`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a cell; gives its result or the name and message of what it threw. */
async function show(code: string): Promise<string | undefined> {
  const exchange = await kernel.execute(code);
  const { status, ename, evalue } = exchange.reply.content;
  return status === 'ok' ? resultOf(exchange) : `${String(ename)}: ${String(evalue)}`;
}

describe('execute_request that imports names', () => {
  it.each([
    ['import { chunk, size as many } from "built"; [chunk(1), many]', '[ [ 1 ], 3 ]'],
    ['import { lazy } from "built"; lazy', "'lazy'"],
    ['import * as built from "built"; [built.chunk(2), built.default.size]', '[ [ 2 ], 3 ]'],
    ['const { chunk: dynamic } = await import("built"); dynamic(3)', '[ 3 ]'],
    ['(await import("built")) === (await import("built"))', 'true'],
    ['import f, { twice } from "callable"; [f(1), twice(4)]', '[ 2, 8 ]'],
    ['import { get } from "instance"; get()', "'kept'"],
    ['import whole, { named } from "compiled"; [whole, named]', '[ { default: 1, named: 2 }, 2 ]'],
    ['import { inside } from "./holder.mjs"; inside', '4'],
    ['import { inside } from "./data.json"; inside', '5'],
    ['import { version } from "built/package.json"; version', "'1.2.3'"],
    ['import { setTimeout } from "node:timers/promises"; await setTimeout(1, "waited")', "'waited'"],
    ['[typeof globalThis.setTimeout(() => {}), typeof structuredClone]', "[ 'object', 'function' ]"],
  ])('finds them: %s', async (code, result) => {
    expect(await show(code)).toBe(result);
  });

  it.each([
    ['import { chunkz } from "built"', 'built', 'chunkz'],
    ['import { size, other } from "built"; other', 'built', 'other'],
    ['import nameless from "./nameless.mjs"', './nameless.mjs', 'default'],
    ['import { b } from "./nameless.mjs"', './nameless.mjs', 'b'],
    ['import { nope } from "node:fs"', 'node:fs', 'nope'],
    ['import { Shapes } from "./counter.ts"', './counter.ts', 'Shapes'],
    ['import { Options } from "built"; new Options()', 'built', 'Options'],
    ['import { missing } from "callable"', 'callable', 'missing'],
  ])('names what is nowhere: %s', async (code, module, name) => {
    const text = `SyntaxError: The requested module '${module}' does not provide an export named '${name}'`;
    expect(await show(code)).toBe(text);
  });

  it.each([
    'import { Options } from "built"; 1',
    'import { Listed, Renamed } from "built"; 1',
    'import { Options as Opt, chunk } from "built"; let o: Opt | null = null; 1',
    'import { Shape } from "./counter.ts"; 1',
    'import { Shape as S } from "./counter"; const s = { a: 1 } satisfies S; s.a',
    'import { IncomingHttpHeaders } from "node:http"; 1',
    'import { type Gone } from "built"; 1',
    'import type { Gone2 } from "built"; 1',
  ])('lets types pass: %s', async (code) => {
    expect(await show(code)).toBe('1');
  });

  it('imports first what is used above, else where it stands, behind magics and other lines', async () => {
    expect(await show('const before = join("a", "b");\nimport { join } from "node:path";\nbefore')).toBe(
      "'a/b'",
    );
    expect(
      await show('above();\nfunction above() { return extname("a.b") }\nimport { extname } from "node:path"'),
    ).toBe("'.b'");
    write('sub/here.ts', 'export const here: string = "sub";');
    expect(await show('%cd sub\nimport { here } from "./here.ts"\nhere')).toBe("'sub'");
    await show('%cd ..');
    write('sub/early.ts', 'export const early: string = "early";');
    expect(
      await show('process.chdir("sub")\nimport { early } from "./early.ts"\nprocess.chdir("..")\nearly'),
    ).toBe("'early'");
    expect(
      await show(
        'const late = () => parse("/a/b.c").name;\nconst then = late();\nimport { parse } from "node:path"\nthen',
      ),
    ).toBe("'b'");
  });

  it('leaves names as they were when the import fails', async () => {
    await show('let kept = 1');
    expect(await show('import { kept, fresh } from "not-installed"')).toMatch(/not-installed/);
    expect(await show('[kept, typeof fresh]')).toBe("[ 1, 'undefined' ]");
    expect(await show('import { a as kept, b as fresh } from "./nameless.mjs"')).toMatch(/^SyntaxError/);
    expect(await show('kept')).toBe('1');
    expect(await show('const fresh = 2; fresh')).toBe('2');
    expect(await show('import { a as fresh } from "./nameless.mjs"; fresh')).toBe('1');
  });
});

describe('execute_request with live bindings', () => {
  it('sees what the module makes of them, in later cells and in functions too', async () => {
    expect(await show('import { count, increment } from "./counter.ts"; increment(); count')).toBe('1');
    expect(await show('increment(); increment(); count')).toBe('3');
    await show('const read = () => count; increment()');
    expect(await show('read()')).toBe('4');
    expect(await show('import Held, { count as same } from "./counter.ts"; [Held.name, same]')).toBe(
      "[ 'Held', 4 ]",
    );
    expect(await show('count = 9')).toMatch(/^TypeError: Assignment to constant variable/);
    expect(await show('let count = "own"; [count, read()]')).toBe("[ 'own', 'own' ]");
  });
});

describe('execute_request with CommonJS', () => {
  it('requires from the folder of the moment, again when a file or what it requires has changed', async () => {
    write('sub/x.js', 'exports.inner = require("./in.cjs")');
    write('sub/in.cjs', 'module.exports = 1');
    await show('%cd sub');
    expect(await show('require("./x").inner')).toBe('1');
    write('sub/in.cjs', 'module.exports = "edited"');
    expect(await show('require("./x").inner')).toBe("'edited'");
    write('sub/in.cjs', 'module.exports = { again: 1 }');
    expect(await show('import x from "./x.js"; x.inner')).toBe('{ again: 1 }');
    expect(await show('require("./x") === require("./x.js")')).toBe('true');
    await show('%cd ..');
    expect(await show('require("./x")')).toMatch(/Cannot find module/);
  });

  it.each([
    ['[__dirname === process.cwd(), __filename.endsWith(".ts")]', '[ true, true ]'],
    ['module.exports = { z: 1 }; exports.z', '1'],
    ['const { module: inner } = { module: 2 }; ({ __dirname }).__dirname === process.cwd() && inner', '2'],
    ['typeof require.resolve("built") + typeof require.cache', "'stringobject'"],
    ['(globalThis as any).module === undefined', 'true'],
    ['require("nodejs-polars").DataFrame({ a: [1] }).height', '1'],
    ['let exports = 5; exports', '5'],
  ])('has what modules have: %s', async (code, result) => {
    expect(await show(code)).toBe(result);
  });
});

describe('execute_request with local files', () => {
  beforeAll(() => {
    write('c.cts', 'const n: number = 7;\nexport = { n, dir: __dirname };');
    write('legacy.ts', 'interface A { a: 1 }\nmodule.exports = { ok: typeof require("fs").statSync };');
    write('a.ts', 'import { b } from "./b.js";\nexport const a = b + 1;');
    write('b.ts', 'export const b: number = 1;');
    write('m.mts', 'export const m: number = 3;');
    write('deep/index.ts', 'export const index = "i";');
    write('reads.ts', 'import data from "./data.json";\nexport default data.inside;');
  });

  it.each([
    ['import c from "./c.cts"; [c.n, c.dir === process.cwd()]', '[ 7, true ]'],
    ['require("./c.cts").n + require("./c.cjs").n', '14'],
    ['require("./legacy").ok', "'function'"],
    ['import { ok } from "./legacy"; ok', "'function'"],
    ['import { a } from "./a"; a', '2'],
    ['import { a as a2 } from "./a.js"; a2', '2'],
    ['(await import("./m.mjs")).m', '3'],
    ['import { index } from "./deep"; index', "'i'"],
    ['import { index as i2 } from "./deep/"; i2', "'i'"],
    ['import inner from "./reads"; inner', '5'],
    ['import.meta.resolve("./a").endsWith("/a.ts")', 'true'],
    ['import.meta.resolve("built").endsWith("/built/index.js")', 'true'],
    ['[import.meta.resolve("node:fs"), import.meta.resolve("./none").slice(-5)]', "[ 'node:fs', '/none' ]"],
  ])('finds them as TypeScript does: %s', async (code, result) => {
    expect(await show(code)).toBe(result);
  });

  it('reads them anew when what they name without an extension was edited', async () => {
    write('b.ts', 'export const b: number = 1000;');
    expect(await show('import { a as a3 } from "./a"; a3')).toBe('1001');
  });
});
