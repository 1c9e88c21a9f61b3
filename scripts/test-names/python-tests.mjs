// The tests of a pytest file, and what the name of one may begin with: `test_<symbol>_<does what>`.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const SOURCES = 'python/src';
/** What no source defines. */
const DOCUMENTS = ['readme'];

/** @returns `{ name, line }` of each test function */
export function readPythonTests(text) {
  return text.split('\n').flatMap((source, index) => {
    const [, name] = /^(?:async )?def (test_\w+)\(/.exec(source) ?? [];
    return name === undefined ? [] : [{ name, line: index + 1 }];
  });
}

/** @returns whether a test's name begins with a module, class, function or constant of the package, in snake case */
export function createPythonSubjects(root) {
  const paths = readdirSync(join(root, SOURCES), { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.py') && !path.includes('_pb2'),
  );
  const symbols = new Set(DOCUMENTS);
  for (const path of paths) {
    for (const part of path.split('/')) symbols.add(snakeCase(basename(part, '.py')));
    const text = readFileSync(join(root, SOURCES, path), 'utf8');
    const defined = text.matchAll(/^\s*(?:async )?(?:def|class) (\w+)|^(\w+)(?::[^=\n]+)? = /gm);
    for (const [, named, assigned] of defined) symbols.add(snakeCase(named ?? assigned));
  }
  return (name) => {
    const words = name.split('_').slice(1);
    return words.some((_, count) => count > 0 && symbols.has(words.slice(0, count).join('_')));
  };
}

const snakeCase = (name) =>
  name
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_')
    .toLowerCase()
    .replaceAll(/^_+|_+$/g, '');
