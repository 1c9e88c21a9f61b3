// Pipelines over real files: what runs as a plan, what crosses to batches and back, what fails, and what an abort leaves.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import polars from 'nodejs-polars';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  cast,
  createArraySink,
  createArraySource,
  fileSource,
  filter,
  groupBy,
  joinOnTime,
  normalize,
  oneHot,
  pipeline,
  select,
  sort,
  withColumns,
} from '../../../src/pipeline/index.ts';
import type { NativeSink, Transform } from '../../../src/pipeline/index.ts';
import { parquetSink } from '../../support/pipeline/parquet-sink.ts';
import { until } from '../../support/until.ts';

let root: string;
let folder: string;
let output: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-plans-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'case-'));
  output = join(folder, 'out.parquet');
});

const rowsOf = async (path: string) => (await polars.scanParquet(path).collect()).toRecords();

/** Three files whose rows follow each other. */
async function writeThree(rows = 100): Promise<string> {
  for (const part of [0, 1, 2]) {
    const ids = Array.from({ length: rows }, (_, i) => part * rows + i);
    const frame = polars.DataFrame({
      id: ids,
      kib: ids.map((id) => id * 1024),
      name: ids.map((id) => (id % 3 === 0 ? null : `n${id % 4}`)),
    });
    await frame
      .lazy()
      .sinkParquet(join(folder, `in-${part}.parquet`))
      .collect();
  }
  return join(folder, 'in-*.parquet');
}

/** Doubles `id`, one batch at a time. */
const doubling: Transform = {
  schema: (input) => input,
  transform: (batch) => {
    const ids = Float64Array.from(batch.getChild('id')!.toArray() as ArrayLike<number>, (id) => 2 * id);
    const at = batch.schema.fields.findIndex(({ name }) => name === 'id');
    const children = batch.schema.fields.map((_, i) =>
      i === at ? arrow.makeData({ type: new arrow.Float64(), data: ids }) : batch.data.children[i]!,
    );
    const data = arrow.makeData({ type: batch.data.type, length: batch.numRows, nullCount: 0, children });
    return new arrow.RecordBatch(batch.schema, data);
  },
  memoryUsage: () => 0,
};

