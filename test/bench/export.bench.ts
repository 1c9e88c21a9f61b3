// How fast tables become files: 5 million process rows in the export document's columns from Arrow batches
// in memory, beside what people use for it (pyarrow, pandas or sqlite3, and DuckDB's COPY) on the same data.
// Every file ends on disk (fsync), ours and theirs. `export.memory` is the growth of resident memory over
// 10 million rows, in a process of its own; `export.delay` what an export costs the thread that starts it.
import { fork, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as arrow from 'apache-arrow';
import type { ExportFormat } from '../../src/export/index.ts';
import { writeTables } from '../../src/export/write-tables.ts';
import { buildProcessBatches, buildProcessTable } from '../support/export-batches.ts';
import { median } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const ROWS = Number(process.env['EXPORT_BENCH_ROWS'] ?? 5_000_000);
const MEMORY_ROWS = 2 * ROWS;
const BATCH_ROWS = 65_536;
const MEMORY_CEILING_MB = 200;
/** A host that samples at 50 Hz must not miss one. */
const DELAY_GOAL_MS = 20;

const peerScript = join(import.meta.dirname, 'export-peer.py');
const memoryScript = join(import.meta.dirname, '../support/export-memory.ts');
const venvPython = join(import.meta.dirname, '../../.venv/bin/python');
const python = process.env['RUVECTOR_PYTHON'] ?? (existsSync(venvPython) ? venvPython : 'python3');

interface FormatCase {
  readonly format: ExportFormat;
  readonly bench: string;
  readonly goal: number;
  readonly tools: readonly string[];
  /** Rows of tools that take minutes for all. */
  readonly fewerRows?: Readonly<Record<string, number>>;
}

const formatCases: readonly FormatCase[] = [
  { format: 'csv', bench: 'export.csv', goal: 1e6, tools: ['pyarrow', 'duckdb'] },
  {
    format: 'jsonl',
    bench: 'export.json',
    goal: 1e6,
    tools: ['pandas', 'duckdb'],
    fewerRows: { pandas: 100_000 },
  },
  { format: 'parquet', bench: 'export.parquet', goal: 3e6, tools: ['pyarrow', 'duckdb'] },
  { format: 'arrow', bench: 'export.arrow', goal: 3e6, tools: ['pyarrow'] },
  {
    format: 'sqlite',
    bench: 'export.sqlite',
    goal: 500_000,
    tools: ['sqlite3'],
    fewerRows: { sqlite3: 1_000_000 },
  },
];

/** A Python process that holds the same rows and exports them when asked. */
class Peer implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(dataPath: string) {
    this.#process = spawn(python, [peerScript, dataPath]);
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<Record<string, number>> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the Python process of the benchmark ended');
    return JSON.parse(value) as Record<string, number>;
  }

  /** @returns rows a second */
  async export(tool: string, format: string, path: string, rows: number): Promise<number> {
    this.#process.stdin.write(`${JSON.stringify({ tool, format, path, rows })}\n`);
    return rows / (await this.next())['seconds']!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#process.exitCode === null ? once(this.#process, 'exit') : null;
    this.#process.stdin.end();
    await ended;
  }
}

/** Our own Arrow writer would be measured by itself: this one is apache-arrow's. */
async function writeData(path: string, batches: readonly arrow.RecordBatch[]): Promise<void> {
  await using file = await open(path, 'w');
  const table = buildProcessTable(batches, ROWS);
  const writer = new arrow.RecordBatchFileWriter({ autoDestroy: false });
  writer.reset(undefined, table.schema);
  const signal = new AbortController().signal;
  const pump = (async () => {
    for await (const chunk of writer) await file.write(chunk);
  })();
  for await (const batch of table.open(0, signal)) {
    writer.write(batch);
    await sleep(0);
  }
  writer.finish();
  writer.close();
  await pump;
}

async function exportRows(
  format: ExportFormat,
  path: string,
  batches: readonly arrow.RecordBatch[],
  rows: number,
): Promise<number> {
  const table = buildProcessTable(batches, rows);
  const stats = await writeTables({ tables: [table], format, path, fingerprint: 'bench' });
  await rm(path);
  return stats.rowsPerSecond;
}

