// `npm test`: every gate but the scenarios in one run, all of them even after a failure, then `N passed, N failed`.
// Names choose some of them, or all: `npm test -- --help`. Static checks count as one test each, two run at a time; Vitest and pytest count their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChoiceError, describeUsage, parseChoice } from './test/choice.mjs';
import { describeSlowest } from './test/slowest.mjs';
import { reports, staticSteps, testSteps } from './test/steps.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const staticNames = staticSteps.map((step) => step.name);

// Tools and the processes of tests start in half the CPU time once their sources were compiled.
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache', 'compile');
// Several files of tests share the processors: numeric libraries with a thread for each would mostly wait for one another.
for (const name of ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS']) process.env[name] ??= '1';

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
  const seconds = (Date.now() - startedMs) / 1000;
  console.log(
    `${isOk ? '✔' : '✘'} ${step.name} (${counts.passed} passed, ${counts.failed} failed, ${seconds.toFixed(1)} s)`,
  );
  return { ...counts, name: step.name, seconds };
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

async function runSteps(checks, tests) {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const results = await runTogether(checks);
  for (const step of tests.filter(({ isShared }) => !isShared)) results.push(await runStep(step, true));
  const shared = tests.filter(({ isShared }) => isShared);
  const isAlone = shared.length === 1;
  // The longest is seen as it goes on; of the others the end, in one piece.
  const ran = shared.map((step, at) =>
    runStep({ ...step, args: [...step.args, ...step.workersArgs({ isAlone })] }, at === 0),
  );
  return [...results, ...(await Promise.all(ran))];
}

function report(results, seconds) {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  const broken = results.filter((result) => result.failed > 0).map((result) => result.name);
  for (const line of describeSlowest(results, seconds)) console.log(line);
  for (const again of results.flatMap((result) => result.triedAgain ?? []))
    console.log(`↻ passed when it was tried again: ${again}`);
  // Last, so that the end of a log says what failed.
  for (const failure of results.flatMap((result) => result.failures)) console.log(`✘ ${failure}`);
  if (broken.length > 0) console.log(`failed: ${broken.join(', ')}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function main() {
  const choice = parseChoice(process.argv.slice(2), root, staticNames);
  if (choice.isHelp) {
    console.log(describeUsage(root, staticNames));
    return;
  }
  const isChosen = ({ name }) => choice.steps.includes(name);
  const checks = staticSteps.filter(isChosen);
  const tests = testSteps(choice.rooms).filter(isChosen);
  if (checks.length + tests.length === 0)
    throw new ChoiceError('Cannot test this: the rooms named have no tests of this kind');
  const startedMs = Date.now();
  const results = await runSteps(checks, tests);
  report(results, (Date.now() - startedMs) / 1000);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ChoiceError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
