// The built package: plain JavaScript, as npm installs it, with its workers and its child processes.
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHistory } from '../../src/store/index.ts';
import { createTestHome, python } from '../support/daemon.ts';
import { pressuredSnapshots } from '../support/memory-rows.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-package-'));
  // By its path: other packages bring a `tsc` of another version.
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')];
  const built = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  expect(built.stdout).toBe('');
  for (const name of ['bin', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('trains, verifies and activates from built JavaScript', async () => {
  await using home = await createTestHome();
  {
    await using history = await openHistory(home.history);
    const rows = pressuredSnapshots(1500);
    const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
    history.append(
      'memory',
      rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
    );
  }
  const cli = async (...args: string[]): Promise<string> => {
    const bin = join(folder, 'bin', 'ruvector-memopt.mjs');
    const env = { ...process.env, RUVECTOR_PYTHON: python };
    return (await run(process.execPath, [bin, '--home', home.root, ...args], { env })).stdout;
  };
  expect(await cli('collect', '--seconds', '1', '--hz', '5')).toContain('memory rows');
  expect(await cli('train', '--param', 'n_estimators=5')).toMatch(/live +after/);
  expect(await cli('models', 'verify', 'memopt@live')).toContain('goldenRows');
}, 90_000);

it('exports its public API with types', async () => {
  const code = "const api = await import('ruvector-memopt'); console.log(typeof api.createOptimizer)";
  // A package may import itself by name.
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  expect(stdout.trim()).toBe('function');
});
