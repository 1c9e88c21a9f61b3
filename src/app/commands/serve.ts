// `serve`: runs the host until Ctrl-C or SIGTERM, then drains.
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Goal } from '../../optimize/index.ts';
import { buildConfig, defaultConfig, saveConfig } from '../config.ts';
import type { HostConfig } from '../config.ts';
import { createDecisionLog } from '../decision-log.ts';
import { parseOnEvent } from '../events/parse-on-event.ts';
import { openHost } from '../host.ts';
import { joinListeners } from '../join-listeners.ts';
import { parseMetricsAddress } from '../metrics/metrics-address.ts';
import { openOutlets } from '../outlets.ts';
import { paysOff, readOwnMemory, readTargetKib } from '../own-memory.ts';
import { runRetraining } from '../retraining.ts';
import { describeReading } from '../stream-command.ts';
import { parseStreamOption } from '../stream-endpoints.ts';
import { abortOnSignals, print } from '../terminal.ts';
import { startTrimming } from '../trim-memory.ts';
import { buildUnitFile } from '../unit-file.ts';
import { collectNumber, collectText, goalOption, homeOf, parseNumber } from './options.ts';

interface ServeOptions {
  hz: number;
  horizon: number;
  processInterval: number;
  act: boolean;
  pid: number[];
  name: string[];
  goal: Goal;
  stallBudget: number;
  quiet?: number;
  transport: 'ipc' | 'tcp';
  model: string;
  retrain: number;
  retrainSamples: number;
  baseline: boolean;
  retainDays: number;
  retainMib: number;
  keepModels: number;
  stream: string[];
  procfs: string;
  metrics?: string;
  metricsRemote?: string;
  onEvent: string[];
  stopWithStdin?: boolean;
  printUnit?: boolean;
}

const GOAL_HELP =
  'relieve: act while memory is scarce for somebody it can help; save: give cold memory back all the time, for zram or cgroup v2';

