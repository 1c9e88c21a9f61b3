import * as fc from 'fast-check';
import polars from 'nodejs-polars';
import { describe, expect, it } from 'vitest';
import { buildTable } from '../../../src/prepare/polars-frame.ts';
import { checkFrameLDiversity, checkLDiversity } from '../../../src/prepare/index.ts';

describe('checkLDiversity()', () => {
  it('counts the labels of each group and reports the poorest', () => {
    const groups = ['mon', 'mon', 'mon', 'tue', 'tue'];
    expect(checkLDiversity(groups, [0, 1, 1, 2, 2])).toEqual({
      asked: 2,
      reached: 1,
      entropy: 1,
      groups: 2,
      groupsBelow: 1,
      rowsBelow: 2,
    });
  });

  it('gives the entropy of evenly spread labels as their number', () => {
    expect(checkLDiversity([1, 1, 1, 1], [0, 1, 2, 3], 4).entropy).toBeCloseTo(4, 10);
  });

  it('reaches nothing without rows', () => {
    expect(checkLDiversity([], [])).toMatchObject({ reached: null, entropy: null, groups: 0 });
  });

  it('never finds more entropy than distinct labels', () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(rows, (pairs) => {
        const checked = checkLDiversity(
          pairs.map(([group]) => group),
          pairs.map(([, label]) => label),
        );
        expect(checked.entropy!).toBeLessThanOrEqual(5 + 1e-9);
        expect(checked.reached!).toBeGreaterThanOrEqual(1);
        expect(checked.rowsBelow).toBeLessThanOrEqual(pairs.length);
      }),
    );
  });
});

describe('checkFrameLDiversity()', () => {
  it('finds of a table what checkLDiversity() finds of its rows, null being a value', async () => {
    const row = fc.record({
      hour: fc.constantFrom(1, 2, 3),
      name: fc.constantFrom('a', 'b', null),
      label: fc.constantFrom('x', 'y', 'z', null),
    });
    const property = fc.asyncProperty(
      fc.array(row, { minLength: 1 }),
      fc.integer({ min: 1, max: 4 }),
      async (rows, l) => {
        const frame = buildTable(polars, [
          { name: 'hour', type: 'int64', values: rows.map(({ hour }) => hour) },
          { name: 'name', type: 'utf8', values: rows.map(({ name }) => name) },
          { name: 'label', type: 'utf8', values: rows.map(({ label }) => label) },
        ]);
        const columns = { groups: ['hour', 'name'], label: 'label' };
        const { entropy, ...found } = await checkFrameLDiversity(frame, columns, l);
        const expected = checkLDiversity(
          rows.map(({ hour, name }) => `${hour} ${name}`),
          rows.map(({ label }) => String(label)),
          l,
        );
        expect({ ...found, entropy: expected.entropy }).toEqual(expected);
        expect(entropy).toBeCloseTo(expected.entropy!, 10);
      },
    );
    await fc.assert(property, { numRuns: 15 });
  });

  it('reaches nothing without rows', async () => {
    const frame = polars
      .DataFrame({ hour: [1], label: ['x'] })
      .lazy()
      .limit(0);
    expect(await checkFrameLDiversity(frame, { groups: ['hour'], label: 'label' })).toEqual({
      asked: 2,
      reached: null,
      entropy: null,
      groups: 0,
      groupsBelow: 0,
      rowsBelow: 0,
    });
  });
});
