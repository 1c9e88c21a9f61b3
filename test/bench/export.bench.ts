// How fast tables become files: millions of process records in the export document's columns, from Arrow
// batches in memory, beside pandas, pyarrow, DuckDB and Python's sqlite3 exporting the same Arrow data.
// Everything is durable when it counts as done. `export.memory` is what 5 million rows cost in memory.
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type * as arrow from 'apache-arrow';
import { buildBatchTable } from '../../src/export/batch-table.ts';
import { writeTables } from '../../src/export/write-tables.ts';
import type { ExportFormat } from '../../src/export/file-contract.ts';
import { processBatches, processSchema } from '../support/export/process-batches.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';

const MILLION = 1_000_000;
/** Enough for a steady rate in each format, and for a bench that ends within 90 s. */
const rowsOf = (format: ExportFormat): number =>
  format === 'jsonl' || format === 'sqlite' ? MILLION : 5 * MILLION;
/** Peers that take minutes for all rows export this many; their rate is steady. */
const FEW_ROWS = 250_000;
const MEMORY_ROWS = 5 * MILLION;
const FLOOR = 100_000;

interface Peer {
  measure(engine: string, format: string, rows: number): Promise<number>;
  close(): Promise<void>;
}

/** A Python process with the table in memory. */
async function startPeer(file: string, directory: string): Promise<Peer> {
  const script = join(import.meta.dirname, 'export-peer.py');
  const child = spawn(python, [script, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    measure: async (engine, format, rows) => {
      const target = join(directory, `peer.${format}`);
      await rm(target, { force: true });
      child.stdin.write(`${engine} ${format} ${target} ${rows}\n`);
      return Number((await lines.next()).value);
    },
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

async function exportRows(
  batches: readonly arrow.RecordBatch[],
  format: ExportFormat,
  directory: string,
): Promise<number> {
  const table = buildBatchTable({
    name: 'process',
    schema: processSchema,
    open: async function* () {
      yield* batches;
    },
  });
  const path = join(directory, `ours.${format}`);
  return (await writeTables({ tables: [table], format, path })).rowsPerSecond;
}

interface Match {
  readonly format: ExportFormat;
  readonly engine: string;
  readonly anchorName: string;
  readonly goal: number;
  readonly peerRows?: number;
}

const matches: readonly Match[] = [
  { format: 'csv', engine: 'duckdb', anchorName: 'DuckDB COPY', goal: MILLION },
  { format: 'csv', engine: 'pyarrow', anchorName: 'pyarrow.csv', goal: MILLION },
  { format: 'jsonl', engine: 'duckdb', anchorName: 'DuckDB COPY', goal: MILLION },
  { format: 'jsonl', engine: 'pandas', anchorName: 'pandas to_json', goal: MILLION, peerRows: FEW_ROWS },
  { format: 'parquet', engine: 'duckdb', anchorName: 'DuckDB COPY, zstd', goal: 3 * MILLION },
  { format: 'parquet', engine: 'pyarrow', anchorName: 'pyarrow, zstd', goal: 3 * MILLION },
  {
    format: 'sqlite',
    engine: 'sqlite3',
    anchorName: 'Python sqlite3, no journal',
    goal: MILLION / 2,
    peerRows: FEW_ROWS,
  },
  { format: 'arrow', engine: 'pyarrow', anchorName: 'pyarrow IPC', goal: 3 * MILLION },
];

/** Names of the benches, as `npm run bench -- export.csv` asks for them. */
const benchOf = (format: ExportFormat): string => `export.${format === 'jsonl' ? 'json' : format}`;

async function* exportCases(format: ExportFormat): AsyncGenerator<BenchCase> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-export-bench-'));
  const rows = rowsOf(format);
  const batches = [...processBatches(rows)];
  let peer: Peer | undefined;
  try {
    const file = join(directory, 'rows.arrow');
    await exportRows(batches, 'arrow', directory);
    await pipeline(createReadStream(join(directory, 'ours.arrow')), createWriteStream(file));
    peer = await startPeer(file, directory);
    for (const match of matches.filter((one) => one.format === format)) {
      const { engine, anchorName, goal, peerRows = rows } = match;
      yield {
        bench: benchOf(format),
        case: `${rows / MILLION} million rows, 8 columns, beside ${engine}`,
        unit: 'rows/s',
        better: 'higher',
        anchorName,
        ours: () => exportRows(batches, format, directory),
        anchor: () => peer!.measure(engine, format, peerRows),
        goal: (ours) => ours >= goal && ours >= FLOOR,
      };
    }
  } finally {
    await peer?.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** RSS growth of a fresh process that exports millions of rows, read as they come. */
async function measureMemory(format: ExportFormat): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-export-bench-'));
  try {
    const script = join(import.meta.dirname, '../support/export/export-memory.ts');
    const child = spawn(process.execPath, [script, format, directory, String(MEMORY_ROWS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const text: Buffer[] = [];
    await finished(Readable.from(child.stdout).on('data', (chunk: Buffer) => text.push(chunk)));
    return Number(Buffer.concat(text).toString());
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function* memoryCases(): AsyncGenerator<BenchCase> {
  for (const format of ['csv', 'parquet', 'sqlite'] as const) {
    yield {
      bench: 'export.memory',
      case: `${MEMORY_ROWS / MILLION} million rows to ${format}`,
      unit: 'MB more RSS',
      better: 'lower',
      anchorName: 'none: a bound, not a race',
      runs: 1,
      warmup: false,
      ours: () => measureMemory(format),
      anchor: null,
      goal: (ours) => ours <= 200,
    };
  }
}

const formats = [...new Set(matches.map(({ format }) => format))];

export const topics: readonly BenchTopic[] = [
  ...formats.map((format) => ({ name: benchOf(format), cases: () => exportCases(format) })),
  { name: 'export.memory', cases: memoryCases },
];