/** Adds the command. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('collect, store, answer Python and notebooks, decide; dry run unless --act')
    .option('--hz <rate>', 'samples a second, 0.1 to 50', parseNumber, 1)
    .option('--horizon <seconds>', 'how far ahead a label looks', parseNumber, 60)
    .option('--process-interval <seconds>', 'time between scans of all processes', parseNumber, 10)
    .option('--act', 'act on the named processes instead of only planning', false)
    .option('--pid <pid>', 'process the optimizer may act on (repeatable)', collectNumber, [])
    .option('--name <command>', 'processes it may act on, by command name (repeatable)', collectText, [])
    .addOption(goalOption(GOAL_HELP).default('relieve'))
    .option(
      '--stall-budget <share>',
      'share of its time a target may wait for what was taken from it',
      parseNumber,
      defaultConfig.stallBudget,
    )
    .option(
      '--quiet <seconds>',
      'how long memory must not have been used before it is taken (default: by goal and shortage)',
      parseNumber,
    )
    .option('--transport <kind>', 'ipc or tcp (loopback only)', 'ipc')
    .option('--model <name>', 'name of the model that decides', 'memopt')
    .option('--retrain <minutes>', 'train on the newest history this often; 0 is never', parseNumber, 0)
    .option('--retrain-samples <n>', 'train after this many labelled samples; 0 is never', parseNumber, 0)
    .option('--no-baseline', 'without a model of its own, decide by the rule outside the models, not as one')
    .option(
      '--retain-days <n>',
      'days of history kept, in time that really passed; 0 keeps everything',
      parseNumber,
      30,
    )
    .option('--retain-mib <n>', 'most MiB of history kept', parseNumber, 1024)
    .option(
      '--keep-models <n>',
      'versions of a model kept, those an alias names always among them; 0 keeps all',
      parseNumber,
      defaultConfig.keepModels,
    )
    .option(
      '--stream <endpoint>',
      'stream live, for example ws://127.0.0.1:9999?format=jsonlines, ipc:///path or pipe:/path (repeatable)',
      collectText,
      [],
    )
    .option(
      '--procfs <path>',
      "read memory and processes here; actions are refused with a procfs that is not the host's own",
      defaultConfig.procfs,
    )
    .option(
      '--metrics <address>',
      'serve Prometheus metrics, for example at 127.0.0.1:9464 (port 0: a free one)',
    )
    .option(
      '--metrics-remote <reason>',
      'let --metrics listen where other machines reach it; the reason is logged',
    )
    .option(
      '--on-event <sink>',
      'tell command:/path, webhook:https://address or journald of label changes, actions, rollbacks, rejected models, OOM kills and a full disk (repeatable)',
      collectText,
      [],
    )
    .option('--stop-with-stdin', 'stop when standard input ends: with the program that started it')
    .option('--print-unit', 'print a systemd unit for these options and exit')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt serve --name redis-server --act --retrain 60')
    .action(async (options: ServeOptions, command: Command) => {
      const config = toConfig(options);
      if (options.printUnit) print(printUnit(homeOf(command).root));
      else await serve(config, options, command);
    });
}

function toConfig(options: ServeOptions): HostConfig {
  return buildConfig({
    hz: options.hz,
    horizonMs: options.horizon * 1000,
    processIntervalMs: options.processInterval * 1000,
    act: options.act,
    targets: { pids: options.pid, names: options.name },
    goal: options.goal,
    stallBudget: options.stallBudget,
    minQuietMs: options.quiet === undefined ? null : options.quiet * 1000,
    transport: options.transport,
    modelName: options.model,
    retrainMinutes: options.retrain,
    retrainSamples: options.retrainSamples,
    baseline: options.baseline,
    procfs: options.procfs,
    retainDays: options.retainDays,
    retainMib: options.retainMib,
    keepModels: options.keepModels,
  });
}

async function serve(config: HostConfig, options: ServeOptions, command: Command): Promise<void> {
  const streams = options.stream.map(parseStreamOption);
  const metrics =
    options.metrics === undefined ? null : parseMetricsAddress(options.metrics, options.metricsRemote);
  const sinks = parseOnEvent(options.onEvent);
  const stop = abortOnSignals();
  const isLeft = options.stopWithStdin ? abortOnInputEnd() : stop.signal;
  const log = (text: string): void => void process.stderr.write(`${new Date().toISOString()} ${text}\n`);
  try {
    const home = homeOf(command);
    await using outlets = await openOutlets({ metrics, sinks, log });
    const listener = joinListeners([{ onLog: log, ...createDecisionLog(log) }, outlets.listener], log);
    await using host = await openHost(home, config, listener);
    await outlets.start(host);
    saveConfig(home.root, config);
    log(
      `serving ${host.home.root} at ${config.hz} Hz, ${config.act ? `acting to ${config.goal}` : 'dry run'}, pid ${process.pid}`,
    );
    for (const stream of streams) {
      const info = await host.streams.start(stream);
      log(`streaming ${info.format} at ${info.endpoint}: read it with ${describeReading(info)}`);
    }
    if (config.act && config.targets.pids.length + config.targets.names.length === 0) {
      log('--act without --pid or --name: there is nothing to act on');
    }
    using _ = startTrimming(() => log(describeOwnMemory(config)));
    const failed = new AbortController();
    const signal = AbortSignal.any([stop.signal, isLeft, failed.signal]);
    await Promise.all([host.run(signal).finally(() => failed.abort()), runRetraining(host, signal, log)]);
    log('draining');
  } finally {
    stop.dispose();
    if (options.stopWithStdin) process.stdin.destroy();
  }
  log('stopped');
}

function describeOwnMemory({ targets }: HostConfig): string {
  const { rssKib } = readOwnMemory();
  return paysOff({ ownKib: rssKib, targetKib: readTargetKib(targets), savedKib: null }).reason;
}

/** The pipe of whoever started this process ends with it, however it ends. */
function abortOnInputEnd(): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.stdin.once('end', abort).once('error', abort).resume();
  return controller.signal;
}

/** The unit runs this executable on this home with the flags of this call. */
function printUnit(homeRoot: string): string {
  const script = fileURLToPath(new URL('../../../bin/ruvector-memopt.mjs', import.meta.url));
  const after = process.argv.slice(process.argv.indexOf('serve') + 1);
  const flags = after.filter((arg) => arg !== '--print-unit');
  return buildUnitFile(
    [process.execPath, script, '--home', homeRoot, 'serve', ...flags],
    process.env['RUVECTOR_PYTHON'],
  );
}
