// What the magics of lines do, each a function of its words.
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { plainEnvironment } from '../display/text-colours.ts';
import type { Evaluator } from '../evaluator.ts';
import { ForeignError, UsageError } from '../foreign-error.ts';
import { interpolateCommand, interpolateText } from './interpolate.ts';
import type { Names } from './interpolate.ts';
import { renderMagics } from './magic-list.ts';
import type { lineMagics } from './magic-list.ts';
import { timeMany, timeOnce } from './magic-timing.ts';
import type { Output } from '../output.ts';
import { runCommand } from './shell-command.ts';
import type { ShellOptions } from './shell-command.ts';
import { ArrayBuffer, Math, Object, String, process } from '../primordials.ts';

/** What a cell evaluates to. */
export interface CellValue {
  readonly value: unknown;
  readonly hasResult: boolean;
}

/** What magics work on. */
export interface MagicHost {
  readonly evaluator: Evaluator;
  readonly output: Output;
  /** Names the notebook's cells declared; magics add and remove some. */
  readonly names: Set<string>;
  /** Runs TypeScript as a cell does. */
  evaluate(code: string): Promise<CellValue>;
  /** Ends the notebook's Python. */
  stopPython(): Promise<void>;
}

type LineMagic = (args: string, host: MagicHost) => Promise<unknown>;

let previousFolder: string | null = null;
/** As the notebook has set it; the protocol thread reads it from the text of the cells. */
let checkMode = 'warn';

/** The magics of lines by name. */
export const lineCommands: Record<keyof typeof lineMagics, LineMagic> = {
  cd: async (args, { output }) => {
    if (args === '-' && previousFolder === null) throw new UsageError('Cannot go back: no %cd was before');
    const folder =
      args === '-' ? previousFolder! : resolve((args || '~').replace(/^~(?=\/|$)/, () => homedir()));
    const place = statSync(folder, { throwIfNoEntry: false });
    if (!place?.isDirectory()) {
      const state = place ? 'it is a file' : 'there is no such folder';
      throw new UsageError(`Cannot go to "${folder}": ${state}`);
    }
    previousFolder = process.cwd();
    process.chdir(folder);
    output.write('stdout', `${process.cwd()}\n`);
  },
  check: async (args, { output }) => {
    if (!/^(?:off|warn|error)?$/.test(args)) {
      throw new UsageError(`Cannot check types "${args}": write %check off, %check warn or %check error`);
    }
    checkMode = args || checkMode;
    if (args === '') output.write('stdout', `%check ${checkMode}\n`);
  },
  env: async (args, host) => {
    const [, name, value] = /^([^=\s]+)(?:[=\s]\s*(.*))?$/.exec(args) ?? [];
    if (name === undefined) return host.output.write('stdout', listEnvironment());
    if (value !== undefined) process.env[name] = await interpolateText(value, namesOf(host));
    const text = process.env[name] === undefined ? `${name} is not set\n` : `${name}=${process.env[name]}\n`;
    host.output.write('stdout', text);
  },
  help: async (args, { output }) => output.write('stdout', renderMagics(args)),
  lsmagic: async (_args, { output }) => output.write('stdout', renderMagics()),
  install: async (args, host) => {
    if (args === '') throw new UsageError('Cannot install nothing: write %install package…');
    const { prepareInstall } = await import('./npm-install.ts');
    const { command, folder, env } = prepareInstall(args.split(/\s+/));
    host.output.write('stdout', `npm install ${args} in "${folder}"\n`);
    await runOrThrow(command, host, { cwd: folder, env });
  },
  pip: async (args, host) => {
    const { findNotebookPython } = await import('../python/python-finder.ts');
    await runOrThrow([(await findNotebookPython()).path, '-m', 'pip', ...args.split(/\s+/)], host);
  },
  reset: async (args, host) => {
    await host.stopPython();
    if (args === 'python') return;
    if (args !== '') throw new UsageError(`Cannot reset "${args}": write %reset or %reset python`);
    await host.evaluator.declare(Object.fromEntries([...host.names].map((name) => [name, undefined])));
    host.names.clear();
    host.evaluator.forget();
  },
  sh: async (args, host) => {
    const code = await runShell(args, host, (name, text) => host.output.write(name, text));
    if (code !== 0) host.output.write('stderr', `The command ended with exit code ${code}.\n`);
  },
  sx: async (args, host) => {
    const texts: string[] = [];
    const onText: OnText = (name, text) =>
      name === 'stdout' ? void texts.push(text) : host.output.write(name, text);
    const code = await runShell(args, host, onText, plainEnvironment());
    if (code !== 0)
      throw new ForeignError('CommandError', `the command ended with exit code ${code}: ${args}`);
    const text = texts.join('').replace(/\r?\n$/, '');
    return text === '' ? [] : text.split(/\r?\n/);
  },
  time: async (args, host) => {
    if (args === '') throw new UsageError('Cannot time nothing: write %time code');
    const { result, text } = await timeOnce(() => host.evaluate(args));
    host.output.write('stdout', text);
    return result.hasResult ? result.value : undefined;
  },
  timeit: async (args, host) => {
    if (args === '') throw new UsageError('Cannot time nothing: write %timeit code');
    host.output.write('stdout', await timeMany(args, (code) => host.evaluate(code)));
  },
  who: async (_args, host) => {
    const rows: string[][] = [];
    for (const name of [...host.names].toSorted()) {
      const { value } = await host.evaluator.evaluate(name, 'magic.ts').catch(() => ({ value: undefined }));
      if (value !== undefined) rows.push([name, ...describeValue(value)]);
    }
    const widths = [0, 1].map((i) => Math.max(0, ...rows.map((row) => row[i]!.length)));
    const lines = rows.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    host.output.write('stdout', lines.length > 0 ? `${lines.join('\n')}\n` : 'There are no names yet.\n');
  },
};

