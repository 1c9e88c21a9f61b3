// The step debugger, driven as JupyterLab drives it: debug_request on the control channel.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebugClient, placesOf } from '../../support/kernel/debug-client.ts';
import { resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';

let kernel: KernelClient;
let dap: DebugClient;
beforeAll(async () => {
  kernel = await startKernel();
  dap = new DebugClient(kernel);
  await dap.start();
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

describe('setBreakpoints', () => {
  it('stops a cell at a line, shows its variables, steps and goes on', async () => {
    const code = 'let total = 0;\nconst names: string[] = ["a", "b"];\ntotal += names.length;\ntotal';
    const path = await dap.breakIn(code, 3);
    const id = await kernel.sendCell(code);
    const frames = await dap.stopped('breakpoint');
    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatchObject({ line: 3, source: { path } });
    expect(await dap.scope(frames[0]!, 'Globals')).toEqual({ total: '0', names: 'Array(2) ["a", "b"]' });
    const after = await dap.step('next');
    expect(after[0]!.line).toBe(4);
    expect(await dap.scope(after[0]!, 'Globals')).toMatchObject({ total: '2' });
    await dap.resume();
    expect(resultOf(await kernel.exchange(id))).toBe('2');
  });
});
