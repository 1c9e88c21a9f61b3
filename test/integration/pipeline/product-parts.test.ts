// What the product brings to pipelines: its history, features, labels, models, streams, buckets and the trainer.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { DatabaseSync } from 'node:sqlite';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pl from 'nodejs-polars';
import {
  createArraySink,
  fileSource,
  joinOnTime,
  openPipelineFile,
  pipeline,
} from '../../../src/pipeline/index.ts';
import type { NativeSource } from '../../../src/pipeline/index.ts';
import { createHomeRegistry } from '../../../src/app/pipelines/pipeline-registry.ts';
import { labels } from '../../../src/core/index.ts';
import { openRegistry } from '../../../src/models/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { serveStream } from '../../../src/stream/index.ts';
import { createTestHub, memoryRow } from '../../support/stream/stream-hub.ts';
import { createTestHome } from '../../support/daemon.ts';
import { startS3Server } from '../../support/export/s3-server.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

type TestHome = Awaited<ReturnType<typeof createTestHome>>;
let home: TestHome;
let shiftMs = 0;
const ROWS = 1500;

beforeAll(async () => {
  process.env['RUVECTOR_PYTHON'] = python;
  home = await createTestHome();
  mkdirSync(home.root, { recursive: true });
  await using history = await openHistory(home.history);
  const rows = pressuredSnapshots(ROWS);
  shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
});
afterAll(() => home[Symbol.asyncDispose]());

async function run(text: string, variables: Readonly<Record<string, string>> = {}): Promise<void> {
  const path = join(home.root, 'p.yaml');
  writeFileSync(path, text);
  await using parts = createHomeRegistry(home);
  const file = await openPipelineFile(path, { registry: parts.registry, variables });
  await file.pipeline.run(file.runOptions);
}

type Row = Record<string, unknown>;

const readTable = (table: string): Row[] => {
  const database = new DatabaseSync(join(home.root, 'out.db'), { readOnly: true });
  const rows = database.prepare(`SELECT * FROM ${table} ORDER BY timestamp`).all();
  database.close();
  return rows.map((row) => ({ ...row }));
};

const into = (table: string): string =>
  `sink: { use: sqlite-table, with: { path: out.db, table: ${table} } }`;

describe('pipeline source history', () => {
  it('gives the newest hours of a table to a plan', async () => {
    await run(`
source: { use: history, with: { hours: 0.1 } }
stages: [{ use: select, with: { columns: [timestamp, mem_total_kib] } }]
${into('newest')}`);
    const rows = readTable('newest');
    // Six minutes that end now; the rows end a minute ago.
    expect(rows.length).toBeGreaterThan(250);
    expect(rows.length).toBeLessThanOrEqual(301);
    expect(Object.keys(rows[0]!)).toEqual(['timestamp', 'mem_total_kib']);
  });

  it.each(['memory', 'process'])(
    'gives a table of "%s" without rows its columns, types and all',
    async (table) => {
      const path = join(home.root, `none-${table}.parquet`);
      await run(`
source: { use: history, with: { table: ${table}, to: 2001-01-01 } }
stages: [{ use: sort, with: { by: [timestamp] } }]
sink: { use: parquet, with: { path: ${path} } }`);
      await using history = await openHistory(home.history, { readOnly: true });
      const whole = await history.lazyFrame(table as 'memory');
      const none = await pl.scanParquet(path).collect();
      expect(none.height).toBe(0);
      expect(none.schema).toEqual((await whole.limit(0).collect()).schema);
    },
  );

  it('has to give one partition: a source without any is refused by name, also beside another', async () => {
    await using history = await openHistory(home.history, { readOnly: true });
    const source: NativeSource = {
      name: 'nothing',
      partitions: () => history.partitions('memory', { toMs: 1 }),
    };
    const sink = createArraySink();
    const refused = {
      code: 'ERR_PIPELINE_READ',
      message: expect.stringMatching(/^Cannot read source "nothing": it gives no partitions, /),
    };
    await expect(pipeline().from(source).to(sink).run()).rejects.toMatchObject(refused);
    const one = pl.DataFrame({ timestamp: [1] });
    await one.lazy().sinkParquet(join(home.root, 'one.parquet')).collect();
    const joined = pipeline()
      .from(fileSource(join(home.root, 'one.parquet')))
      .through(joinOnTime({ with: source, on: 'timestamp' }))
      .to(sink);
    await expect(joined.run()).rejects.toMatchObject(refused);
  });
});

describe('pipeline transform anonymise', () => {
  it('releases what an export of the same table releases, and refuses what would not reach k', async () => {
    await run(`source: { use: history }\nstages: [{ use: anonymise }]\n${into('released')}`);
    const rows = readTable('released');
    expect(rows.length).toBeGreaterThan(ROWS / 2);
    const columns = Object.keys(rows[0]!);
    expect(columns).toContain('time_precision_ms');
    for (const row of rows) {
      expect(Number(row['timestamp']) % Number(row['time_precision_ms'])).toBe(0);
      const alike = rows.filter(
        (other) => other['timestamp'] === row['timestamp'] && other['mem_total_kib'] === row['mem_total_kib'],
      );
      expect(alike.length).toBeGreaterThanOrEqual(5);
    }
    const few = `source: { use: history }\nstages: [{ use: anonymise, with: { k: ${ROWS + 1} } }]\n${into('none')}`;
    await expect(run(few)).rejects.toMatchObject({ code: 'ERR_PREPARE_PRIVACY_K' });
  });
});

