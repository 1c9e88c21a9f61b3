// complete_request and inspect_request of a running kernel: live values and types together, also while a
// cell spins.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { Json, KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  await kernel.execute(`import pl from 'nodejs-polars';
const df = pl.DataFrame({ 'a b': [1], colour: [2] });
const loose: any = { inner: { deep: 1 }, 'with space': 2 };
function twice(n: number): number { return n * 2 }`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

const ask = async (type: 'complete' | 'inspect', code: string, rest: Json = {}): Promise<Json> => {
  const content = { code, cursor_pos: Array.from(code).length, ...rest };
  return (await kernel.request(`${type}_request`, content)).reply.content;
};

describe('complete_request', () => {
  it.each([
    ['Promise.allSe', ['allSettled'], 8],
    ['df["', ['a b', 'colour'], 4],
    ['df.col', ['colour', 'columns'], 3],
    ['df.getC', ['getColumn', 'getColumnIndex', 'getColumns'], 3],
    ['loose.inner.de', ['deep'], 12],
    ['loose["wi', ['with space'], 7],
    ['loose?.inn', ['inner'], 7],
    ['"😀" + loose.inn', ['inner'], 12],
    ['twi', ['twice'], 0],
    ['df.select("', ['a b', 'colour'], 11],
    ['df.getColumn("co', ['colour'], 14],
    ['df.filter(pl.col("a', ['a b'], 18],
    ['df.select("colour").select("', ['a b', 'colour'], 28],
    ['`rows: ${loose.inner.de', ['deep'], 21],
    ['await Promise.resolve(1); loose.inner.de', ['deep'], 38],
    ['%timei', ['%timeit'], 0],
    ['%%py', ['%%python'], 0],
    ['import fs from "node:f', ['node:fs', 'node:fs/promises'], 16],
    ['import pl from "nodejs-pol', ['nodejs-polars'], 16],
  ])('completes %s', async (code, matches, start) => {
    const reply = await ask('complete', code);
    expect(reply).toMatchObject({
      status: 'ok',
      matches,
      cursor_start: start,
      cursor_end: Array.from(code).length,
    });
  });

  it('tells the same of a data frame whether or not its types have been read', async () => {
    // A fresh kernel has none; this one has them once it knows what only they tell.
    await using fresh = await startKernel();
    await fresh.execute(
      `import pl from 'nodejs-polars'; const df = pl.DataFrame({ 'a b': [1], colour: [2] })`,
    );
    const matchesIn = async (one: KernelClient, code: string): Promise<unknown> =>
      (await one.request('complete_request', { code, cursor_pos: code.length })).reply.content['matches'];
    const known = 'interface Known { firstName: string }\ndeclare const known: Known; known.';
    await expect.poll(() => matchesIn(kernel, known), { timeout: 30_000 }).toContain('firstName');
    for (const code of ['df["', "df['co", 'df.col', 'df.with', 'df.select("']) {
      expect(await matchesIn(kernel, code), code).toEqual(await matchesIn(fresh, code));
    }
  });

  it('lists the options of a call first, with what the notebook has behind them', async () => {
    await kernel.execute('const estimate = 1');
    const matchesOf = async (code: string): Promise<string[]> =>
      (await ask('complete', code))['matches'] as string[];
    for (const code of [
      'rv.trainer.train({ ',
      'await rv.trainer.train({ name: "a", ',
      '[rv.trainer.train({ est',
    ]) {
      // Types come once the checker has read the libraries'.
      await expect.poll(() => matchesOf(code), { timeout: 30_000 }).toContain('estimator');
      const matches = await matchesOf(code);
      expect(matches, code).toContain('estimate');
      expect(matches.indexOf('estimator'), code).toBeLessThan(matches.indexOf('estimate'));
    }
    const closed = 'fetch("http://a", { me }); const later = 1';
    const reply = await ask('complete', closed, { cursor_pos: closed.indexOf(' }') });
    expect((reply['matches'] as string[])[0]).toBe('method');
  });

  it('runs no trap of a proxy and completes what stands behind it', async () => {
    await kernel.execute(`let traps = 0;
      const handler = new Proxy({}, { get: () => { traps++; return undefined; } });
      const watched: any = new Proxy({ inside: { deep: 1 }, outside: 2 }, handler);
      const twofold: any = { inner: new Proxy(watched, handler) };
      const revoked: any = (() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })()`);
    expect((await ask('complete', 'watched.in'))['matches']).toEqual(['inside']);
    expect((await ask('complete', 'watched["'))['matches']).toEqual(['inside', 'outside']);
    expect((await ask('complete', 'twofold.inner.out'))['matches']).toEqual(['outside']);
    expect((await ask('complete', 'revoked.'))['status']).toBe('ok');
    await ask('complete', 'watched.inside.');
    await ask('inspect', 'watched');
    expect(resultOf(await kernel.execute('traps'))).toBe('0');
  });

  it('completes an object of 100,000 keys', async () => {
    await kernel.execute(
      `const many: any = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ['key' + i, i]))`,
    );
    expect((await ask('complete', 'many.key9999'))['matches']).toHaveLength(11);
    expect((await ask('complete', 'many["key9999'))['matches']).toHaveLength(11);
    expect(((await ask('complete', 'many.'))['matches'] as string[]).length).toBeGreaterThan(1000);
  });

  it('completes paths of files in strings and folders after %cd', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rvk-paths-'));
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data.csv'), '');
    expect(await ask('complete', `read("${folder}/da`)).toMatchObject({ matches: ['data.csv', 'data/'] });
    expect(await ask('complete', `%cd ${folder}/da`)).toMatchObject({ matches: ['data/'] });
    rmSync(folder, { recursive: true });
  });

  it('knows the type of what a function of an earlier cell returns', async () => {
    await expect
      .poll(() => ask('complete', 'twice(2).toFi'), { timeout: 20_000 })
      .toMatchObject({ matches: ['toFixed'] });
  });

  it('completes while a cell spins', async () => {
    const spinning = await kernel.sendCell('for (;;);');
    await kernel.wait(
      ({ header, parentHeader }) =>
        header.msg_type === 'execute_input' && parentHeader['msg_id'] === spinning,
    );
    expect(await ask('complete', 'loose.inner.de')).toMatchObject({ matches: ['deep'] });
    await kernel.interrupt();
    await kernel.exchange(spinning);
  });
});

