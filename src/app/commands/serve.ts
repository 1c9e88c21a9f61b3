// `serve`: runs the host until Ctrl-C or SIGTERM, then drains.
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { messageOf } from '../../core/index.ts';
import { explainLock } from '../serve/already-running.ts';
import { hasTargets, saveConfig } from '../host/config.ts';
import type { HostConfig } from '../host/config.ts';
import { createDecisionLog } from '../host/decision-log.ts';
import { createEventSinks } from '../events/create-event-sinks.ts';
import type { EventSink } from '../events/event-sink.ts';
import { openHost } from '../host/host.ts';
import type { Host } from '../host/host-types.ts';
import { joinListeners } from '../host/join-listeners.ts';
import { parseMetricsAddress } from '../metrics/metrics-address.ts';
import type { MetricsAddress } from '../metrics/metrics-address.ts';
import { parsePageOptions } from '../page/page-address.ts';
import type { PageAddress } from '../page/page-address.ts';
import { openOutlets } from '../serve/outlets.ts';
import { paysOff, readOwnMemory, readTargetKib } from '../serve/own-memory.ts';
import { runRetraining } from '../training/retraining.ts';
import { describeReading } from '../streams/stream-command.ts';
import { parseStreamOption } from '../streams/stream-endpoints.ts';
import type { StreamOptions } from '../streams/stream-service.ts';
import { exitCodes, DRAIN_LIMIT_MS, startLife } from '../serve/serve-life.ts';
import type { ServeLife } from '../serve/serve-life.ts';
import { createFleetLink } from '../fleet/fleet-link.ts';
import { openServeLog } from '../serve/serve-log.ts';
import { print } from '../terminal.ts';
import { startTrimming } from '../serve/trim-memory.ts';
import { buildUnitFile, findServiceProblems, serviceFlags } from '../serve/unit-file.ts';
import { configError } from '../errors.ts';
import { CONFIG_FILE_NAME, findConfigFile, tellTogether } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';
import { homeOf } from './options.ts';
import {
  addFleetOptions,
  addHostOptions,
  addNetworkOptions,
  addOutletOptions,
  attributeOf,
  toConfig,
} from './serve-options.ts';
import type { ServeOptions } from './serve-options.ts';

const HELP_AFTER = `
Signals: SIGTERM and SIGINT drain (at most ${DRAIN_LIMIT_MS / 1000} s), a second one ends it at once. SIGHUP opens --log-file again;
without one it drains when a terminal is attached, and is ignored when none is (nohup, systemd).
Exit codes: 0 ended in order, 1 failed, 2 wrong use, ${exitCodes.alreadyRunning} already running on this home, ${exitCodes.broken} ended because going on would harm.

Example:
  $ ruvector-memopt serve --name redis-server --act --retrain 60`;

/** Adds the command. */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('collect, store, answer Python and notebooks, decide; dry run unless --act');
  addHostOptions(command);
  addOutletOptions(command);
  addNetworkOptions(command);
  addFleetOptions(command);
  command
    .option('--stop-with-stdin', 'stop when standard input ends: with the program that started it')
    .option(
      '--log-file <path>',
      'write the log to this file instead of standard error; SIGHUP opens it again',
    )
    .option(
      '--config <file>',
      `read options from this YAML file: flags without dashes, as keys (default: ${CONFIG_FILE_NAME} in the home)`,
    )
    .option('--print-unit', 'print a systemd unit for these options and exit')
    .addHelpText('after', HELP_AFTER)
    .action(async ({ config: named }: ServeOptions) => {
      const path = findConfigFile(named, homeOf(command).root);
      const file = path === null ? null : await readConfigFile(command, path);
      const options = command.opts<ServeOptions>();
      const [config, outlets] = tellTogether(
        file,
        attributeOf,
        () => toConfig(options),
        () => parseOutlets(options),
      );
      if (options.printUnit) print(printUnit(homeOf(command).root, options));
      else await serve({ config, ...outlets, file }, options, command);
    });
}

/** Most daemons have none, and would keep what reads it. */
async function readConfigFile(command: Command, path: string): Promise<ConfigFile> {
  const { applyConfigFile } = await import('./read-config-file.ts');
  return applyConfigFile(command, path);
}

