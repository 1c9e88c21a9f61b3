// What becomes of a command line of the documents in the test that runs them all: it is run to its end, until it says
// something, or, where that would take long or reach beyond this machine, left out for a reason that can be checked.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { argumentsOf, splitWords } from './command-lines.ts';
import type { CommandLine } from './command-lines.ts';

const root = join(import.meta.dirname, '../../..');

/** How a line is treated. */
export type Treatment =
  /** To its end: exit code, and what is said on either stream. */
  | { readonly kind: 'run'; readonly code: number; readonly says: RegExp; readonly isOnEmptyHome?: true }
  /** Until it says this, then it is ended. */
  | { readonly kind: 'until'; readonly says: RegExp }
  /** A daemon: its options are read, and a systemd unit is printed. */
  | { readonly kind: 'unit' }
  /** Nothing is started. `problem` is null where the reason holds. */
  | { readonly kind: 'left out'; readonly because: string; readonly problem: string | null };

interface Rule {
  readonly lines: RegExp;
  readonly treat: (line: CommandLine) => Treatment;
}

const run =
  (says: RegExp, code = 0): Rule['treat'] =>
  () => ({ kind: 'run', code, says });
const until =
  (says: RegExp): Rule['treat'] =>
  () => ({ kind: 'until', says });
const leaveOut =
  (because: string, findProblem: (line: CommandLine) => string | null): Rule['treat'] =>
  (line) => ({ kind: 'left out', because, problem: findProblem(line) });

/** Documents whose lines `npm run soak -- tarball` runs, in their order, in a folder with nothing but the tarball. */
export const soakedDocuments = ['README.md', join('docs', 'install.md')];

/** Lines of them that it leaves out. */
export const leftOutOfSoak: readonly RegExp[] = [
  // Of a checkout.
  /^npm (run|test|pack)/,
  // No container engine; the steps of the Containerfile are run without one.
  /^podman /,
  // Into a Python of the reader's own.
  /^python3 -m pip install /,
  // What is to be removed is removed at the end.
  /uninstall --remove$|^npm uninstall/,
];

const isSoaked = ({ file, text }: CommandLine): string | null => {
  if (!soakedDocuments.includes(file)) return `npm run soak -- tarball does not run ${file}`;
  return leftOutOfSoak.some((left) => left.test(text)) ? 'npm run soak -- tarball leaves it out, too' : null;
};

/** A script of package.json, with names that it knows. */
function findScriptProblem({ text }: CommandLine): string | null {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  const [, verb = '', ...rest] = splitWords(text);
  const name = verb === 'run' ? rest.find((word) => !word.startsWith('-')) : verb;
  return name !== undefined && Object.hasOwn(scripts, name) ? null : `package.json has no script "${name}"`;
}