/** The anchor is the fastest of the tools; what each of them did stands in its name. */
function throughputCase(
  { format, bench, goal, tools, fewerRows = {} }: FormatCase,
  folder: string,
  peer: Peer,
  batches: readonly arrow.RecordBatch[],
): BenchCase {
  const rates: Record<string, number[]> = Object.fromEntries(tools.map((tool) => [tool, []]));
  const medianOf = (tool: string): number => median(rates[tool]!);
  const byRate = (): string[] => [...tools].sort((a, b) => medianOf(b) - medianOf(a));
  return {
    bench,
    case: `${format}, ${ROWS / 1e6}M rows`,
    unit: 'rows/s',
    better: 'higher',
    // Read after the runs: only then is it known which is fastest.
    get anchorName() {
      return byRate()
        .map(
          (tool) => `${tool} ${(medianOf(tool) / 1e6).toFixed(2)}M${fewerRows[tool] ? ' on fewer rows' : ''}`,
        )
        .join(', ');
    },
    warmup: false,
    ours: () => exportRows(format, join(folder, `ours.${format}`), batches, ROWS),
    anchor: async () => {
      for (const tool of tools) {
        const rows = Math.min(ROWS, fewerRows[tool] ?? ROWS);
        rates[tool]!.push(await peer.export(tool, format, join(folder, `theirs.${format}`), rows));
      }
      return Math.max(...tools.map((tool) => rates[tool]!.at(-1)!));
    },
    goal: (ours) => ours >= goal,
  };
}

function throughputTopic(formatCase: FormatCase): BenchTopic {
  return {
    name: formatCase.bench,
    async *cases() {
      const folder = await mkdtemp(join(tmpdir(), 'ruvector-export-bench-'));
      try {
        const batches = buildProcessBatches(Math.ceil(ROWS / BATCH_ROWS), BATCH_ROWS);
        const dataPath = join(folder, 'data.arrow');
        await writeData(dataPath, batches);
        await using peer = new Peer(dataPath);
        await peer.next();
        await rm(dataPath);
        yield throughputCase(formatCase, folder, peer, batches);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

const allFormats: readonly ExportFormat[] = ['csv', 'json', 'jsonl', 'parquet', 'arrow', 'sqlite'];

/** Peak growth of resident memory in MB, in a process that does nothing else. */
async function measureMemory(format: ExportFormat): Promise<number> {
  const child = fork(memoryScript, [format, String(MEMORY_ROWS)]);
  const exited = once(child, 'exit');
  const [{ growthMb }] = (await once(child, 'message')) as [{ growthMb: number }];
  await exited;
  return growthMb;
}

async function* memoryCases(): AsyncGenerator<BenchCase> {
  for (const format of allFormats) {
    yield {
      bench: 'export.memory',
      case: `${format}, ${MEMORY_ROWS / 1e6}M rows`,
      unit: 'MB',
      better: 'lower',
      anchorName: `none: the ceiling is ${MEMORY_CEILING_MB} MB`,
      anchor: null,
      runs: 1,
      warmup: false,
      ours: () => measureMemory(format),
      goal: (growthMb) => growthMb <= MEMORY_CEILING_MB,
    };
  }
}

const DELAY_ROWS = 1_000_000;

/** The 99th percentile of the delay of this thread's event loop during an export, in ms. */
async function measureDelay(format: ExportFormat, batches: readonly arrow.RecordBatch[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-export-bench-'));
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  try {
    histogram.enable();
    await exportRows(format, join(folder, `data.${format}`), batches, DELAY_ROWS);
    histogram.disable();
    return histogram.percentile(99) / 1e6;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* delayCases(): AsyncGenerator<BenchCase> {
  // As many rows as the history hands out at once.
  const batches = buildProcessBatches(64, 8192);
  for (const format of allFormats) {
    yield {
      bench: 'export.delay',
      case: `${format}, event loop p99`,
      unit: 'ms',
      better: 'lower',
      anchorName: `none: sampling at 50 Hz has ${DELAY_GOAL_MS} ms`,
      anchor: null,
      ours: () => measureDelay(format, batches),
      goal: (delayMs) => delayMs <= DELAY_GOAL_MS,
    };
  }
}

export const topics: readonly BenchTopic[] = [
  ...formatCases.map(throughputTopic),
  { name: 'export.memory', cases: memoryCases },
  { name: 'export.delay', cases: delayCases },
];
