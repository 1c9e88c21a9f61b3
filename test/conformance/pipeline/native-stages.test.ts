// pandas, scikit-learn, numpy and plain Python decide what each native stage has to give, over tables with nulls, NaN
// and infinities, of one row, and of none.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import polars from 'nodejs-polars';
import type { DataFrame } from 'nodejs-polars';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bin,
  cast,
  drop,
  fill,
  fileSource,
  filter,
  groupBy,
  join as joinTables,
  joinOnTime,
  normalize,
  oneHot,
  rename,
  sample,
  select,
  sort,
  windowed,
  withColumns,
} from '../../../src/pipeline/index.ts';
import type { NativeStage } from '../../../src/pipeline/index.ts';
import { learnStages } from '../../../src/pipeline/plan/learn-stages.ts';
import { openTable, openTables } from '../../../src/pipeline/plan/frames.ts';
import { createRandom } from '../../support/random.ts';
import { python } from '../../support/python.ts';

const script = join(import.meta.dirname, '../../support/pipeline/stages-reference.py');
const seed = 20261129;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruvector-stages-'));
  for (const [name, rows] of Object.entries({ mixed: 300, one: 1, none: 0 })) {
    await buildTable(rows).lazy().sinkParquet(pathOf(name)).collect();
  }
  const other = polars
    .DataFrame({ t: [1000, 3000, 7000, 20000, 200000], g: ['x', 'y', 'x', null, 'y'], v: [1, 2, 3, 4, 5] })
    .withColumns(asTime('t'));
  await other.lazy().sinkParquet(pathOf('other')).collect();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pathOf = (name: string): string => join(folder, `${name}.parquet`);
const asTime = (name: string) => polars.col(name).cast(polars.Int64).cast(polars.Datetime('ms'));

