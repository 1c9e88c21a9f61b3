// `serve --config`: what a file says is what serve does, and what it cannot mean is told with its line.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { findConfigFile } from '../../../src/app/commands/config-file.ts';
import { addServe } from '../../../src/app/commands/serve.ts';
import { createTestHome, finished, runCommand, startCommand } from '../../support/daemon.ts';
import { servingPid } from '../../support/app/serve-process.ts';

const wrong: [yaml: string, ...words: string[]][] = [
  ['hz: fast', ':1: hz is "fast". It must be a number.'],
  ['hz: 400', ':1: hz is 400, wanted 0.1 to 50'],
  ['hz:', ':1: hz is empty, wanted one value'],
  ['hz: 1\nhz: 2', ':2: Map keys must be unique'],
  ['\n\nprocces-interval: 5', ':3: the file has no "procces-interval", did you mean process-interval?'],
  ['act: maybe', ':1: act is "maybe", wanted true or false'],
  ['baseline: "no"', ':1: baseline is "no", wanted true or false'],
  ['name: [redis, {a: 1}]', ':1: name is a mapping, wanted one value or a list'],
  ['goal: rescue', ':1: goal is "rescue". Allowed choices are relieve, save.'],
  ['transport: udp', ':1: transport is "udp"', 'ipc, tcp'],
  ['pid: 1', ':1: pid is [1], wanted process ids above 1'],
  ['cgroup: /', ':1: cgroup is ["/"], wanted cgroups below /sys/fs/cgroup'],
  ['retain-days: -4', ':1: retain-days is -4'],
  ['model: "a b"', ':1: model is "a b"'],
  ['metrics: nope', ':1: metrics is "nope", wanted host:port'],
  ['on-event: command:/nowhere', ':1: on-event command:/nowhere cannot be run'],
  ['stream: "ws://127.0.0.1:1?format=nope"', ':1: stream ws://127.0.0.1:1'],
  ['print-unit: true', ':1: the file has no "print-unit"'],
  ['config: other.yaml', ':1: the file has no "config"'],
  ['- a list', ':1: the file is a list'],
  ['hz: [1', ':1: '],
  ['hz: 400\npid: 1\nmetrics: nope', ':1: hz', ':2: pid', ':3: metrics'],
];

describe('serve --config', () => {
  it('tells every mistake with file and line, and exits with 2', async () => {
    await using home = await createTestHome();
    const answers = wrong.map(async ([yaml, ...words], at) => {
      const path = join(home.root, `${at}.yaml`);
      writeFileSync(path, yaml);
      const error = await parseServe('--config', path).catch((problem: unknown) => problem as Error);
      expect(error, yaml).toMatchObject({ code: 'ERR_APP_CONFIG' });
      for (const word of words) expect((error as Error).message).toContain(word);
      expect((error as Error).message).toContain(`${path}:`);
    });
    await Promise.all(answers);
    const { code, stderr } = await runCommand(home, ['serve', '--config', join(home.root, '0.yaml')]);
    expect(code).toBe(2);
    expect(stderr).toContain('0.yaml:1: hz is "fast"');
    expect(
      await parseServe('--config', join(home.root, 'none')).catch((error: Error) => error.message),
    ).toMatch(/none cannot be read/);
    const toml = join(home.root, 'ruvector-memopt.toml');
    writeFileSync(toml, 'hz = 2\n');
    expect(findConfigFile(undefined, home.root)).toBe(toml);
    expect(await parseServe('--config', toml).catch((error: Error) => error.message)).toMatch(
      /ruvector-memopt\.toml is TOML, wanted YAML: a line like "hz: 2"/,
    );
    writeFileSync(join(home.root, 'ruvector-memopt.yml'), 'hz: 2\n');
    expect(findConfigFile(undefined, home.root)).toBe(join(home.root, 'ruvector-memopt.yml'));
  });

  it('is found in the home, is beaten by the command line, and may be empty', async () => {
    await using home = await createTestHome();
    mkdirSync(home.root, { recursive: true });
    const path = join(home.root, 'ruvector-memopt.yaml');
    writeFileSync(
      path,
      'hz: 4\ncgroup: system.slice/x.service\nname: redis\nbaseline: false\nlog-file: own.log\nhorizon: 5\n',
    );
    const child = startCommand(home, ['serve', '--hz', '5']);
    await servingPid(home, child);
    child.kill('SIGTERM');
    expect((await finished(child)).code).toBe(0);
    const saved = JSON.parse(readFileSync(join(home.root, 'config.json'), 'utf8')) as object;
    expect(saved).toMatchObject({
      hz: 5,
      horizonMs: 5000,
      baseline: false,
      targets: { pids: [], names: ['redis'], cgroups: ['/sys/fs/cgroup/system.slice/x.service'] },
    });
    expect(readFileSync(join(home.root, 'own.log'), 'utf8')).toContain(`configured by ${path}`);
    writeFileSync(path, '# nothing\n');
    const unit = await runCommand(home, ['serve', '--print-unit', '--config', path]);
    expect(unit.stdout).toContain(`--config ${path}`);
  });
});

/** Up to the first thing that it does; nothing is served. */
async function parseServe(...args: string[]): Promise<void> {
  const program = new Command('x').option('--home <directory>').exitOverride();
  addServe(program);
  await program.parseAsync(['serve', '--print-unit', ...args], { from: 'user' });
}
