import { describe, expect, it } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import { buildTrainingSet, splitNames } from '../../../src/prepare/index.ts';
import type { TrainingSet } from '../../../src/prepare/index.ts';
import { buildTrainingCard } from '../../../src/export/training-card.ts';
import { resolveTraining } from '../../../src/export/training-config.ts';
import { buildTrainingTable } from '../../../src/export/training-table.ts';
import type { TrainingTableOptions } from '../../../src/export/training-table.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';

const set: TrainingSet = await buildTrainingSet({ memory: pressuredSnapshots(1500) });
const base = { name: 'training', labelType: 'class', timePrecisionMs: 3_600_000 } as const;

async function columnsOf(options: Partial<TrainingTableOptions>): Promise<Record<string, unknown[]>> {
  const table = buildTrainingTable(set, { ...base, ...options });
  const columns: Record<string, unknown[]> = Object.fromEntries(table.schema.names.map((name) => [name, []]));
  for await (const batch of table.open(new AbortController().signal)) {
    for (const name of table.schema.names) columns[String(name)]!.push(...batch.getChild(name)!.toArray());
  }
  return columns;
}

describe('buildTrainingTable()', () => {
  it('holds the columns of the document and of the loop', async () => {
    const columns = await columnsOf({});
    expect(Object.keys(columns)).toEqual([
      'timestamp',
      ...set.featureNames,
      'trend',
      'label',
      'label_index',
      'split',
    ]);
    expect(columns['trend']).toEqual(columns['usage_trend']);
    expect(columns['label_index']).toEqual([...set.labels]);
    expect(columns['label']).toEqual([...set.labels].map((index) => labels[index]));
    expect(columns['split']).toEqual([...set.splits].map((index) => splitNames[index]));
  });

  it('rounds times down to the precision', async () => {
    const { timestamp } = await columnsOf({});
    const hour = 3_600_000;
    expect(timestamp!.map(Number)).toEqual([...set.timestamps].map((time) => Math.floor(time / hour) * hour));
    const exact = await columnsOf({ timePrecisionMs: 1 });
    expect(exact['timestamp']!.map(Number)).toEqual([...set.timestamps]);
  });

  it('holds one split', async () => {
    const test = await columnsOf({ split: 'test' });
    const rows = [...set.labels].filter((_, row) => splitNames[set.splits[row]!] === 'test');
    expect(test['label_index']).toEqual(rows);
    expect(Object.keys(test)).not.toContain('split');
  });

  it('writes labels as index or as 0 and 1', async () => {
    expect((await columnsOf({ labelType: 'index' }))['label']).toEqual([...set.labels]);
    const binary = await columnsOf({ labelType: 'binary' });
    expect(binary['label']).toEqual([...set.labels].map((index) => Number(index > 0)));
    expect(binary['label_index']).toEqual([...set.labels]);
  });
});

describe('resolveTraining()', () => {
  const resolve = (path: string, config = {}, isFolder = false): unknown =>
    resolveTraining(path, config, isFolder, 0);

  it('takes a path without a file suffix as a folder of Parquet files', () => {
    for (const path of ['training/', 'training', 'a.b/c']) {
      expect(resolve(path)).toMatchObject({ isFolder: true, format: 'parquet' });
    }
    expect(resolve('data.v1', {}, true)).toMatchObject({ isFolder: true, format: 'parquet' });
    expect(resolve('set.csv.gz')).toMatchObject({ isFolder: false, format: 'csv', compression: 'gzip' });
  });

  it('turns the document words into those of prepare', () => {
    expect(
      resolve('t/', { trainTestSplit: 0.8, balanceClasses: true, includeFeatures: ['trend'] }),
    ).toMatchObject({
      testFraction: 0.2,
      balance: 'undersample',
      features: ['usage_trend'],
    });
    expect(resolve('t/', { anonymize: false })).toMatchObject({ timePrecisionMs: 1, balance: 'weights' });
  });

  it('names every mistake, and the features there are', () => {
    const config = {
      includeFeatures: ['usage_percent', 'cpu'],
      labelType: 'text',
      trainTestSplit: 1,
      start: '2024-01-02',
      end: '2024-01-01T00:00:00Z',
      blocks: 0.5,
      format: 'xlsx',
    };
    for (const part of [
      'includeFeatures holds "cpu", wanted a subset of usage_percent, usage_trend',
      'labelType is "text", wanted one of class, index, binary',
      'trainTestSplit is 1, wanted between 0 and 1',
      'start is not before end',
      'blocks is 0.5',
      'format is "xlsx"',
    ]) {
      expect(() => resolve('t/', config)).toThrow(part);
    }
  });
});

describe('buildTrainingCard()', () => {
  it('says how every column, the split and the label came about', () => {
    const resolved = resolveTraining('t/', { labelType: 'binary' }, false, 0);
    const card = buildTrainingCard(set, resolved, []);
    expect(card.columns.map(({ name }) => name)).toContain('trend');
    expect(card.columns.every(({ how }) => how.length > 0)).toBe(true);
    expect(card.split.gapMs).toBe(set.horizonMs);
    expect(card.horizonMs).toBe(60_000);
    expect(card.fromMs % 3_600_000).toBe(0);
    expect(Object.keys(card.label.classWeights)).toEqual(['0', '1']);
    const [negative, ...positives] = set.classCounts.train;
    const positive = positives.reduce((sum, rows) => sum + rows, 0);
    expect(card.label.classWeights['0']! * negative!).toBeCloseTo(card.label.classWeights['1']! * positive);
  });
});
