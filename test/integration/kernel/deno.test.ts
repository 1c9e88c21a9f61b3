// What notebooks written for Deno's kernel use of `Deno` besides `Deno.jupyter` (display.test.ts): files, processes, tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
const folder = mkdtempSync(join(tmpdir(), 'rvk-deno-'));
beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute(`process.chdir(${JSON.stringify(folder)})`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** What a cell wrote to standard output. */
async function outputOf(code: string): Promise<string> {
  const { iopub } = await kernel.execute(code);
  return iopub
    .filter((m) => m.header.msg_type === 'stream')
    .map((m) => String(m.content['text']))
    .join('');
}

const valueOf = async (code: string): Promise<unknown> => resultOf(await kernel.execute(code));

describe('defineDeno() for files', () => {
  it('reads, writes, lists, copies and removes, at once and later', async () => {
    expect(
      await valueOf(`Deno.writeTextFileSync('a.txt', 'héllo'); Deno.mkdirSync('d/e', { recursive: true });
        await Deno.copyFile('a.txt', 'd/b.txt'); await Deno.writeFile('c.bin', new Uint8Array([1, 2]));
        const info = await Deno.stat('a.txt');
        const names = [...Deno.readDirSync('.')].map((one) => one.name + (one.isDirectory ? '/' : '')).sort();
        const kept = [info.isFile, info.size, Deno.statSync('d').isDirectory, Deno.readTextFileSync('d/b.txt'),
          [...Deno.readFileSync('c.bin')], names.join(' ')];
        await Deno.remove('d', { recursive: true }); Deno.removeSync('a.txt'); Deno.removeSync('c.bin');
        JSON.stringify([...kept, [...Deno.readDirSync('.')].length])`),
    ).toBe(`'[true,6,true,"héllo",[1,2],"a.txt c.bin d/",0]'`);
  });

  it('has its classes of errors', async () => {
    const code = `const why = await Deno.stat('not-there').catch((error) => error); why instanceof Deno.errors.NotFound`;
    expect(await valueOf(code)).toBe('true');
  });
});

describe('Deno.Command', () => {
  it('collects output, codes, signals and what it is told of its surroundings', async () => {
    expect(
      await valueOf(`const text = (bytes) => new TextDecoder().decode(bytes);
        const ran = await new Deno.Command('sh', { args: ['-c', 'echo out; echo err >&2; exit 3'] }).output();
        const sync = new Deno.Command('sh', { args: ['-c', 'echo $A $PWD'], env: { A: 'a' }, cwd: '/' }).outputSync();
        const bare = await new Deno.Command('/usr/bin/env', { clearEnv: true, env: { B: '1' } }).output();
        const killed = new Deno.Command('sleep', { args: ['60'] }).spawn(); killed.kill('SIGINT');
        const { code, signal, success } = await killed.status;
        JSON.stringify([ran.code, ran.success, text(ran.stdout), text(ran.stderr), text(sync.stdout), sync.success,
          text(bare.stdout), code, signal, success, ran.stdout.constructor.name])`),
    ).toBe(String.raw`'[3,false,"out\\n","err\\n","a /\\n",true,"B=1\\n",130,"SIGINT",false,"Uint8Array"]'`);
  });

  it('pipes what is written to it and what it writes', async () => {
    expect(
      await valueOf(`const cat = new Deno.Command('cat', { stdin: 'piped', stdout: 'piped' }).spawn();
        const writer = cat.stdin.getWriter(); await writer.write(new TextEncoder().encode('through')); await writer.close();
        const through = new TextDecoder().decode((await cat.output()).stdout); through`),
    ).toBe(`'through'`);
  });

  it.each([
    [`await new Deno.Command('not-a-program').output()`, 'ENOENT'],
    [`new Deno.Command('not-a-program').outputSync()`, 'ENOENT'],
    [`await new Deno.Command('not-a-program').spawn().status`, 'ENOENT'],
    [`await new Deno.Command('cat', { stdin: 'piped' }).output()`, 'nobody could write'],
    [`new Deno.Command('true', { stdout: 'null' }).spawn().stdout`, 'it is not piped'],
  ])('fails where %s', async (code, text) => {
    const { reply } = await kernel.execute(code);
    expect(reply.content['status']).toBe('error');
    expect(String(reply.content['evalue'])).toContain(text);
  });
});

describe('Deno.test', () => {
  it('runs when the cell has ended and reports what passed, failed and was ignored, with its steps', async () => {
    const text = await outputOf(`Deno.test('adds', () => { if (1 + 1 !== 2) throw new Error('no'); });
      Deno.test({ name: 'waits', fn: async () => { await new Promise((r) => setTimeout(r, 5)); later = true; } });
      Deno.test('left out', { ignore: true }, () => { throw 1; }); Deno.test.ignore(function byName() {});
      Deno.test('has steps', async (t) => {
        await t.step('first', () => {});
        if (await t.step('second', () => { throw new TypeError('of a step'); })) throw new Error('step() told a lie');
      });
      let later = false; console.log('cell', later)`);
    expect(text.replaceAll(/\(\d+ms\)/g, '(ms)').replaceAll(/from cell-\d+/g, 'from cell-N')).toMatch(
      new RegExp(
        [
          'cell false\nrunning 5 tests from cell-N.ts\nadds ... ok \\(ms\\)\nwaits ... ok \\(ms\\)\n',
          'left out ... ignored\nbyName ... ignored\n  first ... ok \\(ms\\)\n  second ... FAILED \\(ms\\)\n',
          'has steps ... FAILED \\(ms\\)\n\nhas steps ... second => [^]*TypeError[^]*of a step[^]*\n',
          'FAILED \\| 2 passed \\| 1 failed \\| 2 ignored \\(ms\\)\n$',
        ].join(''),
      ),
    );
  });

  it('runs only those that only() names, and none of a cell that fails', async () => {
    const text = await outputOf(`Deno.test('other', () => {}); Deno.test.only('this one', () => {})`);
    expect(text).toMatch(/running 1 test [^]*this one ... ok[^]*ok \| 1 passed \| 0 failed/);
    expect(text).not.toContain('other');
    await kernel.execute(`Deno.test('never', () => {}); throw new Error('the cell')`);
    expect(await outputOf('1')).toBe('');
  });

  it('refuses a test without a name or a function', async () => {
    for (const code of ['Deno.test(() => {})', "Deno.test('a')", "Deno.test({ name: 'a' })"]) {
      const { status, evalue } = (await kernel.execute(code)).reply.content;
      expect([status, evalue]).toEqual(['error', expect.stringMatching(/^Cannot register (?:a|the) test/)]);
    }
  });

  it('ends with the stop button', async () => {
    const id = await kernel.sendCell(`Deno.test('spins', () => { display(0); for (;;) {} })`);
    await kernel.wait((m) => m.header.msg_type === 'display_data' && m.parentHeader['msg_id'] === id);
    await kernel.interrupt();
    expect((await kernel.exchange(id)).reply.content['ename']).toBe('KeyboardInterrupt');
  });
});

describe('defineDeno() for libraries', () => {
  it('shows libraries nothing', async () => {
    expect(await valueOf(`new Function('return typeof Deno')()`)).toBe(`'undefined'`);
  });
});
