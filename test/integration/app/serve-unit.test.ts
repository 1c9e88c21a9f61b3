// The unit that `serve --print-unit` prints, as systemd itself reads it.
import { resolveHome } from '../../../src/core/index.ts';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCommandName } from '../../../src/procfs/index.ts';
import { runCommand } from '../../support/daemon.ts';

const folder = mkdtempSync(join(tmpdir(), 'rvm-unit-'));
afterAll(() => rmSync(folder, { recursive: true }));
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('serve --print-unit', () => {
  it.skipIf(!hasSystemd).each(['--user', '--system'])(
    'prints a unit that systemd takes as a %s unit, whatever is in the paths',
    async (manager) => {
      const home = resolveHome(join(folder, '50% $HOME "a" b'));
      const unit = await runCommand(home, ['serve', '--print-unit', '--name', `x%n $y 'z'`, '--hz', '2']);
      expect(unit).toMatchObject({ code: 0, stderr: '' });
      const path = join(folder, 'memopt.service');
      writeFileSync(path, unit.stdout);
      const verified = spawnSync('systemd-analyze', ['verify', manager, '--man=no', path], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
      });
      const ours = verified.stderr.split('\n').filter((line) => line.includes('memopt.service'));
      expect({ status: verified.status, ours }).toEqual({ status: 0, ours: [] });
    },
  );

  it('refuses a pid and names the process by its command', async () => {
    const comm = execFileSync('cat', [`/proc/${process.pid}/comm`], { encoding: 'utf8' }).trim();
    const name = readCommandName(comm, `/proc/${process.pid}`);
    const args = ['serve', '--print-unit', '--pid', String(process.pid)];
    const { code, stdout, stderr } = await runCommand(resolveHome(folder), args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`which is "${name}" now, may name another process after a restart`);
  });
});
