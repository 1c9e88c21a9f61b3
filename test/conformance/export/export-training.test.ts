// Training exports and anonymised tables as pandas reads them, against what the history held.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataExporter } from '../../../src/export/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { createTestHome } from '../../support/daemon.ts';
import { writeExportHistory } from '../../support/export/export-home.ts';
import { python } from '../../support/python.ts';

const run = promisify(execFile);
let folder = '';
let history: History;
let home: Awaited<ReturnType<typeof createTestHome>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rvm-export-'));
  home = await createTestHome();
  await writeExportHistory(home);
  history = await openHistory(home.history, { readOnly: true });
});
afterAll(async () => {
  await history.close();
  await home[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function pandas(script: string): Promise<unknown> {
  const { stdout } = await run(python, ['-c', `import json, pandas as pd\n${script}`], { cwd: folder });
  return JSON.parse(stdout);
}

describe('exportTrainingData()', () => {
  it('gives files that pandas fits on, with the weights and rows its card names', async () => {
    const stats = await createDataExporter({ source: history }).exportTrainingData({}, join(folder, 'set/'));
    const seen = (await pandas(`
card = json.load(open("set/dataset.json"))
train, test = pd.read_parquet("set/train.parquet"), pd.read_parquet("set/test.parquet")
names = [feature["name"] for feature in card["features"]]
from sklearn.tree import DecisionTreeClassifier
model = DecisionTreeClassifier(class_weight={k: v for k, v in card["label"]["classWeights"].items() if v})
model.fit(train[names], train["label"])
print(json.dumps({
    "rows": [len(train), len(test)],
    "columns": list(train.columns),
    "counts": train["label"].value_counts().to_dict(),
    "named": {k: v for k, v in card["classCounts"]["train"].items() if v},
    "hours": bool((train["timestamp"] == train["timestamp"].dt.floor("h")).all()),
    "types": sorted({str(t) for t in train[names].dtypes}),
    "score": model.score(test[names], test["label"]),
}))`)) as Record<string, unknown>;
    expect(seen['rows']).toEqual([stats.splits.train, stats.splits.test]);
    expect(seen['columns']).toEqual(['timestamp', ...stats.features, 'trend', 'label', 'label_index']);
    expect(seen['counts']).toEqual(seen['named']);
    expect(seen['hours']).toBe(true);
    expect(seen['types']).toEqual(['float32']);
    expect(seen['score']).toBeGreaterThan(0.5);
  });

  it('gives one file with its split, and the card beside it', async () => {
    const stats = await createDataExporter({ source: history }).exportTrainingData(
      {
        labelType: 'binary',
        includeFeatures: ['usage_percent', 'trend'],
        includeActed: true,
        format: 'csv',
      },
      join(folder, 'one.csv'),
    );
    const seen = await pandas(`
df = pd.read_csv("one.csv")
print(json.dumps([list(df.columns), df["split"].value_counts().to_dict(), sorted(df["label"].unique().tolist())]))`);
    expect(seen).toEqual([
      ['timestamp', 'usage_percent', 'usage_trend', 'trend', 'label', 'label_index', 'split'],
      stats.splits,
      [0, 1],
    ]);
    expect(stats.cardPath).toBe(join(folder, 'one.dataset.json'));
  });
});

describe('exportRange()', () => {
  it('gives the rows of the history, exact when it is not anonymised', async () => {
    const rows = await history.rows('memory');
    const exporter = createDataExporter({ source: history, config: { anonymize: false } });
    await exporter.exportRange(undefined, undefined, undefined, join(folder, 'plain.parquet'));
    const seen = await pandas(`
df = pd.read_parquet("plain.parquet")
print(json.dumps([len(df), df["timestamp"].astype("datetime64[ms, UTC]").astype("int64").sum().item(),
    df["available_mb"].sum(), df["processes_count"].sum().item()]))`);
    const sum = (of: (row: (typeof rows)[number]) => number): number =>
      rows.reduce((all, row) => all + of(row), 0);
    expect(seen).toEqual([
      rows.length,
      sum((row) => row.timestamp),
      sum((row) => row.mem_available_kib / 1024),
      sum((row) => row.process_count),
    ]);
  });

  it('gives groups of at least k rows when it is anonymised', async () => {
    const stats = await createDataExporter({ source: history }).exportRange(
      undefined,
      undefined,
      undefined,
      join(folder, 'anon.parquet'),
      { tables: ['process'], k: 50 },
    );
    const seen = (await pandas(`
df = pd.read_parquet("anon.parquet")
groups = df.groupby(["timestamp", "name_hash", "time_precision_ms"], dropna=False).size()
print(json.dumps([len(df), int(groups.min()), sorted(set(df.columns) & {"name", "start_time_ticks"})]))`)) as number[];
    expect(seen[0]).toBe(stats.rows);
    expect(seen[1]).toBeGreaterThanOrEqual(50);
    expect(seen[1]).toBe(stats.privacy!['process']!.k.reached);
    expect(seen[2]).toEqual([]);
    expect(stats.privacy!['process']!.key).toBe('destroyed');
  });
});
