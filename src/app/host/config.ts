// Configuration of a running host: defaults, environment, flags; every mistake in one report.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/index.ts';
import { DEFAULT_PROCESS_INTERVAL_MS } from '../../collect/index.ts';
import { writeDurably } from '../../files/index.ts';
import { DEFAULT_KEEP_VERSIONS } from '../../models/index.ts';
import { DEFAULT_BYTES_PER_MINUTE, DEFAULT_STALL_BUDGET, goals } from '../../optimize/index.ts';
import type { Goal } from '../../optimize/index.ts';
import { trainingSetDefaults } from '../../prepare/index.ts';
import { isOwnProcfs } from '../../procfs/index.ts';
import { DEFAULT_RETAIN_DAYS, DEFAULT_RETAIN_MIB } from '../../store/index.ts';
import { parseTcpEndpoint } from '../../sockets/index.ts';
import { configError } from '../errors.ts';
import { networkTrusts } from '../remote/network-trust.ts';
import type { NetworkTrust } from '../remote/network-trust.ts';

/** What `serve`, `collect` and the demo run with. */
export interface HostConfig {
  /** Samples a second. @default 1 */
  readonly hz: number;
  /** How often all processes are scanned. @default 10_000 */
  readonly processIntervalMs: number;
  /** How far ahead a label looks, and how long an outcome is watched. @default 60_000 */
  readonly horizonMs: number;
  /** How long an action's outcome is watched; null is by goal. @default null */
  readonly outcomeWindowMs: number | null;
  /** Name of the model that decides. @default "memopt" */
  readonly modelName: string;
  /** False is a dry run: decisions are made and explained, nothing is touched. @default false */
  readonly act: boolean;
  /** Processes the optimizer may act on. @default none */
  readonly targets: NamedTargets;
  /** `relieve` acts while memory is scarce for somebody it can help, `save` all the time. @default "relieve" */
  readonly goal: Goal;
  /** Share of its time a target may wait for what was taken from it. @default 0.001 */
  readonly stallBudget: number;
  /** How long memory must not have been used before it may be taken; null is by goal and shortage. @default null */
  readonly minQuietMs: number | null;
  /** Most bytes paged out in any minute. @default 1 GiB */
  readonly maxBytesPerMinute: number;
  /** Days of history kept; 0 keeps everything. @default 30 */
  readonly retainDays: number;
  /** Most MiB of history kept. @default 1024 */
  readonly retainMib: number;
  /** Versions of a model kept, those that an alias names among them; 0 keeps all. @default 20 */
  readonly keepModels: number;
  /** @default "ipc" */
  readonly transport: 'ipc' | 'tcp';
  /** Where other hosts reach the bridge too, `tcp://host:port`; null is nowhere. @default null */
  readonly listen: string | null;
  /** What may go unencrypted to other hosts: nothing, bulk, or all, streams too. @default "none" */
  readonly trustedNetwork: NetworkTrust;
  /** PEM file of the certificate of `wss://` streams. @default null */
  readonly tlsCert: string | null;
  /** PEM file of its key. @default null */
  readonly tlsKey: string | null;
  /** Retrain by itself this often while serving; 0 is never. @default 0 */
  readonly retrainMinutes: number;
  /** Retrain after this many labelled samples; 0 is never. @default 0 */
  readonly retrainSamples: number;
  /** Where memory and processes are read; nothing is acted on by a procfs that is not this host's. @default "/proc" */
  readonly procfs: string;
  /** Decide by the rule as a model while there is no model of one's own. @default true */
  readonly baseline: boolean;
}

/** Processes and cgroups that were named. */
export interface NamedTargets {
  readonly pids: readonly number[];
  readonly names: readonly string[];
  /** Folders of cgroups. */
  readonly cgroups?: readonly string[];
}

/** Whether anything is named. */
export const hasTargets = ({ pids, names, cgroups = [] }: NamedTargets): boolean =>
  pids.length + names.length + cgroups.length > 0;

