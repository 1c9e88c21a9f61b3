// docs/errors.md lists exactly the codes that the sources can throw, in TypeScript and Python.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

function sourcesIn(folder: string, suffix: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(suffix))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

/** Whole codes: `ERR_STORE_` alone is a prefix and `ERR_STORE_*` a family. */
function codesIn(text: string): string[] {
  return text.match(/\bERR_[A-Z]+(?:_[A-Z0-9]+)+\b(?![_*])/g) ?? [];
}

it('errors.md lists every code of the sources and no other', () => {
  const thrown = new Set([...sourcesIn('src', '.ts'), ...sourcesIn('python/src', '.py')].flatMap(codesIn));
  const listed = new Set(codesIn(readFileSync(join(root, 'docs', 'errors.md'), 'utf8')));
  expect([...thrown].filter((code) => !listed.has(code)).sort()).toEqual([]);
  expect([...listed].filter((code) => !thrown.has(code)).sort()).toEqual([]);
});
