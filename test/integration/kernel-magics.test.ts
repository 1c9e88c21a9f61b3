// Magics in a real kernel: timing, folders, environment, shell, names, errors, interrupts.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../support/kernel-client.ts';
import type { KernelClient } from '../support/kernel-client.ts';

let kernel: KernelClient;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ruvector-magics-')));
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('magics', () => {
  it('%time and %%time give the value and tell the time', async () => {
    const line = await kernel.execute('%time 6 * 7');
    expect(resultOf(line)).toBe('42');
    expect(streamOf(line)).toMatch(/wall time: [\d.]+ (ns|µs|ms|s)\n/);
    expect(resultOf(await kernel.execute('%%time\nlet timed = 3\ntimed'))).toBe('3');
    expect(resultOf(await kernel.execute('timed'))).toBe('3');
  });

  it('%timeit chooses loops and tells mean and deviation', async () => {
    const exchange = await kernel.execute('%timeit await new Promise((done) => setTimeout(done, 20))');
    expect(streamOf(exchange)).toMatch(
      /^2\d\.\d ms ± .* per loop \(mean ± std\. dev\. of 7 runs, \d+ loops each\)\n$/,
    );
  });

  it('%cd, %env and %who work among lines of TypeScript', async () => {
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

  it('!command streams its output, takes $names and tells its exit code', async () => {
    await kernel.execute('const word = "a b"');
    const exchange = await kernel.execute('!printf "%s|" $word; echo err >&2; exit 3');
    expect(streamOf(exchange)).toBe('a b|');
    expect(streamOf(exchange, 'stderr')).toContain('exit code 3');
    expect(exchange.reply.content['status']).toBe('ok');
    expect(resultOf(await kernel.execute('const lines = %sx printf "1\\n2\\n"\nlines'))).toBe("[ '1', '2' ]");
    expect((await kernel.execute('%sx false')).reply.content['ename']).toBe('CommandError');
  });

  it('!command ends with everything it started when the cell is interrupted', async () => {
    const id = await kernel.sendCell('!echo runs; sleep 60 & wait');
    await kernel.wait(({ header, content }) => header.msg_type === 'stream' && content['text'] === 'runs\n');
    await kernel.interrupt();
    expect((await kernel.exchange(id, 5000)).reply.content['ename']).toBe('KeyboardInterrupt');
  });

  it('%reset forgets names, %help lists magics, unknown magics name those there are', async () => {
    await kernel.execute('const gone = 1');
    await kernel.execute('%reset');
    expect(resultOf(await kernel.execute('typeof gone'))).toBe("'undefined'");
    expect(streamOf(await kernel.execute('%help'))).toContain('%%python [-i names] [-o names]');
    const unknown = (await kernel.execute('%tim 1')).reply.content;
    expect(unknown['ename']).toBe('UsageError');
    expect(unknown['evalue']).toContain('%timeit');
  });
});
