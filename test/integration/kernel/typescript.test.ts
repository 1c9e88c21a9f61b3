// The TypeScript that cells accept, snippet by snippet: every cell runs in one kernel, in this order, and
// shows the stated result. Also the places that errors name, and local modules that are edited meanwhile.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Exchange, KernelClient } from '../../support/kernel/kernel-client.ts';
import { prepareSnippets, snippets } from '../../support/kernel/typescript-snippets.ts';

let folder: string;
let kernel: KernelClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rvk-typescript-'));
  prepareSnippets(folder);
  kernel = await startKernel();
  await kernel.execute(`process.chdir(${JSON.stringify(folder)})`);
});

afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const placeOf = ({ reply }: Exchange, line: number): string =>
  `cell-${Number(reply.content['execution_count'])}.ts:${line}:`;
const tracebackOf = ({ reply }: Exchange): string => (reply.content['traceback'] as string[]).join('\n');

/** Runs a cell; gives its result or what it threw. */
async function show(code: string): Promise<string | undefined> {
  const exchange = await kernel.execute(code);
  return exchange.reply.content['status'] === 'ok' ? resultOf(exchange) : tracebackOf(exchange);
}

describe('execute_request with TypeScript', () => {
  it.each(snippets)('shows its result: %s', async (_name, code, result) => {
    expect(await show(code)).toBe(result);
  });

  it('runs when it is 20,000 lines long', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `const long${i % 50}_${i} = ${i};`);
    expect(await show(`${lines.join('\n')}\nlong49_19999`)).toBe('19999');
  });
});

describe('execute_request that fails', () => {
  it('names the line of its cell', async () => {
    const exchange = await kernel.execute('interface Gone {\n  a: 1;\n}\n\nthrow new Error("here");');
    expect(tracebackOf(exchange)).toContain(placeOf(exchange, 5));
    expect(tracebackOf(exchange)).toContain('>   5 | throw new Error("here");');
  });

  it('names both cells when a function of another cell throws', async () => {
    const first = await kernel.execute(
      'type Pad = 1;\nfunction fails() {\n  throw new RangeError("deep");\n}',
    );
    const second = await kernel.execute('\n\nfails();');
    const trace = tracebackOf(second);
    expect(trace).toContain(placeOf(first, 3));
    expect(trace).toContain(placeOf(second, 3));
  });

  it('names the line after an enum, which the transform makes longer', async () => {
    const code = 'enum Longer {\n  A,\n  B,\n}\nconst before = 1;\nthrow new Error("late");';
    const exchange = await kernel.execute(code);
    expect(tracebackOf(exchange)).toContain(placeOf(exchange, 6));
  });

  it('names the line of an imported local file', async () => {
    const code =
      'export interface Pad {\n  a: 1;\n}\nexport enum E { A }\nexport function bad() {\n  throw new Error("file");\n}\n';
    writeFileSync(join(folder, 'bad.ts'), code);
    const exchange = await kernel.execute('import { bad } from "./bad.ts";\nbad();');
    expect(tracebackOf(exchange)).toMatch(/bad\.ts:6:/);
  });

  it('names the place when a cell does not parse', async () => {
    const exchange = await kernel.execute('const fine = 1;\nconst = 2;');
    expect(exchange.reply.content['ename']).toBe('SyntaxError');
    expect(tracebackOf(exchange)).toContain(':2:7');
  });

  it('says which import was not found', async () => {
    const exchange = await kernel.execute('import x from "no-such-package-at-all"');
    expect(exchange.reply.content['evalue']).toContain('no-such-package-at-all');
  });

  it('refuses to assign to a const of the same cell', async () => {
    const exchange = await kernel.execute('const fixed = 1;\nfixed = 2;');
    expect(exchange.reply.content).toMatchObject({ status: 'error', ename: 'TypeError' });
    expect(exchange.reply.content['evalue']).toContain('fixed');
  });

  it('leaves what was declared before it in place', async () => {
    await kernel.execute('const kept = 5;\nthrow new Error("after")');
    expect(await show('kept')).toBe('5');
  });
});

describe('execute_request that imports', () => {
  it('reads a local module anew when it was edited', async () => {
    const file = join(folder, 'edited.ts');
    writeFileSync(file, 'export const version: number = 1;');
    expect(await show('import { version } from "./edited.ts"; version')).toBe('1');
    writeFileSync(file, 'export const version: string = "two";');
    expect(await show('import { version } from "./edited.ts"; version')).toBe("'two'");
  });

  it('reads a local module anew when what it imports was edited', async () => {
    writeFileSync(join(folder, 'inner.ts'), 'export const inside = 1;');
    writeFileSync(join(folder, 'outer.ts'), 'export { inside } from "./inner.ts";');
    expect(await show('import { inside } from "./outer.ts"; inside')).toBe('1');
    writeFileSync(join(folder, 'inner.ts'), 'export const inside = 22;');
    expect(await show('import { inside } from "./outer.ts"; inside')).toBe('22');
  });

  it('gives one instance of a module to cells that import it twice', async () => {
    writeFileSync(join(folder, 'once.ts'), 'export const token = {};');
    await kernel.execute('import { token as t1 } from "./once.ts"');
    expect(await show('import { token as t2 } from "./once.ts"; t1 === t2')).toBe('true');
  });

  it('shows output of local modules', async () => {
    writeFileSync(join(folder, 'prints.ts'), 'console.log("from the module");');
    expect(streamOf(await kernel.execute('import "./prints.ts"'))).toBe('from the module\n');
  });
});