/** Type and size of a value, as %who shows them. */
export function describeValue(value: unknown): [string, string] {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
    return [
      value === null ? 'null' : typeof value,
      typeof value === 'string' ? `${value.length} characters` : '',
    ];
  }
  if (typeof value === 'function') return [/^class\b/.test(String(value)) ? 'class' : 'function', ''];
  const type = value.constructor?.name ?? 'Object';
  if (ArrayBuffer.isView(value))
    return [type, `${(value as Uint8Array).length ?? ''} (${value.byteLength} bytes)`];
  const { length, size, numRows, height } = value as Record<string, unknown>;
  const rows = [numRows, height].find((one) => typeof one === 'number');
  if (rows !== undefined) return [type, `${rows} rows`];
  const count = [length, size].find((one) => typeof one === 'number') ?? Object.keys(value).length;
  return [type, `${count} entries`];
}

const SECRET = /token|secret|passw(?:or)?d|credential|(?:^|_|api)key(?:_|$)/i;

/** All variables; a notebook is shared more easily than what it shows should be. */
function listEnvironment(): string {
  const lines = Object.keys(process.env)
    .toSorted()
    .map((name) => `${name}=${SECRET.test(name) ? '(hidden; %env NAME shows it)' : process.env[name]}\n`);
  return lines.join('');
}

const namesOf = ({ evaluator, names }: MagicHost): Names => ({
  has: (name) => names.has(name),
  read: async (path) => (await evaluator.evaluate(path, 'magic.ts')).value,
});

type OnText = (name: 'stdout' | 'stderr', text: string) => void;

async function runShell(
  args: string,
  host: MagicHost,
  onText: OnText,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const command = await interpolateCommand(args, namesOf(host));
  return runCommand(command, { onText, until: host.evaluator.until, env });
}

async function runOrThrow(
  command: readonly string[],
  { evaluator, output }: MagicHost,
  options: Pick<ShellOptions, 'cwd' | 'env'> = {},
): Promise<void> {
  const onText: OnText = (name, text) => output.write(name, text);
  const code = await runCommand(command, { onText, until: evaluator.until, ...options });
  if (code === 0) return;
  throw new ForeignError('CommandError', `the command ended with exit code ${code}: ${command.join(' ')}`);
}
