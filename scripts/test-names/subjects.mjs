// What a test may be named by: a symbol or a file of this repository, a command, an endpoint, a message, a magic.
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';

const SOURCE_FOLDERS = ['src', 'kernel', 'bin', 'scripts', 'python/src', 'test/support'];
const FILE_FOLDERS = [
  ...SOURCE_FOLDERS,
  'docs',
  'proto',
  'notebooks',
  'models',
  'datasets',
  'test/golden',
  '.',
];
/** Programs that users and front ends start, beside the product's own commands. */
const PROGRAMS = ['ruvector-memopt', 'npm', 'jupyter', 'papermill'];

/** @returns whether the beginning of a test's name is one of these, given the name */
export function createSubjects(root) {
  const texts = SOURCE_FOLDERS.flatMap((folder) => listFiles(root, folder))
    .filter((path) => /\.(?:ts|mjs|py)$/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'));
  const words = new Set(texts.flatMap((text) => text.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? []));
  const commands = new Set(
    [...texts.join('\n').matchAll(/\.command\('([\w-]+)/g)].map(([, name]) => name).concat(PROGRAMS),
  );
  const files = new Set(FILE_FOLDERS.flatMap((folder) => listFiles(root, folder)));
  const folders = new Set([...files].map((path) => path.slice(0, path.lastIndexOf('/'))));
  const baseNames = new Set([...files].map((path) => path.split('/').at(-1)));
  const isFile = (text) =>
    files.has(text) || baseNames.has(text) || (text.endsWith('/%s') && folders.has(text.slice(0, -3)));
  const isWord = (text) => words.has(text) || isFilledIn(text);
  return (name) => {
    const [first] = name.split(' ');
    const call = /^((?:[\w$%…]+\.)*[\w$%…]+)\(.*?\)/.exec(name);
    if (call !== null) return call[1].split('.').every(isWord);
    if (/^(?:GET|HEAD|POST) \//.test(name)) return true;
    if (/^%{1,2}[a-z]{2,}$/.test(first)) return words.has(first.replace(/^%+/, ''));
    if (commands.has(first)) return true;
    if (isFile(first)) return true;
    return isCompound(first) && first.split('.').every(isWord);
  };
}

/** `TargetSensor`, `systemClock`, `execute_request`, `Jupyter.display`: no word of plain English. */
const isCompound = (text) => /^[\w$.]*(?:[a-z][A-Z]|[a-z]_[a-z]|\w\.\w)[\w$.]*$/.test(text);
/** What a table of cases puts there. */
const isFilledIn = (text) => /^(?:%[sj]|\$\w+|…)$/.test(text);

function listFiles(root, folder) {
  const isRoot = folder === '.';
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = isRoot ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return isRoot || entry.name.startsWith('__') ? [] : listFiles(root, path);
    return extname(path) === '' ? [] : [path];
  });
}
