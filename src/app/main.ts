// The command line `ruvector-memopt`: parses, runs one command, maps errors to exit codes 0/1/2.
import { readFileSync } from 'node:fs';
import { Command, Help } from 'commander';
import type { Option } from 'commander';
import { reportFailure } from './report-failure.ts';
import { followLauncher } from './serve/launcher-watch.ts';
import { refuseUnknownCommand } from './unknown-command.ts';

type Add = (program: Command) => void;

/** In the order of the help. Only the one that is asked for is loaded: what a daemon never calls would stay with it. */
const commands: Readonly<Record<string, () => Promise<Add>>> = {
  demo: async () => (await import('./commands/demo.ts')).addDemo,
  serve: async () => (await import('./commands/serve.ts')).addServe,
  status: async () => (await import('./commands/status.ts')).addStatus,
  collect: async () => (await import('./commands/collect.ts')).addCollect,
  train: async () => (await import('./commands/train.ts')).addTrain,
  export: async () => (await import('./commands/export.ts')).addExport,
  publish: async () => (await import('./commands/publish.ts')).addPublish,
  federate: async () => (await import('./commands/federate.ts')).addFederate,
  models: async () => (await import('./commands/models.ts')).addModels,
  keys: async () => (await import('./commands/keys.ts')).addKeys,
  kernel: async () => (await import('./commands/kernel.ts')).addKernel,
  samples: async () => (await import('./commands/samples.ts')).addSamples,
  decide: async () => (await import('./commands/decide.ts')).addDecide,
  setup: async () => (await import('./commands/setup.ts')).addSetup,
  lab: async () => (await import('./commands/lab.ts')).addLab,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  dag: async () => (await import('./commands/dag.ts')).addDag,
  fleet: async () => (await import('./commands/fleet.ts')).addFleet,
  pipeline: async () => (await import('./commands/pipeline.ts')).addPipeline,
  events: async () => (await import('./commands/events.ts')).addEvents,
  page: async () => (await import('./commands/page.ts')).addPage,
  bench: async () => (await import('./commands/bench.ts')).addBench,
  uninstall: async () => (await import('./commands/uninstall.ts')).addUninstall,
  completion: async () => (await import('./commands/completion.ts')).addCompletion,
};

/** The command that the words name, none for the version, or all of them for help and for words that name none. */
async function loadCommands(argv: readonly string[]): Promise<Add[]> {
  const words = argv.slice(2);
  if (words.length > 0 && words.every((word) => word === '-V' || word === '--version')) return [];
  const named = words.find((word, i) => !word.startsWith('-') && words[i - 1] !== '--home') ?? '';
  const wanted = Object.hasOwn(commands, named) ? [commands[named]!] : Object.values(commands);
  return await Promise.all(wanted.map((load) => load()));
}

async function createProgram(argv: readonly string[]): Promise<Command> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('ruvector-memopt')
    .description("Turns a host's own memory telemetry into a model that decides on that host")
    .version(version)
    .option(
      '--home <directory>',
      'where history and models are kept (default: $RUVECTOR_HOME, else ruvector in the XDG data folder)',
    )
    .option('--verbose', 'also print tracebacks and causes, and what an export does not protect each time')
    // `<command> --help` shows both as well.
    .configureHelp({ showGlobalOptions: true, optionDescription: describeOption })
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('Run with --help for usage and an example.');
  for (const add of await loadCommands(argv)) add(program);
  finishCommands(program);
  return program;
}

/** Commands inherit it only when they are made after their parent said so. */
function finishCommands(parent: Command): void {
  if (parent.commands.length > 0) parent.helpCommand(true);
  for (const command of parent.commands) finishCommands(command.exitOverride());
}

/** As commander says it, without a default that is nothing: what may be given many times begins empty. */
function describeOption(this: Help, option: Option): string {
  const value: unknown = option.defaultValue;
  const isNothing = value === false || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  const shown = isNothing
    ? (Object.create(option, { defaultValue: { value: undefined } }) as Option)
    : option;
  return Help.prototype.optionDescription.call(this, shown);
}

/**
 * Runs the command line. Sets process.exitCode: 0 ok, else as report-failure.ts says.
 * @param argv as process.argv
 */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWhenNobodyReads();
  followLauncher();
  let ran: Command | null = null;
  try {
    const program = await createProgram(argv);
    program.hook('preAction', (_, command) => void (ran = command));
    refuseUnknownCommand(program, argv.slice(2));
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportFailure(error, argv.includes('--verbose'), ran);
  }
}

/**
 * `ruvector-memopt status | head -1` is not an error, a result that could not be written is one. What cannot be said on
 * standard error cannot be said at all: a full disk, a terminal or a reader that went away end nothing there.
 */
function endQuietlyWhenNobodyReads(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`Cannot write standard output: ${error.message}; see where it goes\n`);
    process.exit(1);
  });
}
