// The notebook kernel judged by others: jupyter_kernel_test and nbclient.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelCommand } from '../../support/kernel/kernel-client.ts';
import { jsonSchemaEnv, python } from '../../support/python.ts';

const support = (name: string): string =>
  fileURLToPath(new URL(`../../support/kernel/${name}`, import.meta.url));
const KERNEL = 'memopt-under-test';
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rvk-'));
  const spec = join(directory, 'kernels', KERNEL);
  mkdirSync(spec, { recursive: true });
  const kernel = {
    argv: kernelCommand('{connection_file}'),
    display_name: 'TypeScript',
    language: 'typescript',
    interrupt_mode: 'message',
  };
  writeFileSync(join(spec, 'kernel.json'), JSON.stringify(kernel));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a script of test/support; resolves to everything it wrote and to its exit code. */
function runPython(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = {
    ...process.env,
    ...jsonSchemaEnv,
    JUPYTER_PATH: directory,
    JUPYTER_RUNTIME_DIR: join(directory, 'runtime'),
    JUPYTER_CONFIG_DIR: join(directory, 'config'),
    RUVECTOR_KERNEL_HISTORY: join(directory, 'history.sqlite'),
  };
  return new Promise((resolve) => {
    execFile(python, [support(script), KERNEL], { env, timeout: 110_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? 1 : 0, stdout, stderr }),
    );
  });
}

describe('the notebook kernel', () => {
  it('startKernel() passes jupyter_kernel_test with every subtest', async () => {
    const { code, stderr } = await runPython('kernel-suite.py');
    expect(stderr).toMatch(/Ran \d+ tests/);
    expect(stderr).not.toMatch(/^(FAIL|ERROR):/m);
    const passed = stderr.match(/\.\.\. ok$/gm) ?? [];
    expect(passed.length).toBeGreaterThanOrEqual(13);
    expect(code).toBe(0);
  }, 120_000);

  it('execute_request runs a notebook for nbclient', async () => {
    const { stdout, code } = await runPython('kernel-notebook.py');
    expect(code).toBe(0);
    const outputs = JSON.parse(stdout) as { output_type: string }[][];
    expect(outputs[0]).toMatchObject([
      { output_type: 'execute_result', data: { 'text/plain': '[ 2, 4, 6 ]' } },
    ]);
    expect(outputs[1]).toMatchObject([
      { output_type: 'stream', name: 'stdout', text: 'printed\n' },
      { output_type: 'display_data', data: { 'text/html': '<b>bold</b>' } },
    ]);
    expect(outputs[2]).toMatchObject([{ output_type: 'error', ename: 'RangeError', evalue: 'expected' }]);
    expect(outputs[3]).toMatchObject([{ output_type: 'execute_result', data: { 'text/plain': '3' } }]);
  }, 120_000);
});
