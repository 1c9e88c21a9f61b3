// What the type checker is told and asked of cells, and when; with a checker that only takes notes.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { TypeProblem } from '../../../kernel/language/type-problems.ts';
import type { TypeService } from '../../../kernel/language/type-service.ts';
import { createCellTypes } from '../../../kernel/server/cell-types.ts';
import type { CellTypes } from '../../../kernel/server/cell-types.ts';

const problem: TypeProblem = { line: 1, code: 2322, message: 'wrong' };
const ok = { status: 'ok' };

interface Notebook {
  readonly cells: CellTypes;
  readonly types: TypeService;
  /** What the checker heard and what was shown, in order. */
  readonly heard: string[];
}

function openNotebook(check: TypeService['check'], { isWarm = true, isInstalled = true } = {}): Notebook {
  const heard: string[] = [];
  const note = (verb: string) => (code: string) => void heard.push(`${verb} ${code}`);
  const types = {
    isInstalled,
    isWarm: () => isWarm,
    check: (code: string) => {
      heard.push(`check ${code}`);
      return check(code);
    },
    addCell: note('add'),
    forgetCell: note('forget'),
  } as unknown as TypeService;
  const warn = (parent: string): void => void heard.push(`warn ${parent}`);
  const cells = createCellTypes({ open: async () => types, warn });
  return { cells, types, heard };
}

const cellOf = (code: string): { parent: string; code: string; isShown: boolean } => ({
  parent: `id of ${code}`,
  code,
  isShown: true,
});

describe('createCellTypes()', () => {
  it('asks nothing until there is a checker, then each cell before its names are learned', async () => {
    const { cells, types, heard } = openNotebook(async () => []);
    for (const [code, reply] of [
      ['a', ok],
      ['b', { status: 'error', ename: 'Error' }],
      ['c', { status: 'error', ename: 'SyntaxError' }],
    ] as const) {
      expect(cells.admit(cellOf(code))).toBeNull();
      cells.started(cellOf(code));
      expect(cells.ended(cellOf(code).parent, reply)).toBeNull();
    }
    await nextTurn();
    expect(heard).toEqual([]);
    cells.connect(types);
    await nextTurn();
    expect(heard).toEqual(['check a', 'add a', 'check b', 'forget b']);
  });

  it('shows a warning at the end of the cell, before its answer', async () => {
    const { cells, types, heard } = openNotebook(async () => [problem]);
    cells.connect(types);
    cells.started(cellOf('a'));
    await nextTurn();
    expect(heard).toEqual(['check a']);
    await cells.ended('id of a', ok);
    expect(heard).toContain('warn id of a');
  });

  it('lets a cell end before a checker that is slow, and shows the warning late', async () => {
    const { promise, resolve } = Promise.withResolvers<TypeProblem[]>();
    const { cells, types, heard } = openNotebook(() => promise, { isWarm: false });
    cells.connect(types);
    cells.started(cellOf('a'));
    await nextTurn();
    expect(cells.ended('id of a', ok)).toBeNull();
    resolve([problem]);
    await nextTurn();
    expect(heard.toSorted()).toEqual(['add a', 'check a', 'warn id of a']);
  });

  it('asks nothing of cells without names, of those a client hides, and under %check off', async () => {
    const { cells, types, heard } = openNotebook(async () => [problem]);
    cells.connect(types);
    for (const cell of [cellOf('1 + 1'), { ...cellOf('hidden'), isShown: false }, cellOf('%check off\na')]) {
      void cells.admit(cell);
      cells.started(cell);
      await cells.ended(cell.parent, ok);
    }
    await nextTurn();
    expect(heard).toEqual(['add hidden', 'add %check off\na']);
  });

  it('refuses a wrong cell under %check error, and once asks no more of one that it let run', async () => {
    const { cells, heard } = openNotebook(async (code) => (code === 'wrong' ? [problem] : []));
    expect(await cells.admit(cellOf('%check error'))).toBeNull();
    expect(await cells.admit(cellOf('wrong'))).toMatchObject({ status: 'error', ename: 'TypeCheckError' });
    expect(await cells.admit(cellOf('right'))).toBeNull();
    cells.started(cellOf('right'));
    expect(cells.ended('id of right', ok)).toBeNull();
    expect(heard.filter((one) => one === 'check right')).toHaveLength(1);
  });

  it('refuses %check error without a checker and goes on with warnings', async () => {
    const { cells } = openNotebook(async () => null, { isInstalled: false });
    expect(await cells.admit(cellOf('%check error'))).toMatchObject({ ename: 'CheckError' });
    expect(cells.admit(cellOf('a'))).toBeNull();
  });
});
