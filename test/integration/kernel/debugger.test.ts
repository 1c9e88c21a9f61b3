// The step debugger, driven as JupyterLab drives it: where it stops, and where steps lead.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebugClient, placesOf } from '../../support/kernel/debug-client.ts';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'rvd-'));
const early =
  'function early(n: number): number {\n  // no code\n\n  const twice = n * 2;\n  return twice;\n}';
const LOADED =
  'interface Said {\n  text: string;\n}\nexport function shout(said: Said): string {\n  const loud = said.text.toUpperCase();\n  return loud;\n}\n';
let kernel: KernelClient;
let dap: DebugClient;
beforeAll(async () => {
  kernel = await startKernel({ env: { NO_COLOR: '1' } });
  dap = new DebugClient(kernel);
  await kernel.execute(early);
  await kernel.execute(`import { shout } from ${JSON.stringify(write('loaded.ts', LOADED))};`);
  await dap.start();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Writes a file beside the notebook; returns its path. */
function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** Goes on to the end of a cell; resolves to its result. */
async function finish(id: string): Promise<string | undefined> {
  await dap.resume();
  return resultOf(await kernel.exchange(id));
}

describe('setBreakpoints', () => {
  it('stops a cell at a line, shows its variables, steps and goes on', async () => {
    const code =
      'let total = 0;\nconst names: string[] = ["a", "b"];\ntotal += names.length;\n\ntotal += 10;\ntotal';
    const path = await dap.breakIn(code, 3);
    const id = await kernel.sendCell(code);
    const frames = await dap.stopped('breakpoint');
    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatchObject({ line: 3, source: { path } });
    expect(await dap.scope(frames[0]!, 'Globals')).toMatchObject({
      total: '0',
      names: 'Array(2) ["a", "b"]',
    });
    expect((await dap.step('next'))[0]!.line).toBe(5);
    const after = await dap.step('next');
    expect(after[0]!.line).toBe(6);
    expect(await dap.scope(after[0]!, 'Globals')).toMatchObject({ total: '12' });
    expect(await finish(id)).toBe('12');
  });

  it('stops in a function of a cell that ran before the debugger was attached', async () => {
    const path = await dap.breakIn(early, 2);
    const { breakpoints } = (await dap.ask('debugInfo')) as { breakpoints: { source: string }[] };
    expect(breakpoints.find(({ source }) => source === path)).toMatchObject({
      breakpoints: [{ line: 4, verified: true }],
    });
    const id = await kernel.sendCell('const seen = early(21);\nseen');
    const frames = await dap.stopped('breakpoint');
    expect(placesOf(frames)).toEqual(['early:4', expect.stringMatching(/^<cell-\d+>:1$/)]);
    expect(frames[0]!.source.path).toBe(path);
    expect(await dap.scope(frames[0]!, 'Locals')).toMatchObject({ n: '21' });
    expect(placesOf(await dap.step('stepOut'))).toEqual([expect.stringMatching(/^<cell-\d+>:2$/)]);
    await dap.breakIn(early);
    expect(await finish(id)).toBe('42');
    expect(resultOf(await kernel.execute('early(2)'))).toBe('4');
  });

  it('stops in every turn of a loop, until it is taken away', async () => {
    const code = 'let sum = 0;\nfor (let i = 0; i < 100; i++) {\n  sum += i;\n}\nsum';
    await dap.breakIn(code, 3);
    const id = await kernel.sendCell(code);
    for (const turn of ['0', '1', '2']) {
      const [frame] = turn === '0' ? await dap.stopped('breakpoint') : await dap.step('continue');
      expect(await dap.scope(frame!, 'Locals')).toEqual({ i: turn });
    }
    await dap.breakIn(code);
    expect(await finish(id)).toBe('4950');
  });

  it('stops in the cell when it is run again, and in its edited text where that has breakpoints', async () => {
    const code = 'const first = 1;\nconst second = first + 1;\nsecond';
    const edited = `// more\n${code}`;
    await dap.breakIn(code, 2);
    for (let run = 0; run < 2; run++) {
      const id = await kernel.sendCell(code);
      expect((await dap.stopped('breakpoint'))[0]!.line).toBe(2);
      expect(await finish(id)).toBe('2');
    }
    expect(resultOf(await kernel.execute(edited))).toBe('2');
    await dap.breakIn(edited, 3);
    const id = await kernel.sendCell(edited);
    expect((await dap.stopped('breakpoint'))[0]!.line).toBe(3);
    expect(await finish(id)).toBe('2');
  });

  it('stops in a TypeScript file that a cell imports, before and after it was loaded and edited', async () => {
    const text =
      'enum Kind { A, B }\n\nexport function scale(n: number): number {\n  const by: number = 2;\n  return n * by + Kind.B;\n}\n';
    const path = write('scale.ts', text);
    expect(await dap.breakAt(path, 4)).toMatchObject([{ line: 4, verified: true }]);
    const code = `import { scale } from ${JSON.stringify(path)};\nscale(20)`;
    for (const [source, line] of [
      [text, 4],
      [text, 4],
      [`// edited\n${text}`, 5],
    ] as const) {
      if (line === 5) {
        write('scale.ts', source);
        await dap.breakAt(path, 5);
      }
      const id = await kernel.sendCell(code);
      const frames = await dap.stopped('breakpoint');
      expect(placesOf(frames)).toEqual([`scale:${line}`, expect.stringMatching(/^<cell-\d+>:2$/)]);
      expect(frames[0]!.source).toEqual({ path, name: 'scale.ts' });
      expect(await dap.scope(frames[0]!, 'Locals')).toMatchObject({ n: '20' });
      expect(await finish(id)).toBe('41');
    }
    const { modules } = (await dap.ask('modules')) as { modules: object[] };
    expect(modules).toContainEqual({ id: expect.any(Number), name: 'scale.ts', path });
    await dap.breakAt(path);
  });

  it('stops in a file that was loaded before the debugger was attached', async () => {
    const path = join(folder, 'loaded.ts');
    expect(await dap.breakAt(path, 1)).toMatchObject([{ line: 5, verified: true }]);
    const id = await kernel.sendCell('shout({ text: "a" })');
    expect(placesOf(await dap.stopped('breakpoint'))[0]).toBe('shout:5');
    await dap.breakAt(path);
    expect(await finish(id)).toBe("'A'");
  });

  it('stops in a CommonJS file of TypeScript', async () => {
    const path = write(
      'common.cts',
      'const by: number = 3;\nexports.triple = (n: number) => {\n  return n * by;\n};\n',
    );
    await dap.breakAt(path, 1, 3);
    const id = await kernel.sendCell(`require(${JSON.stringify(path)}).triple(2)`);
    expect((await dap.stopped('breakpoint'))[0]).toMatchObject({ line: 1, source: { path } });
    expect((await dap.step('continue'))[0]).toMatchObject({ line: 3, source: { path } });
    await dap.breakAt(path);
    expect(await finish(id)).toBe('6');
  });

  it('stops in a JavaScript module that is loaded later', async () => {
    const path = write(
      'plain.mjs',
      'export const inc = (n) => {\n  const next = n + 1;\n  return next;\n};\n',
    );
    await dap.breakAt(path, 2);
    const id = await kernel.sendCell(`const { inc } = await import(${JSON.stringify(path)});\ninc(1)`);
    const frames = await dap.stopped('breakpoint');
    expect(frames[0]).toMatchObject({ name: 'inc', line: 2, source: { path } });
    expect(await finish(id)).toBe('2');
    await dap.breakAt(path);
  });

  it.each([
    [
      'a class',
      'class Box {\n  constructor(readonly held: number) {\n    this.held;\n  }\n}\nnew Box(3).held',
      3,
      '3',
    ],
    ['an arrow', 'const add = (n: number) =>\n  n + 1;\nadd(2)', 2, '3'],
    ['a line of %%time', '%%time\nconst timed = 1;\ntimed + 1', 3, '2'],
    ['a line after a magic', '%check off\nconst magic = 2;\nmagic', 2, '2'],
    ['a generator', 'function* gen() {\n  yield 1;\n  yield 2;\n}\n[...gen()].length', 3, '2'],
    ['a timer', 'await new Promise<void>((done) => setTimeout(() => {\n  done();\n}, 1));\n4', 2, '4'],
    ['a namespace', 'namespace N {\n  export const x = 1;\n}\nN.x', 2, '1'],
    [
      'what has many lines',
      'const many = [\n  1,\n  2,\n].map((n) => {\n  return n;\n});\nmany.length',
      5,
      '2',
    ],
  ])('stops in %s', async (_what, code, line, result) => {
    await dap.breakIn(code, line);
    const id = await kernel.sendCell(code);
    const frames = await dap.stopped('breakpoint');
    expect(frames[0]!.line).toBe(line);
    await dap.breakIn(code);
    expect(await finish(id)).toBe(result);
  });

  it('stops only where the condition holds, in TypeScript', async () => {
    const code = 'let sum = 0;\nfor (let i = 0; i < 5; i++) {\n  sum += i;\n}\nsum';
    await dap.breakIn(code, { line: 3, condition: '(i as number) === 3' });
    const id = await kernel.sendCell(code);
    expect(await dap.scope((await dap.stopped('breakpoint'))[0]!, 'Locals')).toEqual({ i: '3' });
    expect(await finish(id)).toBe('10');
    await dap.breakIn(code, { line: 3, hitCondition: '% 4' });
    const second = await kernel.sendCell(code);
    expect(await dap.scope((await dap.stopped('breakpoint'))[0]!, 'Locals')).toEqual({ i: '3' });
    expect(await finish(second)).toBe('10');
    await dap.breakIn(code, { line: 3, condition: 'i ===' });
    expect(resultOf(await kernel.execute(code))).toBe('10');
    expect(await dap.event('breakpoint')).toMatchObject({ breakpoint: { verified: false, line: 3 } });
    await dap.breakIn(code);
  });

  it('writes what a logpoint says and stops nowhere', async () => {
    const code = 'for (const name of ["a", "b"]) {\n  name.length;\n}';
    await dap.breakIn(code, { line: 2, logMessage: 'name {name.toUpperCase()} of {missing}' });
    expect(streamOf(await kernel.execute(code))).toBe(
      'name A of {ReferenceError: missing is not defined}\nname B of {ReferenceError: missing is not defined}\n',
    );
    await dap.breakIn(code);
  });

  it('says so where nothing runs', async () => {
    const { sourcePath } = await dap.ask('dumpCell', { code: 'let one = 1;\n// the end' });
    expect(await dap.breakAt(sourcePath as string, 2)).toMatchObject([
      { verified: false, message: 'Nothing runs at this line or after it' },
    ]);
    await dap.breakAt(sourcePath as string);
  });
});

describe('debug_request of stepIn, next, stepOut, pause', () => {
  it('step over an await and stay in the cell, into what it calls and back', async () => {
    const code = `const rest = (ms: number) => new Promise((done) => setTimeout(done, ms));
async function slow(n: number) {
  await rest(2);
  const next = n + 1;
  return next;
}
const before = 1;
const given = await slow(4);
given + before`;
    await dap.breakIn(code, 8);
    const id = await kernel.sendCell(code);
    expect((await dap.stopped('breakpoint'))[0]!.line).toBe(8);
    expect(placesOf(await dap.step('stepIn'))[0]).toBe('slow:3');
    const after = await dap.step('next');
    expect(placesOf(after)).toEqual(['slow:4', expect.stringMatching(/^async <cell-\d+>:8$/)]);
    expect(await dap.scope(after[0]!, 'Locals')).toMatchObject({ n: '4' });
    expect((await dap.step('stepOut'))[0]!.line).toBe(8);
    expect((await dap.step('next'))[0]!.line).toBe(9);
    expect(await finish(id)).toBe('6');
    const again = await kernel.sendCell(code);
    await dap.stopped('breakpoint');
    expect((await dap.step('next'))[0]!.line).toBe(9);
    expect(await finish(again)).toBe('6');
  });

  it('pass over what is not of the user', async () => {
    const code =
      'import { EventEmitter } from "node:events";\nconst emitter = new EventEmitter();\nlet heard = 0;\nemitter.on("x", () => {\n  heard++;\n});\ndebugger;\nconsole.log("printed");\nemitter.emit("x");\nheard';
    const id = await kernel.sendCell(code);
    expect((await dap.stopped())[0]!.line).toBe(7);
    expect((await dap.step('stepIn'))[0]!.line).toBe(8);
    const printed = await dap.step('stepIn');
    expect(printed[0]!.source.path).toMatch(/\.ts$/);
    expect((await dap.step('next'))[0]!.line).toBeGreaterThan(8);
    expect(await finish(id)).toBe('1');
  });

  it('end with the cell: the next one runs through', async () => {
    const id = await kernel.sendCell('debugger;\n1');
    await dap.stopped();
    expect((await dap.step('stepIn'))[0]!.line).toBe(2);
    await dap.ask('stepIn', { threadId: 1 });
    expect(resultOf(await kernel.exchange(id))).toBe('1');
    expect(resultOf(await kernel.execute('const quiet = () => 7;\nquiet()'))).toBe('7');
    expect((await dap.ask('debugInfo'))['stoppedThreads']).toEqual([]);
  });

  it('pause stops code that spins', async () => {
    const id = await kernel.sendCell(
      'let spins = 0;\ndisplay(0);\nwhile (spins >= 0) {\n  spins++;\n}\nspins',
    );
    await kernel.wait((m) => m.parentHeader['msg_id'] === id && m.header.msg_type === 'display_data');
    await dap.ask('pause', { threadId: 1 });
    const [frame] = await dap.stopped();
    expect(frame!.name).toMatch(/^<cell-\d+>$/);
    await dap.evaluate('spins = -5', frame);
    expect(await finish(id)).toMatch(/^-[45]$/);
  });
});

describe('setExceptionBreakpoints', () => {
  const code =
    'try {\n  JSON.parse("{");\n} catch {}\nfunction bad() {\n  throw new TypeError("really");\n}\nbad()';

  it.each([
    ['uncaught', [5]],
    ['all', [2, 5]],
  ] as const)('stops at exceptions: %s', async (filter, lines) => {
    await dap.ask('setExceptionBreakpoints', { filters: [filter] });
    const id = await kernel.sendCell(code);
    for (const line of lines) {
      expect((await dap.stopped('exception'))[0]!.line).toBe(line);
      if (line === 5) {
        expect(await dap.ask('exceptionInfo', { threadId: 1 })).toMatchObject({
          exceptionId: 'TypeError',
          description: 'TypeError: really',
        });
      }
      await dap.resume();
    }
    expect((await kernel.exchange(id)).reply.content['ename']).toBe('TypeError');
    await dap.ask('setExceptionBreakpoints', { filters: [] });
    expect((await kernel.execute(code)).reply.content['ename']).toBe('TypeError');
  });
});
