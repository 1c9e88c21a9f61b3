// The notebooks as they lie in git: outputs for viewers that run nothing, our kernel, short lines, links that lead somewhere.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listNotebooks, readNotebook } from '../../support/kernel/notebooks.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'notebooks');

it('listNotebooks() lists them numbered without holes', () => {
  const numbers = listNotebooks().map((name) => Number(name.slice(0, 2)));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect(numbers.length).toBeGreaterThanOrEqual(7);
});

describe.each(listNotebooks())('readNotebook() of %s', (name) => {
  const { cells, metadata } = readNotebook(name);

  const code = cells.filter(({ cell_type }) => cell_type === 'code');
  const shown = JSON.stringify(code.map(({ outputs }) => outputs));

  it('holds the outputs of one run from its first cell to its last: `node scripts/store-notebooks.mjs` stores them', () => {
    expect(code.length).toBeGreaterThan(0);
    expect(code.map(({ execution_count }) => execution_count)).toEqual(code.map((_, at) => at + 1));
    const silent = code.filter(({ outputs }) => outputs?.length === 0);
    expect(silent.length).toBeLessThan(code.length / 2);
  });

  it('shows no warning, no path of the machine that ran it, and pictures of 200 KB at most', () => {
    expect(shown).not.toContain('Warning: the cell ran');
    const paths =
      shown.match(/(?<![\w.:/<-])\/(?:home|root|Users|tmp|var|mnt|opt|srv|private)\/[\w.-]+/g) ?? [];
    expect(paths.filter((path) => !/^\/(?:tmp\/notebook|home\/me)$/.test(path))).toEqual([]);
    const sizes = code.flatMap(({ outputs = [] }) => outputs.map((output) => JSON.stringify(output).length));
    expect(Math.max(...sizes)).toBeLessThan(200_000);
  });

  it('has lines of at most 88 characters in its code', () => {
    const lines = code.flatMap(({ source }) => source.join('').split('\n'));
    expect(lines.filter((line) => line.length > 88)).toEqual([]);
  });

  it('names this kernel', () => {
    expect(metadata.kernelspec).toMatchObject({ name: 'ruvector', language: 'typescript' });
  });

  it('begins with a title, and its links lead to files', () => {
    expect(cells[0]?.source[0]).toMatch(/^# \w/);
    const text = cells.filter(({ cell_type }) => cell_type === 'markdown').flatMap(({ source }) => source);
    const links = [...text.join('').matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !existsSync(join(folder, link)))).toEqual([]);
  });
});
