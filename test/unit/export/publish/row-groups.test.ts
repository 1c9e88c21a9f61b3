import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, optional, required, rowsOf } from '../../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../../src/core/index.ts';
import { cutRowGroups, hashRows } from '../../../../src/export/publish/row-groups.ts';

const kind: RecordKind = {
  name: 'test',
  version: 1,
  fields: [
    required('timestamp', 'timestamp', '', ''),
    required('value', 'float32', '', ''),
    optional('text', 'utf8', '', ''),
    optional('flag', 'bool', '', ''),
    required('label', 'int8', '', ''),
  ],
};
const limits = { minRows: 8, maxRows: 64, mask: 15 };

const row: fc.Arbitrary<AnyRow> = fc.record({
  timestamp: fc.integer({ min: 0, max: 2 ** 41 }),
  value: fc.float({ noNaN: true }),
  text: fc.option(fc.string()),
  flag: fc.option(fc.boolean()),
  label: fc.integer({ min: 0, max: 3 }),
});

const numbered = (count: number, first = 0): AnyRow[] =>
  Array.from({ length: count }, (_, i) => ({
    timestamp: first + i,
    value: (first + i) / 7,
    text: `row ${first + i}`,
    flag: i % 2 === 0,
    label: i % 4,
  }));

async function cut(rows: readonly AnyRow[], batchRows = 50): Promise<AnyRow[][]> {
  const batches = [];
  for (let at = 0; at < rows.length; at += batchRows) {
    batches.push(buildRecordBatch(kind, rows.slice(at, at + batchRows)));
  }
  const groups = await Array.fromAsync(cutRowGroups(batches, limits));
  return groups.map((group) => group.flatMap((batch) => rowsOf(kind, batch)));
}

describe('cutRowGroups()', () => {
  it('gives every row once, in order, within the limits', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 300 }),
        fc.integer({ min: 1, max: 90 }),
        async (rows, size) => {
          const groups = await cut(rows, size);
          const expected = rows.length === 0 ? [] : rowsOf(kind, buildRecordBatch(kind, rows));
          expect(groups.flat()).toEqual(expected);
          for (const group of groups.slice(0, -1)) {
            expect(group.length).toBeGreaterThanOrEqual(limits.minRows);
            expect(group.length).toBeLessThanOrEqual(limits.maxRows);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('cuts where the rows say so, whatever batches they come in', async () => {
    const rows = numbered(400);
    expect(await cut(rows, 7)).toEqual(await cut(rows, 400));
  });

  it('keeps all groups but the next ones when rows are put in before them', async () => {
    const before = await cut(numbered(2000));
    const after = await cut([...numbered(30, 100_000), ...numbered(2000)]);
    const known = new Set(before.map((group) => JSON.stringify(group)));
    const changed = after.filter((group) => !known.has(JSON.stringify(group)));
    expect(before.length).toBeGreaterThan(50);
    expect(changed.length).toBeLessThan(8);
  });
});

describe('hashRows()', () => {
  it('tells rows apart by any of their columns', () => {
    const [base] = numbered(1);
    const changes: AnyRow[] = [{ timestamp: 9 }, { value: 9 }, { text: null }, { flag: null }, { label: 3 }];
    const rows = [base!, ...changes.map((change) => ({ ...base!, ...change }))];
    expect(new Set(hashRows(buildRecordBatch(kind, rows))).size).toBe(rows.length);
  });

  it('hashes a sliced batch like its rows', () => {
    const rows = numbered(20);
    const whole = hashRows(buildRecordBatch(kind, rows));
    expect(hashRows(buildRecordBatch(kind, rows).slice(5, 12))).toEqual(whole.slice(5, 12));
  });
});
