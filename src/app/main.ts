// The command line `ruvector-memopt`: parses, runs one command, maps errors to exit codes 0/1/2.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { isRuvectorError, messageOf } from '../core/index.ts';
import { addBench } from './commands/bench.ts';
import { addCollect } from './commands/collect.ts';
import { addDecide } from './commands/decide.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExport } from './commands/export.ts';
import { addKernel } from './commands/kernel.ts';
import { addModels } from './commands/models.ts';
import { addSamples } from './commands/samples.ts';
import { addPublish } from './commands/publish.ts';
import { addServe } from './commands/serve.ts';
import { addStatus } from './commands/status.ts';
import { addTrain } from './commands/train.ts';

const commands = [
  addDemo,
  addServe,
  addStatus,
  addCollect,
  addTrain,
  addExport,
  addPublish,
  addModels,
  addKernel,
  addSamples,
  addDecide,
  addDoctor,
  addBench,
];

function buildProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('ruvector-memopt')
    .description("Turns a host's own memory telemetry into a model that decides on that host")
    .version(version)
    .option(
      '--home <directory>',
      'where history and models are kept (default: $RUVECTOR_HOME or the XDG data folder)',
    )
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('Run with --help for usage and an example.');
  for (const add of commands) add(program);
  for (const command of program.commands) {
    command.exitOverride();
    for (const sub of command.commands) sub.exitOverride();
  }
  return program;
}

/**
 * Runs the command line. Sets process.exitCode: 0 ok, 1 failed, 2 wrong use.
 * @param argv as process.argv
 */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyWhenNobodyReads();
  try {
    await buildProgram().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

/** The caller has to correct the command. */
const wrongUse = new Set(['ERR_APP_CONFIG', 'ERR_APP_NOT_CONFIRMED', 'ERR_EXPORT_OPTIONS']);

function reportFailure(error: unknown): number {
  // Commander has already printed its message; help and version are not failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (isRuvectorError(error)) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    const traceback = error.details['traceback'];
    // A cause the product foresaw has said it all in its message.
    const isForeseen = typeof error.details['trainerCode'] === 'string';
    if (typeof traceback === 'string' && !isForeseen) process.stderr.write(`${traceback}\n`);
    return wrongUse.has(error.code) ? 2 : 1;
  }
  process.stderr.write(
    `Unexpected error: ${error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error)}\n`,
  );
  return 1;
}

/** `ruvector-memopt status | head -1` is not an error; a daemon whose log reader left still drains. */
function endQuietlyWhenNobodyReads(): void {
  const onError = (stream: NodeJS.WriteStream) => (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (stream === process.stdout) process.exit();
  };
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onError(stream));
}