export const defaultConfig: HostConfig = {
  hz: 1,
  processIntervalMs: DEFAULT_PROCESS_INTERVAL_MS,
  horizonMs: trainingSetDefaults.horizonMs,
  outcomeWindowMs: null,
  modelName: 'memopt',
  act: false,
  targets: { pids: [], names: [] },
  goal: 'relieve',
  stallBudget: DEFAULT_STALL_BUDGET,
  minQuietMs: null,
  maxBytesPerMinute: DEFAULT_BYTES_PER_MINUTE,
  retainDays: DEFAULT_RETAIN_DAYS,
  retainMib: DEFAULT_RETAIN_MIB,
  keepModels: DEFAULT_KEEP_VERSIONS,
  transport: 'ipc',
  listen: null,
  trustedNetwork: 'none',
  tlsCert: null,
  tlsKey: null,
  retrainMinutes: 0,
  retrainSamples: 0,
  procfs: '/proc',
  baseline: true,
};

/** Bulk takes the next port. */
const MAX_BULK_PORT = 65_535;
/** One tebibyte: more history than a host can write. */
const MAX_RETAIN_MIB = 2 ** 20;

function isTcpEndpoint(text: string): boolean {
  try {
    return parseTcpEndpoint(text).port < MAX_BULK_PORT;
  } catch {
    return false;
  }
}

interface Rule {
  readonly key: keyof HostConfig;
  readonly isValid: (config: HostConfig) => boolean;
  readonly wanted: string;
  /** Of a value with parts the one that is looked at, as `serve` names it. @default all of it */
  readonly part?: readonly [name: string, of: (config: HostConfig) => unknown];
}

const inRange = (value: number, low: number, high: number): boolean =>
  Number.isFinite(value) && value >= low && value <= high;

const isBelowRoot = (path: string): boolean =>
  path.startsWith('/') && !/^\/(sys\/fs\/cgroup\/?)?$/.test(path);

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const rules: readonly Rule[] = [
  // On another system there is no /proc, and nothing is read there.
  {
    key: 'procfs',
    isValid: (c) => c.procfs === '/proc' || isFolder(c.procfs),
    wanted: 'a folder like /proc',
  },
  {
    key: 'act',
    isValid: (c) => !c.act || c.procfs === '/proc' || isOwnProcfs(c.procfs),
    wanted: "false with a procfs that is not this host's own",
  },
  { key: 'hz', isValid: (c) => inRange(c.hz, 0.1, 50), wanted: '0.1 to 50 samples a second' },
  { key: 'processIntervalMs', isValid: (c) => inRange(c.processIntervalMs, 0, 3.6e6), wanted: '0 to 3600 s' },
  { key: 'horizonMs', isValid: (c) => inRange(c.horizonMs, 500, 3.6e6), wanted: '0.5 to 3600 s' },
  {
    key: 'modelName',
    isValid: (c) => /^[a-z0-9][a-z0-9._-]{0,63}$/i.test(c.modelName),
    wanted: 'letters, digits, . _ -',
  },
  {
    key: 'targets',
    isValid: (c) => c.targets.pids.every((pid) => Number.isInteger(pid) && pid > 1),
    part: ['pid', (c) => c.targets.pids],
    wanted: 'process ids above 1',
  },
  {
    key: 'targets',
    isValid: ({ targets: { cgroups = [] } }) => cgroups.every(isBelowRoot),
    part: ['cgroup', (c) => c.targets.cgroups],
    wanted: 'cgroups below /sys/fs/cgroup: the root is the whole system',
  },
  { key: 'goal', isValid: (c) => goals.includes(c.goal), wanted: goals.join(' or ') },
  { key: 'stallBudget', isValid: (c) => inRange(c.stallBudget, 0.0001, 0.5), wanted: '0.0001 to 0.5' },
  {
    key: 'minQuietMs',
    isValid: (c) => c.minQuietMs === null || inRange(c.minQuietMs, 500, 3.6e6),
    wanted: '0.5 to 3600 s',
  },
  { key: 'maxBytesPerMinute', isValid: (c) => c.maxBytesPerMinute > 0, wanted: 'a positive number of bytes' },
  { key: 'retainDays', isValid: (c) => inRange(c.retainDays, 0, 36_500), wanted: '0 to 36500 days' },
  { key: 'retainMib', isValid: (c) => inRange(c.retainMib, 1, MAX_RETAIN_MIB), wanted: '1 MiB or more' },
  {
    key: 'keepModels',
    isValid: (c) => Number.isInteger(c.keepModels) && inRange(c.keepModels, 0, 10_000),
    wanted: 'a whole number of versions, 0 to 10000',
  },
  { key: 'transport', isValid: (c) => c.transport === 'ipc' || c.transport === 'tcp', wanted: 'ipc or tcp' },
  { key: 'listen', isValid: (c) => c.listen === null || isTcpEndpoint(c.listen), wanted: 'tcp://host:port' },
  {
    key: 'trustedNetwork',
    isValid: (c) => networkTrusts.includes(c.trustedNetwork),
    wanted: networkTrusts.join(', '),
  },
  {
    key: 'tlsCert',
    isValid: (c) => (c.tlsCert === null) === (c.tlsKey === null),
    wanted: 'a certificate together with its key: --tls-cert and --tls-key',
  },
  {
    key: 'retrainMinutes',
    isValid: (c) => inRange(c.retrainMinutes, 0, 35_000),
    wanted: '0 to 35000 minutes',
  },
  {
    key: 'retrainSamples',
    isValid: (c) => Number.isInteger(c.retrainSamples) && inRange(c.retrainSamples, 0, 1e9),
    wanted: 'a whole number, 0 or more',
  },
];

