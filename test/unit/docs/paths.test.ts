// Files and folders that the documents name are there, so that a move takes its mentions along.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const parts = ['src', 'kernel', 'python', 'test', 'scripts', 'docs', 'notebooks'];

const paths = new Set(
  parts.flatMap((part) => [
    part,
    ...readdirSync(join(root, part), { recursive: true, encoding: 'utf8' })
      .filter((path) => !/(^|\/)(node_modules|__pycache__)\//.test(path))
      .map((path) => join(part, path)),
  ]),
);
const names = new Set([...paths].map((path) => basename(path)));

/** In backticks: `src/store`, `test/support/random.ts`, or a source's bare name, `kind-log.ts`. */
function pathsIn(markdown: string): string[] {
  return [...markdown.matchAll(/`([\w./-]+)`/g)]
    .map(([, text = '']) => text.replace(/\/$/, ''))
    .filter((text) => parts.includes(text.split('/')[0] ?? '') || /^[\w-]+\.(ts|mjs|py)$/.test(text));
}

const isThere = (path: string) => (path.includes('/') ? paths.has(path) : paths.has(path) || names.has(path));

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

it('docs/ARCHITECTURE.md and every other document name only files and folders that are there', () => {
  const named = documents.flatMap((file) =>
    pathsIn(readFileSync(join(root, file), 'utf8')).map((path) => ({ file, path })),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ path }) => !isThere(path))).toEqual([]);
});
