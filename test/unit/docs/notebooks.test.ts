// The notebooks as they lie in git: no outputs, our kernel, links that lead somewhere.
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

  it('holds no outputs and no execution counts', () => {
    const code = cells.filter(({ cell_type }) => cell_type === 'code');
    expect(code.length).toBeGreaterThan(0);
    expect(code.filter(({ outputs }) => outputs?.length !== 0)).toEqual([]);
    expect(code.filter(({ execution_count }) => execution_count !== null)).toEqual([]);
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
