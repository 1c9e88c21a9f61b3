// The published package: what `npm pack` puts into it, plain JavaScript, with its workers, its child processes
// and its notebook kernel.
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
/** The unpacked package, and the files in it. */
let folder: string;
let packed: string[];

/** A build of the checkout that is newer than all of its sources is as good as a new one. */
function isCurrent(sources: string, built: string): boolean {
  const newest = readdirSync(join(root, sources), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs);
  const target = statSync(join(root, built), { throwIfNoEntry: false });
  return target !== undefined && target.mtimeMs > Math.max(...newest);
}

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

async function buildOrCopy(): Promise<void> {
  const dist = join(temporary, 'dist');
  if (isCurrent('src', 'dist/app/main.js')) cpSync(join(root, 'dist'), dist, { recursive: true });
  else await build('tsconfig.build.json', '.');
  if (!isCurrent('kernel', 'dist/kernel/main.js') || !existsSync(join(dist, 'kernel')))
    await build('kernel/tsconfig.build.json', 'kernel');
  // A wheel and the libraries of another day.
  for (const name of ['onnxruntime', 'hdf5-plugins', 'python'])
    rmSync(join(dist, name), { recursive: true, force: true });
}

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'rvm-package-'));
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  for (const name of ['package.json', ...files.filter((file) => file !== 'dist')])
    cpSync(join(root, name), join(temporary, name), { recursive: true });
  await buildOrCopy();
  await bundleForBrowsers(join(temporary, 'dist', 'dag'));
  // What it would pack, without a minute of compressing: `npm run soak -- tarball` installs the tarball itself.
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await run('npm', args, { cwd: temporary, maxBuffer: 2 ** 26 });
  const listed = Object.values(JSON.parse(stdout) as Record<string, { files: { path: string }[] }>)[0]!;
  packed = listed.files.map(({ path }) => path);
  folder = join(temporary, 'installed', 'node_modules', 'package');
  for (const path of packed) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    linkSync(join(temporary, path), join(folder, path));
  }
  // The last step of prepack; the wheel needs a registry.
  await run(process.execPath, [
    join(root, 'scripts', 'complete-package.mjs'),
    join(folder, 'dist'),
    'runtime',
  ]);
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

it('package.json gives a package that brings ONNX Runtime, and depends on nothing whose scripts reach beyond the registry', async () => {
  expect(packed).toContain('dist/models/onnx-binding.js');
  expect(readFileSync(join(folder, 'dist', 'onnxruntime', 'LICENSE'), 'utf8')).toContain('Microsoft');
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Record<string, Record<string, string>>;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { hasInstallScript?: boolean; dev?: boolean }>;
  };
  const withScripts = Object.entries(lock.packages)
    .filter(([path, { hasInstallScript, dev }]) => path !== '' && hasInstallScript && !dev)
    .map(([path]) => path.replace(/.*node_modules\//, ''));
  // Each of these brings its library ready-made and looks whether it fits.
  expect(new Set(withScripts)).toEqual(new Set(['esbuild', 'koffi', 'zeromq']));
  expect(Object.keys({ ...dependencies, ...optionalDependencies })).not.toContain('onnxruntime-node');
  const code = "import { findBinding } from './dist/models/onnx-binding.js'; console.log(findBinding())";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  expect(stdout).toContain(join('dist', 'onnxruntime'));
});

it('package.json gives a package that brings the compressions of HDF5 files, and one h5wasm', async () => {
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  expect(Object.keys(dependencies)).not.toContain('h5wasm-plugins');
  const code = "import { findPlugins } from './dist/events/hdf5/plugins.js'; console.log(findPlugins())";
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  expect(stdout.trim()).toBe(join(folder, 'dist', 'hdf5-plugins'));
  expect(readdirSync(stdout.trim())).toEqual(
    expect.arrayContaining(['COPYING', 'LICENSE', 'libH5Zlzf.so', 'libH5Zblosc.so']),
  );
});

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
