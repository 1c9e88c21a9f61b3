// `ruvector-memopt kernel`: what it writes, replaces, refuses and says.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addKernel } from '../../../src/app/commands/kernel.ts';
import { installKernel, listKernels, uninstallKernel } from '../../../src/app/jupyter/kernelspec.ts';
import type { InstalledKernel } from '../../../src/app/jupyter/kernelspec.ts';
import { python } from '../../support/python.ts';

const root = join(import.meta.dirname, '../../..');
const entry = join(root, 'kernel', 'main.ts');
const logos = ['logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg'];
let data: string;
const folder = (): string => join(data, 'kernels', 'ruvector');
const readSpec = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder(), 'kernel.json'), 'utf8')) as Record<string, unknown>;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rvm-kernelspec-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

describe('installKernel()', () => {
  it('writes everything Jupyter wants and nothing else', async () => {
    await installKernel({ dataDirectory: data, entry, python: '/env/bin/python' });
    expect(readSpec()).toEqual({
      argv: [process.execPath, '--no-force-async-hooks-checks', entry, '{connection_file}'],
      display_name: 'TypeScript (RuVector)',
      language: 'typescript',
      interrupt_mode: 'message',
      kernel_protocol_version: '5.5',
      env: { RUVECTOR_PYTHON: '/env/bin/python' },
      metadata: { debugger: true, ruvector: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) } },
    });
    expect(readdirSync(folder()).sort()).toEqual(['kernel.json', ...logos]);
    for (const size of [32, 64]) {
      const png = readFileSync(join(folder(), `logo-${size}x${size}.png`));
      // Width and height in the IHDR chunk of a PNG.
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([size, size]);
    }
  });

  it('replaces its own kernel and refuses that of another program', async () => {
    await installKernel({ dataDirectory: data, entry });
    await installKernel({ dataDirectory: data, entry, node: '/elsewhere/node' });
    expect(readSpec()['argv']).toContain('/elsewhere/node');
    const foreign = JSON.stringify({
      argv: ['deno', 'jupyter', '{connection_file}'],
      language: 'typescript',
    });
    writeFileSync(join(folder(), 'kernel.json'), foreign);
    await expect(installKernel({ dataDirectory: data, entry })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_APP_KERNEL_FOREIGN' }),
    );
    await expect(uninstallKernel([data])).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_APP_KERNEL_FOREIGN' }),
    );
    expect(readFileSync(join(folder(), 'kernel.json'), 'utf8')).toBe(foreign);
  });

  it('mends an installation that was cut off', async () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'logo-svg.svg'), 'half');
    await installKernel({ dataDirectory: data, entry });
    expect(await listKernels([data])).toHaveLength(1);
  });

  it('says what to do when the kernel is not built or the folder cannot be written', async () => {
    await expect(installKernel({ dataDirectory: data, entry: join(data, 'main.js') })).rejects.toThrow(
      /"[^"]+main\.js": it is not built; run `npm run build`/,
    );
    writeFileSync(join(data, 'kernels'), 'a file');
    await expect(installKernel({ dataDirectory: data, entry })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_APP_KERNEL_WRITE' }),
    );
  });
});

describe('listKernels()', () => {
  it('says that Node or the kernel moved away', async () => {
    const moved = join(data, 'main.js');
    writeFileSync(moved, '');
    await installKernel({ dataDirectory: data, entry: moved, node: '/gone/node' });
    rmSync(moved);
    const [kernel] = await listKernels(['/nowhere', data]);
    expect(kernel).toMatchObject({ name: 'ruvector', directory: folder(), entry: moved });
    expect(kernel!.problems).toEqual([
      expect.stringContaining('Node is no longer at /gone/node'),
      expect.stringContaining(`the kernel is no longer at ${moved}`),
    ]);
  });
});

describe('ruvector-memopt kernel', () => {
  /** Runs the command for a user whose data directory is `data`; resolves to what it printed. */
  async function runCommand(...args: string[]): Promise<string> {
    vi.stubEnv('JUPYTER_DATA_DIR', data);
    vi.stubEnv('RUVECTOR_PYTHON', python);
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    const program = new Command();
    addKernel(program);
    await program.parseAsync(['node', 'ruvector-memopt', 'kernel', ...args]);
    return written.join('');
  }
  const exitCode = process.exitCode;
  afterEach(() => {
    process.exitCode = exitCode;
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it('lists and uninstalls, also as JSON', async () => {
    await installKernel({ dataDirectory: data, entry });
    const [kernel] = JSON.parse(await runCommand('list', '--user', '--json')) as InstalledKernel[];
    expect(kernel).toMatchObject({ name: 'ruvector', node: process.execPath, entry, problems: [] });
    expect(await runCommand('uninstall', '--user')).toContain(`removed, ${folder()}`);
    expect(existsSync(folder())).toBe(false);
    await expect(runCommand('uninstall', '--user')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_APP_NO_KERNEL' }),
    );
  });

  it('fails with what is wrong when the kernel cannot start', async () => {
    await installKernel({ dataDirectory: data, entry, node: '/gone/node' });
    expect(await runCommand('list', '--user')).toContain(
      'Node is no longer at /gone/node: run `ruvector-memopt kernel install` again',
    );
    expect(process.exitCode).toBe(1);
  });

  it('refuses contradicting places and impossible names', async () => {
    const wrongUse = expect.objectContaining({ code: 'ERR_APP_CONFIG' }) as Error;
    await expect(runCommand('install', '--user', '--sys-prefix')).rejects.toThrow(wrongUse);
    await expect(runCommand('install', '--name', 'my kernel')).rejects.toThrow('"my kernel"');
  });

  it('goes to the environment of the Python it is told', async () => {
    await expect(runCommand('uninstall', '--sys-prefix', '--name', 'never-installed')).rejects.toThrow(
      join(root, '.venv', 'share', 'jupyter'),
    );
  });
});
