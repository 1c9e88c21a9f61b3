// Names of globals where other rules of names meet them in a real kernel: imports, `var`, constants, help, `using`.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ruvector-joined-')));
beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute(`process.chdir(${JSON.stringify(folder)})`);
  writeFileSync(
    join(folder, 'counter.ts'),
    'export let Atomics = 1;\nexport const count = () => ++Atomics;\nexport class Set { own = true }\n',
  );
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs cells and returns what each shows, or the name of its error. */
async function runAll(cells: readonly string[]): Promise<string[]> {
  const shown: string[] = [];
  for (const code of cells) {
    const exchange = await kernel.execute(code);
    const { status, ename } = exchange.reply.content as { status: string; ename?: string };
    shown.push(status === 'ok' ? (resultOf(exchange) ?? '') : String(ename));
  }
  return shown;
}

describe('execute_request with names of globals', () => {
  it.each([
    [
      'imported live',
      ['import { Atomics, count } from "./counter"\ncount()', 'Atomics', 'typeof globalThis.Atomics'],
      ['2', '2', "'object'"],
    ],
    [
      'imported and assigned to',
      ['import { Set } from "./counter"', 'Set = 1', 'new Set().own'],
      ['', 'TypeError', 'true'],
    ],
    [
      'imported under a name above its import',
      ['new URL().own\nimport { Set as URL } from "./counter"'],
      ['true'],
    ],
    [
      'declared by var in a block, then by let',
      ['if (true) { var Map = 1; var Map = 2 }\nMap', 'let Map = 3; Map', 'typeof globalThis.Map'],
      ['2', '3', "'function'"],
    ],
    ['of a loop', ['for (var Number of [1, 2]);\nNumber', 'const Number = 5; Number'], ['2', '5']],
    ['of constants', ['const JSON = 1', 'JSON = 2', 'JSON'], ['', 'TypeError', '1']],
    [
      'of constants that failed',
      ['const Reflect = nobody()', 'typeof Reflect.ownKeys'],
      ['ReferenceError', "'function'"],
    ],
    ['of enums that are edited', ['enum Intl { A, B }', 'enum Intl { A }\nIntl.B'], ['', '']],
    ['of what is disposed of', ['using Buffer = { [Symbol.dispose]() {} }; typeof Buffer'], ["'object'"]],
    [
      'taken apart',
      [
        'const [Symbol, { Date }] = [1, { Date: 2 }]; Symbol + Date',
        'const { Symbol: s = 7 } = { Symbol }; s',
      ],
      ['3', '1'],
    ],
    [
      'required',
      ['const performance = require("node:perf_hooks").performance; typeof performance.now'],
      ["'function'"],
    ],
    ['reset', ['const Array = 1; Array', '%reset', 'Array.isArray([])'], ['1', '', 'true']],
  ])('keeps its rules for names %s', async (_what, cells, shown) => {
    expect(await runAll(cells)).toEqual(shown);
  });

  it('goes on with imports, help and stacks when cells replace what it is made of', async () => {
    await runAll([
      'Array.prototype.map = 5 as any; Array.prototype.filter = 1 as any; Object.keys = 2 as any',
      'Promise.prototype.finally = 1 as any; String.prototype.replace = 1 as any; RegExp.prototype.exec = 3 as any',
    ]);
    const shown = await runAll([
      'import { sep } from "node:path"\nsep',
      'import { count as again } from "./counter"\ntypeof again',
      'let text = ""; { using at = { [(globalThis as any).Symbol.dispose]() { text += "d" } }; } text',
      'var some = 1; for (var some of [2]);\nsome',
    ]);
    expect(shown).toEqual(["'/'", "'function'", "'d'", '2']);
    const failed = await kernel.execute('\n\n(null as any).x');
    expect(String(failed.reply.content['traceback'])).toMatch(/cell-\d+\.ts:3:/);
    expect(streamOf(await kernel.execute('console.log(1)'))).toBe('1\n');
  });
});
