// What `kernel install` writes, judged by Jupyter: its own list of kernels, and a person at `jupyter console`.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJupyter } from '../../support/kernel/jupyter.ts';
import type { TestJupyter } from '../../support/kernel/jupyter.ts';

let jupyter: TestJupyter;
beforeAll(async () => {
  jupyter = await createJupyter();
});
afterAll(() => jupyter[Symbol.dispose]());

it('jupyter kernelspec list finds the kernel, its logos and its protocol', async () => {
  const { stdout, stderr } = await jupyter.run(['-m', 'jupyter_client.kernelspecapp', 'list', '--json']);
  const { kernelspecs } = JSON.parse(stdout) as { kernelspecs: Record<string, unknown> };
  expect(kernelspecs['ruvector']).toEqual({
    resource_dir: jupyter.kernel.directory,
    spec: {
      argv: [process.execPath, '--no-force-async-hooks-checks', jupyter.kernel.entry, '{connection_file}'],
      display_name: 'TypeScript (RuVector)',
      language: 'typescript',
      interrupt_mode: 'message',
      kernel_protocol_version: '5.5',
      env: {},
      metadata: { debugger: true, ruvector: { version: expect.any(String) } },
    },
  });
  expect(stderr).not.toMatch(/warn|invalid/i);
});

it('jupyter console takes a value, several lines, an error and an interrupt, and ends the kernel', async () => {
  const script = join(import.meta.dirname, '../../support/kernel/kernel-console.py');
  const { code, stdout, stderr } = await jupyter.run([script, 'ruvector']);
  expect(`${stdout}${stderr}`).toContain('Shutting down kernel');
  expect(code).toBe(0);
}, 120_000);
