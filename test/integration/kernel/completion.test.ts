// complete_request and inspect_request of a running kernel: live values and types together, also while a
// cell spins.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKernel } from '../../support/kernel/kernel-client.ts';
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
    ['df.col', ['colour'], 3],
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
