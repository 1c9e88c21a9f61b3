// Ray on this machine (ray.overhead): seconds to start a cluster, and from how many rows on two workers fit XGBoost faster
// than one. RUVECTOR_BENCH_ROWS is a list of sizes for another machine.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { python } from '../support/python.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const root = join(import.meta.dirname, '../..');
const SIZES = (process.env['RUVECTOR_BENCH_ROWS'] ?? '20000,200000,1000000').split(',');

interface Figure {
  readonly start?: number;
  readonly rows: number;
  readonly one: number;
  readonly two: number;
}

async function* cases(): AsyncGenerator<BenchCase> {
  const { stdout } = await promisify(execFile)(
    python,
    [join(import.meta.dirname, 'ray-peer.py'), join(root, 'datasets/memory-pressure-1hz'), ...SIZES],
    { env: { ...process.env, OMP_NUM_THREADS: '1' } },
  );
  const common = { bench: 'ray.overhead', unit: 's', better: 'lower', runs: 1, warmup: false } as const;
  // Ray's own processes write there too.
  for (const text of stdout.split('\n').filter((line) => line.startsWith('{'))) {
    const { start, rows, one, two } = JSON.parse(text) as Figure;
    if (start !== undefined) {
      const ours = (): Promise<number> => Promise.resolve(start);
      yield {
        ...common,
        case: 'start',
        anchorName: 'none: what a call without address= pays first',
        anchor: null,
        ours,
      };
      continue;
    }
    yield {
      ...common,
      case: `2 workers, ${rows} rows`,
      anchorName: '1 worker',
      ours: () => Promise.resolve(two),
      anchor: () => Promise.resolve(one),
    };
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'ray.overhead', cases }];
