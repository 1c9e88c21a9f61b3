// The published package: what `npm pack` puts into it, plain JavaScript, with its workers, its child processes
// and its notebook kernel.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHistory } from '../../../src/store/index.ts';
import { bundleForBrowsers } from '../../support/dag/bundle-browser.ts';
import { createTestHome } from '../../support/daemon.ts';
import { resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

const root = join(import.meta.dirname, '../../..');
const run = promisify(execFile);
let temporary: string;
/** The unpacked package. */
let folder: string;

/**
 * Builds as `npm run build` does, by this repository's own tsc: other packages bring one of another version.
 * Without its opinion on types, which is asked elsewhere and takes most of the time.
 */
async function build(project: string, outDir: string): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', project, '--noCheck', '--outDir', join(temporary, 'dist', outDir)];
  const { stdout } = await run(process.execPath, args, { cwd: root });
  expect(stdout).toBe('');
}

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'rvm-package-'));
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  for (const name of ['package.json', ...files.filter((file) => file !== 'dist')])
    cpSync(join(root, name), join(temporary, name), { recursive: true });
  await Promise.all([build('tsconfig.build.json', '.'), build('kernel/tsconfig.build.json', 'kernel')]);
  await bundleForBrowsers(join(temporary, 'dist', 'dag'));
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', temporary], { cwd: temporary });
  const modules = join(temporary, 'installed', 'node_modules');
  mkdirSync(modules, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  await run('tar', ['-xzf', join(temporary, `ruvector-memopt-${version}.tgz`), '-C', modules]);
  folder = join(modules, 'package');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
}, 240_000);
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

it('package.json gives a package that trains, verifies and activates from built JavaScript', async () => {
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
  expect(await cli('train', '--param', 'n_estimators=5', '--activate')).toMatch(
    /live +made live as asked; after/,
  );
  expect(await cli('models', 'verify', 'memopt@live')).toContain('goldenRows');
}, 90_000);

it('package.json gives a package that exports its public API with types', async () => {
  const code =
    "const api = await import('ruvector-memopt'); const dag = await import('ruvector-memopt/dag');" +
    "const browser = await import('ruvector-memopt/dag/browser'); const { steer } = await import('ruvector-memopt/steer');" +
    'console.log(typeof api.createOptimizer, typeof dag.QueryDag, typeof browser.QueryDag, typeof steer)';
  // A package may import itself by name.
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  expect(stdout.trim()).toBe('function function function function');
});

it('package.json gives a package that installs a notebook kernel which runs cells from it alone', async () => {
  const bin = join(folder, 'bin', 'ruvector-memopt.mjs');
  await run(process.execPath, [bin, 'kernel', 'install', '--prefix', temporary]);
  const specFolder = join(temporary, 'share', 'jupyter', 'kernels', 'ruvector');
  const { argv } = JSON.parse(readFileSync(join(specFolder, 'kernel.json'), 'utf8')) as { argv: string[] };
  expect(argv[2]).toBe(join(folder, 'dist', 'kernel', 'main.js'));
  await using kernel = await startKernel({
    command: (file) => argv.map((word) => word.replace('{connection_file}', file)),
  });
  const { reply } = await kernel.request('kernel_info_request');
  expect(reply.content).toMatchObject({ status: 'ok', implementation: 'ruvector-memopt' });
  const cell =
    "import { createOptimizer } from 'ruvector-memopt'; import { QueryDag } from 'ruvector-memopt/dag';" +
    'const kinds: string[] = [typeof createOptimizer, typeof QueryDag]; kinds.join()';
  expect(resultOf(await kernel.execute(cell))).toBe("'function,function'");
});
