// `npm test`: every gate in one run, all of them even after a failure, then `N passed, N failed`.
// Static checks count as one test each, two run at a time; Vitest and pytest count their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeDirections, listModules } from './directions/judge.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = join(root, '.cache', 'reports');
const python = process.env.RUVECTOR_PYTHON ?? join(root, '.venv', 'bin', 'python');
const only = process.argv.slice(2);
const bin = (name) => join(root, 'node_modules', '.bin', name);
/** By its path: other packages bring a `tsc` of another version. */
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

// Tools and the processes of tests start in half the CPU time once their sources were compiled.
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache', 'compile');

/** The longest first; a step that needs another one names it. */
const staticSteps = [
  { name: 'types', command: process.execPath, args: [tsc, '-p', '.'] },
  { name: 'format', command: bin('prettier'), args: ['--check', '--log-level', 'warn', '.'] },
  // The types were checked.
  { name: 'build', command: process.execPath, args: [tsc, '-p', 'tsconfig.build.json', '--noCheck'] },
  { name: 'python types', command: python, args: ['-m', 'mypy'], cwd: 'python' },
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware'] },
  { name: 'package', command: bin('publint'), args: ['--strict'], after: 'build' },
  {
    name: 'direction',
    command: bin('depcruise'),
    args: ['src', 'kernel', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'],
    judge: judgeReport,
  },
  { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  { name: 'python format', command: python, args: ['-m', 'ruff', 'format', '--check', 'python', 'test'] },
  { name: 'python lint', command: python, args: ['-m', 'ruff', 'check', 'python', 'test'] },
];

const testSteps = [
  ...['unit', 'measured', 'integration', 'conformance'].map((project) => ({
    name: project,
    command: bin('vitest'),
    args: [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reports}/${project}.json`,
    ],
    count: () => countVitest(join(reports, `${project}.json`)),
  })),
  {
    name: 'python',
    command: python,
    args: ['-m', 'pytest', '-n', '2', `--junit-xml=${reports}/python.xml`],
    cwd: 'python',
    count: () => countJunit(join(reports, 'python.xml')),
  },
];

function judgeReport(output) {
  if (!output.startsWith('{')) return [`no report of the modules: ${output}`];
  return judgeDirections(JSON.parse(output), listModules(root));
}

/** A file that fails as a whole has no failed test of its own, so it counts as one. */
function countVitest(file) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    const path = relative(root, name);
    if (failed.length === 0) return status === 'failed' ? [`${path}: ${firstLines(message)}`] : [];
    return failed.map((test) => `${path} > ${test.fullName}: ${firstLines(test.failureMessages.join('\n'))}`);
  });
  if (!report.success && failures.length === 0) failures.push('an error outside of every test; see above');
  return { passed: report.numPassedTests, failed: failures.length, failures };
}

function countJunit(file) {
  const xml = readFileSync(file, 'utf8');
  const value = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const failed = value('failures') + value('errors');
  const failures = [
    ...xml.matchAll(
      /<testcase classname="([^"]*)" name="([^"]*)"[^>]*><(?:failure|error) message="([^"]*)"/g,
    ),
  ].map(([, file_, name, message]) => `${file_} > ${name}: ${firstLines(message.replaceAll('&#10;', '\n'))}`);
  return { passed: value('tests') - failed - value('skipped'), failed, failures };
}

function firstLines(text) {
  return text.split('\n').slice(0, 6).join('\n    ').slice(0, 1000);
}

/**
 * Runs one step and returns how many of its tests passed and failed.
 * @param isAlone what it prints is seen at once; else at its end, in one piece
 */
async function runStep(step, isAlone) {
  const startedMs = Date.now();
  const child = spawn(step.command, step.args, {
    cwd: join(root, step.cwd ?? '.'),
    stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const [{ status, error }, output, errors] = await Promise.all([
    endOf(child),
    textOf(child.stdout),
    textOf(child.stderr),
  ]);
  const problems = error ? [`${step.name}: ${error.message}`] : (step.judge?.(output) ?? []);
  const shown = step.judge ? errors : output + errors;
  if (shown !== '') process.stdout.write(shown);
  for (const problem of problems) console.error(problem);
  const isOk = status === 0 && problems.length === 0;
  const counts = countsOf(step, isOk);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  console.log(
    `${isOk ? '✔' : '✘'} ${step.name} (${counts.passed} passed, ${counts.failed} failed, ${seconds} s)`,
  );
  return { ...counts, name: step.name };
}

async function endOf(child) {
  try {
    const [status] = await once(child, 'close');
    return { status };
  } catch (error) {
    return { status: null, error };
  }
}

async function textOf(stream) {
  let text = '';
  if (stream) for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}

/** A step that ended badly has failed somewhere, whatever its report says. */
function countsOf(step, isOk) {
  const counts = step.count ? safeCount(step) : { passed: isOk ? 1 : 0, failed: isOk ? 0 : 1 };
  return { failures: [], ...counts, failed: isOk ? counts.failed : Math.max(1, counts.failed) };
}

function safeCount(step) {
  try {
    return step.count();
  } catch (error) {
    console.error(`${step.name} left no report: ${error.message}`);
    return { passed: 0, failed: 1 };
  }
}

function chosenSteps() {
  if (only.includes('--static')) return staticSteps;
  const all = [...staticSteps, ...testSteps];
  const named = all.filter((step) => only.includes(step.name));
  return named.length > 0 ? named : all;
}

/** Two at a time, each behind the one it needs. */
async function runTogether(steps) {
  const running = new Map();
  const waiting = [...steps];
  const work = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      await running.get(step.after);
      const result = runStep(step, false);
      running.set(step.name, result);
      await result;
    }
  };
  await Promise.all([work(), work()]);
  return Promise.all(running.values());
}

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const chosen = chosenSteps();
const results = await runTogether(chosen.filter((step) => staticSteps.includes(step)));
for (const step of chosen.filter((each) => testSteps.includes(each))) results.push(await runStep(step, true));
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
const broken = results.filter((result) => result.failed > 0).map((result) => result.name);
// Last, so that the end of a log says what failed.
for (const failure of results.flatMap((result) => result.failures)) console.log(`✘ ${failure}`);
if (broken.length > 0) console.log(`failed: ${broken.join(', ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