describe('a pipeline of native stages', () => {
  it('run() gives the rows of all files in order when they are written in parts', async () => {
    const parts: string[] = [];
    const sink = parquetSink(output, 1);
    const counted: NativeSink = { ...sink, append: async (path) => (parts.push(path), sink.append(path)) };
    const history = { ...fileSource(await writeThree()), streams: false };
    const { progress } = await pipeline()
      .from(history)
      .through(filter('id % 2 = 0'))
      .through(withColumns('kib / 1024.0 as mib'))
      .through(cast({ id: 'Int32' }))
      .to(counted)
      .run();
    const rows = await rowsOf(output);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 150 }, (_, i) => 2 * i));
    expect(rows.every(({ id, mib }) => id === mib)).toBe(true);
    expect(parts).toHaveLength(3);
    expect(progress[0]).toMatchObject({ rowsIn: 300, totalRows: 300 });
    expect(await readdir(folder)).toHaveLength(4);
  });

  it('run() sees the whole table where a stage needs it, and learns from all of it', async () => {
    await pipeline()
      .from(fileSource(await writeThree()))
      .through(normalize({ columns: ['kib'], method: 'min-max' }))
      .through(oneHot({ column: 'name' }))
      .through(groupBy({ by: ['name_n1'], aggregates: ['count(*) as n', 'max(kib) as top'] }))
      .through(sort({ by: ['name_n1'] }))
      .to(parquetSink(output))
      .run();
    const rows = await rowsOf(output);
    expect(rows.map(({ n }) => Number(n))).toEqual([250, 50]);
    expect(Math.max(...rows.map(({ top }) => Number(top)))).toBe(1);
  });

  it('run() writes a file with its columns when the source has no rows', async () => {
    await writeFile(join(folder, 'none.csv'), 'id,name\n');
    await pipeline()
      .from(fileSource(join(folder, 'none.csv')))
      .through(withColumns('1 as one'))
      .to(parquetSink(output))
      .run();
    expect((await polars.scanParquet(output).collect()).columns).toEqual(['id', 'name', 'one']);
  });

  it('fileSource() gives CSV and JSON Lines the columns of all files, whatever each has', async () => {
    await writeFile(join(folder, 'a.csv'), 'id,x\n1,1\n2,\n');
    await writeFile(join(folder, 'b.csv'), 'x,id,y\n0.5,3,hello\n');
    await pipeline()
      .from(fileSource([join(folder, 'a.csv'), join(folder, 'b.csv')]))
      .to(parquetSink(output))
      .run();
    expect(await rowsOf(output)).toEqual([
      { id: 1, x: 1, y: null },
      { id: 2, x: null, y: null },
      { id: 3, x: 0.5, y: 'hello' },
    ]);
    const late = `t,x\n${'2024-01-02T03:04:05.678,1\n'.repeat(1500)}2024-01-02T03:04:06.000,late\n`;
    await writeFile(join(folder, 'late.csv'), late);
    await pipeline()
      .from(fileSource(join(folder, 'late.csv'), { inferRows: null }))
      .through(sort({ by: ['t'], descending: true }))
      .to(parquetSink(output))
      .run();
    expect((await rowsOf(output)).slice(0, 2)).toEqual([
      { t: new Date('2024-01-02T03:04:06.000Z'), x: 'late' },
      { t: new Date('2024-01-02T03:04:05.678Z'), x: '1' },
    ]);
    await writeFile(join(folder, 'a.jsonl'), '{"id":1}\n{"id":2}\n');
    await pipeline()
      .from(fileSource(join(folder, 'a.jsonl')))
      .to(parquetSink(output))
      .run();
    expect(await rowsOf(output)).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('joinOnTime() reads the other table once for all partitions', async () => {
    const other = fileSource(await writeThree(10));
    let opened = 0;
    const counted = {
      name: 'other',
      partitions: async () => {
        opened += 1;
        return other.partitions();
      },
    };
    const stage = joinOnTime({ with: counted, on: 'id', columns: ['kib'] });
    const plan = await pipeline()
      .from({ ...other, streams: false })
      .through(cast({ id: 'Int64' }))
      .through({ ...stage, inputs: [{ ...counted, name: 'other' }] })
      .to(parquetSink(output))
      .plan()
      .catch((error: unknown) => error);
    expect(plan).toMatchObject({ code: 'ERR_PIPELINE_TYPE', details: { stage: 'join on time' } });
    opened = 0;
    const ids = { ...counted, partitions: async () => (await counted.partitions()).map(castId) };
    await pipeline()
      .from({ ...other, streams: false })
      .through(cast({ id: 'Int64' }))
      .through(joinOnTime({ with: ids, on: 'id', columns: ['kib'] }))
      .to(parquetSink(output))
      .run();
    // Once for its columns, once for its rows.
    expect(opened).toBe(2);
    expect((await rowsOf(output)).every(({ kib, kib_right: right }) => kib === right)).toBe(true);
  });

  it('joinOnTime() joins times of other units and zones, and whole milliseconds', async () => {
    const { Datetime, Int64, Utf8 } = polars;
    const one = (name: string, type: object) => ({
      name,
      partitions: async () => [
        {
          maxRows: 3,
          open: async () =>
            polars
              .DataFrame({ at: [1000n, 2000n, 3000n], [name]: [1, 2, 3] })
              .lazy()
              .withColumns(
                polars
                  .col('at')
                  .cast(Int64)
                  .cast(Datetime('ms'))
                  .cast(type as never),
              ),
        },
      ],
    });
    const types = { ms: Datetime('ms'), us: Datetime('us'), utc: Datetime('ns', 'UTC'), whole: Int64 };
    const pairs = [
      ['ms', 'us'],
      ['us', 'ms'],
      ['utc', 'ms'],
      ['us', 'utc'],
      ['whole', 'us'],
      ['utc', 'whole'],
    ] as const;
    for (const [left, right] of pairs) {
      const sink = createArraySink();
      await pipeline()
        .from(one('left', types[left]))
        .through(joinOnTime({ with: one('right', types[right]), on: 'at', toleranceMs: 0 }))
        .to(sink)
        .run();
      const joined = sink.batches.flatMap((batch) => batch.toArray().map((row) => row.toJSON()));
      expect({ left, right, joined }).toMatchObject({
        joined: [1, 2, 3].map((value) => ({ left: value, right: value })),
      });
      expect(Object.keys(joined[0]!)).toEqual(['at', 'left', 'right']);
    }
    const texts = pipeline()
      .from(one('left', Int64))
      .through(joinOnTime({ with: one('right', Utf8), on: 'at' }))
      .to(createArraySink());
    await expect(texts.plan()).rejects.toMatchObject({ code: 'ERR_PIPELINE_TYPE' });
    const missing = pipeline()
      .from(one('left', Int64))
      .through(joinOnTime({ with: one('right', Int64), on: 'at', columns: ['rigth'] }), { name: 'host' })
      .to(createArraySink());
    await expect(missing.plan()).rejects.toThrow(
      'Cannot take column "rigth" of "right" in stage "host": it has "at", "right"; name one of these',
    );
  });
});

