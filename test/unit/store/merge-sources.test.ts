import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, optional, required, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { mergeSources } from '../../../src/store/merge-sources.ts';
import type { QuerySource } from '../../../src/store/query-source.ts';

const kind: RecordKind = {
  name: 'merged',
  version: 1,
  fields: [
    required('timestamp', 'timestamp', 'ms since epoch', 'test'),
    required('number', 'int64', 'unit', 'test'),
    optional('text', 'utf8', 'unit', 'test'),
    optional('is_odd', 'bool', 'unit', 'test'),
    optional('ratio', 'float64', 'unit', 'test'),
  ],
};

/** Rows with the given times, in this order; `number` says which one each is. */
function rowsAt(times: readonly number[], source: number): AnyRow[] {
  return times.map((timestamp, i) => {
    const number = source * 1000 + i;
    const isKnown = number % 3 > 0;
    return {
      timestamp,
      number,
      text: isKnown ? `row-${number}` : null,
      is_odd: isKnown ? number % 2 === 1 : null,
      ratio: isKnown ? number / 7 : null,
    };
  });
}

interface Counted {
  readonly sources: QuerySource[];
  readonly reads: () => number;
}

/** Sources over rows as they are; `missing` ones are gone when they are read. */
function sourcesOver(all: readonly AnyRow[][], missing: ReadonlySet<number> = new Set()): Counted {
  let reads = 0;
  const sources = all.map((rows, i) => {
    const times = rows.map((row) => Number(row['timestamp']));
    const batch = missing.has(i) ? null : buildRecordBatch(kind, rows);
    return {
      fromMs: Math.min(...times),
      toMs: Math.max(...times),
      rows: rows.length,
      read: () => {
        reads++;
        return Promise.resolve(batch);
      },
    };
  });
  return { sources, reads: () => reads };
}

interface Layout {
  readonly times: number[][];
  readonly missing: number[];
  readonly openBytes: number;
  readonly batchRows: number;
  readonly fromMs: number;
  readonly toMs: number;
}

const farMs = 1_900_000_000_000;
const arbitraryTime = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: farMs, max: farMs + 3 }) },
);
const arbitraryLayout: fc.Arbitrary<Layout> = fc.record({
  times: fc.array(
    fc
      .tuple(fc.array(arbitraryTime, { minLength: 1, maxLength: 20 }), fc.boolean())
      .map(([times, isSorted]) => (isSorted ? times.toSorted((a, b) => a - b) : times)),
    { maxLength: 14 },
  ),
  missing: fc.array(fc.nat(13), { maxLength: 2 }),
  openBytes: fc.constantFrom(1, 400, 2_000, 8_000, 1e9),
  batchRows: fc.integer({ min: 1, max: 60 }),
  fromMs: fc.constantFrom(-Infinity, 10),
  toMs: fc.constantFrom(Infinity, 50, farMs + 2),
});

async function merged(sources: readonly QuerySource[], layout: Omit<Layout, 'times' | 'missing'>) {
  const batches: AnyRow[][] = [];
  for await (const batch of mergeSources(kind, sources, layout)) batches.push(rowsOf(kind, batch));
  return batches;
}

const whole = { fromMs: -Infinity, toMs: Infinity, batchRows: 1000 };

describe('mergeSources()', () => {
  it('equals a stable sort of all rows when sources are sorted or not and overlap in any way', async () => {
    const check = async (layout: Layout): Promise<void> => {
      const missing = new Set(layout.missing);
      const all = layout.times.map(rowsAt);
      const batches = await merged(sourcesOver(all, missing).sources, layout);
      const sorted = all
        .filter((_, i) => !missing.has(i))
        .flat()
        .filter((row) => Number(row['timestamp']) >= layout.fromMs && Number(row['timestamp']) < layout.toMs)
        .toSorted((a, b) => Number(a['timestamp']) - Number(b['timestamp']));
      expect(batches.flat()).toEqual(sorted);
      expect(Math.max(0, ...batches.map((rows) => rows.length))).toBeLessThanOrEqual(layout.batchRows);
    };
    const seed = Date.now() % 2 ** 31;
    process.stdout.write(`mergeSources(): seed ${seed}\n`);
    await fc.assert(fc.asyncProperty(arbitraryLayout, check), { seed, numRuns: 100 });
  }, 60_000);

  it('decodes each source once when one of them lasts until long after all others', async () => {
    const hours = Array.from({ length: 200 }, (_, i) => rowsAt([10 * i, 10 * i + 5, 10 * i + 9], i));
    const { sources, reads } = sourcesOver([rowsAt([0, farMs], 200), ...hours]);
    const rows = (await merged(sources, { ...whole, openBytes: 1000 })).flat();
    expect(rows).toHaveLength(602);
    expect(rows.at(-1)).toMatchObject({ timestamp: farMs });
    expect(reads()).toBe(201);
  });

  it('decodes each source at most twice when every one of them ends in the far future', async () => {
    const hours = Array.from({ length: 200 }, (_, i) => rowsAt([10 * i, 10 * i + 5, farMs + i], i));
    const { sources, reads } = sourcesOver(hours);
    const rows = (await merged(sources, { ...whole, openBytes: 1000 })).flat();
    expect(rows.map((row) => Number(row['timestamp']))).toEqual(
      rows.map((row) => Number(row['timestamp'])).toSorted((a, b) => a - b),
    );
    expect(reads()).toBeLessThanOrEqual(400);
  });

  it('decodes sources as often as their rows need passes when all of them lie in the same hour', async () => {
    const times = Array.from({ length: 40 }, (_, i) => i);
    const all = Array.from({ length: 60 }, (_, i) => rowsAt(times, i));
    const { sources, reads } = sourcesOver(all);
    // About 100 kB of rows, of which 16 kB may be open and 4 kB are put in order at once.
    const rows = (await merged(sources, { ...whole, openBytes: 16_000 })).flat();
    expect(rows.map((row) => row['number'])).toEqual(
      all
        .flat()
        .toSorted((a, b) => Number(a['timestamp']) - Number(b['timestamp']))
        .map((row) => row['number']),
    );
    const decodes = reads() / all.length;
    expect(decodes).toBeGreaterThan(2);
    expect(decodes).toBeLessThan(150);
  });
});
