// The cell compiler: names it finds and lines it keeps, for generated cells.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCell } from '../../../kernel/runtime/cell-compiler.ts';
import { cells } from '../../support/kernel/cells.ts';

describe('compileCell()', () => {
  it('finds every name that a cell declares', () => {
    fc.assert(
      fc.property(cells, ({ names, source }) => {
        expect(new Set(compileCell(source, 'cell-1.ts').names)).toEqual(new Set(names));
      }),
    );
  });

  it('names a syntax error with its place', () => {
    expect(() => compileCell('const fine = 1;\nconst = 2;', 'cell-1.ts')).toThrow(/:2:7/);
  });

  it('tells a result from a statement', () => {
    expect(compileCell('1 + 1', 'cell-1.ts').hasResult).toBe(true);
    expect(compileCell('const a = 1;', 'cell-1.ts').hasResult).toBe(false);
  });
});
