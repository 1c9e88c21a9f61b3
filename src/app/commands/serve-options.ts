// The options of `serve`: what the host does, and what leaves it; and the configuration they make.
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Goal } from '../../optimize/index.ts';
import { buildConfig, defaultConfig } from '../host/config.ts';
import type { HostConfig } from '../host/config.ts';
import {
  collectNumber,
  collectText,
  goalOption,
  parseAnyMinutes,
  parseAnySeconds,
  parseNumber,
  parsePositive,
  parseSeconds,
  toCgroupFolder,
} from './options.ts';
import type { NetworkTrust } from '../remote/network-trust.ts';
import { DEFAULT_BATCH_MS, DEFAULT_OUTBOX_MIB } from '../../fleet/index.ts';
import { addAccessOptions } from '../fleet/access-options.ts';
import type { FleetOptions } from '../fleet/fleet-link.ts';
import { acceptRules } from '../fleet/offered-models.ts';
import { DEFAULT_PAGE_ADDRESS } from '../page/page-address.ts';

/** What commander makes of them. */
export interface ServeOptions extends FleetOptions {
  hz: number;
  horizon: number;
  processInterval: number;
  act: boolean;
  pid: number[];
  name: string[];
  cgroup: string[];
  config?: string;
  goal: Goal;
  stallBudget: number;
  quiet?: number;
  transport: 'ipc' | 'tcp';
  listen?: string;
  trustedNetwork?: NetworkTrust;
  tlsCert?: string;
  tlsKey?: string;
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
  page?: string | true;
  pageActions?: boolean;
  stopWithStdin?: boolean;
  logFile?: string;
  printUnit?: boolean;
}

const GOAL_HELP =
  'relieve: act while memory is scarce for somebody it can help; save: give cold memory back all the time, for zram or cgroup v2';

/** Adds how often is sampled. */
export function addSamplingOptions(command: Command): void {
  command
    .option('--hz <rate>', 'samples a second, 0.1 to 50', parseNumber, defaultConfig.hz)
    .option(
      '--process-interval <seconds>',
      'time between scans of all processes',
      parseAnySeconds,
      defaultConfig.processIntervalMs / 1000,
    );
}

/** Adds what the configuration of the host is made of. */
export function addHostOptions(command: Command): void {
  addSamplingOptions(command);
  command
    .option(
      '--horizon <seconds>',
      'how far ahead a label looks',
      parseAnySeconds,
      defaultConfig.horizonMs / 1000,
    )
    .option('--act', 'act on the named processes instead of only planning', defaultConfig.act)
    .option('--pid <pid>', 'process the optimizer may act on (repeatable)', collectNumber, [])
    .option('--name <command>', 'processes it may act on, by command name (repeatable)', collectText, [])
    .option(
      '--cgroup <folder>',
      'cgroup it may act on, such as system.slice/redis.service: v2 as a whole, v1 process by process (repeatable)',
      collectText,
      [],
    )
    .addOption(goalOption(GOAL_HELP).default(defaultConfig.goal))
    .option(
      '--stall-budget <share>',
      'share of its time a target may wait for what was taken from it',
      parseNumber,
      defaultConfig.stallBudget,
    )
    .option(
      '--quiet <seconds>',
      'how long memory must not have been used before it is taken (default: by goal and shortage)',
      parseAnySeconds,
    )
    .addOption(
      new Option('--transport <kind>', 'how Python connects: ipc or tcp (loopback only)')
        .choices(['ipc', 'tcp'])
        .default(defaultConfig.transport),
    )
    .option('--model <name>', 'name of the model that decides', defaultConfig.modelName)
    .option(
      '--retrain <minutes>',
      'train on the newest history this often; 0 is never',
      parseAnyMinutes,
      defaultConfig.retrainMinutes,
    )
    .option(
      '--retrain-samples <n>',
      'train after this many labelled samples; 0 is never',
      parseNumber,
      defaultConfig.retrainSamples,
    )
    .option('--no-baseline', 'without a model of its own, decide by the rule outside the models, not as one')
    .option(
      '--retain-days <n>',
      'days of history kept, in time that really passed; 0 keeps everything',
      parseNumber,
      defaultConfig.retainDays,
    )
    .option('--retain-mib <n>', 'most MiB of history kept', parseNumber, defaultConfig.retainMib)
    .option(
      '--keep-models <n>',
      'versions of a model kept, those an alias names always among them; 0 keeps all',
      parseNumber,
      defaultConfig.keepModels,
    )
    .option(
      '--procfs <path>',
      "read memory and processes here; actions are refused with a procfs that is not the host's own",
      defaultConfig.procfs,
    );
}

