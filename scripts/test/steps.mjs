// Every gate: static checks, and one step for each kind of test.
import { join } from 'node:path';
import { pytestPaths, vitestKinds, vitestPaths } from './choice.mjs';
import { judgeDirections, listModules } from '../directions/judge.mjs';
import { countJunit, countVitest } from './counts.mjs';

const root = join(import.meta.dirname, '..', '..');
export const reports = join(root, '.cache', 'reports');
const python = process.env.RUVECTOR_PYTHON ?? join(root, '.venv', 'bin', 'python');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const cache = (name) => join(root, '.cache', 'checks', name);
/** By its path: other packages bring a `tsc` of another version. */
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** The longest first; a step that needs another one names it. */
export const staticSteps = [
  // What did not change since the last run is known to be right.
  {
    name: 'types',
    command: process.execPath,
    args: [tsc, '-p', '.', '--incremental', '--tsBuildInfoFile', cache('types.json')],
  },
  { name: 'page types', command: process.execPath, args: [tsc, '-p', 'page'] },
  {
    name: 'format',
    command: bin('prettier'),
    args: [
      '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-strategy',
      'content',
      '--cache-location',
      cache('prettier'),
      '.',
    ],
  },
  // The types were checked.
  { name: 'build', command: process.execPath, args: [tsc, '-p', 'tsconfig.build.json', '--noCheck'] },
  { name: 'python types', command: python, args: ['-m', 'mypy'], cwd: 'python' },
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware'] },
  {
    name: 'browser build',
    command: process.execPath,
    args: [join(root, 'scripts', 'bundle-browser.mjs')],
    after: 'build',
  },
  {
    name: 'page build',
    command: process.execPath,
    args: [join(root, 'scripts', 'bundle-page.mjs')],
    after: 'build',
  },
  { name: 'package', command: bin('publint'), args: ['--strict'], after: 'browser build' },
  {
    name: 'direction',
    command: bin('depcruise'),
    args: ['src', 'kernel', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
    judge: judgeReport,
  },
  { name: 'test names', command: process.execPath, args: [join(root, 'scripts', 'test-names.mjs')] },
  { name: 'house', command: process.execPath, args: [join(root, 'scripts', 'house.mjs'), '--check'] },
  { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  { name: 'python format', command: python, args: ['-m', 'ruff', 'format', '--check', 'python', 'test'] },
  { name: 'python lint', command: python, args: ['-m', 'ruff', 'check', 'python', 'test'] },
];

function judgeReport(output) {
  if (!output.startsWith('{')) return [`no report of the modules: ${output}`];
  return judgeDirections(JSON.parse(output), listModules(root));
}

/**
 * One step for each kind that has tests of `rooms`, or for each kind where there are none. Those that share the machine
 * mostly wait: five of their files run at a time on two cores, in the end three.
 */
export function testSteps(rooms) {
  const isAll = rooms.length === 0;
  const vitest = vitestKinds.map((kind) => vitestStep(kind, vitestPaths(kind, rooms, root)));
  return [...vitest, pytestStep(pytestPaths(rooms, root))].filter(({ paths }) => isAll || paths.length > 0);
}

/** How many files of a kind run at a time beside the other kinds: about as much work for each. Alone each has two. */
const sharedWorkers = { integration: 3, conformance: 1, python: 1 };
const ALONE = 2;

function vitestStep(kind, paths) {
  const report = join(reports, `${kind}.json`);
  const args = ['run', '--project', kind, '--reporter=default', '--reporter=json'];
  // Whether a room has tests that are measured is known to vitest.config.ts alone.
  const isMaybeNone = kind === 'measured' && paths.length > 0;
  return {
    name: kind,
    paths,
    isShared: kind in sharedWorkers,
    command: bin('vitest'),
    args: [...args, `--outputFile.json=${report}`, ...(isMaybeNone ? ['--passWithNoTests'] : []), ...paths],
    workersArgs: ({ isAlone }) => [`--maxWorkers=${isAlone ? ALONE : sharedWorkers[kind]}`],
    count: () => countVitest(report, root),
  };
}

function pytestStep(paths) {
  const report = join(reports, 'python.xml');
  return {
    name: 'python',
    paths,
    isShared: true,
    command: python,
    // Hypothesis tries the same examples each time here; a plain `python -m pytest` looks for new ones.
    args: ['-m', 'pytest', '--hypothesis-profile=ci', `--junit-xml=${report}`, ...paths],
    cwd: 'python',
    workersArgs: ({ isAlone }) => ['-n', String(isAlone ? ALONE : sharedWorkers.python)],
    count: () => countJunit(report),
  };
}
