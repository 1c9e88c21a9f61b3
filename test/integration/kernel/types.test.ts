// The type service with the real language server: types across cells, redeclaration, problems, a missing and
// a dying server.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTypeService } from '../../../kernel/language/type-service.ts';
import type { TypeService } from '../../../kernel/language/type-service.ts';
import { prepareSnippets, snippets } from '../../support/kernel/typescript-snippets.ts';

let directory: string;
let types: TypeService;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rvk-types-'));
  writeFileSync(join(directory, 'local.ts'), 'export const answer: number = 42;');
  types = createTypeService({ directory, timeoutMs: 20_000 });
  types.addCell(
    'const user = { name: "x" };\n/** Adds. */ function add(a: number, b: number) { return a + b }',
  );
});
afterAll(() => {
  types.close();
  rmSync(directory, { recursive: true, force: true });
});

const labelsOf = async (code: string): Promise<string[]> =>
  (await types.complete(code, code.length)).map(({ label }) => label);

describe('createTypeService()', () => {
  it('knows members of what an earlier cell declared', async () => {
    expect(await labelsOf('user.')).toEqual(['name']);
  });

  it('completes relative paths and module names', async () => {
    expect(await labelsOf('import x from "./')).toContain('local.ts');
    expect(await labelsOf('import x from "node:f')).toContain('node:fs/promises');
  });

  it('shows signature and documentation', async () => {
    expect(await types.hover('add(1, 2)', 2)).toMatch(/add\(a: number, b: number\): number[\s\S]*Adds\./);
    expect(await types.signature('add(1, ', 7)).toBe('add(a: number, b: number): number');
  });

  it('names line and code of a type error and leaves out what notebooks make meaningless', async () => {
    const code =
      'import { answer } from "./local.ts";\nconst n: string = answer;\ny = 5; await display(y);\nlet unused;';
    expect(await types.check(code, 20_000)).toEqual([
      { line: 2, code: 2322, message: "Type 'number' is not assignable to type 'string'." },
    ]);
  });

  it('takes the latest declaration of a name, whatever its type was', async () => {
    types.addCell('const user = 7;');
    expect(await types.check('const n: number = user;', 20_000)).toEqual([]);
    expect(await types.check('const user: string = "own";', 20_000)).toEqual([]);
  });

  it('finds nothing wrong in cells that are right', async () => {
    prepareSnippets(directory);
    const notebook = createTypeService({ directory });
    const found: string[] = [];
    for (const [name, code] of snippets) {
      const problems = await notebook.check(code, 20_000);
      if (problems === null || problems.length > 0) found.push(`${name}: ${JSON.stringify(problems)}`);
      notebook.addCell(code);
    }
    notebook.close();
    expect(found).toEqual([expect.stringContaining('"code":2322')]);
  });

  it('reads local modules anew when they were edited, and from the folder that cells run in', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rvk-types-'));
    const notebook = createTypeService({ timeoutMs: 20_000 });
    notebook.addCell('const kept = 1;');
    const before = process.cwd();
    try {
      process.chdir(folder);
      writeFileSync(join(folder, 'edited.ts'), 'export const version: number = 1;');
      const code = 'import { version } from "./edited.ts";\nconst n: number = version + kept;';
      expect(await notebook.check(code, 20_000)).toEqual([]);
      writeFileSync(join(folder, 'edited.ts'), 'export const version: boolean = true;');
      expect(await notebook.check(`${code}\n`, 20_000)).toMatchObject([{ line: 2 }]);
    } finally {
      process.chdir(before);
      notebook.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('answers each of many questions from its own cell', async () => {
    const asked = Array.from({ length: 60 }, (_, i) => {
      const problems = types.check(
        i % 2 === 0 ? `const a${i}: string = 'x';` : `const a${i}: string = ${i};`,
        20_000,
      );
      types.addCell(`const a${i} = ${i};`);
      return problems;
    });
    const counts = (await Promise.all(asked)).map((problems) => problems?.length);
    expect(counts).toEqual(asked.map((_, i) => i % 2));
  });

  it.each([
    [
      'nodejs-polars',
      'import pl from "nodejs-polars"; const height: string = pl.DataFrame({ a: [1] }).height;',
    ],
    [
      'apache-arrow',
      'import { tableFromArrays } from "apache-arrow"; const rows: string = tableFromArrays({ a: [1] }).numRows;',
    ],
    ['node:', 'import { statSync } from "node:fs"; const size: string = statSync(".").size;'],
    ['tslab', 'import { display } from "tslab"; const shown: string = display.html;'],
    ['progress', 'const bar: string = progress(3);'],
    ['widgets', 'const slider: string = widgets.slider({ value: 1 }).value;'],
    ['sharedArray', 'const bytes: string = sharedArray(Uint8Array, 4).byteLength;'],
    ['comms', 'const id: number = comms.open("target").id;'],
    ['Deno', 'const mark: string = Deno.jupyter.$display;'],
    ['display', 'const shown: string = display(1);'],
  ])('knows the types of %s in any folder', async (_name, code) => {
    expect(await types.check(code, 20_000)).toMatchObject([{ line: 1, code: 2322 }]);
  });

  it.each([null, '/no/such/program', process.execPath])(
    'answers nothing when the server is %s',
    async (command) => {
      const none = createTypeService({ directory, command, timeoutMs: 50 });
      expect(await none.complete('a.', 2)).toEqual([]);
      expect(await none.hover('a', 0)).toBeNull();
      expect(await none.check('a', 50)).toBeNull();
      none.close();
    },
  );
});