const castId = (partition: { open(): Promise<polarsFrame> }) => ({
  maxRows: null,
  open: async () => (await partition.open()).withColumns(polars.col('id').cast(polars.Int64)),
});
type polarsFrame = Awaited<
  ReturnType<Awaited<ReturnType<ReturnType<typeof fileSource>['partitions']>>[number]['open']>
>;

describe('a pipeline of plans and batches', () => {
  it('run() hands the rows of a plan to batches, partition by partition, texts among them', async () => {
    const sink = createArraySink();
    const temporaryFolder = join(folder);
    await pipeline()
      .from(fileSource(await writeThree()))
      .through(filter('id >= 90'))
      .through(doubling)
      .to(sink)
      .run({ temporaryFolder });
    const table = new arrow.Table(sink.batches as arrow.RecordBatch[]);
    expect([...table.getChild('id')!].map(Number)).toEqual(
      Array.from({ length: 210 }, (_, i) => 2 * (i + 90)),
    );
    expect(table.getChild('name')!.get(1)).toBe('n3');
    expect((await readdir(folder)).filter((name) => !name.startsWith('in-'))).toEqual([]);
  });

  it('run() computes native stages of rows batch by batch behind a transform', async () => {
    const sink = createArraySink();
    const source = createArraySource(tableOf(1000).batches);
    const plan = await pipeline()
      .from(source)
      .through(doubling)
      .through(withColumns('id + 0.5 as half'))
      .through(filter('id >= 1000'))
      .to(sink)
      .plan();
    expect((await plan.explain()).stages.map(({ runs }) => runs)).toEqual(Array(5).fill('batches'));
    await plan.run({ batch: { rows: 100 } });
    const table = new arrow.Table(sink.batches as arrow.RecordBatch[]);
    expect([...table.getChild('half')!]).toEqual(Array.from({ length: 500 }, (_, i) => 1000.5 + 2 * i));
  });

  it('run() spools batches for a stage that needs all rows, and for a sink that a plan writes', async () => {
    const source = createArraySource(tableOf(1000).batches);
    const plan = await pipeline()
      .from(source)
      .through((batch) => batch)
      .through(sort({ by: ['id'], descending: true }))
      .through(doubling)
      .to(parquetSink(output))
      .plan();
    const { stages, text } = await plan.explain();
    expect(stages.map(({ leg, runs }) => `${leg} ${runs}`)).toEqual([
      '1 batches',
      '1 batches',
      '1 batches',
      '2 plan',
      '2 plan',
      '2 batches',
      '2 batches',
      '3 plan',
      '3 plan',
    ]);
    expect(text).toContain('stage "sort" has to see all rows');
    await plan.run({ temporaryFolder: folder });
    expect((await rowsOf(output)).slice(0, 2)).toEqual([{ id: 1998 }, { id: 1996 }]);
    expect(await readdir(folder)).toEqual(['out.parquet']);
  });

  it('run() opens a transform with the columns that reach it, and closes it', async () => {
    const sink = createArraySink();
    const seen: string[] = [];
    const plan = await pipeline()
      .from(fileSource(await writeThree()))
      .through(select('id'))
      .through({
        name: 'double',
        runsInWorkers: true,
        open: async ({ fields }, { budget }) => {
          seen.push(...fields.map(({ name }) => name), String(budget.limitBytes > 0));
          return { transform: { ...doubling, close: async () => void seen.push('closed') }, workers: 2 };
        },
      })
      .to(sink)
      .plan();
    expect((await plan.explain()).stages.map(({ name, runs }) => `${name}: ${runs}`)).toContain(
      'double: worker',
    );
    await plan.run({ temporaryFolder: folder });
    expect(seen).toEqual(['id', 'true', 'closed']);
    expect(sink.rows).toBe(300);
  });

  it('run() names which of two stages of one kind it is that fails', async () => {
    const from = pipeline().from(fileSource(await writeThree()));
    const twice = from.through(filter('id > 1')).through(filter('id > 2 limit 1'));
    await expect(twice.to(parquetSink(output)).plan()).rejects.toMatchObject({
      code: 'ERR_PIPELINE_EXPRESSION',
      details: { stage: 'filter 2' },
      message: expect.stringContaining('stage "filter 2"'),
    });
  });

  it('plan() estimates by what files tell and by the first rows', async () => {
    const from = pipeline().from(fileSource(await writeThree()));
    const half = from.through(filter('id % 2 = 0')).to(parquetSink(output));
    expect((await half.plan({ dryRun: true })).estimate).toMatchObject({ rowsIn: 300, rowsOut: 150 });
    expect((await half.plan()).estimate).toBeNull();
    const grouped = from
      .through(groupBy({ by: ['name'], aggregates: ['count(*) as n'] }))
      .to(parquetSink(output));
    const plan = await grouped.plan({ dryRun: true });
    expect(plan.estimate).toMatchObject({ rowsIn: 300, rowsOut: null });
    expect((await plan.explain({ optimized: true })).text).toContain('AGGREGATE');
  });

  it('run() gives a file without rows its columns when no batch comes', async () => {
    await pipeline()
      .from(createArraySource([], tableOf(0).schema))
      .through(doubling)
      .to(parquetSink(output))
      .run();
    expect((await polars.scanParquet(output).collect()).columns).toEqual(['id']);
  });
});

