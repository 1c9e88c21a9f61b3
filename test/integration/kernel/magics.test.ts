// Magics in a real kernel: timing, folders, environment, shell, names, errors, interrupts.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';
import { isRunning } from '../../support/is-running.ts';

let kernel: KernelClient;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ruvector-magics-')));
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('execute_request with magics', () => {
  it('gives the value by %time and %%time and tells the time', async () => {
    const line = await kernel.execute('%time 6 * 7');
    expect(resultOf(line)).toBe('42');
    expect(streamOf(line)).toMatch(/wall time: [\d.]+ (ns|µs|ms|s)\n/);
    expect(resultOf(await kernel.execute('%%time\nlet timed = 3\ntimed'))).toBe('3');
    expect(resultOf(await kernel.execute('timed'))).toBe('3');
  });

  it('chooses loops for %timeit and tells mean and deviation', async () => {
    const exchange = await kernel.execute('%timeit await new Promise((done) => setTimeout(done, 20))');
    expect(streamOf(exchange)).toMatch(
      /^[\d.]+ m?s ± .* per loop \(mean ± std\. dev\. of 7 runs, \d+ loops each\)\n$/,
    );
  });

  it('runs %cd, %env and %who among lines of TypeScript', async () => {
    const exchange = await kernel.execute(
      `%cd ${folder}\nconst at = process.cwd()\n%env RUVECTOR_MAGIC=on\n[at, process.env.RUVECTOR_MAGIC]`,
    );
    expect(resultOf(exchange)).toContain(folder);
    expect(resultOf(exchange)).toContain("'on'");
    await kernel.execute('const numbers = new Float32Array(3)');
    expect(streamOf(await kernel.execute('%who'))).toMatch(/numbers +Float32Array +3 \(12 bytes\)/);
    await kernel.execute('%cd -');
    expect(resultOf(await kernel.execute('process.cwd()'))).not.toContain(folder);
  });

  it('streams the output of !command, fills in $names and tells its exit code', async () => {
    await kernel.execute('const word = "a b"');
    const exchange = await kernel.execute('!printf "%s|" $word; echo err >&2; exit 3');
    expect(streamOf(exchange)).toBe('a b|');
    expect(streamOf(exchange, 'stderr')).toContain('exit code 3');
    expect(exchange.reply.content['status']).toBe('ok');
    expect(resultOf(await kernel.execute('const lines = %sx printf "1\\n2\\n"\nlines'))).toBe("[ '1', '2' ]");
    expect((await kernel.execute('%sx false')).reply.content['ename']).toBe('CommandError');
  });

  it('fills {names} into !command, also inside quotes, and leaves the rest to the shell', async () => {
    await kernel.execute('const at = { dir: "x \\"y\\"" }; const many = ["1", "2 3"]');
    const exchange = await kernel.execute('!printf "%s|" {at.dir} "{at.dir}" {many} "$many" \'{many}\'');
    expect(streamOf(exchange)).toBe('x "y"|x "y"|1|2 3|1 2 3|{many}|');
  });

  it('ends !command with everything it started when the cell is interrupted', async () => {
    const id = await kernel.sendCell('!sleep 60 & echo $! runs; wait');
    const started = await kernel.wait(({ content }) => String(content['text']).endsWith(' runs\n'));
    await kernel.interrupt();
    expect((await kernel.exchange(id, 5000)).reply.content['ename']).toBe('KeyboardInterrupt');
    const child = Number.parseInt(String(started.content['text']), 10);
    await expect.poll(() => isRunning(child), { timeout: 10_000 }).toBe(false);
  });

  it('gives the cell back when a command is left running, whose output goes on', async () => {
    const startedMs = performance.now();
    const exchange = await kernel.execute('!sh -c "echo first; sleep 2; echo second; sleep 60" & echo $!');
    expect(performance.now() - startedMs).toBeLessThan(1900);
    const text = streamOf(exchange);
    const server = Number(/^\d+$/m.exec(text)![0]);
    expect(isRunning(server)).toBe(true);
    // Either may come after the cell.
    for (const line of ['first\n', 'second\n'])
      await kernel.wait(({ content }) => String(content['text']).includes(line), 10_000);
    await kernel.execute(`!kill -9 -$(ps -o pgid= ${server} | tr -d ' ')`);
    await expect.poll(() => isRunning(server), { timeout: 10_000 }).toBe(false);
    expect(resultOf(await kernel.execute('const all = %sx seq 1 20000 & true\nall.length'))).toBe('20000');
  });

  it.each([
    ['const { ok } = { ok: 1 }\n!ok', 'false'],
    ["const address = `http://it's`\nconst no = null\n!no", 'true'],
    ['const pattern = /[\'"`]/\nconst some = [1]\n!some.length', 'false'],
    ['const crlf = 1\r\n!crlf\r\n', 'false'],
    ['import { sep } from "node:path"\n!sep', 'false'],
    ['!/b/.test("abc")', 'false'],
  ])('negates names of the cell and runs no command: %j', async (code, result) => {
    const exchange = await kernel.execute(code);
    expect([resultOf(exchange), streamOf(exchange, 'stderr')]).toEqual([result, '']);
  });

  it.each([
    ['rv?', /^rv: Object, \d+ entries\n[^]*trainer/],
    ['?rv.trainer', /^rv\.trainer: Object, 1 entries\n/],
    ['twofold?', /^twofold: function\n\[Function: twofold\]\nfunction twofold/],
    ['twofold??', /return n \* 2/],
    ['listed["a b"][0]?', /^listed\["a b"\]\[0\]: number\n7$/],
    ['when ?', /^when: Own, 1 entries\n[^]*methods: shown\(\)$/],
    ['%time?', /^%time code .*\n%%time/],
    ['?%%python', /^%%python \[-i names\]/],
    ['nowhere?', /^Object `nowhere` not found\.$/],
    ['String.raw ??', /native code/],
  ])('answers the question %s', async (code, text) => {
    await kernel.execute(
      'function twofold(n: number) { return n * 2 }\nconst listed = { "a b": [7] }\nclass Own { at = 1; shown() {} }\nconst when = new Own()',
    );
    const { reply } = await kernel.execute(code);
    const [page] = reply.content['payload'] as { source: string; data: Record<string, string> }[];
    expect(page).toMatchObject({ source: 'page', data: { 'text/plain': expect.stringMatching(text) } });
  });

  it.each(['(1)?', 'const a = b?', '1?'])('leaves %s to the compiler', async (code) => {
    expect((await kernel.execute(code)).reply.content['payload']).toEqual([]);
  });

  it('hides secrets from the list of %env, sets values of the notebook and says what is not set', async () => {
    await kernel.execute('%env RUVECTOR_TEST_TOKEN=s3cret\nconst place = "here"');
    const list = streamOf(await kernel.execute('%env'));
    expect(list).toContain('RUVECTOR_TEST_TOKEN=(hidden');
    expect(list).not.toContain('s3cret');
    expect(streamOf(await kernel.execute('%env RUVECTOR_PLACE={place}/$place'))).toBe(
      'RUVECTOR_PLACE=here/here\n',
    );
    expect(streamOf(await kernel.execute('%env RUVECTOR_NOTHING'))).toBe('RUVECTOR_NOTHING is not set\n');
  });

  it('makes a package importable at once by %install and fails when npm does', async () => {
    const source = join(folder, 'source');
    mkdirSync(join(folder, 'project'));
    mkdirSync(source);
    writeFileSync(
      join(source, 'package.json'),
      '{"name":"rv-local","version":"1.0.0","type":"module","exports":"./index.js"}',
    );
    writeFileSync(join(source, 'index.js'), 'export const answer = 42;');
    writeFileSync(join(folder, 'project', 'package.json'), '{"private":true}');
    await kernel.execute(`%cd ${join(folder, 'project')}`);
    expect((await kernel.execute('await import("rv-local")')).reply.content['status']).toBe('error');
    const installed = await kernel.execute('%install ../source');
    expect(installed.reply.content).toMatchObject({ status: 'ok' });
    expect(streamOf(installed)).toMatch(/npm install \.\.\/source in .*project"\n[^]*added 1 package/);
    expect(resultOf(await kernel.execute('import { answer } from "rv-local"\nanswer'))).toBe('42');
    const failed = await kernel.execute('%install ../nothing-here');
    expect(failed.reply.content['ename']).toBe('CommandError');
    expect(streamOf(failed, 'stderr')).toContain('ENOENT');
    await kernel.execute('%cd -');
  });

  it.each(['%cd /dev/null', '%cd /nowhere', '%time', '%timeit', '%install', '%reset all', '%env A='])(
    'fails in its own words or succeeds, without a stack, when the line is %j',
    async (line) => {
      const { content } = (await kernel.execute(line)).reply;
      if (line === '%env A=') expect(content['status']).toBe('ok');
      else expect(content).toMatchObject({ ename: 'UsageError', traceback: [expect.any(String)] });
    },
  );

  it('forgets names by %reset, lists magics by %help and names those there are when one is unknown', async () => {
    await kernel.execute('const gone = 1');
    await kernel.execute('%reset');
    expect(resultOf(await kernel.execute('typeof gone'))).toBe("'undefined'");
    expect(streamOf(await kernel.execute('%help'))).toContain('%%python [-i names] [-o names]');
    const unknown = (await kernel.execute('%tim 1')).reply.content;
    expect(unknown['ename']).toBe('UsageError');
    expect(unknown['evalue']).toContain('did you mean %%time or %time?');
  });
});
