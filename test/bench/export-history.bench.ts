// Exports of a history end to end: the command line as a child process, of 48 h of memory at 1 Hz and 200 processes
// each ten seconds, beside DuckDB in Python (sqlite3 for SQLite) that reads the same segments and writes the same
// tables. Wall time, CPU seconds and peak RSS, start of the processes included; both write everything to disk.
import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { python } from '../support/python.ts';
import { writeLongHistory } from '../support/store/long-history.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const HOURS = 48;
const LONG_HOURS = 480;
const bin = join(import.meta.dirname, '../../bin/ruvector-memopt.mjs');
const peer = join(import.meta.dirname, 'export-history-peer.py');
const formats = ['csv', 'jsonl', 'parquet', 'arrow', 'sqlite'] as const;
type Format = (typeof formats)[number];

/** What one run took. */
interface Cost {
  readonly seconds: number;
  readonly cpu: number;
  readonly peakMb: number;
}
type Figure = keyof Cost;

/** Runs a program through Python, which knows what a child took; the program's own output is dropped. */
function measureChild(command: readonly string[]): Promise<Cost> {
  const script = `import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peakMb": used.ru_maxrss / 1024}))
sys.exit(done.returncode)`;
  return new Promise((resolve, reject) => {
    const child = spawn(python, ['-c', script, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Cost);
      else reject(new Error(`${command.join(' ')} ended with ${code}`));
    });
  });
}

interface Run {
  readonly format: Format;
  readonly isAnonymous?: boolean;
  readonly tables?: string;
}

class Bench {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Writes a history once. */
  async home(hours: number): Promise<string> {
    const home = join(this.#root, `home-${hours}`);
    await mkdir(home);
    await writeLongHistory(join(home, 'history'), { hours });
    return home;
  }

  async ours(home: string, { format, isAnonymous = false, tables = 'memory,process' }: Run): Promise<Cost> {
    const out = join(this.#root, 'ours/');
    const privacy = isAnonymous ? ['--anonymize'] : ['--no-anonymize', '--yes'];
    const args = ['--format', format, '--tables', tables, '--output', out, '--json', ...privacy];
    const cost = await measureChild([process.execPath, bin, '--home', home, 'export', ...args]);
    await rm(out, { recursive: true });
    return cost;
  }

  async theirs(home: string, format: Format): Promise<Cost> {
    const out = join(this.#root, 'theirs');
    await mkdir(out);
    const cost = await measureChild([python, peer, join(home, 'history', 'segments'), format, out]);
    await rm(out, { recursive: true });
    return cost;
  }
}

/** Each pair of runs gives all figures: the first one asked for runs it. */
function shareRuns(run: () => Promise<Cost>): (figure: Figure) => () => Promise<number> {
  const costs: Promise<Cost>[] = [];
  const next: Record<Figure, number> = { seconds: 0, cpu: 0, peakMb: 0 };
  return (figure) => async () => {
    const at = next[figure]++;
    return (await (costs[at] ??= run()))[figure];
  };
}

const figures: readonly (readonly [Figure, string])[] = [
  ['seconds', 's'],
  ['cpu', 'CPU s'],
  ['peakMb', 'MB peak RSS'],
];
const PEAK_MB = 300;

function* plainCases(bench: Bench, home: string): Generator<BenchCase> {
  for (const format of formats) {
    const ours = shareRuns(() => bench.ours(home, { format }));
    const theirs = shareRuns(() => bench.theirs(home, format));
    const least = format === 'arrow' ? 0.5 : format === 'sqlite' ? 1.5 : 1;
    for (const [figure, unit] of figures) {
      yield {
        bench: 'export.history',
        case: `${HOURS} h, memory and process, plain, to ${format}`,
        unit,
        better: 'lower',
        anchorName: format === 'sqlite' ? "Python's sqlite3" : 'DuckDB',
        runs: 3,
        warmup: false,
        ours: ours(figure),
        anchor: theirs(figure),
        goal: (value, ratio) => (figure === 'peakMb' ? value <= PEAK_MB : ratio! >= least),
      };
    }
  }
}

function* anonymousCases(bench: Bench, home: string): Generator<BenchCase> {
  for (const format of formats) {
    const anonymous = shareRuns(() => bench.ours(home, { format, isAnonymous: true }));
    const plain = shareRuns(() => bench.ours(home, { format }));
    for (const [figure, unit] of figures) {
      yield {
        bench: 'export.history',
        case: `${HOURS} h, memory and process, anonymised, to ${format}`,
        unit,
        better: 'lower',
        anchorName: 'the same, plain',
        runs: 3,
        warmup: false,
        ours: anonymous(figure),
        anchor: plain(figure),
        goal: (value, ratio) => (figure === 'peakMb' ? value <= PEAK_MB : ratio! >= 0.6),
      };
    }
  }
}

/** Rows a second of one wide table, start of the process included: of a long history, where that hardly counts. */
function memoryCase(bench: Bench, home: string): BenchCase {
  const run = { format: 'csv', isAnonymous: true, tables: 'memory' } as const;
  return {
    bench: 'export.history',
    case: `${LONG_HOURS} h of memory alone, anonymised, to csv`,
    unit: 'rows/s',
    better: 'higher',
    anchorName: 'none: a bound, not a race',
    runs: 3,
    ours: async () => (LONG_HOURS * 3600) / (await bench.ours(home, run)).seconds,
    anchor: null,
    goal: (rows) => rows >= 500_000,
  };
}

async function* historyCases(): AsyncGenerator<BenchCase> {
  const root = await mkdtemp(join(tmpdir(), 'ruvector-export-history-'));
  try {
    const bench = new Bench(root);
    const home = await bench.home(HOURS);
    yield* plainCases(bench, home);
    yield* anonymousCases(bench, home);
    const long = await bench.home(LONG_HOURS);
    yield memoryCase(bench, long);
    yield {
      bench: 'export.history',
      case: `${LONG_HOURS} h, memory and process, plain, to parquet`,
      unit: 'MB peak RSS',
      better: 'lower',
      anchorName: `${HOURS} h`,
      runs: 1,
      warmup: false,
      ours: async () => (await bench.ours(long, { format: 'parquet' })).peakMb,
      anchor: async () => (await bench.ours(home, { format: 'parquet' })).peakMb,
      goal: (value, ratio) => value <= PEAK_MB && ratio! >= 1 / 1.1,
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

export const topics: readonly BenchTopic[] = [{ name: 'export.history', cases: historyCases }];