/** Adds what other hosts reach, and how that is protected. */
export function addNetworkOptions(command: Command): void {
  command
    .option(
      '--listen <endpoint>',
      'let clients of other hosts connect whose keys are allowed (see keys), for example at tcp://0.0.0.0:7700; batches come over the next port',
    )
    .addOption(
      new Option(
        '--trusted-network [what]',
        'what may go to other hosts unencrypted: bulk (batches), or all, where a token is all that is asked for',
      )
        .choices(['bulk', 'all'])
        .preset('all'),
    )
    .option('--tls-cert <file>', 'certificate of wss:// streams, PEM with those between it and a CA')
    .option('--tls-key <file>', 'its key, PEM; both are read again when they are renewed');
}

/** Adds streams, metrics, events and the page. */
export function addOutletOptions(command: Command): void {
  command
    .option(
      '--stream <endpoint>',
      'stream live, for example ws://127.0.0.1:9999?format=jsonlines, wss://0.0.0.0:9999, ipc:///path or pipe:/path (repeatable)',
      collectText,
      [],
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
    .option(
      '--page [address]',
      `serve the live page to this machine's browsers, at ${DEFAULT_PAGE_ADDRESS} unless told otherwise (port 0: a free one)`,
    )
    .option(
      '--page-actions',
      'let the page activate, roll back, train, export, pause and resume; without it the page only looks',
    );
}

/** The option behind each key of the configuration that has another name. */
export const attributeOf: Readonly<Record<string, string>> = {
  processIntervalMs: 'processInterval',
  horizonMs: 'horizon',
  minQuietMs: 'quiet',
  modelName: 'model',
  retrainMinutes: 'retrain',
};
/** Adds what a fleet gets. */
export function addFleetOptions(command: Command): void {
  command
    .option(
      '--publish <servers>',
      'send the history to NATS, for example nats://10.0.0.5:4222; what cannot be sent waits on disk',
    )
    .option('--publish-plain', 'send process names, error texts and exact sizes as they are')
    .option(
      '--publish-seconds <n>',
      'longest time a row waits for others before it is sent',
      parseSeconds,
      DEFAULT_BATCH_MS / 1000,
    )
    .option(
      '--outbox-mib <n>',
      'most MiB that wait on disk; then the oldest are given up, and counted',
      parsePositive,
      DEFAULT_OUTBOX_MIB,
    );
  command.addOption(
    new Option(
      '--accept-models <rule>',
      'take models that `fleet deploy` offers there, verified as always: gate makes one live that is no worse, store only keeps it, always makes it live',
    ).choices(acceptRules),
  );
  addAccessOptions(command, 'publish');
}

/** @throws ConfigError naming every value that cannot be used */
export function toConfig(options: ServeOptions): HostConfig {
  return buildConfig({
    hz: options.hz,
    horizonMs: options.horizon * 1000,
    processIntervalMs: options.processInterval * 1000,
    act: options.act,
    targets: { pids: options.pid, names: options.name, cgroups: options.cgroup.map(toCgroupFolder) },
    goal: options.goal,
    stallBudget: options.stallBudget,
    minQuietMs: options.quiet === undefined ? null : options.quiet * 1000,
    transport: options.transport,
    listen: options.listen ?? null,
    trustedNetwork: options.trustedNetwork ?? 'none',
    tlsCert: options.tlsCert ?? null,
    tlsKey: options.tlsKey ?? null,
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
