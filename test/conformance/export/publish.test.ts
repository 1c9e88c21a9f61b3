// Readers that are not ours decide whether a published dataset is one: datasets, mlcroissant, frictionless, pandas,
// Polars, DuckDB, pyarrow, jsonschema, cryptography and sha256sum.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import { createSigningKey, openHistorySource, publishDataset } from '../../../src/export/publish/index.ts';
import type { PublishReport } from '../../../src/export/publish/index.ts';
import { buildFeatureSpec } from '../../../src/prepare/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { optimizationEvents } from '../../support/optimize/optimization-events.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { processScans } from '../../support/export/process-scans.ts';
import { writeTrainingFolder } from '../../support/export/training-folder.ts';
import { jsonSchemaEnv, python } from '../../support/python.ts';

const run = promisify(execFile);
const judge = join(import.meta.dirname, '../../support/export/check-publication.py');

interface SplitVerdict {
  readonly rows: number;
  readonly types: Readonly<Record<string, string>>;
  readonly names: Readonly<Record<string, readonly string[]>>;
  readonly bytes: number;
  readonly digest: string;
}

interface Verdict {
  readonly datasets: Readonly<Record<string, Readonly<Record<string, SplitVerdict>>>>;
  readonly frames: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, { rows: number; digest: string }>>>>>
  >;
  readonly croissant: {
    readonly warnings: readonly string[];
    readonly errors: readonly string[];
    readonly version: string;
    readonly conforms: string;
    readonly recordSets: Readonly<Record<string, { rows: number; digest: string }>>;
  };
  readonly frictionless: {
    readonly valid: boolean;
    readonly errors: readonly unknown[];
    readonly rows: Readonly<Record<string, number>>;
  };
  readonly schema: Readonly<Record<string, { readonly errors: readonly string[] }>>;
  readonly layout: Readonly<
    Record<string, { rowGroups: number[]; compressions: string[]; withPageIndex: number; chunks: number }>
  >;
  readonly signed: boolean | null;
}

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-publish-conformance-'));
});
afterAll(async () => rm(root, { recursive: true, force: true }));

async function judgeTree({ to }: PublishReport): Promise<Verdict> {
  const { stdout } = await run(python, [judge, to], {
    env: { ...process.env, ...jsonSchemaEnv },
    maxBuffer: 2 ** 24,
  });
  return JSON.parse(stdout) as Verdict;
}

/** Every reader saw the same rows and the same values in every split of every table. */
function expectAgreement(verdict: Verdict, tables: PublishReport['tables']): void {
  for (const [table, splits] of Object.entries(tables)) {
    expect(Object.keys(verdict.datasets[table]!)).toEqual(Object.keys(splits));
    for (const [split, rows] of Object.entries(splits)) {
      const { digest, rows: found } = verdict.datasets[table]![split]!;
      expect(found, `${table}/${split}`).toBe(rows);
      const seen = {
        ...verdict.frames[table]![split]!,
        croissant: verdict.croissant.recordSets[`${table}-${split}`]!,
      };
      for (const [reader, frame] of Object.entries(seen)) {
        expect(frame, `${reader}, ${table}/${split}`).toMatchObject({ rows, digest });
      }
    }
  }
}

describe('publishDataset() of a training set', () => {
  let report: PublishReport;
  let verdict: Verdict;

  beforeAll(async () => {
    const [folder, key] = [join(root, 'training'), join(root, 'key')];
    await writeTrainingFolder(folder, 4200);
    await createSigningKey(key);
    // Two files for the train part.
    report = await publishDataset(folder, {
      to: join(root, 'published'),
      signingKey: key,
      shardBytes: 10_000,
    });
    verdict = await judgeTree(report);
  }, 180_000);

  it('gives all readers the same rows and values', () => {
    expectAgreement(verdict, report.tables);
    expect(report.files.some(({ path }) => path === 'data/train-00001-of-00002.parquet')).toBe(true);
  });

  it('gives datasets typed features and named labels', () => {
    const { types, names } = verdict.datasets['training']!['train']!;
    expect(names).toEqual({ label: labels });
    expect(types['timestamp']).toBe("Value('timestamp[ms, tz=UTC]')");
    expect(types['usage_percent']).toBe("Value('float32')");
    expect(Object.keys(types)).toHaveLength(27);
  });

  it('writes Croissant 1.1 without a warning', () => {
    const { warnings, errors, conforms, version, recordSets } = verdict.croissant;
    expect({ warnings, errors, version }).toEqual({ warnings: [], errors: [], version: '1.0.0' });
    expect(conforms).toContain('V_1_1');
    expect(recordSets['training-classes']).toMatchObject({ rows: 4 });
  });

  it('writes what is valid for frictionless and for JSON Schema', () => {
    expect(verdict.frictionless).toMatchObject({ valid: true, errors: [] });
    expect(Object.values(verdict.frictionless.rows).reduce((sum, rows) => sum + rows, 0)).toBe(
      report.tables['training']!['train']! + report.tables['training']!['test']!,
    );
    expect(verdict.schema).toEqual({ training: { errors: [] } });
  });

  it('writes zstd with a page index wherever a column has several pages', () => {
    for (const { rowGroups, compressions, withPageIndex, chunks } of Object.values(verdict.layout)) {
      expect(compressions).toEqual(['ZSTD']);
      const columns = chunks / rowGroups.length;
      const large = rowGroups.filter((rows) => rows > 2048).length;
      expect(withPageIndex).toBeGreaterThanOrEqual(large * columns);
    }
    expect(Object.values(verdict.layout).some(({ withPageIndex }) => withPageIndex > 0)).toBe(true);
  });

  it('writes what sha256sum and another Ed25519 say it is', async () => {
    const { stdout } = await run('sha256sum', ['-c', 'checksums.sha256'], { cwd: report.to });
    expect(stdout.trim().split('\n')).toHaveLength(report.files.length);
    expect(verdict.signed).toBe(true);
  });
});

describe('publishDataset() of a history', () => {
  it('gives all readers one configuration a table, with nulls, hashes and text', async () => {
    await using history = await openHistory(join(root, 'history'), { retainMs: Infinity });
    const rows = pressuredSnapshots(400);
    history.append('memory', rows);
    history.append('process', processScans(rows));
    history.append('optimization', optimizationEvents(rows));
    await history.flush();
    const source = await openHistorySource(history, {
      spec: buildFeatureSpec(),
      horizonMs: 20_000,
      tables: ['memory', 'process', 'optimization'],
      nowMs: Date.now(),
    });
    const report = await publishDataset(source, { to: join(root, 'tables') });
    expect(Object.keys(report.tables)).toEqual(['training', 'memory', 'process', 'optimization']);
    const verdict = await judgeTree(report);
    expectAgreement(verdict, report.tables);
    expect(verdict.croissant).toMatchObject({ warnings: [], errors: [] });
    expect(verdict.frictionless).toMatchObject({ valid: true, errors: [] });
    expect(Object.values(verdict.schema).flatMap(({ errors }) => errors)).toEqual([]);
    const { types } = verdict.datasets['process']!['train']!;
    expect(types).toMatchObject({ name_hash: "Value('string')", cpu_percent: "Value('float32')" });
    expect(verdict.signed).toBeNull();
  }, 120_000);
});
