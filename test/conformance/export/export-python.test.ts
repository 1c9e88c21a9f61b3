// ruvector.DataExporter against a real daemon: the files are what pandas and sqlite3 read, a stream is what
// DataStream reads, and Ctrl-C leaves nothing behind.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdir, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, poll, startDaemon } from '../../support/daemon.ts';
import type { Daemon } from '../../support/daemon.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';
import { LineProcess } from '../../support/line-process.ts';

const run = promisify(execFile);
const ROWS = 30_000;

let home: Awaited<ReturnType<typeof createTestHome>>;
let daemon: Daemon;
let folder: string;

beforeAll(async () => {
  home = await createTestHome();
  {
    await using history = await openHistory(home.history, { retainMs: Infinity });
    history.append('memory', pressuredSnapshots(ROWS)); // from Monday, 1 January 2024, on
  }
  daemon = await startDaemon(home, ['--retain-days', '0']);
  folder = join(home.root, 'out');
  await mkdir(folder);
  await writeFile(join(folder, 'plain'), 'no folder');
  interpreter = new LineProcess(python, ['-c', `import os; os.chdir(${JSON.stringify(folder)})\n${loop}`], {
    RUVECTOR_HOME: home.root,
    TZ: 'UTC',
  });
});

afterAll(async () => {
  await interpreter[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
  await home[Symbol.asyncDispose]();
});

const environment = (): NodeJS.ProcessEnv => ({ ...process.env, RUVECTOR_HOME: home.root, TZ: 'UTC' });

/** One Python for all: it runs each piece of code in a namespace of its own. */
const loop = `
import contextlib, io, json, sys, traceback
import pandas, ruvector
for line in sys.stdin:
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec("import json\\nfrom ruvector import *\\n" + json.loads(line), {})
        print(out.getvalue(), end="", flush=True)
    except BaseException:
        print(json.dumps({"traceback": traceback.format_exc()}), flush=True)
`;

let interpreter: LineProcess;

/** Runs Python and reads the JSON line it prints. */
async function runPython<T>(code: string): Promise<T> {
  interpreter.process.stdin.write(`${JSON.stringify(code)}\n`);
  return interpreter.next<T>();
}

describe('DataExporter', () => {
  it.each([
    ['csv', 'pandas.read_csv("data.csv")'],
    ['json', 'pandas.read_json("data.json")'],
    ['jsonl', 'pandas.read_json("data.jsonl", lines=True)'],
    ['parquet', 'pandas.read_parquet("data.parquet")'],
    ['arrow', 'pandas.read_feather("data.arrow")'],
    ['sqlite', 'pandas.read_sql("select * from memory", __import__("sqlite3").connect("data.sqlite"))'],
  ])('export_range() writes %s', async (format, read) => {
    const found = await runPython<Record<string, unknown>>(`
import pandas
stats = DataExporter().export_range("2024-01-01", "2024-01-01T01:00:00", "${format}", "data.${format}", anonymize=False)
frame = ${read}
print(json.dumps({
    "rows": stats.rows, "tables": stats.tables, "read": len(frame), "columns": list(frame.columns)[:6],
    "same": stats.path.stat().st_size == stats.bytes, "privacy": stats.privacy,
}))`);
    expect(found).toEqual({
      rows: 3600,
      tables: { memory: 3600 },
      read: 3600,
      columns: [
        'timestamp',
        'total_mb',
        'available_mb',
        'used_percent',
        'page_file_used_mb',
        'processes_count',
      ],
      same: true,
      privacy: null,
    });
  });

  it('export_range() anonymises unless told otherwise, with a report', async () => {
    const { distinct, methods } = await runPython<{ distinct: number; methods: string[] }>(`
import pandas
stats = DataExporter().export_range("2024-01-01", "2024-01-02", path="private.parquet")
times = pandas.read_parquet("private.parquet")["timestamp"]
print(json.dumps({"distinct": times.nunique(), "methods": [r["method"] for r in stats.privacy.values()]}))`);
    expect(distinct).toBeLessThanOrEqual(9);
    expect(methods).toHaveLength(1);
  });

  it('export_range() takes a config, keywords that override it, and progress', async () => {
    const found = await runPython<{ rows: number; columns: string[]; seen: unknown[][] }>(`
import pandas
seen = []
config = ExportConfig(anonymize=False, sample_interval_ms=1000, columns="document")
stats = DataExporter().export_range(
    "2024-01-01", "2024-01-02", path="data.csv.gz", config=config, sample_interval_ms=60_000,
    on_progress=lambda *news: seen.append(news),
)
frame = pandas.read_csv("data.csv.gz")
print(json.dumps({"rows": len(frame), "columns": list(frame.columns), "seen": seen}))`);
    expect(found.rows).toBe(Math.ceil(ROWS / 60));
    expect(found.columns).toHaveLength(6);
    expect(found.seen.every((news) => news.length === 4)).toBe(true);
    expect(found.seen.length).toBeGreaterThan(0);
  });

  it('export_training_data() writes a training set to a folder, and says what it is', async () => {
    const found = await runPython<Record<string, unknown>>(`
stats = DataExporter().export_training_data(
    end="2024-01-01T02:00:00", path="training/", train_test_split=0.75, include_features=["trend", "usage_percent"],
)
card = json.loads(stats.card_path.read_text())
print(json.dumps({
    "splits": sorted(stats.splits), "features": stats.features, "weights": len(stats.class_weights) > 1,
    "files": sorted(path.name for path in stats.paths), "card": card["id"] == stats.dataset_id,
}))`);
    expect(found).toMatchObject({
      splits: ['gap', 'test', 'train'],
      features: ['usage_trend', 'usage_percent'],
      weights: true,
      card: true,
    });
    expect(found['files']).toHaveLength(2);
  });

  it('export_training_data() writes the training set that Client.dataset() streams', async () => {
    const found = await runPython<Record<string, unknown>>(`
import pandas
with connect() as client:
    dataset = client.dataset(end="2024-01-01T02:00:00")
    stats = DataExporter(client).export_training_data(end="2024-01-01T02:00:00", path="same.parquet")
frame = pandas.read_parquet("same.parquet")
print(json.dumps({
    "rows": stats.rows == len(dataset) == len(frame) > 1000,
    "labels": frame["label_index"].tolist() == dataset.table["label"].to_pylist(),
    "splits": frame["split"].tolist() == dataset.table["split"].to_pylist(),
    "features": list(stats.features) == list(dataset.feature_names),
}))`);
    expect(found).toEqual({ rows: true, labels: true, splits: true, features: true });
  });

  it.each([
    ['export_range("2001-01-01", "2001-01-02", path="x.csv")', 'NoRowsError', 'ERR_EXPORT_NO_ROWS'],
    ['export_recent(1, "excel", "x")', 'ExportOptionsError', 'ERR_EXPORT_OPTIONS'],
    ['export_range(None, "2024-01-01T00:10:00", path="plain/x.csv")', 'ExportWriteError', 'ERR_FILES_TARGET'],
    ['export_training_data(train_test_split=2, path="x.csv")', 'ExportOptionsError', 'ERR_EXPORT_OPTIONS'],
  ])('raises the error with its code for %s, and writes nothing', async (call, name, code) => {
    const before = await readdir(folder);
    const found = await runPython<string[]>(`
try:
    DataExporter().${call}
except RuvectorError as error:
    print(json.dumps([type(error).__name__, error.code]))`);
    expect(found).toEqual([name, code]);
    expect(await readdir(folder)).toEqual(before);
  });

  /** Exports from a Python of its own, which gets Ctrl-C at the first word of progress. */
  async function exportUntilInterrupted(path: string): Promise<string> {
    const code = `
import os, signal
from ruvector import DataExporter
DataExporter().export_range(
    None, None, path="${path}", include_events=False,
    on_progress=lambda *_: os.kill(os.getpid(), signal.SIGINT),
)`;
    const child = spawn(python, ['-c', code], { cwd: folder, env: environment() });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    await once(child, 'close');
    return stderr;
  }

  it('ends at Ctrl-C without a half-written file', async () => {
    expect(await exportUntilInterrupted('cancelled.json')).toContain('KeyboardInterrupt');
    // The daemon hears of it at once, and ends what it had begun: by then it may have been through.
    const listLeft = async (): Promise<string[]> =>
      (await readdir(folder)).filter((name) => name.includes('cancelled'));
    await poll(listLeft, (left) => left.every((name) => name === 'cancelled.json'));
    await sleep(500);
    const left = await listLeft();
    for (const name of left)
      expect(JSON.parse(await readFile(join(folder, name), 'utf8')).length).toBeGreaterThanOrEqual(ROWS);
    expect(left.length).toBeLessThanOrEqual(1);
  });

  it('ends at Ctrl-C while nobody reads its pipe, and writes nothing to who comes later', async () => {
    const path = join(folder, 'nobody.csv');
    await run('mkfifo', [path]);
    expect(await exportUntilInterrupted('nobody.csv')).toContain('KeyboardInterrupt');
    await sleep(500);
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await sleep(500);
    const { bytesRead } = await reader.read(Buffer.alloc(1024));
    await reader.close();
    expect(bytesRead).toBe(0);
    await rm(path);
  });
});

it('README.md of Python has an example that runs', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../../python/README.md'), 'utf8');
  const example = [...readme.matchAll(/```python\n(.*?)```/gs)][1]![1]!;
  expect(example).toContain('start_stream');
  const { stdout } = await run(python, ['-c', example], { cwd: folder, env: environment() });
  expect(stdout.trim().split('\n')).toHaveLength(2);
});

describe('DataExporter starts', () => {
  it('a stream by start_stream(), reads what the daemon samples, and stops it', async () => {
    const found = await runPython<Record<string, unknown>>(`
exporter = DataExporter()
with exporter.start_stream("msgpack") as served:
    with DataStream(served.endpoint, format="msgpack", reconnect=0, timeout=20) as stream:
        rows = stream.subscribe_memory()
        first, second = next(rows), next(rows)
        served.stop()
        rest = list(rows)
print(json.dumps({
    "transport": served.transport, "anonymized": served.anonymized,
    "later": second["timestamp"] > first["timestamp"], "total": first["total_mb"] > 0, "rest": len(rest) < 5,
}))`);
    expect(found).toEqual({
      transport: 'websocket',
      anonymized: true,
      later: true,
      total: true,
      rest: true,
    });
  });
});
