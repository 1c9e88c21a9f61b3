// What a reader sees of an exported file beside its rows: row groups and statistics, the exact Arrow schema
// with units, a database that stands alone, and how text spells values.
import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRecordBatch, memoryKind, optimizationKind, toArrowSchema } from '../../../src/core/index.ts';
import { buildBatchTable } from '../../../src/export/batch-table.ts';
import type { ExportFormat, ExportedTable } from '../../../src/export/file-contract.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import { optimizationEvent } from '../../support/prepare/process-rows.ts';
import { numberedSnapshots } from '../../support/store/store-rows.ts';
import { python } from '../../support/python.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-export-shapes-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Runs Python over a file and reads the JSON it prints. */
async function inspect<T>(path: string, code: string): Promise<T> {
  const { stdout } = await promisify(execFile)(python, [
    '-c',
    `import json, sys\npath = sys.argv[1]\n${code}`,
    path,
  ]);
  return JSON.parse(stdout) as T;
}

function buildTable(
  name: string,
  schema: arrow.Schema,
  batches: readonly arrow.RecordBatch[],
): ExportedTable {
  return buildBatchTable({
    name,
    schema,
    open: async function* () {
      yield* batches;
    },
  });
}

const events = buildRecordBatch(optimizationKind, [
  optimizationEvent(),
  optimizationEvent({ error: 'größe' }),
]);
const snapshots = buildRecordBatch(memoryKind, numberedSnapshots(0, 5000));
const eventTable = buildTable('optimization', toArrowSchema(optimizationKind), [events]);
const snapshotTable = buildTable('memory', toArrowSchema(memoryKind), [snapshots]);

describe('writeTables() for readers', () => {
  it('gives Parquet large row groups with statistics by which pyarrow can skip', async () => {
    const path = join(root, 'groups.parquet');
    const batches = Array.from({ length: 60 }, () => snapshots);
    const tables = [buildTable('memory', toArrowSchema(memoryKind), batches)];
    await writeTables({ tables, format: 'parquet', path });
    const found = await inspect<{ groups: number[]; codec: string; range: number[] }>(
      path,
      `import pyarrow.parquet as pq
meta = pq.ParquetFile(path).metadata
groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
times = groups[0].column(0).statistics
print(json.dumps({
    "groups": [group.num_rows for group in groups], "codec": groups[0].column(1).compression,
    "range": [round(times.min.timestamp() * 1000), round(times.max.timestamp() * 1000)]}))`,
    );
    expect(found.groups.length).toBeGreaterThan(1);
    expect(found.groups.length).toBeLessThanOrEqual(4);
    expect(found.groups.reduce((sum, rows) => sum + rows, 0)).toBe(300_000);
    expect(found).toMatchObject({ codec: 'ZSTD', range: [0, 4999] });
  });

  it.each([
    ['parquet', 'pyarrow.parquet.read_schema(path)'],
    ['arrow', 'pyarrow.ipc.open_file(path).schema'],
  ] as const)('gives %s the source’s types, kind and units', async (format, read) => {
    const path = join(root, `types.${format}`);
    await writeTables({ tables: [eventTable], format, path });
    const code = `import pyarrow, pyarrow.parquet
schema = ${read}
print(json.dumps({
    "types": [str(field.type) for field in schema],
    "unit": schema.field("duration_us").metadata[b"unit"].decode(),
    "kind": schema.metadata[b"ruvector.kind"].decode()}))`;
    const typeNames: Record<string, string> = { timestamp: 'timestamp[ms, tz=UTC]', utf8: 'string' };
    expect(await inspect(path, code)).toEqual({
      types: optimizationKind.fields.map(({ type }) => typeNames[type] ?? type),
      unit: 'µs of the action',
      kind: 'optimization',
    });
  });

  it('gives SQLite all tables, alone in their folder', async () => {
    const folder = await mkdtemp(join(root, 'database-'));
    const path = join(folder, 'all.sqlite');
    const tables = [snapshotTable, eventTable];
    const stats = await writeTables({ tables, format: 'sqlite', path });
    expect(await readdir(folder)).toEqual(['all.sqlite']);
    expect(stats.tables).toEqual({ memory: { rows: 5000, path }, optimization: { rows: 2, path } });
    const code = `import sqlite3
base = sqlite3.connect(path)
one = lambda sql: base.execute(sql).fetchall()
print(json.dumps([one("pragma integrity_check"), one("select count(*) from memory"),
    one("explain query plan select * from memory where timestamp > 7")[0][3]]))`;
    const [integrity, count, plan] = await inspect<[unknown, unknown, string]>(path, code);
    expect([integrity, count]).toEqual([[['ok']], [[5000]]]);
    expect(plan).toContain('USING INDEX');
    // Versions 2 would mean that there may be a write-ahead log beside it.
    await using file = await open(path);
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
    expect([...buffer.subarray(18)]).toEqual([1, 1]);
  });

  it('spells times as ISO 8601, 64 bits as digits, float32 at its shortest, and quotes what must be', async () => {
    const { schema, batch } = buildSpellings();
    const write = async (format: ExportFormat): Promise<string> => {
      const path = join(root, `spelling.${format}`);
      await writeTables({ tables: [buildTable('a', schema, [batch])], format, path });
      return readFile(path, 'utf8');
    };
    expect((await write('csv')).split('\n')).toEqual([
      '"timestamp","hash","cpu","name"',
      '2023-11-14T22:13:20.007Z,18446744073709551615,0.1,"a ""b"", c"',
      '1969-12-31T23:59:59.999Z,0,NaN,""',
      '1970-01-01T00:00:00.000Z,7,2.5,',
      '',
    ]);
    const lines = [
      '{"timestamp":"2023-11-14T22:13:20.007Z","hash":"18446744073709551615","cpu":0.1,"name":"a \\"b\\", c"}',
      '{"timestamp":"1969-12-31T23:59:59.999Z","hash":"0","cpu":null,"name":""}',
      '{"timestamp":"1970-01-01T00:00:00.000Z","hash":"7","cpu":2.5,"name":null}',
    ];
    expect(await write('jsonl')).toBe(`${lines.join('\n')}\n`);
    expect(JSON.parse(await write('json'))).toEqual(lines.map((line) => JSON.parse(line) as unknown));
  });
});

function buildSpellings(): { schema: arrow.Schema; batch: arrow.RecordBatch } {
  const schema = new arrow.Schema([
    new arrow.Field('timestamp', new arrow.Timestamp(arrow.TimeUnit.MILLISECOND, 'UTC'), false),
    new arrow.Field('hash', new arrow.Uint64(), false),
    new arrow.Field('cpu', new arrow.Float32(), true),
    new arrow.Field('name', new arrow.Utf8(), true),
  ]);
  const children = [
    arrow.makeData({
      type: schema.fields[0]!.type as arrow.Timestamp,
      data: BigInt64Array.of(1_700_000_000_007n, -1n, 0n),
    }),
    arrow.makeData({ type: new arrow.Uint64(), data: BigUint64Array.of(2n ** 64n - 1n, 0n, 7n) }),
    arrow.makeData({ type: new arrow.Float32(), data: Float32Array.of(0.1, Number.NaN, 2.5) }),
    arrow.vectorFromArray(['a "b", c', '', null], new arrow.Utf8()).data[0]!,
  ];
  const type = new arrow.Struct(schema.fields);
  const data = arrow.makeData({ type, length: 3, nullCount: 0, children });
  return { schema, batch: new arrow.RecordBatch(schema, data) };
}