describe('inspect_request', () => {
  it('shows the source of a function when more detail is asked for', async () => {
    const { data } = await ask('inspect', 'twice', { detail_level: 1 });
    expect((data as Record<string, string>)['text/markdown']).toContain('twice');
  });

  it.each([
    ['rv.trainer.train({ ', undefined],
    ['rv.trainer.train(', undefined],
    ['rv.trainer.train({ estimator: "a" })', 'rv.trainer.tra'],
  ])('shows the options of the call in %s', async (code, upTo) => {
    const text = async (): Promise<string> => {
      const { data } = await ask('inspect', code, upTo === undefined ? {} : { cursor_pos: upTo.length });
      return (data as Record<string, string> | undefined)?.['text/plain'] ?? '';
    };
    await expect.poll(text, { timeout: 30_000 }).toMatch(/train\(options[^]*estimator\?: [^]*name\?: /);
  });

  it('finds nothing where there is nothing', async () => {
    expect(await ask('inspect', '  ')).toMatchObject({ status: 'ok', found: false });
  });
});

describe('complete_request while the language server dies', () => {
  it('is answered from values, and from types once it is back', async () => {
    await expect.poll(() => childOf(kernel.process.pid!), { timeout: 10_000 }).toBeDefined();
    process.kill(childOf(kernel.process.pid!)!, 'SIGKILL');
    expect(await ask('complete', 'loose.inner.de')).toMatchObject({ matches: ['deep'] });
    // Only types know what a call returns.
    await expect
      .poll(() => ask('complete', 'twice(3).toFi'), { timeout: 20_000 })
      .toMatchObject({ matches: ['toFixed'] });
  });
});

/** The language server of a kernel: its child. */
function childOf(parent: number): number | undefined {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        return readFileSync(`/proc/${pid}/status`, 'utf8').includes(`PPid:\t${parent}\n`);
      } catch {
        return false;
      }
    });
}
