// `ruvector-memopt dag` as its user calls it, on the embedded database.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkloadReport } from '../../../src/app/steer/steer-workload.ts';
import type { SteeringStatus, TemplateExplanation } from '../../../src/steer/index.ts';

const bin = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');
let folder: string;
let workload: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-dag-'));
  workload = join(folder, 'queries.sql');
  writeFileSync(
    workload,
    `-- made first
    CREATE TABLE t AS SELECT i, i % 10 AS c FROM generate_series(1, 2000) i; CREATE INDEX ON t (c); ANALYZE t;
    SELECT count(*) FROM t WHERE c = 3; SELECT ';', count(*) FROM t a JOIN t b USING (i) WHERE a.c = 4`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function dag(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, '--home', join(folder, 'home'), 'dag', ...args],
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

describe('dag steer', () => {
  it('runs a workload, compares, and leaves what it learned for status, explain and reset', async () => {
    expect((await dag('status')).stdout).toContain('Nothing was steered yet');
    const { code, stdout, stderr } = await dag(
      'steer',
      '--workload',
      workload,
      '--passes',
      '6',
      '--repetitions',
      '2',
      '--json',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as WorkloadReport;
    expect(report).toMatchObject({ engine: 'pglite', statements: 2, skipped: 0 });
    expect(report.passes).toHaveLength(6);
    expect(report.comparison).toMatchObject({ different: 0 });
    expect(report.comparison.statements).toHaveLength(2);

    const [status] = JSON.parse((await dag('status', '--json')).stdout) as SteeringStatus[];
    expect(status!.templates.map(({ runs }) => runs)).toEqual([8, 8]);
    const [{ id }] = status!.templates as unknown as [{ id: string }];
    const explained = JSON.parse((await dag('explain', id, '--json')).stdout) as TemplateExplanation;
    expect(explained).toMatchObject({ id, tables: ['"public"."t"'] });
    expect((await dag('explain', id.slice(0, 6))).stdout).toContain('default plan:');

    expect(JSON.parse((await dag('reset', '--json')).stdout)).toEqual({ removed: [status!.stateFile] });
    expect((await dag('reset')).stdout).toBe('There was nothing to forget.\n');
    expect((await dag('explain', id)).code).toBe(2);
  });

  it.each([
    [2, 'ERR_STEER_WORKLOAD', ['steer', '--workload', 'missing.sql']],
    [2, 'ERR_STEER_WORKLOAD', ['steer', '--url', 'postgres://nobody:secret@127.0.0.1:1/none']],
    [2, 'above 0', ['steer', '--passes', '0']],
    [2, 'ERR_STEER_TEMPLATE', ['explain', 'nothing']],
  ])('ends with %i and %s for %j', async (expected, words, args) => {
    const { code, stderr } = await dag(...args);
    expect(stderr).toContain(words);
    expect(code).toBe(expected);
  });

  it('ends with 1 where the database cannot be reached, and says no password', async () => {
    const { code, stderr } = await dag(
      'steer',
      '--url',
      'postgres://nobody:secret@127.0.0.1:1/none',
      '--workload',
      workload,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('ERR_STEER_CONNECT');
    expect(stderr).not.toContain('secret');
  });

  it.each(['steer', 'status', 'explain', 'reset', 'demo'])('has help with an example: %s', async (name) => {
    const { code, stdout } = await dag(name, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples?:\\n +\\$ ruvector-memopt dag ${name}`));
    expect(stdout).toContain('--json');
  });
});