/** Times with ties and nulls, groups with nulls, whole numbers with nulls, doubles with all there is. */
function buildTable(rows: number): DataFrame {
  const random = createRandom(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const special = [null, NaN, Infinity, -Infinity];
  let time = 0;
  const list = Array.from({ length: rows }, () => {
    time += pick([0, 500, 1000, 1000, 9000]);
    return {
      t: random() < 0.05 ? null : time,
      g: pick(['x', 'y', 'zebra', null]),
      a: random() < 0.2 ? null : Math.floor(random() * 5000),
      b: random() < 0.3 ? pick(special) : random() * 4 - 2,
      c: random() < 0.2 ? null : Math.round(random() * 900) / 100,
    };
  });
  const columns = Object.fromEntries(
    (['t', 'g', 'a', 'b', 'c'] as const).map((name) => [name, list.map((row) => row[name])]),
  );
  return polars
    .DataFrame(columns)
    .withColumns(
      asTime('t'),
      polars.col('g').cast(polars.Utf8),
      polars.col('a').cast(polars.Int64),
      polars.col('b').cast(polars.Float64),
      polars.col('c').cast(polars.Float64),
    );
}

interface Case {
  readonly stages: readonly NativeStage[];
  readonly other?: true;
}

function buildCases(): Record<string, Case> {
  const other = fileSource(pathOf('other'));
  const columns = ['b'];
  const functions = ['mean', 'sum', 'min', 'max', 'std', 'median', 'count'] as const;
  return {
    select: { stages: [select('a / 1024.0 as mb, g', 'upper(g) as up')] },
    'with columns': { stages: [withColumns('a * 2 as a', 'a + b as sum')] },
    'drop and rename': { stages: [drop('t', 'c'), rename({ g: 'group', a: 'b2' })] },
    filter: { stages: [filter("b > 0.5 and g in ('x', 'y')")] },
    cast: { stages: [cast({ a: 'String', c: 'Int32' })] },
    'fill constant': { stages: [fill({ columns, with: { value: 7.5 }, nan: true })] },
    'fill forward': { stages: [fill({ columns: ['a'], with: 'forward', by: ['g'] })] },
    'fill mean': { stages: [fill({ columns, with: 'mean', nan: true })] },
    'fill median': { stages: [fill({ columns, with: 'median', nan: true })] },
    'normalize z-score': { stages: [normalize({ columns, method: 'z-score' })] },
    'normalize min-max': { stages: [normalize({ columns, method: 'min-max' })] },
    'normalize robust': { stages: [normalize({ columns, method: 'robust' })] },
    'normalize given': {
      stages: [normalize({ columns: ['c'], method: 'z-score', scales: { c: { center: 3, scale: 4 } } })],
    },
    'one-hot': { stages: [oneHot({ column: 'g' })] },
    'bin edges': { stages: [bin({ column: 'b', edges: [-1, 0, 1] })] },
    'bin quantiles': { stages: [bin({ column: 'c', quantiles: 4, name: 'q' })] },
    'window rows': {
      stages: [
        windowed({
          over: { rows: 3 },
          by: ['g'],
          aggregates: functions.map((one) => ({ column: 'c', function: one })),
        }),
      ],
    },
    'window time': {
      stages: [
        windowed({
          over: { column: 't', ms: 5000 },
          by: ['g'],
          aggregates: [
            { column: 'c', function: 'mean' },
            { column: 'c', function: 'sum' },
            { column: 'c', function: 'count', name: 'n' },
          ],
        }),
      ],
    },
    'join on time backward': {
      stages: [joinOnTime({ with: other, on: 't', by: ['g'], toleranceMs: 2000, columns: ['v'] })],
      other: true,
    },
    'join on time forward': {
      stages: [joinOnTime({ with: other, on: 't', toleranceMs: 1500, strategy: 'forward', columns: ['v'] })],
      other: true,
    },
    'join left': { stages: [joinTables({ with: other, on: ['g'], columns: ['v'] })], other: true },
    'join inner': {
      stages: [joinTables({ with: other, on: ['g'], how: 'inner', columns: ['v'] })],
      other: true,
    },
    'join anti': { stages: [joinTables({ with: other, on: ['g'], how: 'anti' })], other: true },
    'group by': {
      stages: [
        groupBy({
          by: ['g'],
          aggregates: ['max(a) as peak', 'sum(a) as total, avg(a) as mean', 'count(*) as n'],
        }),
      ],
    },
    sort: { stages: [sort({ by: ['g', 'b'] })] },
    'sample every': { stages: [sample({ every: 7 })] },
    'sample grid': { stages: [sample({ column: 't', ms: 4000, by: ['g'] })] },
  };
}

async function writeOutput(input: string, stages: readonly NativeStage[], output: string): Promise<void> {
  const tables = await openTables(fileSource(input), stages);
  const learned = await learnStages(tables, stages);
  await (await openTable(tables, learned)).sinkParquet(output).collect();
}

function judge(cases: readonly object[]): Promise<Record<string, string[]>> {
  return new Promise((resolve, reject) => {
    const child = execFile(python, [script], { maxBuffer: 2 ** 26 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as Record<string, string[]>);
    });
    child.stdin!.end(JSON.stringify(cases));
  });
}

describe('native stages', () => {
  it('learnStages() and openTable() give what pandas, scikit-learn and numpy give for every stage', async () => {
    const asked: object[] = [];
    for (const [name, { stages, other }] of Object.entries(buildCases())) {
      for (const table of ['mixed', 'one', 'none']) {
        const output = join(folder, `${name}-${table}.out.parquet`);
        await writeOutput(pathOf(table), stages, output);
        asked.push({ name, table, input: pathOf(table), output, ...(other && { other: pathOf('other') }) });
      }
    }
    const verdicts = await judge(asked);
    expect(Object.keys(verdicts)).toHaveLength(asked.length);
    expect(Object.entries(verdicts).filter(([, found]) => found.length > 0)).toEqual([]);
  });
});
