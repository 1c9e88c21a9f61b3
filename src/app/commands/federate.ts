// `federate server|client`: Flower's own programs, with their lines shown. What the lines are is in the Python module
// (python/src/ruvector/_engines/flower), which starts the same for `ruvector.fit(..., engine="flower")`.
import { spawn } from 'node:child_process';
import { partOf } from '../../core/index.ts';
import type { Command } from 'commander';
import { findPython } from '../../train/index.ts';
import { makeHome } from '../home.ts';
import { abortOnSignals } from '../terminal.ts';
import { collectText, homeOf, parsePort } from './options.ts';

interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly name: string[];
  readonly allow: string[];
  readonly print?: boolean;
}

interface ClientOptions {
  readonly rootCertificates: string;
  readonly dataset?: string;
  readonly print?: boolean;
}

/** Adds the command and its two sides. */
export function addFederate(program: Command): void {
  const federate = program
    .command('federate')
    .description('train across hosts that keep their data, with Flower')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt federate server --allow keys/host-a.pub');
  federate
    .command('server')
    .description('start the SuperLink: TLS, and only hosts whose keys are allowed')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', parsePort, 9092)
    .option('--name <name>', 'name or address in the certificate (repeatable)', collectText, [])
    .option('--allow <file>', 'public key of a host that may take part (repeatable)', collectText, [])
    .option('--print', 'only print the lines')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt federate server --host 0.0.0.0 --name lab.example')
    .action(async (options: ServerOptions, command: Command) => {
      const { host, port, name: names, allow, print } = options;
      const each = (flag: string, values: readonly string[]): string[] =>
        values.flatMap((value) => [flag, value]);
      const own = [
        '--host',
        host,
        '--port',
        String(port),
        ...each('--name', names),
        ...each('--allow', allow),
      ];
      await runFlower('server', own, print, command);
    });
  federate
    .command('client <superlink>')
    .description('let this host take part: it trains on its own history, which stays here')
    .requiredOption('--root-certificates <file>', 'ca.pem of the server')
    .option(
      '--dataset <folder>',
      'train on a training set in files, not on the history of the running daemon',
    )
    .option('--print', 'only print the line')
    .addHelpText(
      'after',
      '\nExample:\n  $ ruvector-memopt federate client lab.example:9092 --root-certificates ca.pem',
    )
    .action(async (superlink: string, options: ClientOptions, command: Command) => {
      const { rootCertificates, dataset, print } = options;
      const own = [superlink, '--root-certificates', rootCertificates];
      const from = dataset === undefined ? ['--daemon-home', homeOf(command).root] : ['--dataset', dataset];
      await runFlower('client', [...own, ...from], print, command);
    });
}

/** Runs one side in the foreground until it ends, or a signal ends it. */
async function runFlower(
  side: string,
  own: readonly string[],
  print: boolean | undefined,
  command: Command,
): Promise<void> {
  const home = homeOf(command);
  makeHome(home);
  const python = await findPython();
  const folder = partOf(home, 'federation');
  const line = [
    '-m',
    'ruvector._engines.flower',
    side,
    ...own,
    '--folder',
    folder,
    ...(print ? ['--print'] : []),
  ];
  using signals = abortOnSignals();
  const child = spawn(python, line, { stdio: 'inherit' });
  signals.signal.addEventListener('abort', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 0)));
  });
}
