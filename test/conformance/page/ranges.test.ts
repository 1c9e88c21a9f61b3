// Ranges of a history as the live page draws them, held against pandas over the same Parquet files.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHistoryRanges, pageFieldsOf } from '../../../src/page/index.ts';
import type { HistoryRanges, RangeAnswer } from '../../../src/page/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';

const oracle = join(import.meta.dirname, '../../support/page/range-oracle.py');
const names = [
  'mem_available_kib',
  'mem_used_kib',
  'cgroup_usage_bytes',
  'process_count',
  'psi_memory_some_percent',
  'refault_file_per_s',
  'major_faults_per_s',
];
const fields = pageFieldsOf(names);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let folder: string;
let history: History;
let ranges: HistoryRanges;
const problems: unknown[] = [];

/** Five hours at 1 Hz in pieces of many lengths, with a pause, a reboot, samples that are late and values that are missing. */
async function writeHistory(): Promise<{ firstMs: number; lastMs: number }> {
  const rows = pressuredSnapshots(5 * 3600)
    .filter((_, i) => i % 3600 < 3000 || i > 3 * 3600)
    .map((row, i) => ({
      ...row,
      timestamp: row.timestamp + ((i * 7919) % 400),
      cgroup_usage_bytes: i % 700 < 100 ? null : 1e9 + i,
      // Another boot: its counters begin again.
      ...(i > 9000 && { pgmajfault: i - 9000, workingset_refault_file: (i - 9000) * 3 }),
    }));
  let at = 0;
  for (const length of [1, 599, 3600, 1800, 77, 4000]) {
    history.append('memory', rows.slice(at, at + length));
    await history.seal('memory');
    at += length;
  }
  history.append('memory', rows.slice(at));
  return { firstMs: rows[0]!.timestamp, lastMs: rows.at(-1)!.timestamp };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rvm-ranges-'));
  history = await openHistory(join(folder, 'history'));
});
afterAll(async () => {
  await history.close();
  await rm(folder, { recursive: true, force: true });
});

function createRanges(): HistoryRanges {
  return createHistoryRanges({
    history,
    folder: join(folder, 'page'),
    intervalMs: 1000,
    onProblem: (problem) => problems.push(problem),
  });
}

async function expectAsPandas(answers: readonly RangeAnswer[]): Promise<void> {
  const questions = answers.map(({ fromMs, toMs, stepMs }) => ({ fromMs, toMs, stepMs }));
  const text = execFileSync(python, [oracle, join(history.directory, 'segments', 'memory')], {
    input: JSON.stringify(questions),
    maxBuffer: 1 << 28,
  }).toString();
  const wanted = JSON.parse(text) as RangeAnswer['fields'][];
  const wrong = answers.flatMap((answer, i) =>
    names.flatMap((name) =>
      (['min', 'max', 'mean'] as const).flatMap((key) => {
        const expected = wanted[i]![name]![key];
        const found = answer.fields[name]![key];
        expect(found).toHaveLength(expected.length);
        return expected.flatMap((value, at) =>
          isAlike(found[at]!, value)
            ? []
            : [`${name} ${key} at ${answer.times[at]}: ${found[at]}, not ${value}`],
        );
      }),
    ),
  );
  expect(wrong).toEqual([]);
}

/** The page gets seven digits. */
const isAlike = (found: number | null, wanted: number | null): boolean =>
  found === null || wanted === null
    ? found === wanted
    : Math.abs(found - wanted) <= 1e-6 * Math.abs(wanted) + 1e-9;

describe('createHistoryRanges()', () => {
  it('answers as pandas does at every width: over seals, a pause, a reboot and rows that no file has yet', async () => {
    const { firstMs, lastMs } = await writeHistory();
    ranges = createRanges();
    const spans: [number, number, number][] = [
      [firstMs - HOUR, lastMs + HOUR, 1000],
      [firstMs, lastMs + 1, 40],
      [firstMs + 30 * MINUTE, firstMs + 90 * MINUTE, 600],
      [firstMs + 599_000, firstMs + 603_000, 50],
      [lastMs - 5 * MINUTE, lastMs + MINUTE, 300],
      [firstMs + 2 * HOUR + 123, firstMs + 4 * HOUR + 456, 100],
    ];
    const answers: RangeAnswer[] = [];
    for (const [fromMs, toMs, pixels] of spans)
      answers.push(await ranges.read({ fromMs, toMs, pixels, fields }));
    expect(new Set(answers.map(({ stepMs }) => stepMs)).size).toBeGreaterThan(3);
    // The oracle reads files alone.
    await history.seal('memory');
    await expectAsPandas(answers);
    await expectAsPandas([await ranges.read({ fromMs: firstMs, toMs: lastMs + 1, pixels: 100, fields })]);
    expect(problems).toEqual([]);
  });

  it('answers the same from the summary that an earlier run kept, and without it when it is damaged', async () => {
    const { firstMs, lastMs } = history.stats().kinds['memory']!;
    const question = { fromMs: firstMs!, toMs: lastMs! + 1, pixels: 100, fields };
    await ranges.summarise();
    const wanted = await ranges.read(question);
    const kept = (await readdir(join(folder, 'page'))).find((name) => name.endsWith('.parquet'))!;
    expect(await createRanges().read(question)).toEqual(wanted);
    const path = join(folder, 'page', kept);
    // Of the length that is wanted, and cut short.
    await writeFile(path, Buffer.alloc((await stat(path)).size, 'x'));
    expect(await createRanges().read(question)).toEqual(wanted);
    await writeFile(path, 'no Parquet');
    expect(await createRanges().read(question)).toEqual(wanted);
    await writeFile(join(folder, 'page', 'minutes.json'), '{');
    expect(await createRanges().read(question)).toEqual(wanted);
  });

  it('has nulls, and nothing else, where there is no history', async () => {
    const answer = await ranges.read({ fromMs: 0, toMs: HOUR, pixels: 10, fields });
    expect(answer.times).toHaveLength(6);
    for (const name of names) {
      for (const values of Object.values(answer.fields[name]!))
        expect(values).toEqual(answer.times.map(() => null));
    }
  });
});