describe('pipeline transforms label and features', () => {
  it('give bit for bit what a training set has', async () => {
    await run(`source: { use: history }\nstages: [{ use: label }, { use: features }]\n${into('computed')}`);
    await run(`source: { use: training-set, with: { includeActed: true } }\n${into('trained')}`);
    const trained = new Map(readTable('trained').map((row) => [row['timestamp'], row]));
    const computed = readTable('computed');
    expect(trained.size).toBeGreaterThan(1000);
    expect(computed).toHaveLength(trained.size);
    for (const row of computed) {
      const { split: _, ...wanted } = trained.get(row['timestamp'])!;
      expect(row).toEqual({ ...wanted, label: labels[wanted['label'] as number] });
    }
  });

  it('say what does not reach them', async () => {
    writeFileSync(join(home.root, 'in.csv'), 'a\n1\n');
    await expect(
      run(`source: { use: csv, with: { paths: in.csv } }\nstages: [{ use: features }]\n${into('none')}`),
    ).rejects.toThrow('"timestamp"');
  });
});

describe('pipeline sink trainer and transform onnx', () => {
  it('make a model of the table and let it answer the columns it names', async () => {
    await run(`
source: { use: history }
stages: [{ use: label }, { use: features }]
sink: { use: trainer, with: { parameters: { n_estimators: 5 }, activate: always } }`);
    const [model] = await (await openRegistry(home.models)).list();
    expect(model!.aliases!.live).toBe(model!.versions.at(-1));
    await run(`
source: { use: training-set }
stages: [{ use: onnx, with: { model: memopt, probabilities: true } }]
${into('answered')}`);
    const rows = readTable('answered');
    const right = rows.filter(({ label, predicted }) => labels[label as number] === predicted).length;
    expect(right / rows.length).toBeGreaterThan(0.8);
    for (const row of rows) {
      const shares = labels.map((label) => Number(row[`predicted_${label}`] ?? 0));
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
      expect(row[`predicted_${String(row['predicted'])}`]).toBe(Math.max(...shares));
    }
  });

  it('name the columns that a model lacks, and models that are not there', async () => {
    const source = 'source: { use: history }';
    await expect(
      run(`${source}\nstages: [{ use: onnx, with: { model: memopt } }]\n${into('none')}`),
    ).rejects.toThrow('it reads "');
    await expect(
      run(`${source}\nstages: [{ use: onnx, with: { model: nothing } }]\n${into('none')}`),
    ).rejects.toThrow(/p\.yaml:2:17: .*nothing/);
    await expect(run(`${source}\nsink: { use: trainer }`)).rejects.toMatchObject({
      code: 'ERR_TRAIN_COLUMNS',
    });
  });
});

describe('pipeline source stream', () => {
  it('reads a live stream of the product in every format', async () => {
    const { hub, publish } = createTestHub();
    await using served = await serveStream({ hub, endpoint: 'ws://127.0.0.1:0' });
    const text = (format: string): string => `
source: { use: stream, with: { endpoint: "${served.endpoint}", format: ${format}, rows: 5 } }
stages: [{ use: select, with: { columns: [timestamp, used_percent] } }]
${into(`live_${format}`)}`;
    const done = new AbortController();
    const publishing = (async () => {
      for (let i = 0; !done.signal.aborted; i++) {
        publish('memory', [memoryRow(i, 1000 + i)]);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    for (const format of ['jsonlines', 'arrow']) {
      await run(text(format));
      const rows = readTable(`live_${format}`);
      expect(rows).toHaveLength(5);
      for (const { timestamp, used_percent: used } of rows)
        expect((Number(timestamp) - 1000) % 100).toBe(used);
    }
    done.abort();
    await publishing;
  });
});

describe('pipeline sink s3-parquet', () => {
  it('puts one whole object into a bucket, and nothing when the run fails', async () => {
    await using server = await startS3Server();
    writeFileSync(join(home.root, 'in.csv'), 'a,b\n1,x\n2,y\n');
    const text = (where: string): string => `
source: { use: csv, with: { paths: in.csv } }
stages: [{ use: filter, with: { where: "${where}" } }]
sink: { use: s3-parquet, with: { url: "s3://${server.bucket}/days/one.parquet", endpointUrl: "${server.url}", compression: snappy } }`;
    await expect(run(text('CAST(b AS BIGINT) > 1'))).rejects.toThrow();
    const list = await server.client.send(new ListObjectsV2Command({ Bucket: server.bucket }));
    expect(list.Contents).toBeUndefined();
    await run(text('a > 1'));
    const { Body } = await server.client.send(
      new GetObjectCommand({ Bucket: server.bucket, Key: 'days/one.parquet' }),
    );
    const bytes = await Body!.transformToByteArray();
    const rows = await parquetReadObjects({ file: bytes.buffer as ArrayBuffer });
    expect(rows).toEqual([{ a: 2n, b: 'y' }]);
    expect(readFileSync(join(home.root, 'in.csv'), 'utf8')).toContain('1,x');
  });

  it('refuses an address that is none before anything is read', async () => {
    await expect(
      run(`source: { use: history }\nsink: { use: s3-parquet, with: { url: "s3://bucket/folder/" } }`),
    ).rejects.toThrow('wanted s3://bucket/path/name.parquet');
  });
});
