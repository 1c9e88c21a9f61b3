// Cells that break what the kernel itself is built from: later cells run, are answered and show what they show.
import { expect, it } from 'vitest';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';

it.each([
  ['Promise.prototype.then', 'Promise.prototype.then = function () { throw new Error("broken") };'],
  ['Set.prototype.add', 'Set.prototype.add = function () { throw new Error("broken") };'],
  [
    'the iterator of arrays',
    'Array.prototype[Symbol.iterator] = function* () { throw new Error("broken") };',
  ],
  ['the iterator of arrays, which is gone', 'delete Array.prototype[Symbol.iterator]'],
  [
    'maps',
    'Map.prototype.get = () => undefined; Map.prototype.set = function () { return this; }; Map.prototype.has = null',
  ],
])('execute_request answers later cells when a cell has broken %s', async (_name, code) => {
  await using kernel = await startKernel();
  await kernel.execute('%check off');
  expect((await kernel.execute(code)).reply.content['status']).toBe('ok');
  expect(resultOf(await kernel.execute('const n = 1; n + 1'))).toBe('2');
  expect(resultOf(await kernel.execute('await 5'))).toBe('5');
  expect(streamOf(await kernel.execute('console.log("said")'))).toBe('said\n');
  const failed = await kernel.execute('throw new Error("mine")');
  expect(failed.reply.content).toMatchObject({ status: 'error', evalue: 'mine' });
  expect(resultOf(await kernel.execute('[1, n]'))).toBe('[ 1, 1 ]');
});
