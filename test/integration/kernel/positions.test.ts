// Places that errors name in a real kernel: lines of cells and of local TypeScript files as they were written, also
// where a cell catches and prints an error; never a frame of the kernel.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Exchange, KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ruvector-positions-')));
beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute(`process.chdir(${JSON.stringify(folder)})`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const KERNEL_FRAME = /\/kernel\/|evaluator|node:inspector|processImmediate/;

/** What a cell printed and what it ended with. */
const textOf = (exchange: Exchange): string =>
  [
    streamOf(exchange),
    streamOf(exchange, 'stderr'),
    ...((exchange.reply.content['traceback'] as string[] | undefined) ?? []),
  ].join('\n');

const lineOf = ({ reply }: Exchange, line: number): string =>
  `cell-${Number(reply.content['execution_count'])}.ts:${line}:`;

/** Lines that the compiler takes away. */
const types = 'interface Options {\n  a: 1;\n  b: 2;\n}\ntype Also =\n  | "a"\n  | "b";\n';

describe('error.stack in a cell', () => {
  it.each([
    ['printed', `${types}try { throw new Error("x") } catch (e: any) { console.log(e.stack) }`, [8]],
    ['printed by inspect', `${types}try { null!.x } catch (e) { console.log(e) }`, [8]],
    [
      'of a function',
      `${types}function f() {\n  throw new Error("f");\n}\ntry { f() } catch (e) { console.error(e) }`,
      [9, 11],
    ],
    [
      'of a constructor',
      `${types}class C { constructor() {\n throw new TypeError("c") } }\nnew C()`,
      [9, 10],
    ],
    [
      'behind await',
      `${types}const g = async () => {\n  await null;\n  throw new Error("g");\n};\nawait g()`,
      [10, 12],
    ],
    ['of a promise', `${types}await Promise.reject(new Error("p")).catch((e) => console.log(e.stack))`, [8]],
    ['that was not thrown', `${types}console.log(new Error("made").stack)`, [8]],
    [
      'of an argument of what is awaited',
      `${types}const none: any = null, f = (...all: any[]) => all;\nawait f(\n  1,\n  none.x,\n  2,\n  3,\n)`,
      [11],
    ],
    [
      'of an argument of what an async function awaits',
      `${types}async function h(none: any) {\n  return await Math.max(\n    1,\n    none.x,\n    2,\n    3);\n}\nawait h(null)`,
      [11, 15],
    ],
    [
      'behind what is awaited',
      `${types}const some: any = null,\n  t = (await some) ?\n  1 : some.x +\n  2 +\n 3`,
      [10],
    ],
    ['of an argument of an import', `${types}await import(\n  (null as any).x\n)`, [9]],
    ['of console.trace', `${types}console.trace("here")`, [8]],
    ['of a callback', `${types}[1].map(() => {\n  throw new Error("map") })`, [8, 9]],
    [
      'behind an enum',
      'enum E {\n  A,\n  B,\n}\nconst x = {\n  a: 1 };\ntry { throw Error("e") } catch (e) { console.log(e) }',
      [7],
    ],
    ['of its cause', `${types}console.log(new Error("a", {\n cause: new Error("b") }))`, [8, 9]],
    ['on the first line', 'try { throw new Error("1") } catch (e: any) { console.log(e.stack) }', [1]],
  ] as const)('names the lines as they were written: %s', async (_what, code, lines) => {
    const exchange = await kernel.execute(code);
    const text = textOf(exchange);
    for (const line of lines) expect(text).toContain(lineOf(exchange, line));
    expect(text).not.toMatch(KERNEL_FRAME);
  });

  it('names the column where the line is as it was written', async () => {
    const exchange = await kernel.execute('JSON.parse("{"); throw new Error("never")');
    expect(textOf(exchange)).toContain(`${lineOf(exchange, 1)}6`);
    const second = await kernel.execute(`${types}\n   [].at(0).missing`);
    expect(textOf(second)).toMatch(new RegExp(`${lineOf(second, 9)}1\\d`));
  });

  it('names the line of what is thrown later', async () => {
    const exchange = await kernel.execute(
      `${types}setTimeout(() => {\n  throw new Error("late") }, 1);\nawait new Promise((done) => setTimeout(done, 50))`,
    );
    expect(textOf(exchange)).toContain(lineOf(exchange, 9));
    expect(textOf(exchange)).not.toMatch(KERNEL_FRAME);
  });
});

describe('error.stack in a local file', () => {
  const bad = `${types}export function bad(): never {\n  throw new RangeError("file");\n}\n`;

  it.each([
    ['bad.ts', bad, 'import { bad } from "./bad.ts"; bad()', 9],
    ['short.ts', bad, 'import { bad as b2 } from "./short"; b2()', 9],
    ['module.mts', bad, 'import { bad as b3 } from "./module.mts"; b3()', 9],
    [
      'common.cts',
      `${types}function f(): void {\n  throw new Error("cts");\n}\nexport = f;`,
      'require("./common.cts")()',
      9,
    ],
    [
      'loads.ts',
      `${types}\n\nthrow new Error("while it loads");\nexport {};`,
      'await import("./loads.ts")',
      10,
    ],
    [
      'param.ts',
      `${types}export class P {\n  constructor(readonly a: number) {\n    null!.x;\n  }\n}`,
      'import { P } from "./param.ts"; new P(1)',
      10,
    ],
  ])('names the line as it was written: %s', async (file, text, code, line) => {
    writeFileSync(join(folder, file), text);
    const exchange = await kernel.execute(code);
    expect(textOf(exchange)).toContain(`${join(folder, file)}:${line}:`);
  });

  it('names the line of an edited file, without its edition', async () => {
    writeFileSync(join(folder, 'bad.ts'), `\n\n${bad}`);
    const exchange = await kernel.execute(
      'import { bad as again } from "./bad.ts";\ntry { again() } catch (e) { console.log(e) }',
    );
    expect(textOf(exchange)).toContain(`${join(folder, 'bad.ts')}:11:`);
    expect(textOf(exchange)).not.toContain('edition');
  });
});