function tableOf(rows: number): arrow.Table {
  return arrow.tableFromArrays({ id: Float64Array.from({ length: rows }, (_, i) => i) });
}

describe('a pipeline that fails', () => {
  it('plan() names the stage and the column that is not there', async () => {
    const from = pipeline().from(fileSource(await writeThree()));
    await expect(from.through(filter('rss > 1')).to(parquetSink(output)).plan()).rejects.toMatchObject({
      code: 'ERR_PIPELINE_COLUMN',
      details: { stage: 'filter', column: 'rss' },
    });
    await expect(from.through(filter('id > 1 limit 3')).to(parquetSink(output)).plan()).rejects.toMatchObject(
      { code: 'ERR_PIPELINE_EXPRESSION', details: { stage: 'filter' } },
    );
    await expect(
      from
        .through(cast({ rss: 'Int32' }))
        .to(parquetSink(output))
        .plan(),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_COLUMN', details: { stage: 'cast', column: 'rss' } });
    await expect(
      from
        .through(filter(polars.col('rss').gt(1)))
        .to(parquetSink(output))
        .plan(),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_COLUMN', details: { stage: 'filter', column: 'rss' } });
  });

  it('run() names the stage and the column whose values do not fit, and leaves no file', async () => {
    const from = pipeline().from(fileSource(await writeThree()));
    const failing = from
      .through(filter('id > 3'))
      .through(cast({ name: 'Int32' }))
      .through(sort({ by: ['name'] }))
      .to(parquetSink(output));
    await expect(failing.run()).rejects.toMatchObject({
      code: 'ERR_PIPELINE_VALUE',
      details: { stage: 'cast', column: 'name' },
    });
    expect((await readdir(folder)).toSorted()).toEqual(['in-0.parquet', 'in-1.parquet', 'in-2.parquet']);
    const batches = pipeline().from(createArraySource(textTable().batches)).through(doubleNothing);
    await expect(
      batches
        .through(cast({ name: 'Int32' }))
        .to(createArraySink())
        .run(),
    ).rejects.toMatchObject({
      code: 'ERR_PIPELINE_VALUE',
      details: { stage: 'cast', column: 'name' },
    });
  });

  it('run() says which file cannot be read or written', async () => {
    await expect(
      pipeline()
        .from(fileSource(join(folder, 'none.parquet')))
        .to(parquetSink(output))
        .run(),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_READ' });
    await expect(
      pipeline()
        .from(fileSource(join(folder, '*.parquet')))
        .to(parquetSink(output))
        .run(),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_READ' });
    await writeFile(join(folder, 'bad.parquet'), 'no parquet');
    await expect(
      pipeline()
        .from(fileSource(join(folder, 'bad.parquet')))
        .to(parquetSink(output))
        .run(),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_READ' });
    await writeFile(join(folder, 'late.csv'), `id\n${'1\n'.repeat(2000)}late\n`);
    await expect(
      pipeline()
        .from(fileSource(join(folder, 'late.csv')))
        .to(parquetSink(output))
        .run(),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_READ' });
    await rm(join(folder, 'bad.parquet'));
    const full: NativeSink = {
      ...parquetSink(output),
      write: (frame) => Promise.resolve(frame.sinkParquet('/dev/full')),
    };
    await expect(
      pipeline()
        .from(fileSource(await writeThree()))
        .to(full)
        .run(),
    ).rejects.toMatchObject({ code: 'ERR_PIPELINE_DISK_FULL' });
  });

  it('run() rejects at once when the signal aborts while a plan runs, and what it wrote goes when it ends', async () => {
    const source = fileSource(await writeThree(200_000));
    const abort = new AbortController();
    const events: string[] = [];
    const sink = parquetSink(output);
    const slow: NativeSink = {
      ...sink,
      write: async (frame, path, part) => {
        const plan = await sink.write(frame.sort('name'), path, part);
        return {
          ...plan,
          collect: () => {
            const running = plan.collect();
            void Promise.allSettled([running]).then(() => events.push('plan ended'));
            abort.abort(new Error('enough'));
            return running;
          },
        };
      },
    };
    await expect(pipeline().from(source).to(slow).run({ signal: abort.signal })).rejects.toThrow('enough');
    events.push('rejected');
    await until(() => events.length === 2);
    expect(events).toEqual(['rejected', 'plan ended']);
    await until(async () => (await readdir(folder)).length === 3);
  });
});

/** A function says nothing about columns. */
const doubleNothing: Transform = {
  schema: (input) => input,
  transform: (batch) => batch,
  memoryUsage: () => 0,
};

const textTable = (): arrow.Table => arrow.tableFromArrays({ name: ['1', 'two'] });
