import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import pl from 'nodejs-polars';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryKind } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { encodeSegment } from '../../../src/store/encode-segment.ts';
import { buildWalEncoder } from '../../../src/store/encode-wal.ts';
import { frameHeaderBytes, walMagic } from '../../../src/store/wal-layout.ts';
import { arbitraryRows, everyTypeKind, numberedSnapshots } from '../../support/store/store-rows.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-store-conformance-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function runPython(code: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(python, ['-c', code, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** A row as text that loses no bit: integers in decimal, floats as their bytes. */
const printRows = `
import struct, sys
def text(v, t):
    if v is None: return "null"
    if t in ("float", "double"): return struct.pack("<d", v).hex() if v == v else "nan"
    return str(v)
def show(table):
    print("|".join(f"{f.name}:{f.type}:{f.nullable}" for f in table.schema))
    columns = [c.cast("int64") if str(c.type).startswith("timestamp") else c for c in table.columns]
    types = [str(c.type) for c in columns]
    for row in zip(*(c.to_pylist() for c in columns)):
        print(repr("|".join(text(v, t) for v, t in zip(row, types))))
`;
import { python } from '../../support/python.ts';

function expectedRows(kind: RecordKind, rows: readonly AnyRow[]): string[] {
  return rows.map((row) => kind.fields.map((field) => textOf(field.type, row[field.name] ?? null)).join('|'));
}

function textOf(type: string, value: AnyRow[string]): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (!type.startsWith('float')) return String(value);
  if (Number.isNaN(value)) return 'nan';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(Number(value));
  return bytes.toString('hex');
}

const arrowTypeNames: Record<string, string> = {
  timestamp: 'timestamp[ms, tz=UTC]',
  utf8: 'string',
  float32: 'float',
  float64: 'double',
};

function expectedSchema(kind: RecordKind): string {
  return kind.fields
    .map(
      ({ name, type, nullable }) => `${name}:${arrowTypeNames[type] ?? type}:${nullable ? 'True' : 'False'}`,
    )
    .join('|');
}

/** Python prints each row as a literal, so that no character can break a line. */
function parseLiterals(lines: readonly string[]): string[] {
  const code = `import ast,json,sys; print(json.dumps([ast.literal_eval(l) for l in sys.stdin.read().splitlines()]))`;
  const { stdout } = spawnSync(python, ['-c', code], { input: lines.join('\n'), encoding: 'utf8' });
  return JSON.parse(stdout) as string[];
}

function sampleRows(): AnyRow[] {
  return fc.sample(arbitraryRows(everyTypeKind, 300), { seed: 7, numRuns: 20 }).flat().sort(byTime);
}

function byTime(a: AnyRow, b: AnyRow): number {
  return Number(a['timestamp']) - Number(b['timestamp']);
}

describe('encodeSegment()', () => {
  it('gives pyarrow equal rows, types and nullability for every field type', async () => {
    const rows = sampleRows();
    const path = join(root, 'every-type.parquet');
    await writeFile(path, encodeSegment(everyTypeKind, rows, [1]));
    const [schema, ...lines] = runPython(
      `${printRows}\nimport pyarrow.parquet as pq\nshow(pq.read_table(sys.argv[1]))`,
      path,
    )
      .trimEnd()
      .split('\n');
    expect(schema).toBe(expectedSchema(everyTypeKind));
    expect(parseLiterals(lines)).toEqual(expectedRows(everyTypeKind, rows));
  });

  it('gives Polars equal columns', () => {
    const rows = sampleRows();
    const frame = pl.readParquet(encodeSegment(everyTypeKind, rows, [1]));
    for (const name of ['int64_required', 'int64_optional', 'uint64_optional', 'int32_optional']) {
      const values = frame.getColumn(name).toArray().map(String);
      expect(values).toEqual(rows.map((row) => String(row[name])));
    }
    expect(frame.getColumn('utf8_optional').toArray()).toEqual(rows.map((row) => row['utf8_optional']));
    expect(String(frame.schema['timestamp'])).toContain('Datetime(ms,UTC)');
  });

  it('lets pyarrow skip it by the statistics of its timestamp', async () => {
    const path = join(root, 'statistics.parquet');
    await writeFile(path, encodeSegment(memoryKind, numberedSnapshots(5, 50), [1]));
    const code = `import sys, pyarrow.parquet as pq
s = pq.ParquetFile(sys.argv[1]).metadata.row_group(0).column(0).statistics
print(int(s.min.timestamp() * 1000), int(s.max.timestamp() * 1000))`;
    expect(runPython(code, path).trim()).toBe('5 49');
  });
});

describe('buildWalEncoder()', () => {
  it('writes messages that pyarrow reads as one Arrow stream', async () => {
    const rows = sampleRows().slice(0, 200);
    const encoder = buildWalEncoder(everyTypeKind);
    const messages = [rows.slice(0, 80), rows.slice(80)].map((part) =>
      encoder.encodeFrame(part).subarray(frameHeaderBytes),
    );
    const path = join(root, 'wal.arrows');
    await writeFile(
      path,
      Buffer.concat([encoder.head.subarray(walMagic.length + frameHeaderBytes), ...messages]),
    );
    const [schema, ...lines] = runPython(
      `${printRows}\nimport pyarrow as pa\nshow(pa.ipc.open_stream(open(sys.argv[1], "rb")).read_all())`,
      path,
    )
      .trimEnd()
      .split('\n');
    expect(schema).toBe(expectedSchema(everyTypeKind));
    expect(parseLiterals(lines)).toEqual(expectedRows(everyTypeKind, rows));
  });
});
