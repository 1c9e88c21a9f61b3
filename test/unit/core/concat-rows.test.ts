import * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildBatch,
  buildRecordBatch,
  canConcat,
  concatRows,
  rowsOf,
  toArrowSchema,
} from '../../../src/core/index.ts';
import { arbitraryRows, everyTypeKind } from '../../support/store/store-rows.ts';

describe('concatRows()', () => {
  it('equals the rows of its runs in order for every field type, sliced batches included', () => {
    const part = fc.record({
      rows: arbitraryRows(everyTypeKind, 20),
      cut: fc.nat(20),
      from: fc.nat(20),
      to: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const runs = parts.map(({ rows, cut, from, to }) => {
          const batch = buildRecordBatch(everyTypeKind, rows).slice(Math.min(cut, rows.length));
          const end = Math.min(to, batch.numRows);
          return { batch, from: Math.min(from, end), to: end };
        });
        const joined = rowsOf(everyTypeKind, concatRows(toArrowSchema(everyTypeKind), runs));
        expect(joined).toEqual(
          runs.flatMap(({ batch, from, to }) => rowsOf(everyTypeKind, batch).slice(from, to)),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('equals the rows of its runs for nested and wide types, sliced and with nulls', () => {
    const int = new arrow.Field('item', new arrow.Int32(), true);
    const text = new arrow.Field('text', new arrow.Utf8(), true);
    const cases: readonly (readonly [arrow.DataType, readonly unknown[]])[] = [
      [new arrow.List(int), [[1, 2], null, [], [3, null], [4], [5, 6, 7]]],
      [new arrow.FixedSizeList(2, int), [[1, 2], null, [3, 4], [5, null], [7, 8], [9, 10]]],
      [
        new arrow.Struct([int, text]),
        [
          { item: 1, text: 'a' },
          null,
          { item: null, text: 'bc' },
          { item: 4, text: null },
          { item: 5, text: 'd' },
          { item: 6, text: '' },
        ],
      ],
      [
        new arrow.List(new arrow.Field('item', new arrow.List(text), true)),
        [[['a'], ['b', 'c']], null, [[]], [['d'], null], [], [['e']]],
      ],
      [
        new arrow.FixedSizeBinary(3),
        [
          Uint8Array.of(1, 2, 3),
          null,
          Uint8Array.of(4, 5, 6),
          Uint8Array.of(7, 8, 9),
          null,
          Uint8Array.of(1, 1, 1),
        ],
      ],
      [
        new arrow.Binary(),
        [Uint8Array.of(1), null, Uint8Array.of(), Uint8Array.of(2, 3), Uint8Array.of(4), Uint8Array.of(5)],
      ],
      [new arrow.LargeUtf8(), ['a', null, '', 'bcd', 'e', 'fg']],
      [new arrow.Null(), [null, null, null, null, null, null]],
    ];
    for (const [type, values] of cases) {
      const vector = arrow.vectorFromArray(values as never[], type) as arrow.Vector;
      const schema = new arrow.Schema([new arrow.Field('column', type, true)]);
      const batch = buildBatch(schema, values.length, [vector.data[0]!]);
      const runs = [
        { batch, from: 3, to: 5 },
        { batch: batch.slice(1), from: 0, to: 2 },
        { batch: batch.slice(1, 6), from: 2, to: 5 },
        { batch: batch.slice(4), from: 0, to: 0 },
      ];
      expect(canConcat(runs.map((run) => run.batch))).toBe(true);
      const joined = concatRows(schema, runs).getChild('column')!;
      const wanted = [3, 4, 1, 2, 3, 4, 5].map((at) => vector.get(at) as unknown);
      const seen = Array.from({ length: joined.length }, (_, at) => joined.get(at) as unknown);
      expect(JSON.stringify(seen), `type ${type.typeId}`).toBe(JSON.stringify(wanted));
    }
  });

  it('joins dictionaries that are the same, and says of others that it cannot', () => {
    const make = (): arrow.RecordBatch => {
      const column = arrow.vectorFromArray(
        ['a', 'b', 'a', null],
        new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32()),
      );
      return buildBatch(new arrow.Schema([new arrow.Field('column', column.type, true)]), 4, [
        column.data[0]!,
      ]);
    };
    const [one, other] = [make(), make()];
    expect(canConcat([one, other])).toBe(false);
    expect(canConcat([one, one.slice(1)])).toBe(true);
    const runs = [one, one.slice(1)].map((batch) => ({ batch, from: 0, to: batch.numRows }));
    expect([...concatRows(one.schema, runs).getChild('column')!]).toEqual([
      'a',
      'b',
      'a',
      null,
      'b',
      'a',
      null,
    ]);
  });
});
