// The safeguards as data: each is a name, what it protects, and a pure check that answers null or a
// reason. After SOL (ASPLOS 2022): data, model and actuator safeguards apart.
import type { Goal } from './goal.ts';
import type { StallReading } from './how-much.ts';
import { stallOf } from './how-much.ts';
import type { TargetStat } from './process-stat.ts';
import type { ProcessTarget } from './target.ts';

/** One named rule. */
export interface Safeguard<Context> {
  readonly name: string;
  /** What goes wrong without it. */
  readonly protects: string;
  /** Null when it lets the action pass, else the reason why not. */
  readonly check: (context: Context) => string | null;
}

/** What is known before any target is looked at. */
export interface HostContext {
  readonly snapshotAgeMs: number;
  readonly staleAfterMs: number;
  readonly isActionRunning: boolean;
  /** Milliseconds until the open outcome window ends; null when none is open. */
  readonly windowEndsInMs: number | null;
  readonly bytesInWindow: number;
  readonly maxBytesPerWindow: number;
  readonly byteWindowMs: number;
}

export const hostSafeguards: readonly Safeguard<HostContext>[] = [
  {
    name: 'stale-input',
    protects: 'acting on a host that has changed since it was looked at',
    check: ({ snapshotAgeMs, staleAfterMs }) =>
      Math.abs(snapshotAgeMs) > staleAfterMs
        ? `the snapshot is ${Math.round(snapshotAgeMs)} ms old; at most ${staleAfterMs} ms is trusted`
        : null,
  },
  {
    name: 'one-action',
    protects: 'two actions at once on the same memory',
    check: ({ isActionRunning }) => (isActionRunning ? 'an action is still running' : null),
  },
  {
    name: 'outcome-window',
    protects: 'counting the same freed memory for two actions',
    check: ({ windowEndsInMs }) =>
      windowEndsInMs === null
        ? null
        : `the outcome of the last action is measured for another ${Math.ceil(windowEndsInMs)} ms`,
  },
  {
    name: 'byte-limit',
    protects: 'emptying a host in a burst of wrong decisions',
    check: ({ bytesInWindow, maxBytesPerWindow, byteWindowMs }) =>
      bytesInWindow >= maxBytesPerWindow
        ? `${mib(bytesInWindow)} were handed over in the last ${byteWindowMs / 1000} s; the limit is ${mib(maxBytesPerWindow)}`
        : null,
  },
];

/** What is known of one process before its memory is looked at. */
export interface ProcessContext {
  readonly target: ProcessTarget;
  /** What /proc says about this pid now; null when it is gone. */
  readonly stat: TargetStat | null;
  readonly ownPid: number;
}

export const processSafeguards: readonly Safeguard<ProcessContext>[] = [
  {
    name: 'never-init',
    protects: 'the process every other depends on',
    check: ({ target }) => (target.pid === 1 ? 'process 1 is never touched' : null),
  },
  {
    name: 'never-self',
    protects: 'paging out the optimizer itself',
    check: ({ target, ownPid }) =>
      target.pid === ownPid
        ? 'our own process is never paged out; ask for "self" to collect its garbage'
        : null,
  },
  {
    name: 'identity',
    protects: 'a process that was given the id of one that ended',
    check: ({ target, stat }) => {
      if (stat === null) return 'it has ended';
      const isSame = stat.startTimeTicks === target.startTimeTicks;
      return isSame ? null : `the id now belongs to another process (${stat.name})`;
    },
  },
  {
    name: 'never-kernel',
    protects: 'kernel threads, which have no memory to give',
    check: ({ stat }) => (stat?.isKernelThread === true ? 'it is a kernel thread' : null),
  },
];

