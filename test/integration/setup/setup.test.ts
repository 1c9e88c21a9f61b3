// scripts/setup.mjs on machines that lack something: the first lines a new user may ever see.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'rvm-setup-'));
  for (const folder of ['scripts', 'python', 'bin']) mkdirSync(join(checkout, folder));
  const files = [
    'scripts/setup.mjs',
    'bin/become.mjs',
    'package.json',
    'package-lock.json',
    'python/pyproject.toml',
  ];
  for (const file of [
    ...files,
    'python/requirements.txt',
    'python/requirements-lab.txt',
    'python/requirements-trainers.txt',
  ])
    copyFileSync(join(root, file), join(checkout, file));
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

/** A command in `bin` that prints and exits as given. */
function writeTool(name: string, script: string): string {
  const path = join(checkout, 'bin', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function setup(env: Record<string, string>): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [join(checkout, 'scripts', 'setup.mjs'), 'cli', '--version'], {
    encoding: 'utf8',
    env: { ...process.env, npm_execpath: '', ...env },
  });
}

/** Preloaded into setup.mjs, so that the test says the same whoever runs it. */
const asOrdinaryUser = 'data:text/javascript,process.getuid = () => 1000';

const python312 = `case "$*" in *version_info*) echo "3 12 1";; *) exit 1;; esac`;

describe('setup.mjs', () => {
  it('says what to install when there is no Python, before it installs anything', () => {
    const { status, stderr } = setup({ RUVECTOR_PYTHON: join(checkout, 'no-python') });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Cannot find Python 3.10 or newer[\s\S]*apt-get install python3/);
    expect(stderr).not.toContain('installing');
  });

  it('says which Python is too old', () => {
    const { status, stderr } = setup({ RUVECTOR_PYTHON: writeTool('python-old', 'echo "3 8 18"') });
    expect(status).toBe(1);
    expect(stderr).toContain('is 3.8.18');
  });

  it('says so when the registry cannot be reached', () => {
    writeTool('npm', 'echo "npm error code ENOTFOUND registry" >&2; exit 1');
    const { status, stderr } = setup({
      RUVECTOR_PYTHON: writeTool('python3', python312),
      PATH: `${join(checkout, 'bin')}:${process.env['PATH']}`,
      npm_execpath: 'npm',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Cannot install the npm packages[\s\S]*registry could not be reached/);
  });

  it('names the package that brings venv when Python lacks it', () => {
    writeTool('npm', 'mkdir -p node_modules && touch node_modules/.package-lock.json');
    const { status, stderr } = setup({
      RUVECTOR_PYTHON: writeTool('python3', python312),
      PATH: `${join(checkout, 'bin')}:${process.env['PATH']}`,
      npm_execpath: 'npm',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/Cannot create the Python environment[\s\S]*apt-get install python3-venv/);
  });

  it('names the system programs the tests need when an ordinary user lacks them', () => {
    const tools = join(checkout, 'bin');
    writeTool('node', `exec ${process.execPath} "$@"`);
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', asOrdinaryUser, join(checkout, 'scripts', 'setup.mjs'), 'test'],
      {
        encoding: 'utf8',
        env: {
          PATH: tools,
          POSTGRES_BIN: tools,
          NATS_SERVER: tools,
          RUVECTOR_PYTHON: writeTool('python3', python312),
        },
      },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /chromium, jq, prometheus and openssl not found[\s\S]*apt-get install chromium jq prometheus openssl/,
    );
  });

  it('refuses an unknown target with the known ones', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts', 'setup.mjs'), 'dmeo'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('demo');
  });
});
