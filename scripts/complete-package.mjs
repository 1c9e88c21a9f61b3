// What the published package brings beside the compiled sources, made by `npm pack` (prepack):
//   dist/onnxruntime/<platform>/   ONNX Runtime for Linux, without the libraries of other systems and without the install
//                                  script of onnxruntime-node, which fetches CUDA from NuGet
//   dist/hdf5-plugins/             the compressions of HDF5 files: beside the package h5wasm-plugins, npm would install a
//                                  second, older h5wasm of 13 MB that nothing loads
//   dist/python/                   the wheel of the Python module and the pinned requirements, for `setup python`
// Usage: node scripts/complete-package.mjs [folder of dist] [runtime]
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = resolve(process.argv[2] ?? join(root, 'dist'));
const require = createRequire(import.meta.url);

/** A closed list: what is added here adds some 15 MB to what everybody downloads. */
const platforms = ['linux-x64', 'linux-arm64'];

function bringRuntime() {
  const source = dirname(require.resolve('onnxruntime-node/package.json'));
  const { version } = require('onnxruntime-node/package.json');
  const target = join(dist, 'onnxruntime');
  rmSync(target, { recursive: true, force: true });
  for (const platform of platforms) {
    const libraries = join(source, 'bin', 'napi-v6', ...platform.split('-'));
    // The names that are loaded; CUDA's, where an install script brought them, stay behind.
    for (const name of ['onnxruntime_binding.node', 'libonnxruntime.so.1'])
      cpSync(join(libraries, name), join(target, platform, name), { recursive: true });
  }
  const { licenseText } = JSON.parse(
    readFileSync(require.resolve('spdx-license-list/licenses/MIT.json'), 'utf8'),
  );
  const license = licenseText.replace(/Copyright \(c\) .*/, 'Copyright (c) Microsoft Corporation');
  writeFileSync(
    join(target, 'LICENSE'),
    `ONNX Runtime ${version}, https://github.com/microsoft/onnxruntime\n\n${license}`,
  );
}

function bringPlugins() {
  const source = dirname(require.resolve('h5wasm-plugins/package.json'));
  const target = join(dist, 'hdf5-plugins');
  rmSync(target, { recursive: true, force: true });
  cpSync(join(source, 'plugins'), target, { recursive: true });
  for (const name of ['LICENSE', 'COPYING']) cpSync(join(source, name), join(target, name));
}

function bringWheel() {
  const python =
    process.env.RUVECTOR_PYTHON ?? [join(root, '.venv', 'bin', 'python')].find(existsSync) ?? 'python3';
  const target = join(dist, 'python');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const args = [
    '-m',
    'pip',
    'wheel',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--wheel-dir',
    target,
  ];
  const { status, error } = spawnSync(python, [...args, join(root, 'python')], { stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new Error(`Cannot build the wheel with "${python}": ${error?.message ?? 'read the lines above'}`);
  for (const name of ['requirements.txt', 'requirements-lab.txt', 'requirements-trainers.txt'])
    cpSync(join(root, 'python', name), join(target, name));
  const wheels = readdirSync(target).filter((name) => name.endsWith('.whl'));
  if (wheels.length !== 1)
    throw new Error(`Cannot complete the package: ${wheels.length} wheels in ${target}`);
}

bringRuntime();
bringPlugins();
if (process.argv[3] !== 'runtime') bringWheel();
