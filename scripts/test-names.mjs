// Whether every test is named `subject does what when what`, the subject being a symbol, command, endpoint, message,
// magic or file of this repository (CONTRIBUTING.md). A describe may give the subject, or the
// circumstances of tests that name theirs.
//   node scripts/test-names.mjs [folder of test/ …]
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createSubjects } from './test-names/subjects.mjs';
import { readTypeScriptTests } from './test-names/typescript-tests.mjs';

const root = join(import.meta.dirname, '..');
const folders = process.argv.length > 2 ? process.argv.slice(2) : ['unit', 'integration', 'conformance'];
const startsWithSubject = createSubjects(root);

const tests = folders
  .flatMap((folder) =>
    readdirSync(join(root, 'test', folder), { recursive: true, encoding: 'utf8' }).map(
      (name) => `test/${folder}/${name}`,
    ),
  )
  .filter((path) => path.endsWith('.test.ts'))
  .sort()
  .flatMap((path) =>
    readTypeScriptTests({ path, text: readFileSync(join(root, path), 'utf8') }).map((test) => ({
      path,
      ...test,
    })),
  );
const wrong = tests.filter(
  ({ name, title }) => saysTwice(name) || !(startsWithSubject(name) || startsWithSubject(title)),
);

/** `open() open() refuses`: a describe and its test both name the subject. */
function saysTwice(name) {
  const [first, second] = name.split(' ');
  return first === second;
}

for (const { path, line, name } of wrong) console.log(`${path}:${line}: ${name}`);
console.log(`${tests.length} tests, ${wrong.length} whose name does not begin with what it is about`);
process.exitCode = wrong.length > 0 ? 1 : 0;
