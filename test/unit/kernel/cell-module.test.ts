// Cells as the type checker reads them: names, lines, magics.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCellModule } from '../../../kernel/language/cell-module.ts';
import type { CellScope, Definition } from '../../../kernel/language/cell-module.ts';
import { cells } from '../../support/kernel/cells.ts';

const scopeOf = (definitions: Record<string, Definition> = {}): CellScope => ({
  definitions: new Map(Object.entries(definitions)),
  globals: new Map([['rv', '{ own: true }']]),
});
const codeOf = (source: string): string[] => {
  const { text, headerLines } = buildCellModule(source, scopeOf());
  return text.split('\n').slice(headerLines, -2);
};
const headerOf = (source: string, scope: CellScope, prefix?: string): string =>
  buildCellModule(source, scope, prefix).text.split('\n')[0]!;

describe('buildCellModule()', () => {
  it('exports every name and keeps every line of the cell', () => {
    fc.assert(
      fc.property(cells, ({ names, source }) => {
        const built = buildCellModule(source, scopeOf());
        expect(new Set(built.names.keys())).toEqual(new Set(names));
        expect(codeOf(source).join('\n')).toBe(source);
      }),
    );
  });

  it('imports what the cell mentions and does not declare', () => {
    const scope = scopeOf({
      kept: { module: '/n/cell-2.ts', isVariable: false },
      again: { module: '/n/cell-1.ts', isVariable: false },
      other: { module: '/n/cell-1.ts', isVariable: false },
      count: { module: '/n/cell-3.ts', isVariable: true },
    });
    expect(headerOf('const again = kept;', scope)).toBe('import { kept } from "/n/cell-2.ts";');
    expect(headerOf('oth', scope, 'oth')).toBe('import { other } from "/n/cell-1.ts";');
    expect(headerOf('count = 2', scope)).toBe('declare let count: typeof import("/n/cell-3.ts").count;');
  });

  it("declares the kernel's large names for cells that use them", () => {
    expect(headerOf('rv.own', scopeOf())).toBe('declare const rv: { own: true };');
    expect(headerOf('const rv = 1; rv', scopeOf())).toBe('');
  });

  it('finds types, and names of a cell that does not parse yet', () => {
    const namesOf = (source: string): string[] => [...buildCellModule(source, scopeOf()).names.keys()];
    expect(namesOf('type A = 1; interface B {}\nenum C {}')).toEqual(['A', 'B', 'C']);
    expect(namesOf('const first = 1;\nfirst.')).toEqual(['first']);
  });

  it.each([
    ['%time\n!ls\nconst a = 1;', ['await $magic("time", "");', 'await $magic("sh", "ls");', 'const a = 1;']],
    ['const files = %sx ls', ['const files = await $magic("sx", "ls");']],
    ['`\n%time\n`', ['`', '%time', '`']],
    ['%%python -i a -o b,c\nb = a\nc = 1', ['let b!: any, c!: any;']],
    ['%%python\nprint(1)', ['']],
    ['%%time\nconst a = 1;', ['', 'const a = 1;']],
    ['%%timeit const a = 1;', ['{ const a = 1;;', '}']],
    ['?display', ['']],
    ['{ a: 1 }', ['({ a: 1 }', ')']],
    ['{ const inner = 1; }', ['{ const inner = 1; }']],
    ['#!/usr/bin/env node\n1', ['', '1']],
  ])('reads %j', (source, code) => {
    expect(codeOf(source)).toEqual(code);
  });
});