/** The first that matches treats a line. */
const rules: readonly Rule[] = [
  {
    lines: /^npm (run|test)/,
    treat: leaveOut('a target of the checkout, which other tests run', findScriptProblem),
  },
  {
    lines: /^npm pack$/,
    treat: leaveOut('builds for a minute: test/scenario/setup/package.test.ts packs', () =>
      existsSync(join(root, 'test/scenario/setup/package.test.ts')) ? null : 'there is no such test',
    ),
  },
  {
    lines: /^npm install |setup python( --lab)?$| demo$| lab /,
    treat: leaveOut('needs a registry or minutes', isSoaked),
  },
  {
    lines: /^npm uninstall |^python3 -m pip install /,
    treat: leaveOut('changes an installation of the reader', ({ text }) =>
      leftOutOfSoak.some((left) => left.test(text)) ? null : 'the soak could run it',
    ),
  },
  { lines: /pip download|PIP_NO_INDEX/, treat: leaveOut('needs a registry', isSoaked) },
  {
    lines: /^podman /,
    treat: leaveOut('no container engine: test/soak/container.ts runs the steps of the Containerfile', () =>
      existsSync(join(root, 'Containerfile')) && existsSync(join(root, 'test/soak/container.ts'))
        ? null
        : 'they are gone',
    ),
  },
  {
    lines: /^journalctl /,
    treat: leaveOut(
      'reads the journal of systemd: test/integration/app/events.test.ts looks at its fields',
      ({ text }) => {
        const fields = text.match(/RUVECTOR_[A-Z]+/g) ?? [];
        const sink = readFileSync(join(root, 'src/app/events/journald-sink.ts'), 'utf8');
        return fields.find((field) => !sink.includes(field)) ?? null;
      },
    ),
  },
  {
    lines: /s3:\/\/bucket\//,
    treat: leaveOut('there is no such bucket: test/integration/export publishes to a server', ({ text }) =>
      text.includes('s3://bucket/') ? null : 'it names a bucket that could be there',
    ),
  },
  {
    lines: /dag sync/,
    treat: leaveOut('needs two hosts: test/integration/steer has them', ({ prompt }) =>
      prompt.startsWith('host ') ? null : 'it is for one host',
    ),
  },
  {
    lines: /setup tfjs-node$/,
    treat: leaveOut('fetches 207 MB: scripts/setup.mjs runs it before the tests', () =>
      readFileSync(join(root, 'scripts/setup.mjs'), 'utf8').includes("'setup', 'tfjs-node'")
        ? null
        : 'it no longer does',
    ),
  },
  {
    lines: /ruvector-memopt completion /,
    treat: leaveOut(
      'changes the shell of the reader: test/integration/app/completion.test.ts has it in real ones',
      () =>
        existsSync(join(root, 'test/integration/app/completion.test.ts')) ? null : 'there is no such test',
    ),
  },
  {
    lines: /command:\/usr\/local\/bin\/page-me/,
    treat: leaveOut('names a program of the reader: test/integration/app/events.test.ts runs one', () =>
      existsSync('/usr/local/bin/page-me') ? 'that program is here' : null,
    ),
  },
  {
    lines: /--on-event journald/,
    treat: () =>
      existsSync('/run/systemd/journal/socket')
        ? { kind: 'unit' }
        : { kind: 'left out', because: 'there is no journal here', problem: null },
  },
  {
    lines: /10\.0\.0\.5/,
    treat: leaveOut(
      'is for three machines: test/scenario/fleet/tutorial.test.ts runs it on one',
      ({ file }) =>
        readFileSync(join(root, 'test/scenario/fleet/tutorial.test.ts'), 'utf8').includes('docs/fleet.md') &&
        file.endsWith('fleet.md')
          ? null
          : 'that test runs docs/fleet.md only',
    ),
  },
  {
    lines: /^ruvector-memopt (federate|keys) |lab\.example|^nsc |ruvector-memopt\[(ray|flower|remote)\]/,
    treat: leaveOut(
      'needs several hosts: test/scenario/train/engines.test.ts and app/remote-hosts.test.ts have them',
      () =>
        existsSync(join(root, 'test/scenario/train/engines.test.ts')) &&
        existsSync(join(root, 'test/integration/app/remote-hosts.test.ts'))
          ? null
          : 'there are no such tests',
    ),
  },
  { lines: /ruvector-memopt page$/, treat: run(/^ERR_APP_NO_PAGE/, 1) },
  { lines: /setup (tfjs|pglite)$/, treat: run(/^Up to date/) },
  { lines: /setup tfjs-node --remove$/, treat: run(/^There was none|^Removed/) },
  { lines: /setup python --remove$/, treat: run(/^There was none/) },
  { lines: /^curl /, treat: run(/^# TYPE /m) },
  { lines: /ruvector-memopt serve/, treat: () => ({ kind: 'unit' }) },
  { lines: /ruvector-memopt train$/, treat: run(/macro-F1/) },
  // What they train with is accepted; without rows there is nothing to train on.
  {
    lines: /ruvector-memopt train /,
    treat: () => ({ kind: 'run', code: 1, says: /^ERR_(PREPARE|TRAIN)/m, isOnEmptyHome: true }),
  },
  { lines: /ruvector-memopt status$/, treat: run(/memory/) },
  { lines: /status --watch/, treat: until(/available/) },
  { lines: /ruvector-memopt decide/, treat: run(/Features|label/) },
  // Its exit code says whether something is missing on this machine.
  { lines: /ruvector-memopt doctor/, treat: run(/✔ Node 24/) },
  { lines: /export --stream/, treat: until(/ws:\/\//) },
  { lines: /ruvector-memopt export/, treat: run(/rows|files/) },
  { lines: /publish keygen/, treat: run(/release\.pem/) },
  { lines: /publish verify/, treat: run(/as published/) },
  { lines: /ruvector-memopt publish/, treat: run(/version|1\.0\.0/) },
  { lines: /kernel (install|list)/, treat: run(/TypeScript \(RuVector\)/) },
  { lines: /uninstall$/, treat: run(/the program/) },
  // A daemon runs on it here.
  { lines: /uninstall --remove$/, treat: run(/^ERR_APP_UNINSTALL/, 1) },
  { lines: /events play/, treat: until(/\S/) },
  { lines: /ruvector-memopt events/, treat: run(/\d/) },
  { lines: /dag replay/, treat: run(/"/) },
  { lines: /pipeline run/, treat: run(/rows/) },
];

/** Undefined for a line that no rule knows: a document must not have one. */
export function findTreatment(line: CommandLine): Treatment | undefined {
  return rules.find(({ lines }) => lines.test(line.text))?.treat(line);
}

/** Rules that no line of the documents needs any more. */
export function findIdleRules(lines: readonly CommandLine[]): string[] {
  const used = new Set(lines.map(({ text }) => rules.find((rule) => rule.lines.test(text))));
  return rules.filter((rule) => !used.has(rule)).map((rule) => String(rule.lines));
}

/** Whether it is one of the product's, to be run by this checkout's own program. */
export const isOwn = ({ text }: CommandLine): boolean => argumentsOf(text) !== null;
