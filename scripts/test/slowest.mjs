// The end of a test run in a screenful: seconds by kind, and the tests that took longest.

const SHOWN = 20;
const MAX_NAME_CHARACTERS = 150;

/**
 * @param results of each kind: its name, its seconds on the clock and the durations of its tests
 * @param total seconds of the whole run: some kinds run beside each other
 * @returns lines to print, none where no test ran
 */
export function describeSlowest(results, total) {
  const kinds = results.filter(({ durations }) => durations !== undefined);
  if (kinds.length === 0) return [];
  const byKind = kinds.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)}`).join(', ');
  const tests = kinds.flatMap(({ name: kind, durations }) => durations.map((test) => ({ kind, ...test })));
  const slowest = tests.sort((a, b) => b.seconds - a.seconds).slice(0, SHOWN);
  return [
    `seconds by kind: ${byKind}; the whole run ${total.toFixed(0)}`,
    `the slowest ${slowest.length} of ${tests.length} tests:`,
    ...slowest.map(
      ({ kind, name, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${kind}  ${short(name)}`,
    ),
  ];
}

function short(name) {
  const line = name.replaceAll(/\s+/g, ' ').replace(/^test\/\w+\//, '');
  return line.length > MAX_NAME_CHARACTERS ? `${line.slice(0, MAX_NAME_CHARACTERS - 1)}…` : line;
}
