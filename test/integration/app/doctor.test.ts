// `doctor` against real limits: a user without capabilities, few open files, processes that exist and that do not.
import { resolveHome } from '../../../src/core/index.ts';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../src/app/doctor/check.ts';
import { actionChecks } from '../../../src/app/doctor/doctor-actions.ts';
import { checkTargets } from '../../../src/app/doctor/doctor-target.ts';
import { createTestHome, finished } from '../../support/daemon.ts';
import { serveWords, start } from '../../support/app/serve-process.ts';
import { until } from '../../support/until.ts';

const canDrop = spawnSync('setpriv', ['--reuid', '12345', '--clear-groups', 'true']).status === 0;
const hasNice = /^CapEff:\s*[0-9a-f]*[89a-f][0-9a-f]{5}$/m.test(readFileSync('/proc/self/status', 'utf8'));

describe('doctor', () => {
  it.skipIf(!canDrop)('says what a user without capabilities may not do, by trying it', async () => {
    await using home = await createTestHome();
    chmodSync(home.root, 0o777);
    const [node, bin] = serveWords(home) as [string, string];
    const limited = [
      'sh',
      '-c',
      'ulimit -n 512 && exec "$@"',
      'sh',
      node,
      bin,
      '--home',
      home.root,
      'doctor',
      '--json',
    ];
    const user = [
      'setpriv',
      '--reuid',
      '12345',
      '--regid',
      '12345',
      '--clear-groups',
      'env',
      '-i',
      `PATH=${process.env['PATH']}`,
    ];
    const { stdout } = await finished(start([...user, ...limited]));
    const results = JSON.parse(stdout) as CheckResult[];
    const byName = new Map(results.map((result) => [result.name, result]));
    expect(byName.get('Page-out of a process')).toMatchObject({
      state: 'limited',
      found: expect.stringMatching(/^process_madvise is refused: EPERM/),
      fix: expect.stringContaining('CAP_SYS_NICE'),
    });
    expect(byName.get('Page tables (pagemap)')!.state).toBe('ok');
    expect(byName.get('Other users’ processes')!.found).toContain('CAP_SYS_PTRACE');
    expect(byName.get('Open files')).toMatchObject({ state: 'limited', found: 'at most 512' });
  });

  it.skipIf(!hasNice)('hands a page of its own child to the kernel where that is allowed', async () => {
    const check = actionChecks.find(({ name }) => name === 'Page-out of a process')!;
    const home = resolveHome('/nowhere');
    expect(await check.look(home)).toBe('a page of a child process was handed to the kernel');
    const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    const names = children
      .filter(Boolean)
      .map((pid) => spawnSync('ps', ['-o', 'comm=', '-p', pid]).stdout.toString().trim());
    expect(names).not.toContain('cat');
  });
});

describe('checkTargets()', () => {
  it('says what is allowed on a process and leaves its memory as it is', async () => {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const faults = (): string =>
      readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ').slice(9, 13).join(' ');
    const isWaiting = (): boolean => readFileSync(`/proc/${child.pid}/stat`, 'utf8').includes('(cat) S');
    await until(isWaiting, 'the child waits for its input');
    const before = faults();
    const results = await checkTargets({ pids: [child.pid!], names: [] });
    expect(results.map(({ name }) => name.replace(/.*: /, ''))).toEqual([
      'page-out',
      'page tables',
      'could go',
    ]);
    expect(results[0]!.state).toBe(hasNice ? 'ok' : 'limited');
    expect(results[2]!.found).toMatch(/of files, .* anonymous, .* locked/);
    expect(faults()).toBe(before);
    child.kill();
  });

  it.each([
    ['a pid that nobody has', { pids: [2 ** 22 + 1], names: [] }, 'no process has pid'],
    ['a name that nobody has', { pids: [], names: ['no such name'] }, 'no process is called'],
    ['process 1', { pids: [1], names: [] }, 'never touched'],
  ])('says of %s that there is nothing to act on', async (_, named, text) => {
    const [first] = await checkTargets(named);
    expect(first!.state).not.toBe('ok');
    expect(first!.found).toContain(text);
  });
});