/** What is known of one target before its regions are read. */
export interface TargetContext {
  readonly goal: Goal;
  /** Whether anybody is short whom the target's memory could help. */
  readonly hasShortage: boolean;
  /** How the host stands. */
  readonly hostText: string;
  readonly sinceLastMs: number | null;
  readonly minIntervalMs: number;
  /** Milliseconds until the actuator is enabled again, 0 when it is, and why it was disabled. */
  readonly disabledForMs: number;
  readonly disabledWhy: string;
  /** Milliseconds for which the target is left alone because it suffered; 0 when it is not. */
  readonly restForMs: number;
  readonly budgetBytes: number;
  readonly pageSizeBytes: number;
  readonly stallBudget: number;
  readonly stall: StallReading;
}

export const targetSafeguards: readonly Safeguard<TargetContext>[] = [
  {
    name: 'no-shortage',
    protects: 'a process that has nothing to do with a shortage elsewhere, and a host that has none',
    check: ({ goal, hasShortage, hostText }) =>
      goal === 'save' || hasShortage
        ? null
        : `nobody is short whom its memory could help: ${hostText}, and no cgroup its pages count against is short`,
  },
  {
    name: 'watchdog',
    protects: 'trying again and again what fails or overruns',
    check: ({ disabledForMs, disabledWhy }) =>
      disabledForMs > 0
        ? `the actuator rests for another ${Math.ceil(disabledForMs)} ms: ${disabledWhy}`
        : null,
  },
  {
    name: 'left-alone',
    protects: 'a target that suffered by what was taken from it',
    check: ({ restForMs, stallBudget }) =>
      restForMs > 0
        ? `it waited for its memory for more than ${percent(stallBudget)} of the time; left alone for another ${Math.ceil(restForMs / 1000)} s`
        : null,
  },
  {
    name: 'interval',
    protects: 'a target that had no time to show whether the last action hurt it',
    check: ({ sinceLastMs, minIntervalMs }) =>
      sinceLastMs !== null && sinceLastMs < minIntervalMs
        ? `acted on ${Math.round(sinceLastMs)} ms ago; at least ${minIntervalMs} ms apart`
        : null,
  },
  {
    name: 'stall-backoff',
    protects: 'a target that already waits for its memory',
    check: ({ goal, budgetBytes, pageSizeBytes, stall }) => {
      if (budgetBytes >= pageSizeBytes) return null;
      const { fraction, source } = stallOf(goal, stall);
      return fraction === null
        ? `${source}; it takes two samples`
        : `the law gives ${budgetBytes} bytes at a stall of ${(fraction * 100).toFixed(2)} % (${source})`;
    },
  },
];

// Less than this is lost in what MemFree does by itself between two readings.
const MIN_USEFUL_BYTES = 64 * 1024;

/** What is known once the regions were chosen. */
export interface RegionContext {
  readonly bytes: number;
  /** Resident bytes left alone, by reason. */
  readonly left: Readonly<Record<string, number>>;
}

export const regionSafeguards: readonly Safeguard<RegionContext>[] = [
  {
    name: 'frees-nothing',
    protects: 'slowing a process down without freeing memory',
    check: ({ bytes, left }) => {
      if (bytes >= MIN_USEFUL_BYTES) return null;
      const parts = Object.entries(left)
        .toSorted(([, a], [, b]) => b - a)
        .map(([reason, size]) => `${mib(size)} ${reason}`);
      const what = bytes === 0 ? 'no region frees memory' : `only ${mib(bytes)} would be freed`;
      return `${what}: ${parts.join('; ') || 'nothing else is resident'}`;
    },
  },
];

/** Names and purposes of every rule, for documentation and the command line. */
export const safeguards: readonly { readonly name: string; readonly protects: string }[] = [
  ...hostSafeguards,
  { name: 'no-target', protects: 'everything that was not named' },
  ...processSafeguards,
  ...targetSafeguards,
  { name: 'permission', protects: 'processes and cgroups the kernel does not let us act on' },
  ...regionSafeguards,
];

/** The first rule that refuses, or null. */
export function findRefusal<Context>(
  rules: readonly Safeguard<Context>[],
  context: Context,
): { rule: string; reason: string } | null {
  for (const { name, check } of rules) {
    const reason = check(context);
    if (reason !== null) return { rule: name, reason };
  }
  return null;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;
