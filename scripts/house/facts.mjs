// The files of a tree with what their parsers say of them, imports resolved to files of the tree.
import { spawnSync } from 'node:child_process';
import { join, posix } from 'node:path';
import { readTree } from './tree.mjs';
import { readTypeScript } from './typescript-facts.mjs';

const repository = join(import.meta.dirname, '..', '..');
const venvPython = process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python';
const PACKAGE = 'ruvector-memopt';

/** @returns every file with its facts; `imports` are [{to: path, kind}] of files in the tree only */
export function readFacts(root) {
  const files = readTree(root);
  const byLanguage = Map.groupBy(files, ({ language }) => language);
  const typescript = (byLanguage.get('typescript') ?? []).map((file) => ({
    ...file,
    ...readTypeScript(file),
  }));
  const all = [...typescript, ...readPython(byLanguage.get('python') ?? [])];
  const paths = new Set(all.map(({ path }) => path));
  const resolve = { typescript: resolveTypeScript, python: resolvePython };
  return all.map((file) => ({
    ...file,
    imports: file.imports.flatMap((entry) =>
      resolve[file.language](file.path, entry, paths)
        .filter((to) => paths.has(to) && to !== file.path)
        .map((to) => ({ to, kind: entry.kind })),
    ),
  }));
}

function readPython(files) {
  const python = process.env.RUVECTOR_PYTHON ?? join(repository, venvPython);
  const { status, error, stdout, stderr } = spawnSync(
    python,
    [join(import.meta.dirname, 'python_facts.py')],
    {
      input: JSON.stringify(files.map(({ path, text }) => ({ path, text }))),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  if (status !== 0) {
    throw new Error(
      `Cannot read Python files with "${python}": ${error?.message ?? stderr}; run npm run check once`,
    );
  }
  return JSON.parse(stdout).map((facts, index) => ({ ...files[index], ...facts }));
}

function resolveTypeScript(path, { to }) {
  if (to === PACKAGE) return ['src/index.ts'];
  return to.startsWith('.') ? [posix.join(posix.dirname(path), to)] : [];
}

/** `from x import y` goes to the module x.y where there is one, else to x. */
function resolvePython(path, { module, names, level }, paths) {
  const base = level === 0 ? baseOf(module) : climb(path, level);
  if (base === null) return [];
  const folder = module === '' || level === 0 ? base : `${base}/${module.replaceAll('.', '/')}`;
  const modules = names.map((name) => fileOf(`${folder}/${name}`, paths) ?? fileOf(folder, paths));
  if (names.length === 0) modules.push(fileOf(folder, paths));
  return [...new Set(modules.filter((to) => to !== null))];
}

function baseOf(module) {
  return /^ruvector(\.|$)/.test(module) ? `python/src/${module.replaceAll('.', '/')}` : null;
}

function climb(path, level) {
  let folder = path;
  for (let up = 0; up < level; up++) folder = posix.dirname(folder);
  return folder;
}

function fileOf(module, paths) {
  return [`${module}.py`, `${module}/__init__.py`].find((path) => paths.has(path)) ?? null;
}