/**
 * Completes and checks a configuration.
 * @throws ConfigError naming every value that cannot be used and what would be
 */
export function buildConfig(overrides: Partial<HostConfig>): HostConfig {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const config: HostConfig = { ...defaultConfig, ...given };
  const problems = rules
    .filter((rule) => !rule.isValid(config))
    .map(
      ({ key, part: [name, of] = [key, (c) => c[key]], wanted }) =>
        `${name} is ${JSON.stringify(of(config))}, wanted ${wanted}`,
    );
  if (problems.length > 0) throw configError(problems);
  return config;
}

const CONFIG_FILE = 'config.json';

/** Keeps the configuration of a serving host, so that commands without one sample and compute as it does. */
export async function saveConfig(homeRoot: string, config: HostConfig): Promise<void> {
  await writeDurably(join(homeRoot, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * The configuration a home was last served with, or the defaults, for one-shot commands: these never
 * act and never remove history.
 * @throws ConfigError when the saved file cannot be used
 */
export function readSavedConfig(homeRoot: string, overrides: Partial<HostConfig> = {}): HostConfig {
  const path = join(homeRoot, CONFIG_FILE);
  const saved = existsSync(path) ? readSaved(path) : {};
  return buildConfig({
    ...saved,
    act: false,
    listen: null,
    retainDays: 0,
    retainMib: MAX_RETAIN_MIB,
    ...overrides,
  });
}

/** Ranges are looked at with those of the flags; here only what another program, or a hand, may have put there. */
function readSaved(path: string): Partial<HostConfig> {
  let saved: unknown;
  try {
    saved = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw configError([`${path} is not readable JSON (${messageOf(error)}); remove it or serve again`]);
  }
  if (typeof saved !== 'object' || saved === null || Array.isArray(saved))
    throw configError([`${path} holds no configuration; remove it or serve again`]);
  const known = Object.entries(saved).filter(([key]) => Object.hasOwn(defaultConfig, key));
  const wrong = known.filter(([key, value]) => !isOfType(key as keyof HostConfig, value));
  if (wrong.length > 0) {
    const keys = wrong.map(([key, value]) => `${key} (${JSON.stringify(value).slice(0, 60)})`).join(', ');
    throw configError([`${path} cannot be used: ${keys}; remove it or serve again`]);
  }
  return Object.fromEntries(known) as Partial<HostConfig>;
}

function isOfType(key: keyof HostConfig, value: unknown): boolean {
  if (key === 'targets') return isTargets(value);
  const usual = defaultConfig[key];
  return usual === null
    ? ['string', 'number'].includes(typeof value) || value === null
    : typeof value === typeof usual;
}

function isTargets(value: unknown): boolean {
  const { pids, names, cgroups = [] } = (value ?? {}) as Record<string, unknown>;
  const isListOf = (list: unknown, type: string): boolean =>
    Array.isArray(list) && list.every((one) => typeof one === type);
  return isListOf(pids, 'number') && isListOf(names, 'string') && isListOf(cgroups, 'string');
}
