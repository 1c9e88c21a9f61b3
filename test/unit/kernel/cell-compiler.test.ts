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

  it('leaves a cell of JavaScript as it was written', () => {
    for (const source of [
      'a  <  2 // b',
      'f(1)\n\n\n  ;[1].map((x) => x)',
      'let x = 1\n\nx',
      'q: for (;;) break q',
    ]) {
      expect(compileCell(source, 'cell-1.ts')).toMatchObject({ body: `'use strict';${source}`, maps: [] });
    }
  });

  it('reads as TypeScript what JavaScript would read otherwise', () => {
    const bodyOf = (source: string): string => compileCell(source, 'cell-1.ts').body;
    expect(bodyOf('f<T>(x)')).toContain('f(x)');
    expect(bodyOf('new Map<string, number>()')).toContain('new Map()');
    expect(bodyOf('a < b && c > d')).toContain('a < b && c > d');
    // A comment in scripts of old.
    expect(bodyOf('x<!--y')).toContain('x < !--y');
    expect(bodyOf('value!\nas2')).toMatch(/value;\s*as2/);
  });

  it('refuses to write a constant between brackets', () => {
    const scope = { names: new Set(['k']), constants: new Set(['k']) };
    for (const source of ['(k) = 5', '(k)++', '[(k)] = [1]', '({ a: (k) } = { a: 1 })'])
      expect(compileCell(source, 'cell-1.ts', scope).body, source).toContain('$constant("k"');
  });

  it('tells of early errors where they are', () => {
    for (const source of ['let a = 1\nlet a = 2', '1\nbreak', '0\ndelete name', '1\nnew.target'])
      expect(() => compileCell(source, 'cell-1.ts'), source).toThrow(/cell-1\.ts:[12]:/);
  });
});
