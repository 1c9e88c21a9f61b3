// Whether every test is named `subject does what when what`, the subject being a symbol, command, endpoint, message,
// magic or file of this repository (CONTRIBUTING.md). A describe may give the subject, or the circumstances of tests
// that name theirs. In Python: `test_<symbol>_<does what>`.
//   node scripts/test-names.mjs
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPythonSubjects, readPythonTests } from './test-names/python-tests.mjs';
import { createSubjects } from './test-names/subjects.mjs';
import { readTypeScriptTests } from './test-names/typescript-tests.mjs';

const root = join(import.meta.dirname, '..');
const startsWithSubject = createSubjects(root);
const startsWithSymbol = createPythonSubjects(root);

/** Every test of the files below `folder`, with the path of its file. */
function readTests(folder, pattern, read) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((path) => pattern.test(path))
    .sort()
    .flatMap((path) => read(readFileSync(join(root, path), 'utf8'), path).map((test) => ({ path, ...test })));
}

/** `open() open() refuses`: a describe and its test both name the subject. */
function saysTwice(name) {
  const [first, second] = name.split(' ');
  return first === second;
}

const isNamed = ({ name, title }) =>
  !saysTwice(name) && (startsWithSubject(name) || startsWithSubject(title));
const typescript = ['unit', 'integration', 'conformance', 'scenario'].flatMap((kind) =>
  readTests(`test/${kind}`, /\.test\.ts$/, (text, path) => readTypeScriptTests({ path, text })),
);
const python = readTests('python/tests', /\/test_\w+\.py$/, readPythonTests);
const wrong = [
  ...typescript.filter((test) => !isNamed(test)),
  ...python.filter(({ name }) => !startsWithSymbol(name)),
];

for (const { path, line, name } of wrong) console.log(`${path}:${line}: ${name}`);
console.log(
  `${typescript.length + python.length} tests, ${wrong.length} whose name does not begin with what it is about`,
);
process.exitCode = wrong.length > 0 ? 1 : 0;
