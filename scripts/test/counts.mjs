// What the reports of Vitest (JSON) and pytest (JUnit XML) say: how many tests passed and failed, why, and how long each took.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * A file that fails as a whole has no failed test of its own, so it counts as one. What passed only when it was tried
 * again is told too: on a busy machine it fails now and then, and is to be mended.
 */
export function countVitest(file, root) {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const describe = (path) => (test) =>
    `${path} > ${test.fullName}: ${firstLines(test.failureMessages.join('\n'))}`;
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    const path = relative(root, name);
    if (failed.length === 0) return status === 'failed' ? [`${path}: ${firstLines(message)}`] : [];
    return failed.map(describe(path));
  });
  const triedAgain = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter((test) => test.status === 'passed' && test.failureMessages.length > 0)
      .map(describe(relative(root, name))),
  );
  if (!report.success && failures.length === 0) failures.push('an error outside of every test; see above');
  const durations = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => ({
      name: `${relative(root, name)} > ${test.fullName}`,
      seconds: (test.duration ?? 0) / 1000,
    })),
  );
  return { passed: report.numPassedTests, failed: failures.length, failures, triedAgain, durations };
}

/** A test's time has its fixtures in it, which Vitest's leaves out. */
export function countJunit(file) {
  const xml = readFileSync(file, 'utf8');
  const suite = /<testsuite [^>]*>/.exec(xml)?.[0] ?? '';
  const value = (name) => Number(attribute(suite, name) ?? 0);
  const failed = value('failures') + value('errors');
  const cases = [...xml.matchAll(/<testcase [^>]*>(?:<(?:failure|error) message="([^"]*)")?/g)].map(
    ([tag, message]) => ({
      name: `${attribute(tag, 'classname')} > ${attribute(tag, 'name')}`,
      seconds: Number(attribute(tag, 'time')),
      message,
    }),
  );
  return {
    passed: value('tests') - failed - value('skipped'),
    failed,
    failures: cases
      .filter(({ message }) => message !== undefined)
      .map(({ name, message }) => `${name}: ${firstLines(textOf(message))}`),
    durations: cases.map(({ name, seconds }) => ({ name, seconds })),
  };
}

function attribute(tag, name) {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : textOf(value);
}

function textOf(xml) {
  const characters = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return xml.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
    code === undefined ? characters[name] : String.fromCodePoint(Number(code)),
  );
}

function firstLines(text) {
  return text.split('\n').slice(0, 6).join('\n    ').slice(0, 1000);
}
