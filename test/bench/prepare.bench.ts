// How long a training set takes to build from a million snapshots, as Arrow batches the way the
// store hands them out. The anchor computes the same in C loops, whole columns at a time, which no live
// extractor could; ours is the streaming code the daemon runs.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import { memoryKind, toArrowSchema } from '../../src/core/index.ts';
import { buildTrainingSet } from '../../src/prepare/index.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../support/prepare/prepare-reference.py');
const rows = 1_000_000;
const batchRows = 50_000;

/** A quiet host with a hot minute in five, one batch at a time. */
function* snapshotBatches(): Generator<arrow.RecordBatch> {
  const schema = toArrowSchema(memoryKind);
  const totals = new Map<string, number>();
  for (let start = 0; start < rows; start += batchRows) {
    const columns = memoryKind.fields.map(({ name, type }) => {
      const values = Array.from({ length: batchRows }, (_, i) => valueOf(name, start + i, totals));
      if (type === 'int32') return arrow.makeData({ type: new arrow.Int32(), data: Int32Array.from(values) });
      const data = BigInt64Array.from(values, BigInt);
      const field = schema.fields.find((candidate) => candidate.name === name)!;
      return arrow.makeData({ type: field.type as arrow.Int64, data });
    });
    const type = new arrow.Struct(schema.fields);
    yield new arrow.RecordBatch(schema, arrow.makeData({ type, length: batchRows, children: columns }));
  }
}

function valueOf(name: string, row: number, totals: Map<string, number>): number {
  const isHot = Math.floor(row / 60) % 5 === 4;
  const noise = Math.imul(row + 1, 2654435761) >>> 16;
  if (name === 'timestamp') return 1_700_000_000_000 + row * 1000;
  if (name === 'mem_total_kib' || name === 'cgroup_limit_bytes') return 16_000_000;
  if (name === 'mem_available_kib') return (isHot ? 1_200_000 : 8_000_000) + noise;
  if (name === 'process_count') return 200;
  if (name.endsWith('oom_kill')) return 0;
  if (!/^(pg|psw|psi|workingset)/.test(name)) return 100_000 + noise;
  const total = (totals.get(name) ?? 0) + (isHot ? noise : 0);
  totals.set(name, total);
  return total;
}

async function* cases(): AsyncGenerator<BenchCase> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-bench-'));
  try {
    const batches = [...snapshotBatches()];
    const file = join(folder, 'memory.arrow');
    await writeFile(file, arrow.tableToIPC(new arrow.Table(batches), 'file'));
    yield {
      bench: 'prepare.build',
      case: '1M snapshots, 25 features',
      unit: 's',
      better: 'lower',
      anchorName: 'numpy vectorised: 24 of the 25 features and all labels',
      ours: async () => {
        const from = performance.now();
        await buildTrainingSet({ memory: batches });
        return (performance.now() - from) / 1000;
      },
      anchor: async () => Number((await run(python, [script, 'time', file])).stdout),
      goal: (seconds) => seconds <= 5,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'prepare.build', cases }];
