// Non-negative least squares by what makes a solution one (Karush, Kuhn, Tucker); SciPy's: test/conformance/dag.
import { describe, expect, it } from 'vitest';
import { solveNonNegative } from '../../../../src/dag/index.ts';
import { createPrintedRandom } from '../../../support/random.ts';

describe('solveNonNegative()', () => {
  const random = createPrintedRandom('solveNonNegative()');
  const matrix = (rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => random() * 2 - 1));
  const times = (rows: readonly (readonly number[])[], x: ArrayLike<number>): number[] =>
    rows.map((row) => row.reduce((sum, value, k) => sum + value * x[k]!, 0));

  it('gives numbers from 0 on that no step makes better, for 500 random problems', () => {
    for (let run = 0; run < 500; run++) {
      const columns = 1 + Math.floor(random() * 7);
      const rows = matrix(columns + Math.floor(random() * 20), columns);
      const target = rows.map(() => random() * 4 - 2);
      const { solution, residual } = solveNonNegative(rows, target);
      const left = times(rows, solution).map((value, at) => target[at]! - value);
      expect(residual).toBeCloseTo(Math.hypot(...left), 9);
      solution.forEach((value, k) => {
        const gain = rows.reduce((sum, row, at) => sum + row[k]! * left[at]!, 0);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(gain).toBeLessThan(1e-8);
        if (value > 0) expect(Math.abs(gain)).toBeLessThan(1e-8);
      });
    }
  });

  it('finds what numbers were made of, whatever their sizes', () => {
    const truth = [3e-6, 0, 2, 5e4];
    const rows = matrix(40, 4).map((row) =>
      row.map((value, k) => Math.abs(value) * [1e6, 1, 1e-3, 1e-4][k]!),
    );
    const { solution } = solveNonNegative(rows, times(rows, truth));
    solution.forEach((value, k) => expect(value).toBeCloseTo(truth[k]!, k === 3 ? 2 : 6));
  });

  it('gives 0 to a column of zeros and one of two that are the same', () => {
    const rows = [1, 2, 3].map((value) => [value, 0, value]);
    const { solution, residual } = solveNonNegative(rows, [2, 4, 6]);
    expect(solution[0]! + solution[2]!).toBeCloseTo(2, 9);
    expect([solution[1], residual]).toEqual([0, expect.closeTo(0, 9)]);
  });

  it.each([
    [[], [], 'there is nothing to fit'],
    [[[1]], [1, 2], 'there are 1 rows and 2 results'],
    [[[1], [1, 2]], [1, 2], 'row 1 has 2 numbers, not 1'],
    [[[NaN]], [1], 'row 0 is not of finite numbers'],
  ])('refuses %j and %j', (rows, target, state) => {
    expect(() => solveNonNegative(rows, target)).toThrow(
      expect.objectContaining({ code: 'ERR_DAG_FIT', message: expect.stringContaining(state) as string }),
    );
  });
});
