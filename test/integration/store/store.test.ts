import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryKind, optimizationKind, processKind } from '../../../src/core/index.ts';
import type { AnyRow, MemorySnapshot, OptimizationEvent, ProcessRecord } from '../../../src/core/index.ts';
import { openHistoryClock } from '../../../src/store/history-clock.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { HistoryOptions } from '../../../src/store/index.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { arbitraryRows, numberedSnapshots } from '../../support/store/store-rows.ts';

const DAY_MS = 86_400_000;

let root: string;
let count = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-store-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function freshDirectory(): string {
  return join(root, `history-${count++}`);
}

/** Keeps everything: the rows of these tests are numbered from 1970. */
const keepAll: HistoryOptions = { retainMs: Infinity };

async function numbersIn(directory: string, options: HistoryOptions = {}): Promise<number[]> {
  await using history = await openHistory(directory, { ...keepAll, ...options });
  return (await history.rows('memory')).map((row) => row.timestamp);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

async function segmentPaths(directory: string): Promise<string[]> {
  const folder = join(directory, 'segments', 'memory');
  return (await readdir(folder)).sort().map((name) => join(folder, name));
}

describe('openHistory()', () => {
  it('creates a directory that only its owner can enter', async () => {
    const directory = freshDirectory();
    await using history = await openHistory(directory);
    expect(history.readOnly).toBe(false);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('rejects with ERR_STORE_LOCKED naming the owner when the history is being written', async () => {
    const directory = freshDirectory();
    await using history = await openHistory(directory);
    await expect(openHistory(history.directory)).rejects.toMatchObject({
      code: 'ERR_STORE_LOCKED',
      message: expect.stringContaining(`process ${process.pid}`),
    });
  });

  it('reads beside a writer when it is readOnly, and writes nothing', async () => {
    const directory = freshDirectory();
    await using writer = await openHistory(directory, keepAll);
    writer.append('memory', numberedSnapshots(0, 5));
    await writer.seal();
    writer.append('memory', numberedSnapshots(5, 8));
    await writer.flush();
    await using reader = await openHistory(directory, { readOnly: true });
    expect((await reader.rows('memory')).map((row) => row.timestamp)).toEqual(range(0, 8));
    expect(() => reader.append('memory', numberedSnapshots(8, 9))).toThrow(
      expect.objectContaining({ code: 'ERR_STORE_READ_ONLY' }),
    );
  });

  it('rejects with ERR_STORE_NOT_FOUND when readOnly finds no directory', async () => {
    await expect(openHistory(freshDirectory(), { readOnly: true })).rejects.toMatchObject({
      code: 'ERR_STORE_NOT_FOUND',
    });
  });

  it('drops a log whose rows were already sealed when a crash left it behind', async () => {
    const directory = freshDirectory();
    const history = await openHistory(directory, keepAll);
    history.append('memory', numberedSnapshots(0, 20));
    await history.flush();
    const name = (await readdir(directory)).find((entry) => entry.endsWith('.wal'))!;
    const log = await readFile(join(directory, name));
    await history.seal();
    await history.close();
    await writeFile(join(directory, name), log);
    expect(await numbersIn(directory, { readOnly: true })).toEqual(range(0, 20));
    expect(await numbersIn(directory)).toEqual(range(0, 20));
    expect(await readdir(directory)).not.toContain(name);
  });

  it('removes half-written temporary files when a crash left them', async () => {
    const directory = freshDirectory();
    const history = await openHistory(directory, keepAll);
    history.append('memory', numberedSnapshots(0, 3));
    await history.seal();
    await history.close();
    await writeFile(join(directory, 'segments', 'memory', '0-2-9.parquet.tmp'), 'half');
    await writeFile(join(directory, 'memory-00000009.wal.tmp'), 'half');
    expect(await numbersIn(directory)).toEqual(range(0, 3));
    expect((await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual(
      [],
    );
  });
});

describe('history.append()', () => {
  it('makes rows durable without a flush', async () => {
    const directory = freshDirectory();
    await using history = await openHistory(directory, keepAll);
    history.append('memory', numberedSnapshots(0, 3));
    await vi.waitFor(
      async () => expect(await numbersIn(directory, { readOnly: true })).toEqual(range(0, 3)),
      {
        timeout: 30_000,
        interval: 100,
      },
    );
  });

  it('takes none of the rows when one of them is invalid', async () => {
    await using history = await openHistory(freshDirectory(), keepAll);
    const bad = { ...numberedSnapshots(1, 2)[0]!, mem_total_kib: Number.NaN };
    expect(() => history.append('memory', [...numberedSnapshots(0, 1), bad])).toThrow(
      expect.objectContaining({ code: 'ERR_STORE_INVALID_ROW' }),
    );
    expect(history.stats().kinds['memory']?.rows).toBe(0);
  });

  it('throws ERR_STORE_CLOSED when the history was closed', async () => {
    const history = await openHistory(freshDirectory());
    await history.close();
    expect(() => history.append('memory', [])).toThrow(expect.objectContaining({ code: 'ERR_STORE_CLOSED' }));
  });

  it('seals by itself when sealRows is reached', async () => {
    await using history = await openHistory(freshDirectory(), { ...keepAll, sealRows: { memory: 10 } });
    for (const from of [0, 4, 8, 12]) {
      history.append('memory', numberedSnapshots(from, from + 4));
      await history.flush();
    }
    expect(history.stats().kinds['memory']).toMatchObject({ rows: 16, segments: 1, firstMs: 0, lastMs: 15 });
  });
});

describe('history.rows()', () => {
  it('returns what was appended in time order over random appends, flushes, seals and reopens', async () => {
    const step = fc.record({
      memory: arbitraryRows(memoryKind, 5),
      process: arbitraryRows(processKind, 5),
      optimization: arbitraryRows(optimizationKind, 3),
      next: fc.constantFrom('nothing', 'flush', 'seal', 'reopen'),
    });
    const check = async (steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): Promise<void> => {
      const directory = freshDirectory();
      const appended: Record<string, AnyRow[]> = { memory: [], process: [], optimization: [] };
      let history = await openHistory(directory, keepAll);
      for (const { memory, process, optimization, next } of steps) {
        history.append('memory', memory as MemorySnapshot[]);
        history.append('process', process as ProcessRecord[]);
        history.append('optimization', optimization as OptimizationEvent[]);
        for (const [kind, rows] of Object.entries({ memory, process, optimization })) {
          appended[kind]!.push(...rows);
        }
        if (next === 'flush') await history.flush();
        if (next === 'seal') await history.seal();
        if (next === 'reopen') {
          await history.close();
          history = await openHistory(directory, keepAll);
        }
      }
      for (const kind of ['memory', 'process', 'optimization'] as const) {
        const rows = await history.rows(kind);
        expect(rows.map((row) => row.timestamp)).toEqual(
          rows.map((row) => row.timestamp).toSorted((a, b) => a - b),
        );
        expect(new Set(rows.map(keyOf))).toEqual(new Set(appended[kind]!.map(keyOf)));
        expect(rows).toHaveLength(appended[kind]!.length);
      }
      expect(history.problems).toEqual([]);
      await history.close();
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 6 }), check), { numRuns: 20 });
  });

  it('crosses segments, log and buffer when the range does', async () => {
    await using history = await openHistory(freshDirectory(), keepAll);
    for (const from of [0, 10]) {
      history.append('memory', numberedSnapshots(from, from + 10));
      await history.seal('memory');
    }
    history.append('memory', numberedSnapshots(20, 30));
    await history.flush();
    history.append('memory', numberedSnapshots(30, 40));
    const times = (await history.rows('memory', { fromMs: 5, toMs: 35 })).map((row) => row.timestamp);
    expect(times).toEqual(range(5, 35));
  });

  it('throws ERR_STORE_UNKNOWN_KIND when the kind is unknown', async () => {
    await using history = await openHistory(freshDirectory());
    await expect(history.rows('disk' as 'memory')).rejects.toMatchObject({ code: 'ERR_STORE_UNKNOWN_KIND' });
  });
});

function keyOf(row: object): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${Object.is(value, -0) ? '-0' : String(value)}`)
    .join();
}

describe('history.query()', () => {
  it('sees a fixed moment when rows are sealed while it is read', async () => {
    await using history = await openHistory(freshDirectory(), keepAll);
    history.append('memory', numberedSnapshots(0, 10));
    await history.seal();
    history.append('memory', numberedSnapshots(10, 20));
    const seen: number[] = [];
    for await (const batch of history.query('memory', { batchRows: 4 })) {
      if (seen.length === 0) {
        history.append('memory', numberedSnapshots(20, 30));
        await history.seal();
      }
      seen.push(...Array.from(batch.getChild('timestamp')!, Number));
    }
    expect(seen).toEqual(range(0, 20));
  });
});

describe('history.lazyFrame()', () => {
  it('equals rows() over segments and rows not sealed yet', async () => {
    await using history = await openHistory(freshDirectory(), keepAll);
    for (const from of [0, 10]) {
      history.append('memory', numberedSnapshots(from, from + 10));
      await history.seal();
    }
    history.append('memory', numberedSnapshots(20, 30));
    const frame = await (await history.lazyFrame('memory', { fromMs: 5, toMs: 25 })).collect();
    expect(frame.getColumn('mem_total_kib').toArray().map(Number)).toEqual(range(5, 25));
    expect(frame.columns).toEqual(memoryKind.fields.map(({ name }) => name));
  });

  it('has the columns and no row when the history is empty', async () => {
    await using history = await openHistory(freshDirectory());
    const frame = await (await history.lazyFrame('process')).collect();
    expect(frame.height).toBe(0);
    expect(frame.columns).toEqual(processKind.fields.map(({ name }) => name));
  });
});

describe('openHistory() with retention', () => {
  it('removes segments by running time and counts them when the history is opened', async () => {
    const directory = freshDirectory();
    const clock = createManualClock(Date.now());
    const history = await openHistory(directory, { ...keepAll, clock });
    history.append('memory', numberedSnapshots(0, 3));
    await history.seal();
    await clock.advance(61_000);
    history.append('memory', numberedSnapshots(clock.nowMs(), clock.nowMs() + 3));
    await history.seal();
    await history.close();
    const notices: string[] = [];
    await using reopened = await openHistory(directory, {
      retainMs: 60_000,
      clock,
      onNotice: (text) => void notices.push(text),
    });
    expect(reopened.stats()).toMatchObject({ removedSegments: 1, kinds: { memory: { segments: 1 } } });
    expect(await segmentPaths(directory)).toHaveLength(1);
    expect(notices).toEqual([expect.stringMatching(/removes 3 rows in 1 segment,/)]);
  });

  it.each([
    ['40 days', 40 * DAY_MS],
    ['10 years', 3652 * DAY_MS],
  ])('keeps everything and says so when the wall clock is %s ahead', async (_, aheadMs) => {
    const directory = freshDirectory();
    const clock = createManualClock(Date.now());
    const retained = { retainMs: 30 * DAY_MS, clock };
    const history = await openHistory(directory, retained);
    for (let from = 0; from < 40; from += 10) {
      history.append('memory', numberedSnapshots(clock.nowMs() + from, clock.nowMs() + from + 10));
      await history.seal();
    }
    await history.close();
    clock.step(aheadMs);
    const notices: string[] = [];
    for (let start = 0; start < 3; start++) {
      await using ahead = await openHistory(directory, {
        ...retained,
        onNotice: (text) => void notices.push(text),
      });
      expect(ahead.stats()).toMatchObject({ removedSegments: 0, unconfirmed: { segments: 4, rows: 40 } });
      await clock.advance(DAY_MS);
    }
    expect(notices).toEqual(
      Array(3).fill(expect.stringMatching(/^retention: 40 rows in 4 segments .* wait/)),
    );
    clock.step(-aheadMs);
    const later = await openHistory(directory, retained);
    await clock.advance(28 * DAY_MS);
    later.append('memory', numberedSnapshots(clock.nowMs(), clock.nowMs() + 10));
    await later.seal();
    expect(later.stats()).toMatchObject({ removedSegments: 1, kinds: { memory: { segments: 4 } } });
    await later.close();
  });

  it('counts time between two runs of one boot and none between boots', async () => {
    const directory = freshDirectory();
    await mkdir(directory);
    const clock = createManualClock(1000);
    const first = await openHistoryClock(directory, { clock, leastMs: 0, bootId: 'a' });
    expect(first.readMs()).toBe(0);
    await clock.advance(500);
    await first.save();
    await clock.advance(DAY_MS);
    const second = await openHistoryClock(directory, { clock, leastMs: 0, bootId: 'a' });
    expect(second.readMs()).toBe(DAY_MS + 500);
    clock.suspend(2000);
    await second.save();
    const rebooted = createManualClock(9 * DAY_MS);
    const third = await openHistoryClock(directory, { clock: rebooted, leastMs: 0, bootId: 'b' });
    expect(third.readMs()).toBe(DAY_MS + 2500);
    const unnamed = await openHistoryClock(directory, { clock: rebooted, leastMs: 0, bootId: null });
    expect(unnamed.readMs()).toBe(DAY_MS + 2500);
  });

  it.each(['', '{', '{"bootMs":"x"}', '{"bootId":"a","bootMs":-1,"historyMs":5}', 'null'])(
    'goes on from its newest segment when the clock file holds %j',
    async (text) => {
      const directory = freshDirectory();
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, 'clock.json'), text);
      const clock = createManualClock(1000);
      const opened = await openHistoryClock(directory, { clock, leastMs: 77, bootId: 'a' });
      expect(opened.readMs()).toBe(77);
    },
  );

  it('keeps the newest segments when retainBytes is reached', async () => {
    const directory = freshDirectory();
    await using history = await openHistory(directory, { ...keepAll, retainBytes: 12_000 });
    for (let from = 0; from < 80; from += 10) {
      history.append('memory', numberedSnapshots(from, from + 10));
      await history.seal();
    }
    const { kinds, removedSegments } = history.stats();
    expect(kinds['memory']!.sealedBytes).toBeLessThanOrEqual(12_000);
    expect(removedSegments).toBe(8 - kinds['memory']!.segments);
    expect((await history.rows('memory')).at(-1)?.timestamp).toBe(79);
  });
});

describe('history.rows() beside retention', () => {
  it('names a segment removed between planning and reading in problems, and reads the rest', async () => {
    const directory = freshDirectory();
    await using writer = await openHistory(directory, keepAll);
    for (const from of [0, 10, 20]) {
      writer.append('memory', numberedSnapshots(from, from + 10));
      await writer.seal();
    }
    await using reader = await openHistory(directory, { readOnly: true });
    const [, second] = await segmentPaths(directory);
    await rm(second!);
    const times = (await reader.rows('memory')).map((row) => row.timestamp);
    expect(times).toEqual([...range(0, 10), ...range(20, 30)]);
    await reader.rows('memory');
    expect(reader.problems).toMatchObject([{ code: 'ERR_STORE_SEGMENT_REMOVED', details: { path: second } }]);
  });
});

describe('damaged files', () => {
  /** A history with two segments of 50 rows and 50 rows in its log, ten a frame. */
  async function buildSample(): Promise<string> {
    const directory = freshDirectory();
    const history = await openHistory(directory, keepAll);
    for (let from = 0; from < 150; from += 10) {
      history.append('memory', numberedSnapshots(from, from + 10));
      await history.flush();
      if (from === 40 || from === 90) await history.seal();
    }
    await history.close();
    return directory;
  }

  async function copyOf(sample: string): Promise<string> {
    const directory = freshDirectory();
    await cp(sample, directory, { recursive: true });
    return directory;
  }

  async function logPath(directory: string): Promise<string> {
    return join(
      directory,
      (await readdir(directory)).find((name) => name.endsWith('.wal'))!,
    );
  }

  async function flipBit(path: string, at: number): Promise<void> {
    const bytes = await readFile(path);
    bytes[Math.floor(at * bytes.length)]! ^= 1 << (Math.floor(at * 8000) % 8);
    await writeFile(path, bytes);
  }

  it('openHistory() keeps all but the last frame when the log is cut at any point behind its head', async () => {
    const sample = await buildSample();
    const check = async (at: number): Promise<void> => {
      const directory = await copyOf(sample);
      const bytes = await readFile(await logPath(directory));
      await writeFile(await logPath(directory), bytes.subarray(0, Math.floor(bytes.length * at)));
      const history = await openHistory(directory, keepAll);
      const times = (await history.rows('memory')).map((row) => row.timestamp);
      expect(times).toEqual(range(0, times.length));
      expect(times.length % 10).toBe(0);
      history.append('memory', numberedSnapshots(1000, 1003));
      await history.close();
      expect(await numbersIn(directory)).toEqual([...times, 1000, 1001, 1002]);
      expect(history.problems).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(fc.double({ min: 0.5, max: 1, noNaN: true }), check), { numRuns: 15 });
  });

  it('openHistory() sets the log aside and salvages every other frame when a bit of it is flipped', async () => {
    const sample = await buildSample();
    const check = async (at: number): Promise<void> => {
      const directory = await copyOf(sample);
      const path = await logPath(directory);
      await flipBit(path, at);
      const damaged = await readFile(path);
      await using history = await openHistory(directory, keepAll);
      const times = (await history.rows('memory')).map((row) => row.timestamp);
      expect(times.slice(0, 100)).toEqual(range(0, 100));
      expect([40, 50]).toContain(times.length - 100);
      expect(history.problems.map(({ code }) => code)).toEqual(['ERR_STORE_CORRUPT_WAL']);
      expect(await readFile(String(history.problems[0]!.details['setAside']))).toEqual(damaged);
    };
    const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(fc.asyncProperty(unit, check), { numRuns: 25 });
  });

  it('history.rows() sets a segment aside and reads all others when a bit of it is flipped', async () => {
    const sample = await buildSample();
    const check = async (at: number): Promise<void> => {
      const directory = await copyOf(sample);
      const [path] = await segmentPaths(directory);
      await flipBit(path!, at);
      await using history = await openHistory(directory, keepAll);
      const times = (await history.rows('memory')).map((row) => row.timestamp);
      expect(times).toEqual(range(50, 150));
      expect(history.problems.map(({ code }) => code)).toEqual(['ERR_STORE_CORRUPT_SEGMENT']);
      expect(await segmentPaths(directory)).toContain(history.problems[0]!.details['setAside']);
      expect((await history.rows('memory')).length).toBe(100);
    };
    const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(fc.asyncProperty(unit, check), { numRuns: 25 });
  });

  it('history.rows() leaves a damaged segment and log where they are when it is readOnly', async () => {
    const directory = await copyOf(await buildSample());
    const before = await readdir(directory, { recursive: true });
    for (const path of [(await segmentPaths(directory))[0]!, await logPath(directory)])
      await flipBit(path, 0.9);
    await using history = await openHistory(directory, { readOnly: true });
    expect((await history.rows('memory')).map((row) => row.timestamp)).toEqual(
      expect.arrayContaining(range(50, 100)),
    );
    expect(history.problems.map(({ code }) => code).sort()).toEqual([
      'ERR_STORE_CORRUPT_SEGMENT',
      'ERR_STORE_CORRUPT_WAL',
    ]);
    expect(await readdir(directory, { recursive: true })).toEqual(before);
  });

  it('history.lazyFrame() sets a segment aside before Polars reads changed bytes from it', async () => {
    const directory = await copyOf(await buildSample());
    await flipBit((await segmentPaths(directory))[0]!, 0.1);
    await using history = await openHistory(directory, keepAll);
    const frame = await (await history.lazyFrame('memory')).collect();
    expect(frame.height).toBe(100);
    expect(history.problems.map(({ code }) => code)).toEqual(['ERR_STORE_CORRUPT_SEGMENT']);
  });

  it('openHistory() sets a segment aside when it was cut short', async () => {
    const directory = await copyOf(await buildSample());
    const [path] = await segmentPaths(directory);
    await writeFile(path!, (await readFile(path!)).subarray(0, 900));
    await using history = await openHistory(directory, keepAll);
    expect(history.problems.map(({ code }) => code)).toEqual(['ERR_STORE_CORRUPT_SEGMENT']);
    expect(history.stats().kinds['memory']!.rows).toBe(100);
  });
});
