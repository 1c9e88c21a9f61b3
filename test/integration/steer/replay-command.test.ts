// `ruvector-memopt dag replay` and `pipeline run --autotune` as their user calls them.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const bin = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');
const job = join(import.meta.dirname, '../../fixtures/limeqo/job.csv');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-steer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, '--home', join(folder, 'home'), ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

it('dag replay prints one JSON object when it is asked for JSON', async () => {
  const { code, stdout } = await run('dag', 'replay', '--matrix', job, '--seeds', '3', '--json');
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as Record<string, Record<string, number>>;
  expect(Object.keys(report['offline']!)).toEqual(
    expect.arrayContaining(['ratio', 'regressions', 'greedy', 'random', 'bestSingle', 'oracle']),
  );
  expect(report['offline']!['ratio']).toBeLessThanOrEqual(0.7);
  expect(report['online']).toMatchObject({
    ratio: expect.any(Number),
    safeRatio: expect.any(Number),
    safeSlowerShare: expect.any(Number),
  });
  expect(report['unseen']!['ratio']).toBeLessThanOrEqual(1.02);
});

it('dag replay prints a table when it is not asked for JSON, with arms that were named', async () => {
  const matrix = write('small.csv', 'q,base,one,two\na_1,3,1,9\na_2,4,2,9\nb_1,5,5,\nc_1,,1,1\n');
  const { code, stdout, stderr } = await run(
    'dag',
    'replay',
    '--matrix',
    matrix,
    '--seeds',
    '2',
    '--arms',
    'one',
    '--template',
    '^(.)',
  );
  expect([code, stderr]).toEqual([0, expect.stringContaining('1 queries are left out')]);
  expect(stdout).toMatch(/small\.csv: 3 queries of 2 templates, 3 arms, 2 seeds/);
  expect(stdout).toMatch(/online, arms base, one\n/);
});

it.each([
  [['--matrix', 'absent.csv'], /ERR_APP_CONFIG.*absent\.csv/],
  [['--matrix', job, '--arms', 'nine'], /ERR_STEER_OPTION.*"arms"/],
  [['--matrix', job, '--seeds', '1.5'], /ERR_STEER_OPTION.*"seeds"/],
  [['--matrix', job, '--template', '('], /--template/],
])('dag replay says what is wrong when it is called with %j', async (args, text) => {
  const { code, stdout, stderr } = await run('dag', 'replay', ...args);
  expect(code).toBeGreaterThan(0);
  expect([stdout, stderr]).toEqual(['', expect.stringMatching(text)]);
});

const half = `
export default () => ({
  schema: (input) => input,
  transform: (batch) => batch.slice(0, Math.ceil(batch.numRows / 2)),
  memoryUsage: () => 0,
});`;
const tuned = `
source: { use: csv, with: { paths: in.csv } }
stages:
  - use: worker
    workers: 1
    with: { module: half.mjs }
sink: { use: jsonl, with: { path: out.jsonl } }
`;

it('pipeline run --autotune writes the file once, and remembers what it found when it is run again', async () => {
  write('in.csv', `a\n${Array.from({ length: 4000 }, (_, at) => at).join('\n')}\n`);
  write('half.mjs', half);
  const path = write('p.yaml', tuned);
  const first = await run('pipeline', 'run', path, '--autotune', '--json');
  expect(first.code, first.stderr).toBe(0);
  const report = JSON.parse(first.stdout) as {
    rowsIn: number;
    tuning: { trials: unknown[]; wasKnown: boolean };
  };
  expect(report).toMatchObject({ rowsIn: 4000, tuning: { wasKnown: false } });
  expect(report.tuning.trials.length).toBeGreaterThan(2);
  expect(readFileSync(join(folder, 'out.jsonl'), 'utf8').trim().split('\n').length).toBeGreaterThanOrEqual(
    2000,
  );
  expect(existsSync(join(folder, 'home/tuning.json'))).toBe(true);
  expect(readdirSync(folder).filter((name) => name.includes('trial'))).toEqual([]);
  const second = await run('pipeline', 'run', path, '--autotune', '--json');
  expect(JSON.parse(second.stdout)).toMatchObject({ tuning: { wasKnown: true } });
});

it('pipeline run --autotune chooses a compression when bytes are limited, and refuses what cannot be tuned', async () => {
  write('in.csv', `a\n${Array.from({ length: 4000 }, () => 7).join('\n')}\n`);
  const path = write('p.yaml', tuned.replace(/stages:[^]*sink/, 'sink'));
  const plain = await run('pipeline', 'run', path, '--autotune');
  expect([plain.code, plain.stderr]).toEqual([expect.any(Number), expect.stringContaining('ERR_STEER_TUNE')]);
  expect(plain.code).toBeGreaterThan(0);
  expect(existsSync(join(folder, 'out.jsonl'))).toBe(false);
  const { code, stderr, stdout } = await run(
    'pipeline',
    'run',
    path,
    '--autotune',
    '--max-bytes',
    '5000',
    '--json',
  );
  expect(code, stderr).toBe(0);
  expect(
    (JSON.parse(stdout) as { tuning: { configuration: { codec: string } } }).tuning.configuration.codec,
  ).toMatch(/gzip|zstd/);
  expect(readFileSync(join(folder, 'out.jsonl')).length).toBeLessThanOrEqual(5000);
});
