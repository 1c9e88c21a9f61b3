// What a notebook writes: the history, features, labels and models as stages of the builder, by their public names.
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anonymiseStage,
  buildFeatureSpec,
  createArraySink,
  createFileSink,
  drop,
  featureStage,
  historySource,
  labelStage,
  memoryKind,
  modelStage,
  openHistory,
  openRegistry,
  pipeline,
} from '../../../src/index.ts';
import type { History } from '../../../src/index.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';

const packages = join(import.meta.dirname, '../../../models');
const ROWS = 600;
const HORIZON_MS = 60_000;
let folder: string;
let history: History;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruvector-stages-'));
  history = await openHistory(join(folder, 'history'), { retainMs: Infinity, retainBytes: Infinity });
  history.append('memory', pressuredSnapshots(ROWS));
  await history.flush();
  await cp(packages, join(folder, 'models'), { recursive: true });
});
afterAll(async () => {
  await history.close();
  await rm(folder, { recursive: true });
});

const columnsOf = (sink: ReturnType<typeof createArraySink>): string[] =>
  sink.batches[0]!.schema.fields.map(({ name }) => name);

describe('historySource()', () => {
  it('carries labels, features and the answers of a model to the end', async () => {
    const spec = buildFeatureSpec();
    const registry = await openRegistry(join(folder, 'models'));
    const sink = createArraySink();
    await pipeline()
      .from(historySource(history))
      .through(labelStage({ horizonMs: HORIZON_MS }))
      .through(featureStage(spec))
      .through(modelStage(await registry.show('memopt'), { label: 'answer', probabilities: true }))
      .to(sink)
      .run();
    const rows = sink.batches.reduce((sum, { numRows }) => sum + numRows, 0);
    expect(rows).toBeGreaterThan(ROWS / 2);
    expect(rows).toBeLessThan(ROWS - HORIZON_MS / 1000 + 1);
    const columns = columnsOf(sink);
    expect(columns.slice(0, spec.names.length + 3)).toEqual(['timestamp', ...spec.names, 'label', 'answer']);
    expect(columns).toContain('answer_NoActionNeeded');
  });

  it('gives the columns of a range without rows', async () => {
    const path = join(folder, 'none.csv');
    const later = { fromMs: Date.UTC(2030, 0, 1) };
    await pipeline()
      .from(historySource(history, 'memory', later))
      .to(createFileSink({ path, format: 'csv' }))
      .run();
    expect(await readFile(path, 'utf8')).toBe(
      `${memoryKind.fields.map(({ name }) => `"${name}"`).join(',')}\n`,
    );
    const sink = createArraySink();
    await pipeline()
      .from(historySource(history, 'memory', later))
      .through(labelStage({ horizonMs: HORIZON_MS }))
      .to(sink)
      .run();
    expect(sink.batches.every(({ numRows }) => numRows === 0)).toBe(true);
  });

  it('is released anonymised', async () => {
    const path = join(folder, 'released.csv');
    await pipeline()
      .from(historySource(history))
      .through(anonymiseStage(memoryKind, { k: 5 }))
      .to(createFileSink({ path, format: 'csv' }))
      .run();
    const [head, ...rows] = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(rows).toHaveLength(ROWS);
    const at = head!.split(',').indexOf('"timestamp"');
    expect(new Set(rows.map((row) => row.split(',')[at])).size).toBe(1);
  });

  it('names what a stage lacks', async () => {
    const source = () => pipeline().from(historySource(history));
    const without = source().through(drop('mem_total_kib')).through(featureStage(buildFeatureSpec()));
    await expect(without.to(createArraySink()).run()).rejects.toMatchObject({
      code: 'ERR_PREPARE_COLUMNS',
      details: { columns: ['mem_total_kib'] },
    });
    const registry = await openRegistry(join(folder, 'models'));
    const model = modelStage(await registry.show('memopt'));
    await expect(source().through(model).to(createArraySink()).run()).rejects.toMatchObject({
      code: 'ERR_MODEL_FEATURES',
    });
  });
});
