// What a native pipeline does a second: 2 million rows of Parquet or CSV, filtered, computed, cast and written as
// Parquet, beside the same query in Python's Polars, streaming, and in Ray Data. `RUVECTOR_RAY_PYTHON` names a Python
// that has Ray (`pip install "ray[data]"`); it is needed by nothing but this figure.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import polars from 'nodejs-polars';
import type { Expr } from 'nodejs-polars';
import { cast, fileSource, filter, pipeline, withColumns } from '../../src/pipeline/index.ts';
import { parquetSink } from '../support/pipeline/parquet-sink.ts';
import { python } from '../support/python.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const ROWS = 2_000_000;
const GOAL = 0.95;
const formats = ['parquet', 'csv'] as const;
type Format = (typeof formats)[number];
const rayPython = process.env['RUVECTOR_RAY_PYTHON'];

/** Seconds of one run. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

interface Peer {
  measure(engine: 'polars' | 'ray', format: Format): Promise<Cost>;
  close(): Promise<void>;
}

function startPeer(interpreter: string, folder: string): Peer {
  const script = join(import.meta.dirname, 'pipeline-peer.py');
  const child = spawn(interpreter, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    measure: async (engine, format) => {
      child.stdin.write(
        `${engine} ${format} ${join(folder, `rows.${format}`)} ${join(folder, `${engine}-out`)}\n`,
      );
      const { done, value } = await lines.next();
      if (done) throw new Error(`${engine} ended without an answer`);
      const [wall, cpu] = value.split(' ').map(Number);
      return { wall: wall!, cpu: cpu! };
    },
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

/** Rows that look like those of processes. */
async function writeRows(folder: string): Promise<void> {
  const row = polars.col('row');
  const below = (limit: number, key: number): Expr =>
    row.hash(key, 2, 3, 4).modulo(polars.lit(limit).cast(polars.UInt64)).cast(polars.Int64);
  const rows = polars
    .DataFrame({ start: [0] })
    .lazy()
    .select(polars.intRange({ start: 0, end: ROWS }).alias('row'))
    .select(
      row.mul(polars.lit(1000)).cast(polars.Datetime('ms')).alias('timestamp'),
      below(400, 1).cast(polars.Int32).alias('pid'),
      polars.concatString([polars.lit('process'), below(50, 2).cast(polars.Utf8)], '-').alias('name'),
      below(2 ** 20, 3).alias('rss_kib'),
      below(2 ** 19, 4).alias('private_kib'),
      below(2 ** 10, 5).alias('swap_kib'),
      below(1000, 6).cast(polars.Float64).div(polars.lit(10)).alias('cpu_percent'),
      below(2 ** 16, 7).alias('minor_faults'),
    );
  await rows.sinkParquet(join(folder, 'rows.parquet')).collect();
  await polars.scanParquet(join(folder, 'rows.parquet')).sinkCSV(join(folder, 'rows.csv')).collect();
}

async function measureOurs(format: Format, folder: string): Promise<Cost> {
  const started = process.cpuUsage();
  const startMs = performance.now();
  await pipeline()
    .from(fileSource(join(folder, `rows.${format}`)))
    .through(filter('rss_kib > 65536 and cpu_percent < 90'))
    .through(withColumns('rss_kib / 1024.0 as rss_mib', 'private_kib + swap_kib as own_kib'))
    .through(cast({ pid: 'Int64', cpu_percent: 'Float32' }))
    .to(parquetSink(join(folder, 'ours-out.parquet')))
    .run();
  const wall = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(started);
  return { wall, cpu: (user + system) / 1e6 };
}

async function* cases(): AsyncGenerator<BenchCase> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-pipeline-bench-'));
  const peer = startPeer(python, folder);
  const ray = rayPython === undefined ? null : startPeer(rayPython, folder);
  const common = { bench: 'pipeline.throughput', better: 'lower' } as const;
  try {
    await writeRows(folder);
    for (const format of formats) {
      const name = `${ROWS / 1e6} million rows, ${format} to parquet`;
      for (const figure of ['wall', 'cpu'] as const) {
        yield {
          ...common,
          case: `${name}, ${figure}`,
          unit: `${figure} s`,
          anchorName: 'Polars streaming in Python',
          ours: async () => (await measureOurs(format, folder))[figure],
          anchor: async () => (await peer.measure('polars', format))[figure],
          goal: (_, ratio) => ratio! >= GOAL,
        };
      }
      yield {
        ...common,
        case: `${name}, beside Ray Data`,
        unit: 'wall s',
        runs: 3,
        anchorName: ray ? 'Ray Data' : 'Ray Data: RUVECTOR_RAY_PYTHON names no Python that has it',
        ours: async () => (await measureOurs(format, folder)).wall,
        anchor: ray && (async () => (await ray.measure('ray', format)).wall),
        goal: (_, ratio) => ratio === null || ratio > 1,
      };
    }
  } finally {
    await peer.close();
    await ray?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'pipeline.throughput', cases }];
