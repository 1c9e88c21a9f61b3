// What crosses between TypeScript and Python, judged by Python: each kind of value goes there and back over every
// way there is for its bytes, and Python compares it with the original. What one side changes, the other keeps.
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPython } from '../../../kernel/runtime/python/python-process.ts';
import type { PythonProcess } from '../../../kernel/runtime/python/python-process.ts';
import { takeValue, storeValue } from '../../../kernel/runtime/python/python-values.ts';
import { sharedArray } from '../../../kernel/runtime/python/shared-array.ts';
import { openTransfer } from '../../../kernel/runtime/python/open-transfer.ts';

const source = new URL('../../support/kernel/notebook-values.py', import.meta.url).pathname;
const load = (name: string): Promise<unknown> => import(name);
setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** A Python and what cells do with it. */
interface Session {
  readonly python: PythonProcess;
  run(code: string, inputs?: Record<string, unknown>): Promise<void>;
  take(name: string): Promise<unknown>;
}

async function startSession(way: string | undefined): Promise<Session> {
  const before = process.env['RUVECTOR_KERNEL_TRANSFER'];
  if (way !== undefined) process.env['RUVECTOR_KERNEL_TRANSFER'] = way;
  const python = await startPython((_name, text) => process.stderr.write(text)).finally(() => {
    if (before === undefined) delete process.env['RUVECTOR_KERNEL_TRANSFER'];
    else process.env['RUVECTOR_KERNEL_TRANSFER'] = before;
  });
  const ask = async (code: string, inputs: Record<string, unknown>, outputs: string[]) => {
    const described: Record<string, Awaited<ReturnType<typeof storeValue>>> = {};
    for (const [name, value] of Object.entries(inputs))
      described[name] = await storeValue(name, value, python.transfer, load);
    const request = { id: 1, code, silent: true, inputs: described, outputs };
    const answer = await python.run(request, () => {});
    if (answer.type === 'error') throw new Error(answer.content.traceback.join('\n'));
    return answer.type === 'done' ? answer.outputs : [];
  };
  return {
    python,
    run: async (code, inputs = {}) => void (await ask(code, inputs, [])),
    take: async (name) => takeValue((await ask('', {}, [name]))[0]!, python.transfer, load),
  };
}

describe.each([undefined, 'zmq', 'tcp', 'files'])('session.run() by way %s', (way) => {
  let session: Session;
  beforeAll(async () => {
    session = await startSession(way);
    await session.run(`exec(open(${JSON.stringify(source)}).read())`);
  });
  afterAll(() => session.python.kill());

  it('gives Python the same values, and gets them back', async () => {
    await session.run('count = len(VALUES)');
    const count = (await session.take('count')) as number;
    const wrong: string[] = [];
    for (let i = 0; i < count; i++) {
      await session.run(`value = VALUES[${i}]`);
      try {
        const back = await session.take('value');
        await session.run('check(value, back)', { back });
      } catch (error) {
        await session.run('text = repr(value)');
        wrong.push(`${String(await session.take('text'))}: ${(error as Error).message}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(100);
  });

  it('leaves one side its values when the other changes its own', async () => {
    const sent = new Float32Array(500_000).fill(1);
    await session.run('', { first: sent });
    sent.fill(2);
    await session.run('', { second: sent });
    sent.fill(3);
    await session.run('', { third: sent });
    await session.run(
      'assert [set(one.tolist()) for one in (first, second, third)] == [{1.0}, {2.0}, {3.0}]',
    );
    const taken = [await session.take('first'), await session.take('second')] as Float32Array[];
    await session.run('first[:] = 9; second[:] = 9; kept = third.copy()');
    taken[0]![0] = 7;
    expect(taken.map((one) => [one[0], one[499_999]])).toEqual([
      [7, 1],
      [2, 2],
    ]);
    await session.run('assert set(first.tolist()) == {9.0} and (third == kept).all()');
  });

  it('leaves no files behind but free segments', async () => {
    const left = readdirSync(session.python.transfer.directory);
    expect(left.filter((name) => !name.endsWith('.segment') && name !== 's')).toEqual([]);
  });
});

describe('session.take() of shared memory', () => {
  let session: Session;
  beforeAll(async () => {
    session = await startSession(undefined);
    await session.run('import numpy');
  });
  afterAll(() => session.python.kill());

  it('uses it again once the receiver has let go of a value, and not before', async () => {
    const count = (): number => readdirSync(session.python.transfer.directory).length;
    const sent = new Uint8Array(3_000_000);
    for (let i = 0; i < 6; i++) {
      sent.fill(i);
      // The one before is replaced by this one: two segments take turns.
      await session.run(`assert set(value[::1000].tolist()) == {${i}}`, { value: sent });
    }
    expect(count()).toBeLessThanOrEqual(2);
    await session.run('back = numpy.zeros(3_000_000, "u1"); del value');
    for (let i = 0; i < 6; i++) {
      await session.run(`back[:] = ${i}`);
      const taken = (await session.take('back')) as Uint8Array;
      expect(taken.every((one) => one === i)).toBe(true);
      await new Promise((done) => setImmediate(done));
      collectGarbage();
      await new Promise((done) => setImmediate(done));
    }
    expect(count()).toBeLessThanOrEqual(5);
  });

  it('gives an array from which transferring cannot take it away', async () => {
    await session.run('big = numpy.ones(1_000_000)');
    const array = (await session.take('big')) as Float64Array<ArrayBuffer>;
    if (session.python.transfer.kind === 'shared') {
      expect(() => array.buffer.transfer()).toThrow(/copy it with \.slice\(\)/);
      expect(() => structuredClone(array.buffer, { transfer: [array.buffer] })).toThrow();
    }
    expect(structuredClone(array)[999_999]).toBe(1);
  });

  it('sharedArray() is seen by both sides, or it says why it cannot', async () => {
    if (session.python.transfer.kind !== 'shared') {
      expect(() => sharedArray(Float32Array, 10)).toThrow(/Cannot create a shared array of 40 bytes/);
      return;
    }
    const shared = sharedArray(Float32Array, 2_000_000);
    shared[5] = 1.5;
    await session.run('assert shared[5] == 1.5 and shared.dtype == "f4"; part[0] = 4', {
      shared,
      part: shared.subarray(10, 20),
    });
    expect(shared[10]).toBe(4);
    shared[5] = 2.5;
    await session.run('assert shared[5] == 2.5 and shared[10] == 4');
    expect(sharedArray(Float64Array, 0)).toHaveLength(0);
  });
});

describe('openTransfer()', () => {
  it('refuses a way that does not exist or cannot be had', async () => {
    await expect(openTransfer('pigeon', true)).rejects.toThrow(/to one of shared, zmq, tcp, files/);
    await expect(openTransfer('zmq', false)).rejects.toThrow(/it needs pyzmq in this Python/);
  });
});
