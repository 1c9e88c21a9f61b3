// The cell compiler: names it finds and lines it keeps, for generated cells.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCellModule } from '../../../kernel/language/cell-module.ts';
import { compileCell } from '../../../kernel/runtime/cell-compiler.ts';

const name = fc.stringMatching(/^[a-z][a-zA-Z0-9_]{3,8}Q$/);
const declarations: readonly ((name: string) => string)[] = [
  (id) => `const ${id}: number = 1;`,
  (id) => `let ${id} = [1,\n  2];`,
  (id) => `var ${id} = 'x';`,
  (id) => `function ${id}(a: number): number {\n  return a;\n}`,
  (id) => `async function* ${id}() {}`,
  (id) => `class ${id} {\n  x = 1;\n}`,
  (id) => `const { a: ${id} } = { a: 1 };`,
  (id) => `const [, ...${id}] = [1, 2];`,
  (id) => `export const ${id} = 2;`,
  (id) => `import ${id} from 'node:os';`,
  (id) => `import { cpus as ${id} } from 'node:os';`,
];
const declaration = fc.constantFrom(...declarations);
const cell = fc
  .uniqueArray(name, { minLength: 1, maxLength: 8 })
  .chain((names) =>
    fc
      .array(declaration, { minLength: names.length, maxLength: names.length })
      .map((builders) => ({ names, source: names.map((id, i) => builders[i]!(id)).join('\n') })),
  );

describe('compileCell()', () => {
  it('finds every name that a cell declares', () => {
    fc.assert(
      fc.property(cell, ({ names, source }) => {
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

describe('buildCellModule()', () => {
  it('exports every name and keeps every line of the cell', () => {
    fc.assert(
      fc.property(cell, ({ names, source }) => {
        const built = buildCellModule(source, new Map());
        expect(new Set(built.names)).toEqual(new Set(names));
        const lines = built.text.split('\n').slice(built.headerLines);
        expect(lines.slice(0, source.split('\n').length).join('\n')).toBe(source);
      }),
    );
  });

  it('imports the latest definition of names that the cell does not declare', () => {
    const definitions = new Map([
      ['kept', 'cell-2.ts'],
      ['again', 'cell-1.ts'],
    ]);
    const { text } = buildCellModule('const again = kept;', definitions);
    expect(text.split('\n')[0]).toBe('import { kept } from "./cell-2.ts";');
  });

  it('finds types, and names of a cell that does not parse yet', () => {
    expect(buildCellModule('type A = 1; interface B {}\nenum C {}', new Map()).names).toEqual([
      'A',
      'B',
      'C',
    ]);
    expect(buildCellModule('const first = 1;\nfirst.', new Map()).names).toEqual(['first']);
  });

  it('empties magics and keeps their lines', () => {
    const { text } = buildCellModule('%time\n!ls\nconst a = 1;', new Map());
    expect(
      text
        .split('\n')
        .slice(1, 4)
        .map((line) => line.trim()),
    ).toEqual(['', '', 'const a = 1;']);
  });
});
