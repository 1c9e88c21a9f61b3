// Who held the memory over a range: the largest processes, one value a bucket.
import { describe, expect, it } from 'vitest';
import { processKind } from '../../../src/core/index.ts';
import type { AnyRow } from '../../../src/core/index.ts';
import { readProcesses } from '../../../src/page/process-history.ts';
import { sourceOfRows } from '../../support/export/row-partitions.ts';

const nothing = Object.fromEntries(processKind.fields.map(({ name }) => [name, null]));
const held = (timestamp: number, pid: number, name: string, rss_kib: number): AnyRow => ({
  ...nothing,
  timestamp,
  pid,
  name,
  rss_kib,
});
const MINUTE = 60_000;
const ask = (rows: readonly AnyRow[], question: object = {}) =>
  readProcesses(sourceOfRows({ process: rows }), {
    fromMs: 0,
    toMs: 10 * MINUTE,
    buckets: 10,
    top: 2,
    ...question,
  });

describe('readProcesses()', () => {
  it('tells the largest ones, the largest first, by the most they held in each bucket', async () => {
    const { times, processes } = await ask([
      held(1000, 1, 'small', 10),
      held(1000, 2, 'large', 100),
      held(1000, 3, 'middle', 50),
      held(31_000, 2, 'large', 400),
      held(MINUTE + 1, 2, 'large', 200),
      held(MINUTE + 1, 3, 'middle', 60),
    ]);
    expect(times).toEqual([0, MINUTE]);
    expect(processes).toEqual([
      { pid: 2, name: 'large', rssBytes: [400 * 1024, 200 * 1024] },
      { pid: 3, name: 'middle', rssBytes: [50 * 1024, 60 * 1024] },
    ]);
  });

  it('has 0 where a scan did not see a process, and no bucket where there was no scan', async () => {
    const { times, processes } = await ask([held(1000, 1, 'early', 10), held(7 * MINUTE, 2, 'late', 20)]);
    expect(times).toEqual([0, 7 * MINUTE]);
    expect(processes.map(({ name, rssBytes }) => [name, rssBytes])).toEqual([
      ['late', [0, 20 * 1024]],
      ['early', [10 * 1024, 0]],
    ]);
  });

  it('keeps processes apart that had the same number one after the other, or the same name', async () => {
    const { processes } = await ask(
      [held(1000, 1, 'a', 30), held(1000, 2, 'a', 20), held(2 * MINUTE, 1, 'b', 10)],
      { top: 5 },
    );
    expect(processes.map(({ pid, name, rssBytes }) => [pid, name, rssBytes])).toEqual([
      [1, 'a', [30 * 1024, 0]],
      [2, 'a', [20 * 1024, 0]],
      [1, 'b', [0, 10 * 1024]],
    ]);
  });

  it('takes the names of processes as the data they are', async () => {
    const names = ["'; DROP TABLE rows --", '</script>', '\u202Egnp.exe\n"'];
    const { processes } = await ask(
      names.map((name, at) => held(1000, at + 1, name, 100 - at)),
      { top: 5 },
    );
    expect(processes.map(({ name }) => name)).toEqual(names);
  });

  it('reads nothing outside of the range, and nothing of more than a day', async () => {
    const rows = [held(-1, 1, 'before', 10), held(10 * MINUTE, 1, 'after', 10)];
    expect(await ask(rows)).toEqual({ times: [], processes: [] });
    expect(await ask(rows, { fromMs: -1000, toMs: 25 * 60 * MINUTE })).toEqual({ times: [], processes: [] });
    expect(await ask([])).toEqual({ times: [], processes: [] });
  });
});
