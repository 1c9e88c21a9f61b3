import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { majorityBaseline } from '../../../../src/export/publish/baseline.ts';
import { parseBucketUrl } from '../../../../src/export/publish/bucket.ts';
import { renderPrivacyPage } from '../../../../src/export/publish/privacy-page.ts';
import type {
  DatasetFacts,
  PublishColumn,
  WrittenSplit,
} from '../../../../src/export/publish/publish-contract.ts';
import { renderReadme } from '../../../../src/export/publish/readme-card.ts';
import { buildRowSchema, parseColumns } from '../../../../src/export/publish/row-schema.ts';
import { buildTrainingCard } from '../../../../src/export/training-card.ts';
import { resolveTraining } from '../../../../src/export/training-config.ts';
import { trainingColumns } from '../../../../src/export/publish/training-release.ts';
import { buildTrainingSet } from '../../../../src/prepare/index.ts';
import { pressuredSnapshots } from '../../../support/memory-rows.ts';

const set = await buildTrainingSet({ memory: pressuredSnapshots(800), horizonMs: 20_000 });
const card = buildTrainingCard(set, resolveTraining('x/', {}, true, 0), []);
const columns = trainingColumns(card);

const split = (name: string, counts: Record<string, number>): WrittenSplit => ({
  name,
  rows: Object.values(counts).reduce((sum, count) => sum + count, 0),
  valueBytes: 100,
  files: [{ path: `data/${name}-00000-of-00001.parquet`, sizeBytes: 10, sha256: 'a'.repeat(64) }],
  classCounts: counts,
});

const facts: DatasetFacts = {
  name: 'host-a',
  title: 'Host A: "quoted" | piped',
  version: '1.2.0',
  changelog: [{ version: '1.2.0', change: 'minor', reasons: ['training/train has 5 new rows'] }],
  license: { id: 'WTFPL', name: 'Do What', url: 'https://spdx.org/licenses/WTFPL', text: 'text\n' },
  creator: 'someone',
  url: 'https://example.org/',
  published: '2024-01-02',
  hostClass: 'a laptop',
  source: {
    tables: [{ name: 'training', description: 'Rows.', columns, splits: [] }],
    card,
    privacy: {
      anonymized: true,
      timePrecisionMs: 3_600_000,
      k: 7,
      l: 2,
      rowsSuppressed: 3,
      quasiIdentifiers: ['timestamp'],
      methods: ['times rounded'],
      notProtected: ['the load'],
    },
    fromMs: card.fromMs,
    toMs: card.toMs,
  },
  tables: [
    {
      name: 'training',
      description: 'Rows.',
      columns,
      splits: [split('train', { a: 6, b: 2 }), split('test', { a: 1, b: 3 })],
    },
  ],
};

describe('renderReadme()', () => {
  const text = renderReadme(facts);
  const yaml = parse(text.split('---\n')[1]!) as Record<string, unknown>;

  it('opens with the front matter of the Hub', () => {
    expect(yaml).toMatchObject({
      license: 'other',
      license_name: 'wtfpl',
      license_link: 'LICENSE',
      pretty_name: 'Host A: "quoted" | piped',
      size_categories: ['n<1K'],
      configs: [{ config_name: 'default', default: true }],
    });
  });

  it('says every column, the labels, the splits, the baseline, privacy and changes', () => {
    for (const { name } of columns) expect(text).toContain(`| \`${name}\` |`);
    for (const { source } of card.labelRules) expect(text).toContain(source);
    expect(text).toContain('| train | 8 | 6 | 2 |');
    expect(text).toContain('accuracy 0.250');
    expect(text).toContain('at least 7 rows (3 rows left out)');
    expect(text).toContain('**1.2.0** (minor): training/train has 5 new rows');
    expect(text).toContain('@misc{host_a');
  });

  it('holds no time finer than the hour', () => {
    expect(text).not.toMatch(/T\d\d:(?!00Z)/);
  });
});

describe('renderPrivacyPage()', () => {
  it('says what was reached and what is not protected', () => {
    const page = renderPrivacyPage(facts.source);
    expect(page).toContain('| k reached | 7 |');
    expect(page).toContain('- the load');
  });

  it('says first that a release is not anonymised', () => {
    const source = { ...facts.source, privacy: { ...facts.source.privacy, anonymized: false } };
    expect(renderPrivacyPage(source).split('\n')[2]).toContain('This release is not anonymised');
  });
});

describe('buildRowSchema()', () => {
  it('is read back as the same columns', () => {
    const plain = columns.map((column): PublishColumn => ({ ...column }));
    expect(parseColumns(buildRowSchema('x', [facts.tables[0]!]), 'training')).toEqual(plain);
  });
});

describe('majorityBaseline()', () => {
  it('answers the most frequent class of the train part', () => {
    const baseline = majorityBaseline(facts.tables[0]!.splits);
    // F1 of a: precision 1/4, recall 1; of b: 0.
    expect(baseline).toEqual({ label: 'a', accuracy: 0.25, macroF1: 0.2 });
  });

  it('is null without rows to test on', () => {
    expect(majorityBaseline([split('train', { a: 1 }), split('test', { a: 0 })])).toBeNull();
  });
});

describe('parseBucketUrl()', () => {
  it.each([
    ['s3://b', { bucket: 'b', prefix: '' }],
    ['s3://b/x/y/', { bucket: 'b', prefix: 'x/y' }],
  ])('%s', (text, location) => {
    expect(parseBucketUrl(text)).toEqual(location);
  });

  it('is undefined for folders', () => {
    for (const text of ['/tmp/x', 'x', 's3:/b', 'https://b']) expect(parseBucketUrl(text)).toBeUndefined();
  });
});
