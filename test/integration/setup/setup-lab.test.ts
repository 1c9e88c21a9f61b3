// `npm run lab` as a sequence of steps: what it installs, builds and starts, and what it leaves out when nothing changed.
// Every program is a stand-in that writes down how it was called; JupyterLab itself is in test/conformance.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
let checkout: string;

const copied = [
  'scripts/setup.mjs',
  'bin/become.mjs',
  'package.json',
  'package-lock.json',
  'python/pyproject.toml',
  'python/requirements.txt',
  'python/requirements-lab.txt',
  'python/requirements-trainers.txt',
  'tsconfig.json',
  'tsconfig.build.json',
  'kernel/tsconfig.build.json',
];

/** JavaScript that writes down its call; a module or not, as the place it is put to has it. */
const recorder = (name: string): string => `
const fs = process.getBuiltinModule('node:fs'), path = process.getBuiltinModule('node:path');
const args = process.argv.slice(2);
const note = () => fs.appendFileSync(path.join(${JSON.stringify(checkout)}, 'calls'), ['${name}', ...args].join(' ') + '\\n');
`;
const python = (): string => `#!${process.execPath}
${recorder('python')}
if (args.join(' ').includes('version_info')) console.log('3 12 1');
else if (args[1] === 'venv') {
  fs.mkdirSync(path.join(args[2], 'bin'), { recursive: true });
  fs.copyFileSync(process.argv[1], path.join(args[2], 'bin', 'python'));
} else note();
`;
const tsc = (): string => `${recorder('tsc')}
note();
fs.mkdirSync('dist/kernel', { recursive: true });
fs.writeFileSync('dist/kernel/main.js', '');
`;

function write(name: string, text: string): string {
  const path = join(checkout, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'rvm-lab-'));
  for (const file of copied) cpSync(join(root, file), join(checkout, file));
  write('tools/npm', '#!/bin/sh\nmkdir -p node_modules && touch node_modules/.package-lock.json\n');
  write('tools/python3', python());
  write('node_modules/typescript/bin/tsc', tsc());
  write('bin/ruvector-memopt.mjs', `${recorder('ruvector-memopt')}note();`);
  write('scripts/bundle-browser.mjs', `${recorder('bundle-browser')}note();`);
  write('src/index.ts', '');
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

/** Runs a target of the set-up. */
function runTarget(...args: string[]): { calls: string[]; stderr: string; status: number | null } {
  write('calls', '');
  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts', 'setup.mjs'), ...args], {
    encoding: 'utf8',
    env: {
      ...process.env,
      npm_execpath: 'npm',
      RUVECTOR_PYTHON: join(checkout, 'tools', 'python3'),
      PATH: `${join(checkout, 'tools')}:${process.env['PATH']}`,
    },
  });
  return { calls: readFileSync(join(checkout, 'calls'), 'utf8').trim().split('\n'), stderr, status };
}

const builds = ['tsc -p tsconfig.build.json', 'tsc -p kernel/tsconfig.build.json', 'bundle-browser'];

it('setup.mjs lab installs, builds, installs the kernel and opens JupyterLab, and does only the last two when nothing changed', () => {
  const install = `ruvector-memopt kernel install --prefix ${join(checkout, '.venv')}`;
  const first = runTarget('lab', '--no-browser', '--port', '8899');
  expect(first).toMatchObject({ status: 0, stderr: expect.not.stringContaining('Cannot') });
  expect(first.calls).toEqual([
    // What our module was called once, and another project is.
    expect.stringMatching(/^python -m pip uninstall .* ruvector$/),
    expect.stringContaining('-r python/requirements-lab.txt'),
    ...builds,
    install,
    expect.stringMatching(/^python -m jupyterlab .*=ruvector.* --no-browser --port 8899$/),
  ]);
  expect(runTarget('lab').calls).toEqual([install, expect.stringContaining('-m jupyterlab')]);
  write('kernel/runtime/new.ts', '');
  expect(runTarget('lab').calls.slice(0, builds.length)).toEqual(builds);
});

it('setup.mjs lab keeps JupyterLab quiet: no news, and scripts in .venv are no modules of ours', () => {
  runTarget('lab');
  const settings = readFileSync(join(checkout, '.venv/share/jupyter/lab/settings/overrides.json'), 'utf8');
  expect(JSON.parse(settings)).toEqual({
    '@jupyterlab/apputils-extension:notification': { fetchNews: 'false', checkForUpdates: false },
  });
  const script = write('.venv/lib/script.js', 'console.log(typeof require)');
  expect(spawnSync(process.execPath, [script], { encoding: 'utf8' }).stdout).toBe('function\n');
});

it('setup.mjs build builds without Python', () => {
  const { calls, status } = runTarget('build');
  expect({ calls, status }).toEqual({ calls: builds, status: 0 });
});
