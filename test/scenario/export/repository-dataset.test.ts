// What the repository itself publishes: the dataset under datasets/ and the model under models/, read by others.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyDataset } from '../../../src/export/publish/index.ts';
import { openRegistry } from '../../../src/models/index.ts';
import { buildFeatureSpec, featureSpecSha256 } from '../../../src/prepare/index.ts';
import { jsonSchemaEnv, python } from '../../support/python.ts';

const root = join(import.meta.dirname, '../../..');
const dataset = join(root, 'datasets', 'memory-pressure-1hz');

interface Provenance {
  readonly name: string;
  readonly version: string;
  readonly featureSpecSha256: string;
  readonly tables: {
    readonly training: { readonly rows: { readonly train: number; readonly test: number } };
  };
  readonly privacy: { readonly timePrecisionMs: number };
  readonly card: {
    readonly classCounts: Readonly<Record<'train' | 'test', Readonly<Record<string, number>>>>;
  };
}

const provenance = JSON.parse(readFileSync(join(dataset, 'provenance.json'), 'utf8')) as Provenance;

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

/** What readers that are not ours say; the script is that of the publication tests. */
interface Readers {
  readonly datasets: { readonly training: Readonly<Record<'train' | 'test', { readonly rows: number }>> };
  readonly croissant: {
    readonly errors: readonly string[];
    readonly recordSets: Readonly<Record<string, { rows: number }>>;
  };
  readonly frictionless: { readonly valid: boolean };
}

function readWithOthers(): Readers {
  const script = join(root, 'test', 'support', 'export', 'check-publication.py');
  const { status, stdout, stderr } = spawnSync(
    python,
    [script, dataset, 'datasets', 'croissant', 'frictionless'],
    {
      encoding: 'utf8',
      env: { ...process.env, ...jsonSchemaEnv },
    },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Readers;
}

describe('verifyDataset() of datasets/memory-pressure-1hz', () => {
  it('finds it whole, small and anonymised', async () => {
    expect(await verifyDataset(dataset)).toMatchObject({ ok: true });
    expect(sizeOf(join(root, 'datasets'))).toBeLessThanOrEqual(3 << 20);
    expect(provenance.privacy.timePrecisionMs).toBeGreaterThanOrEqual(3_600_000);
  });

  it('finds all four labels in both splits', () => {
    for (const split of ['train', 'test'] as const) {
      expect(Object.values(provenance.card.classCounts[split]).every((count) => count > 0)).toBe(true);
    }
  });

  it('finds what datasets, mlcroissant and frictionless load, with the rows it says', () => {
    const { train, test } = provenance.tables.training.rows;
    const { datasets, croissant, frictionless } = readWithOthers();
    expect([datasets.training.train.rows, datasets.training.test.rows]).toEqual([train, test]);
    expect(croissant.errors).toEqual([]);
    expect(Object.values(croissant.recordSets).map(({ rows }) => rows)).toEqual(
      expect.arrayContaining([train, test]),
    );
    expect(frictionless.valid).toBe(true);
  }, 300_000);
});

describe('openRegistry() of models/memopt', () => {
  it('shows a whole package, at most 1 MiB: the rule, measured on that dataset, trained on nothing', async () => {
    const registry = await openRegistry(join(root, 'models'));
    const { manifest } = await registry.show('memopt');
    expect(sizeOf(join(root, 'models'))).toBeLessThanOrEqual(1 << 20);
    expect(manifest.featureSpecSha256).toBe(featureSpecSha256(buildFeatureSpec()));
    expect(manifest.trainer.estimator).toBe('rule');
    expect(manifest.dataset).toMatchObject({
      trainedOn: [],
      measuredOn: `${provenance.name}@${provenance.version}`,
    });
  });

  it('shows the scores that build-baseline.mjs finds anew on the dataset', async () => {
    const work = mkdtempSync(join(tmpdir(), 'ruvector-rebuild-'));
    try {
      const built = spawnSync(
        process.execPath,
        [join(root, 'scripts', 'build-baseline.mjs'), dataset, work],
        {
          encoding: 'utf8',
          env: { ...process.env, RUVECTOR_PYTHON: python },
        },
      );
      expect(built.stderr).toBe('');
      const ours = await (await openRegistry(join(root, 'models'))).show('memopt');
      const rebuilt = await (await openRegistry(work)).show('memopt');
      const scoreOf = ({ manifest }: typeof ours): number =>
        (manifest.metrics as { macroF1: number }).macroF1;
      expect(rebuilt.manifest.trainer.estimator).toBe(ours.manifest.trainer.estimator);
      expect(scoreOf(rebuilt)).toBeCloseTo(scoreOf(ours), 2);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }, 300_000);
});
