import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, concatRows, rowsOf, toArrowSchema } from '../../../src/core/index.ts';
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
});
