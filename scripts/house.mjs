// The state of the house: rooms, sizes, comments of codecs, import circles, repeated lines, names declared twice, and
// where to look for what.
//   node scripts/house.mjs [--root <folder>] [--json] [--check]
// Prints Markdown or JSON of this repository, or of another checkout of it (--root). --check prints only what is
// wrong and ends with exit code 1 when something is: a circle, a question without one answer, more repeated runs
// than today, a name declared twice, a codec that is not found, codecs without maps of their bytes. Needs Node 24 and
// .venv (or RUVECTOR_PYTHON).
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findCircles } from './house/circles.mjs';
import { measureCodecs } from './house/codecs.mjs';
import { readFacts } from './house/facts.mjs';
import { answerQuestions } from './house/questions.mjs';
import { MIN_LINES, findRepeats } from './house/repeats.mjs';
import { renderReport } from './house/report.mjs';
import { findTwins } from './house/twins.mjs';
import { measureFolders, measureLengths, measureRooms } from './house/sizes.mjs';

/** Repeated runs that stand today; lower it when some go. */
const MAX_REPEATS = 1;
/** Codecs have maps of their bytes: less comment than this means that new ones have none. */
const MIN_CODEC_COMMENT = 0.15;

const { values: options } = parseArgs({
  options: {
    root: { type: 'string', default: join(import.meta.dirname, '..') },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

function measureHouse(root) {
  const files = readFacts(root);
  return {
    rooms: measureRooms(files),
    folders: measureFolders(files),
    lengths: measureLengths(files),
    codecs: measureCodecs(files),
    circles: measureCircles(files),
    repeats: measureRepeats(files),
    twins: findTwins(files),
    questions: answerQuestions(files),
  };
}

/** Circles by imports at module level, and those that only a deferred or type-checking import closes. */
function measureCircles(files) {
  const of = (language, ...kinds) =>
    findCircles(
      files.filter((file) => file.language === language),
      kinds,
    );
  const typescript = of('typescript', 'module');
  const python = of('python', 'module');
  const isNew = (known) => (circle) => !known.some((each) => each.join() === circle.join());
  return {
    typescript,
    typescriptDeferred: of('typescript', 'module', 'deferred').filter(isNew(typescript)),
    python,
    pythonDeferred: of('python', 'module', 'deferred', 'types').filter(isNew(python)),
  };
}

function measureRepeats(files) {
  const sources = files.filter(({ part, isGenerated }) => part !== 'test' && !isGenerated);
  const runs = [...Map.groupBy(sources, ({ language }) => language).values()].flatMap(findRepeats);
  const lines = runs.reduce((sum, run) => sum + run.lines * (run.places.length - 1), 0);
  return { minLines: MIN_LINES, lines, runs };
}

function findProblems({ circles, questions, repeats, twins, codecs }) {
  const problems = Object.values(circles)
    .flat()
    .map((circle) => `import circle: ${[...circle, circle[0]].join(' → ')}`);
  for (const { ask, files } of questions) {
    if (files.length === 0) problems.push(`${ask} Nowhere; see scripts/house/questions.mjs`);
    else if (files.length > 1) problems.push(`${ask} In ${files.length} files: ${files.join(', ')}`);
  }
  if (repeats.runs.length > MAX_REPEATS) {
    problems.push(
      `${repeats.runs.length} repeated runs of ${MIN_LINES} lines or more, at most ${MAX_REPEATS} may stand`,
    );
  }
  if (codecs.share < MIN_CODEC_COMMENT) {
    problems.push(
      `only ${(100 * codecs.share).toFixed(1)} % of the codecs is comment; write maps of their bytes`,
    );
  }
  for (const { name, paths } of twins) problems.push(`"${name}" is declared in ${paths.join(' and ')}`);
  for (const pattern of codecs.missing)
    problems.push(`no codec matches ${pattern}; see scripts/house/codecs.mjs`);
  return problems;
}

const house = measureHouse(resolve(options.root));
if (options.check) {
  const problems = findProblems(house);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} else {
  console.log(options.json ? JSON.stringify(house, null, 2) : renderReport(house));
}