/** What is served: how, and what leaves the host. */
interface Served extends ReturnType<typeof parseOutlets> {
  readonly config: HostConfig;
  readonly file: ConfigFile | null;
}

function parseOutlets(options: ServeOptions): {
  streams: StreamOptions[];
  metrics: MetricsAddress | null;
  sinks: EventSink[];
  page: PageAddress | null;
} {
  const { stream, metrics, metricsRemote, onEvent } = options;
  const [streams, address, sinks, pageAddress] = tellTogether(
    null,
    {},
    () => stream.map(parseStreamOption),
    () => (metrics === undefined ? null : parseMetricsAddress(metrics, metricsRemote)),
    () => createEventSinks(onEvent),
    () => parsePageOptions(options),
  );
  return { streams, metrics: address, sinks, page: pageAddress };
}

async function serve(
  { config, file, streams, metrics, sinks, page }: Served,
  options: ServeOptions,
  command: Command,
): Promise<void> {
  const output = openServeLog(options.logFile);
  using life = startLife({ log: output, hasLogFile: options.logFile !== undefined });
  if (options.stopWithStdin) stopOnInputEnd(life);
  const log = output.line;
  try {
    const home = homeOf(command);
    await using outlets = await openOutlets({ metrics, sinks, page, log });
    const fleet = createFleetLink(options, log);
    const own = { onLog: log, ...createDecisionLog(log) };
    const listener = joinListeners([own, outlets.listener, fleet.listener], log);
    const attach = async (host: Host): Promise<AsyncDisposable> => {
      life.watch(host);
      await outlets.start(host);
      for (const stream of streams) {
        const info = await host.streams.start(stream);
        log(`streaming ${info.format} at ${info.endpoint}: read it with ${describeReading(info)}`);
      }
      return fleet.start(host);
    };
    await using host = await openHost(home, config, listener, { attach }).catch(async (error: unknown) => {
      throw await explainLock(home, error);
    });
    await keepConfig(home.root, config, log);
    output.always(
      `serving ${host.home.root} at ${config.hz} Hz, ${config.act ? `acting to ${config.goal}` : 'dry run'}, pid ${process.pid}`,
    );
    if (file !== null) log(`configured by ${file.path}`);
    if (config.act && !hasTargets(config.targets)) {
      log('--act without --pid, --name or --cgroup: there is nothing to act on');
    }
    using _ = startTrimming(() => log(describeOwnMemory(config)));
    const failed = new AbortController();
    const signal = AbortSignal.any([life.signal, failed.signal]);
    await Promise.all([host.run(signal).finally(() => failed.abort()), runRetraining(host, signal, log)]);
    output.always('draining');
  } finally {
    if (options.stopWithStdin) process.stdin.destroy();
  }
  output.always('stopped');
  output.close();
  // What still waits, be it a line for a reader that does not read, is no reason to stay.
  setTimeout(() => process.exit(), LEAVE_MS).unref();
}

const LEAVE_MS = 2000;

/** Commands without the daemon compute as it does by this file: without it they take the defaults. */
async function keepConfig(root: string, config: HostConfig, log: (text: string) => void): Promise<void> {
  try {
    await saveConfig(root, config);
  } catch (error) {
    log(`the configuration is not kept: ${messageOf(error)}`);
  }
}

function describeOwnMemory({ targets }: HostConfig): string {
  const { rssKib } = readOwnMemory();
  return paysOff({ ownKib: rssKib, targetKib: readTargetKib(targets), savedKib: null }).reason;
}

/** The pipe of whoever started this process ends with it, however it ends. */
function stopOnInputEnd(life: ServeLife): void {
  const stop = (): void => life.stop();
  process.stdin.once('end', stop).once('error', stop).resume();
}

/** The unit runs this executable on this home with the flags of this call. */
function printUnit(home: string, { pid, stopWithStdin = false, logFile }: ServeOptions): string {
  const problems = findServiceProblems(pid, stopWithStdin);
  if (problems.length > 0) throw configError(problems);
  const script = fileURLToPath(new URL('../../../bin/ruvector-memopt.mjs', import.meta.url));
  return buildUnitFile({
    command: [process.execPath, script, '--home', home, 'serve', ...serviceFlags(process.argv)],
    home,
    environment: { RUVECTOR_PYTHON: process.env['RUVECTOR_PYTHON'] },
    hasLogFile: logFile !== undefined,
  });
}
