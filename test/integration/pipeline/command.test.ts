// `ruvector-memopt pipeline` as its user calls it.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres } from '../../support/pipeline/postgres-server.ts';

const bin = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rvm-pipeline-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs elsewhere than in the folder: paths of a file are relative to the file. */
function pipeline(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const words = [bin, '--home', join(folder, 'home'), 'pipeline', ...args];
    execFile(
      process.execPath,
      words,
      { cwd: tmpdir(), env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
      },
    );
  });
}

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const filtered = `
variables: { least: 1 }
source: { use: csv, with: { paths: in.csv } }
stages:
  - use: filter
    with: { where: "a > \${least}" }
sink: { use: jsonl, with: { path: out.jsonl } }
`;

describe('pipeline run', () => {
  it('runs a transform of a module of the user in worker threads', async () => {
    write('in.csv', 'a\n1\n2\n3\n');
    write(
      'skip.mjs',
      `export const makeSkip = ({ rows }) => ({
        schema: (input) => input,
        transform: (batch) => batch.slice(rows),
        memoryUsage: () => 0,
      });`,
    );
    const path = write(
      'p.yaml',
      `
source: { use: csv, with: { paths: in.csv } }
stages:
  - use: worker
    with: { module: skip.mjs, export: makeSkip, options: { rows: 2 }, maxWorkers: 1 }
sink: { use: sqlite-table, with: { path: out.db, table: kept } }
`,
    );
    expect(await pipeline(['run', path])).toMatchObject({ code: 0, stderr: '' });
    using database = new DatabaseSync(join(folder, 'out.db'));
    expect(database.prepare('SELECT a FROM kept').all()).toEqual([{ a: 3 }]);
    const wrong = write('wrong.yaml', readFileSync(path, 'utf8').replace('makeSkip', 'makeSkips'));
    const { code, stderr } = await pipeline(['run', wrong]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/wrong\.yaml:4:\d+: Cannot load transform "makeSkips" .*it exports "makeSkip"/);
  }, 60_000);

  it('runs a file, with a variable given or from the environment', async () => {
    write('in.csv', 'a,b\n1,x\n2,y\n3,\n');
    const path = write('p.yaml', filtered);
    expect(await pipeline(['run', path])).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(join(folder, 'out.jsonl'), 'utf8')).toBe('{"a":2,"b":"y"}\n{"a":3,"b":null}\n');
    const { code, stdout } = await pipeline(['run', path, '--json', '--set', 'least=2'], { least: '0' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file: path, notes: [] });
    expect(readFileSync(join(folder, 'out.jsonl'), 'utf8')).toBe('{"a":3,"b":null}\n');
    await pipeline(['run', path], { least: '0' });
    expect(readFileSync(join(folder, 'out.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  it('ends with 2 and every mistake for a file that is wrong, and writes nothing', async () => {
    const path = write('p.yaml', filtered.replace('use: filter', 'use: fitler').replace('paths:', 'path:'));
    const { code, stdout, stderr } = await pipeline(['run', path]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('ERR_PIPELINE_DESCRIPTION: Cannot use pipeline file');
    expect(stderr).toContain(`${path}:3:29: "csv" has no option "path", did you mean paths?`);
    expect(stderr).toContain(`${path}:5:10: Cannot find transform "fitler"`);
    expect(readdirSync(folder)).toEqual(['p.yaml']);
  });

  it('names the line of a stage whose columns do not reach it', async () => {
    write('in.csv', 'b\n1\n');
    const path = write('p.yaml', filtered);
    const { code, stderr } = await pipeline(['run', path]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${path}:5:10: Cannot use column "a" in stage "filter"`);
  });

  it('ends with 1 when a source cannot be read', async () => {
    const { code, stderr } = await pipeline(['run', write('p.yaml', filtered)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERR_PIPELINE_\w+: /);
  });

  it('moves rows from PostgreSQL through a plan into SQLite and back, all types kept', async () => {
    await using server = await startPostgres();
    await server.query(`CREATE TABLE samples AS SELECT i AS id, i * 0.5 AS value, 'n' || i AS name,
      CASE WHEN i % 3 = 0 THEN NULL ELSE now() END AS at FROM generate_series(1, 10000) AS i`);
    const out = write(
      'out.yaml',
      `
source:
  use: postgres
  with: { connection: "\${URL}", query: SELECT * FROM samples ORDER BY id }
stages:
  - use: filter
    with: { where: "value > 10 AND name <> 'n100'" }
sink: { use: sqlite-table, with: { path: out.db, table: kept } }
`,
    );
    const back = write(
      'back.yaml',
      `
source: { use: sqlite, with: { path: out.db, query: SELECT * FROM kept, types: ["at:timestamp"] } }
sink: { use: postgres, with: { connection: "\${URL}", table: kept, create: true } }
`,
    );
    const env = { URL: server.url };
    expect(await pipeline(['run', out], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await pipeline(['run', back], env)).toMatchObject({ code: 0, stderr: '' });
    const { rows } =
      await server.query(`SELECT count(*)::int AS rows, count(*) FILTER (WHERE s.value = k.value AND
      s.at IS NOT DISTINCT FROM s.at AND (s.at IS NULL) = (k.at IS NULL))::int AS same
      FROM kept k JOIN samples s USING (id, name)`);
    expect(rows).toEqual([{ rows: 9979, same: 9979 }]);
  });
});

describe('pipeline explain', () => {
  it('says which stage runs where and why, and runs nothing', async () => {
    write('in.csv', 'a\n1\n');
    const path = write('p.yaml', filtered);
    const { stdout } = await pipeline(['explain', path]);
    expect(stdout).toMatch(/1 +csv +plan +Polars reads it by itself\n1 +filter +plan +row by row/);
    expect(JSON.parse((await pipeline(['explain', path, '--json'])).stdout)).toMatchObject({
      stages: [{ name: 'csv' }, { name: 'filter', runs: 'plan' }, { name: 'jsonl' }],
    });
    expect(readdirSync(folder)).not.toContain('out.jsonl');
  });
});

describe('pipeline plan', () => {
  it('estimates what a run would move from some rows, and runs nothing', async () => {
    write('in.csv', 'a\n1\n2\n3\n');
    const path = write('p.yaml', filtered);
    const { stdout } = await pipeline(['plan', '--dry-run', path, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      file: path,
      estimate: { rowsIn: 3, rowsOut: 2, sampledRows: 3 },
    });
    expect(readdirSync(folder)).not.toContain('out.jsonl');
  });
});

describe('pipeline list', () => {
  it('lists what a file may name, and the options of one', async () => {
    const { stdout } = await pipeline(['list']);
    for (const name of ['history', 'postgres', 'join-on-time', 'onnx', 's3-parquet', 'trainer'])
      expect(stdout).toContain(name);
    expect((await pipeline(['list', 'filter'])).stdout).toContain(
      'where  a condition in SQL (a text; required)',
    );
    const parts = JSON.parse((await pipeline(['list', '--json'])).stdout) as { kind: string }[];
    expect(new Set(parts.map(({ kind }) => kind))).toEqual(new Set(['source', 'transform', 'sink']));
    expect(await pipeline(['list', 'fitler'])).toMatchObject({ code: 2 });
  });
});
