// papermill gives parameters to a TypeScript notebook and runs it with the installed kernel.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJupyter } from '../../support/kernel/jupyter.ts';
import type { TestJupyter } from '../../support/kernel/jupyter.ts';

let jupyter: TestJupyter;
beforeAll(async () => {
  jupyter = await createJupyter();
});
afterAll(() => jupyter[Symbol.dispose]());

const cell = (source: string, tags: readonly string[] = []): unknown => ({
  cell_type: 'code',
  id: `c${source.length}`,
  source,
  metadata: { tags },
  execution_count: null,
  outputs: [],
});

interface Notebook {
  readonly cells: readonly {
    readonly source: string | string[];
    readonly metadata: { readonly tags?: string[] };
    readonly outputs: readonly { readonly output_type: string; readonly text?: string | string[] }[];
  }[];
}

it('papermill gives a notebook its parameters with their types', async () => {
  const path = (name: string): string => join(jupyter.folder, name);
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'ruvector', language: 'typescript', display_name: 'TypeScript' } },
    cells: [
      cell("const name: string = 'nobody';\nconst trees = 1;\nlet rate = 0.5;\nconst kept = 'default';", [
        'parameters',
      ]),
      cell(
        'console.log(JSON.stringify({ name, trees, rate, on, nothing, raw, list, options, missing: Number.isNaN(missing), kept }))',
      ),
    ],
  };
  writeFileSync(path('in.ipynb'), JSON.stringify(notebook));
  const name = `O'Neil "the" \`tick\` \${x} 😀 \\`;
  const yaml =
    '{list: [1, two, [3.5, null]], options: {"a b": {deep: true}, text: "line\\nbreak"}, missing: .nan}';
  const given = `-p trees 250 -p rate -1.5e-3 -p on True -p nothing None -r raw 007`.split(' ');
  const { code, stderr } = await jupyter.run([
    '-m',
    'papermill',
    path('in.ipynb'),
    path('out.ipynb'),
    '--no-progress-bar',
    ...given,
    '-p',
    'name',
    name,
    '-y',
    yaml,
  ]);
  expect(stderr).not.toContain('Traceback');
  expect(code).toBe(0);
  // papermill repeats the parameters in the metadata, and Python writes NaN there as no JSON has it.
  const written = readFileSync(path('out.ipynb'), 'utf8').replace('"missing": NaN', '"missing": null');
  const { cells } = JSON.parse(written) as Notebook;
  expect(cells.map(({ metadata }) => metadata.tags)).toEqual([['parameters'], ['injected-parameters'], []]);
  const [output] = cells[2]!.outputs;
  expect(output).toMatchObject({ output_type: 'stream' });
  expect(JSON.parse([output!.text].flat().join(''))).toEqual({
    name,
    trees: 250,
    rate: -0.0015,
    on: true,
    nothing: null,
    raw: '007',
    list: [1, 'two', [3.5, null]],
    options: { 'a b': { deep: true }, text: 'line\nbreak' },
    missing: true,
    kept: 'default',
  });
}, 120_000);
