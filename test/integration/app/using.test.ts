// What a person sees at the command line: stopped trainings, Python's mistakes, models, rates, the privacy text.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDueToday } from '../../../src/app/exports/once-a-day.ts';
import { reportFailure } from '../../../src/app/report-failure.ts';
import { findDaemon } from '../../../src/bridge/index.ts';
import { RuvectorError } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, finished, runCommand, startCommand } from '../../support/daemon.ts';
import { servingPid } from '../../support/app/serve-process.ts';
import { until } from '../../support/until.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';

let home: Awaited<ReturnType<typeof createTestHome>>;
let daemon: ReturnType<typeof startCommand>;

beforeAll(async () => {
  home = await createTestHome();
  await using history = await openHistory(home.history, { retainMs: Infinity });
  history.append('memory', pressuredSnapshots(900));
  await history.close();
  daemon = startCommand(home, ['serve', '--hz', '1', '--horizon', '20']);
  await servingPid(home, daemon);
});
afterAll(async () => {
  daemon.kill('SIGTERM');
  await finished(daemon);
  await home[Symbol.asyncDispose]();
});

/** Whether the daemon has heard of it: before that, Ctrl-C ends a command that has begun nothing. */
async function isTraining(): Promise<boolean> {
  await using client = await findDaemon(home.bridgeFile);
  const { result } = await client!.request('status');
  return (result as { training: { running: boolean } }).training.running;
}

describe('train', () => {
  it('that Ctrl-C stops while serve runs says so, and exits with 130', async () => {
    const child = startCommand(home, [
      'train',
      '--estimator',
      'sklearn.RandomForestClassifier',
      '--param',
      'n_estimators=5000',
    ]);
    await until(isTraining, 'the daemon trains');
    child.kill('SIGINT');
    const { code, stderr } = await finished(child);
    expect(stderr).toContain('ERR_TRAIN_CANCELLED');
    expect(stderr).not.toMatch(/Unexpected|AbortError|at async/);
    expect(code).toBe(130);
    await until(async () => !(await isTraining()), 'the daemon has called the training off');
  });

  it('tells in seconds how long to collect, with the name of the flag', async () => {
    const { code, stderr } = await runCommand(home, ['train', '--horizon', '3000']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/collect about \d+ min more, or use a shorter horizon \(--horizon\)/);
    expect(stderr).not.toContain('in the gap');
  });
});

it('train says a mistake of Python in one line, and its traceback with --verbose', async () => {
  const words = ['train', '--estimator', 'sklearn.RandomForestClassifier', '--param', 'n_estimators=-5'];
  const short = await runCommand(home, words);
  expect(short.code).toBe(1);
  expect(short.stderr).toContain('n_estimators');
  expect(short.stderr).not.toMatch(/Traceback|File ".*\.py"/);
  const long = await runCommand(home, ['--verbose', ...words]);
  expect(long.code).toBe(1);
  expect(long.stderr).toMatch(/Traceback \(most recent call last\):\n {2}File ".*\.py", line \d+/);
});

describe('reportFailure()', () => {
  const traceback = 'Traceback (most recent call last):\n  File "x.py", line 1\nKeyError: 3';
  const error = (details: object): RuvectorError =>
    new RuvectorError('ERR_TRAINER_FAILED', 'Cannot train: KeyError: 3; correct it', {
      details: { traceback, ...details },
    });

  it.each([
    [error({}), false, 'Cannot train: KeyError: 3; correct it\nRun it again with --verbose'],
    [error({}), true, 'line 1\nKeyError: 3\n'],
    [error({ trainerCode: 'ERR_TRAIN_FEW_ROWS' }), false, 'correct it\n'],
    [error({ trainerCode: 'ERR_TRAIN_FEW_ROWS' }), true, 'line 1'],
    [new RuvectorError('ERR_X', 'Cannot y', { cause: new Error('why') }), true, 'caused by Error: why'],
  ])('shows the last line, and the rest with --verbose', (failure, isVerbose, words) => {
    const written = capture(() => expect(reportFailure(failure, isVerbose)).toBe(1));
    expect(written).toContain(words);
    if (!isVerbose) expect(written).not.toContain('x.py');
  });
});

describe('models', () => {
  it('list and show give score, rules, date, estimator and alias; --json the manifest', async () => {
    const list = await runCommand(home, ['models', 'list']);
    expect(list.stdout).toMatch(/^model +alias +score +best rule +created \(UTC\) +estimator$/m);
    expect(list.stdout).toMatch(/^memopt@\S+ +live +macro-F1 0\.\d+ .*0\.\d+ memory usage .*rule$/m);
    const show = await runCommand(home, ['models', 'show', 'memopt@live']);
    for (const words of ['alias', 'live', 'rule: last seconds', 'macro-F1', 'learned from'])
      expect(show.stdout).toContain(words);
    expect(show.stdout).not.toContain('{"');
    const json = await runCommand(home, ['models', 'show', 'memopt@live', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ aliases: ['live'], manifest: { name: 'memopt' } });
  });

  it('say what to do about aliases that are damaged', async () => {
    await using other = await createTestHome();
    mkdirSync(join(other.models, 'memopt'), { recursive: true });
    writeFileSync(join(other.models, 'memopt', 'aliases.json'), '{');
    const { stdout } = await runCommand(other, ['models', 'list']);
    expect(stdout).toContain('`ruvector-memopt models repair`');
    expect((await runCommand(other, ['models', 'repair'])).code).toBe(0);
    expect((await runCommand(other, ['models', 'list'])).stdout).not.toContain('models repair');
  });
});

it('isDueToday() says a text once a day, and again when its words change', async () => {
  await using other = await createTestHome();
  const at = (hour: number, day = 1): Date => new Date(2026, 0, day, hour);
  const tries = [
    isDueToday(other, 'a', at(8)),
    isDueToday(other, 'a', at(9)),
    isDueToday(other, 'b', at(9)),
    isDueToday(other, 'a', at(23)),
    isDueToday(other, 'a', at(1, 2)),
  ];
  expect(tries).toEqual([true, false, true, false, true]);
  expect(isDueToday({ run: '/proc/none' }, 'a')).toBe(true);
  writeFileSync(join(other.run, 'told-today.json'), 'damaged');
  expect(isDueToday(other, 'a', at(2, 2))).toBe(true);
});

it.each(['/proc/none', '/proc/none/deeper', '/proc/self/x', '/proc/1/x/y'])(
  'homeOf() refuses a home at %s at once',
  async (path) => {
    const { code, stderr } = await runCommand({ ...home, root: path }, ['models', 'list']);
    expect(code).toBe(1);
    expect(stderr).toContain('ERR_APP_HOME');
  },
);

function capture(act: () => void): string {
  let written = '';
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text) => ((written += String(text)), true);
  try {
    act();
  } finally {
    process.stderr.write = write;
  }
  return written;
}
