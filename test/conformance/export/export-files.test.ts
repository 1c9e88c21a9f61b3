// Exported files read by readers that are not ours: every row and type, in every format and compression.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compression, ExportFormat, ExportedTable } from '../../../src/export/file-contract.ts';
import { suffixOf } from '../../../src/export/file-target.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import {
  allTypesKind,
  buildHostileRows,
  buildSlicedBatches,
  describeBatches,
  tableOf,
} from '../../support/export/export-tables.ts';
import { createRandom } from '../../support/random.ts';
import { python } from '../../support/python.ts';
import { LineProcess } from '../../support/line-process.ts';

const variants: readonly (readonly [ExportFormat, Compression])[] = [
  ['csv', 'none'],
  ['csv', 'gzip'],
  ['csv', 'zstd'],
  ['json', 'none'],
  ['json', 'gzip'],
  ['json', 'zstd'],
  ['jsonl', 'none'],
  ['jsonl', 'gzip'],
  ['jsonl', 'zstd'],
  ['parquet', 'zstd'],
  ['parquet', 'snappy'],
  ['parquet', 'none'],
  ['sqlite', 'none'],
  ['arrow', 'none'],
];

const manyRows = (rounds: number): readonly arrow.RecordBatch[] =>
  buildSlicedBatches(
    Array.from({ length: rounds }, () => buildHostileRows(500, createRandom(3))).flat(),
    [2_499, 13, 7_501],
  );

interface Case {
  readonly batches: readonly arrow.RecordBatch[];
  /** Rows of a part. @default as many as the format takes */
  readonly partRows?: number;
}

const tables: Readonly<Record<string, Case>> = {
  empty: { batches: [] },
  one: { batches: buildSlicedBatches(buildHostileRows(1, createRandom(1)), [1]) },
  hostile: { batches: buildSlicedBatches(buildHostileRows(500, createRandom(2)), [1, 7, 64, 3, 100]) },
  // Written in four parts, which meet in the middle of a batch.
  parts: { batches: manyRows(9), partRows: 1250 },
};

let folder: string;
/** One process for all tables: its libraries take seconds to load. */
let others: LineProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruvector-export-files-'));
  others = new LineProcess(python, [join(import.meta.dirname, '../../support/export/read-exports.py')]);
});

afterAll(async () => {
  await others[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function readByOthers(
  files: readonly object[],
  name: string,
): Promise<{ checks: string[]; problems: string[] }> {
  const request = join(folder, `${name}.json`);
  const fields = Object.fromEntries(allTypesKind.fields.map((field) => [field.name, field.type]));
  await writeFile(request, JSON.stringify({ fields, files }));
  others.process.stdin.write(`${request}\n`);
  return others.next();
}

describe('writeTables()', () => {
  it.each(Object.keys(tables))(
    'writes table "%s" so that all readers find the same rows and types',
    async (name) => {
      const { batches, partRows } = tables[name]!;
      const truth = join(folder, `truth-${name}.json`);
      await writeFile(truth, JSON.stringify(describeBatches(batches)));
      const files = [];
      for (const [format, compression] of variants) {
        const suffix = suffixOf({ format, compression });
        const path = join(folder, `${name}-${compression}.${suffix}`);
        const table = tableOf(name, batches);
        const parts: ExportedTable['parts'] = (most, signal) => table.parts(partRows ?? most, signal);
        const request = { tables: [{ ...table, parts }], format, compression, path };
        const stats = await writeTables(request);
        expect(stats.rows).toBe(batches.reduce((sum, batch) => sum + batch.numRows, 0));
        files.push({ path, format, compression, truth, table: name });
      }
      const { checks, problems } = await readByOthers(files, name);
      expect(problems).toEqual([]);
      for (const [format, compression] of variants) {
        expect(
          checks.filter((check) => check.startsWith(`${format} ${compression} `)).length,
        ).toBeGreaterThan(1);
      }
    },
    300_000,
  );
});
